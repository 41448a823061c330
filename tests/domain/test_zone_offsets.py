"""How far a zone's clocks are ahead of UTC, as SQL is told: the days that follow from it are those of the zone."""

from bisect import bisect_right
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fold.days import offsets_of
from domain.touchpoints.touchpoint import EPOCH, moment

DAY = 86_400_000_000
ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca")


@pytest.mark.parametrize("zone", ZONES)
def test_days_by_offsets_are_those_of_the_zone(zone: str) -> None:
    clocks, periods = ZoneInfo(zone), offsets_of(zone)
    instants = [since for since, _ in periods]

    @given(st.one_of(st.integers(0, 47_000 * DAY), st.sampled_from(instants).map(lambda since: max(0, since - 1))))
    def law(instant: int) -> None:
        seconds = periods[bisect_right(instants, instant) - 1][1]
        day = moment(instant).astimezone(clocks).toordinal() - EPOCH.toordinal()
        assert (instant + seconds * 1_000_000) // DAY == day

    law()


def test_the_first_offset_is_of_1970() -> None:
    assert [offsets_of(zone)[0][0] for zone in ZONES] == [0] * len(ZONES)
    assert offsets_of("UTC") == ((0, 0),)
