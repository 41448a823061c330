"""The topics by which Leadline is joined to the world: their names are a contract."""

from typing import Final

TOUCHPOINTS: Final = "leadline.touchpoints"
"""In: envelopes. Key: the trail's plain identity as `kind:value`."""

REJECTED: Final = "leadline.touchpoints.rejected"
"""What was refused: the raw bytes, the reason and what a replay needs in headers."""

HOT_LEADS: Final = "leadline.hot-leads"
"""Out: `lead.hot`, `lead.hot.retracted`, `lead.cooled`. Key: the lead."""

SEGMENT_CHANGES: Final = "leadline.segment-changes"
"""Out: `segment.entered`, `segment.left`. Key: the lead."""

STAGE_CHANGES: Final = "leadline.stage-changes"
"""Out: `stage.changed`. Key: the lead."""

IN: Final = (TOUCHPOINTS, REJECTED)
"""What the recorder reads."""

OUT: Final = (HOT_LEADS, SEGMENT_CHANGES, STAGE_CHANGES)
"""What the publisher writes."""

ALL: Final = IN + OUT
