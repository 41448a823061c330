"""The oracle's sources: what a few touchpoints come from, written down by hand, and a lead's first, last and then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.oracle_conditions import fits

Said = Mapping[str, str]
BY_OTHERS = ("email_opened", "stage_changed", "score_reset")
PAGES: tuple[tuple[Mapping[str, Any], str, Said], ...] = (
    ({"url": "https://s.example/?gclid=1"}, "paid_search", {"source": "google", "medium": "cpc"}),
    ({"url": "https://s.example/a", "referrer": "https://zhihu.com/q"}, "organic_social",
     {"source": "zhihu", "medium": "referral"}),
    ({"medium": "trade fair", "source": "Hannover"}, "event", {"source": "Hannover", "medium": "trade fair"}),
    ({"url": "https://s.example/?utm_source=n&utm_medium=email&utm_campaign=C"}, "email",
     {"source": "n", "medium": "email", "campaign": "C"}),
    ({"url": "https://s.example/a", "referrer": "https://www.s.example/b"}, "", {}),
    ({"url": "https://s.example/a", "referrer": "https://pay.example/"}, "", {}),
)  # fmt: skip
"""Properties of touchpoints, the channel by the default rules ("": they bear no source), and the rest of the source."""


@dataclass
class ExpectedSources:
    """Each with the instant since which it held."""

    first: tuple[int, Said] | None = None
    last: tuple[int, Said] | None = None
    then: dict[str, tuple[int, Said]] = field(default_factory=dict)

    @property
    def current(self) -> Said:
        return self.last[1] if self.last else {"channel": "direct"}

    def became(self, what: str, instant: int) -> None:
        if self.last is not None:
            self.then[what] = (instant, self.last[1])


def source_of(touchpoint: Touchpoint, rules: Sequence[Mapping[str, Any]]) -> Said | None:
    """What a touchpoint of `PAGES` comes from."""
    if touchpoint.type in BY_OTHERS or touchpoint.source.kind == "policy":
        return None
    for properties, channel, said in PAGES:
        if properties.items() <= touchpoint.properties.items() and channel:
            own = [rule["name"] for rule in rules if fits(rule["where"], {}, {}, said)]
            return {"channel": own[0] if own else channel, **said}
    return None
