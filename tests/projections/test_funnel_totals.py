"""A law of funnels: what is counted off indexes equals leads told apart, also where clocks are changed."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from projections.queries.days import DayRange
from projections.reports.funnels.attempts import known_funnel
from projections.reports.funnels.counting import counted
from projections.reports.funnels.totals import totals
from tests.domain.histories import law
from tests.domain.stories import START, at
from tests.projections.shelf import Shelf
from tests.projections.world import World

HOUR = 3_600
STEPS = '[{ on = "page_viewed" }, { on = "form_submitted" }, { on = "demo_requested" }]'
NAMES = ("plain", "any", "strict", "refusing")
MODEL = parse_model(
    'timezone = "America/New_York"\n[[stages]]\nname = "lead"\n'
    + "".join(
        f'[[funnels]]\nname = "{name}"\norder = "{order}"\nwindow = "36h"\nsteps = {STEPS}\n{more}\n'
        for name, order, more in (
            ("plain", "ordered", ""), ("any", "any", ""), ("strict", "strict", ""),
            ("refusing", "ordered", 'exclude = [{ on = "email_unsubscribed" }]'),
        )
    )
)  # fmt: skip
CHANGED = int(datetime(2023, 11, 5, 6, tzinfo=UTC).timestamp())
"""Second at which the clocks of that zone go back: that day has 25 hours."""
FIRST = CHANGED // 86_400 - 3
"""A day since 1970, three before it."""
BEGIN = (CHANGED - 72 * HOUR) - START // 1_000_000
"""Seconds from the beginning of stories to three days before."""
TYPES = ("page_viewed", "page_viewed", "form_submitted", "demo_requested", "email_unsubscribed")


@law(40)
@given(
    st.lists(st.tuples(st.integers(0, 132), st.sampled_from(TYPES), st.sampled_from("klm")), min_size=5, max_size=40),
    st.lists(st.integers(1, 39), max_size=2),
    st.tuples(st.integers(20, 150), st.integers(-1, 1)),
    st.none() | st.integers(1, 6),
)
def test_totals_are_the_sum_of_leads_told_apart(
    shelf: Shelf,
    acts: list[tuple[int, str, str]],
    cuts: list[int],
    until: tuple[int, int],
    length: int | None,
) -> None:
    """`acts`: hours, types and persons, in as many batches as `cuts` make of them. The clock is beside an hour; periods
    have this `length` in days, or no end."""
    touchpoints = [
        at(BEGIN + hour * HOUR, type, f"c:{who}", id=f"t{n}") for n, (hour, type, who) in enumerate(sorted(acts))
    ]
    hour, beside = until
    clock = START + (BEGIN + hour * HOUR + beside) * 1_000_000
    periods = [DayRange(day, None if length is None else day + length) for day in range(FIRST, FIRST + 7)]
    with shelf.place(MODEL) as folder:
        world = World.on_sqlite(folder, MODEL, clock, ready=True)
        places = [0, *sorted(cuts), len(touchpoints)]
        world.play([touchpoints[begin:stop] for begin, stop in pairwise(places)])
        with world.view() as view:
            for name in NAMES:
                plan = known_funnel(view, name)
                for days in (DayRange(), DayRange(None, FIRST + 3), *periods):
                    assert totals(view, plan, days).counts == counted(view, plan, days), (name, days)
        assert world.verify().differing == 0
        world.close()
