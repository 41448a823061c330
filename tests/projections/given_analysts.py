"""Days of made-up traffic with everything that is hard to show, projected: what analysts' views are tried on."""

from pathlib import Path
from typing import Final

from domain.files.durations import DAY
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant, Touchpoint
from runtime.demo.generator import generate
from tests.domain.stories import at
from tests.projections.world import World

MODEL: Final = parse_model((Path(__file__).parents[2] / "examples" / "b2b-software.toml").read_text(encoding="utf-8"))
START: Final = 1_729_700_000_000_000
"""2024-10-23: the clocks of Berlin go back on the 27th."""
CLOCK: Final = START + 20 * DAY + 123_457


def hard_to_show() -> list[Touchpoint]:
    """Names that are put together, NUL, quotes, far instants, several with one e-mail, one that is long gone."""
    people = [
        at(1, "identified", "u:h1", profile={"first_name": "芳", "last_name": "王", "email": "fang@h.example"}),
        at(2, "identified", "u:h2", profile={"first_name": "A", "last_name": "Abel", "title": 'a "b" \x00 \\u0000'}),
        at(3, "identified", "u:h3", profile={"full_name": "Bo 100% {Ito}", "email": "FANG@h.example", "company": "K"}),
        at(4, "page_viewed", "u:h3", path="/\x00", odd=[1.5, None, {"é": "\x00"}]),
    ]
    return [
        each._replace(
            occurred_at=Instant(START + n * DAY + 1 + n), received_at=Instant(START + n * DAY + 2 + n), id=f"hard-{n}"
        )
        for n, each in enumerate(people)
    ]


def played(url: str) -> World:
    """A world of this on a database; the caller closes it."""
    world = World(url, MODEL, CLOCK)
    traffic = list(generate(7, START, people=120, length=16 * DAY).touchpoints())
    world.play([traffic[: len(traffic) // 2], traffic[len(traffic) // 2 :], hard_to_show()])
    return world
