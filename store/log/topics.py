"""The topics by which Leadline is joined to the world: their names are a contract."""

from typing import Final

from domain.signals.kinds import Topic

TOUCHPOINTS: Final = "leadline.touchpoints"
"""In: envelopes. Key: the trail's plain identity as `kind:value`."""

REJECTED: Final = "leadline.touchpoints.rejected"
"""What was refused: the raw bytes, the reason and what a replay needs in headers."""

IN: Final = (TOUCHPOINTS, REJECTED)
"""What the recorder reads."""

OUT: Final = tuple(topic.value for topic in Topic)
"""What the publisher writes. Key: the lead."""

ALL: Final = IN + OUT
