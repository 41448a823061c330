"""The heat curve is the fold's own: it ends at the heat that is shown, and every award is on it."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dashboard.charts.frame import Size
from api.dashboard.charts.heat_curve import NARROW, WIDE, Change, Curve, CurveWords, HeatStory, heat_curve
from domain.files.durations import DAY, HOUR
from domain.fold.explain import explain
from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint

NOW = 1_790_000_000_000_000
WORDS = CurveWords(
    title="Heat <of> Ines",
    description="from 0 & up",
    hot_at="hot from 80",
    rearm_at="cools at 60",
    now="now",
    cools="cools on Monday",
    tick=lambda tick: f"{tick.unit}",
    number=lambda level: f"{level:g}",
    more=lambda count: f"and {count} more",
)


def _story(*changes: Change, **values: object) -> HeatStory:
    given_values: dict[str, object] = {"half_life": 7 * DAY, "clock": NOW, "hot_at": 80.0, "rearm_at": 60.0, **values}
    return HeatStory(changes, **given_values)  # type: ignore[arg-type]


def _drawn(
    story: HeatStory, *, start: int = NOW - 30 * DAY, end: int = NOW + 14 * DAY, size: Size = WIDE
) -> ElementTree.Element:
    return ElementTree.fromstring(heat_curve(story, WORDS, "Asia/Shanghai", start, end, size))


def _of(picture: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in picture.iter() if kind in each.get("class", "").split()]


def _path(picture: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    [path] = _of(picture, kind)
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.-]+),([\d.-]+)", path.get("d", ""))]


MODEL = parse_model("""
[[stages]]
name = "lead"
[score]
half_life = "7d"
[[score.rules]]
name = "viewed"
on = "page_viewed"
points = 3
[[score.rules]]
name = "left"
on = "email_unsubscribed"
points = -7.5
""")


@given(
    st.lists(
        st.tuples(st.integers(0, 40 * DAY), st.sampled_from(["page_viewed", "email_unsubscribed", "score_reset"])),
        max_size=30,
    )
)
def test_the_curve_ends_at_the_heat_shown(acts: list[tuple[int, str]]) -> None:
    """For any history: awards above and below 0, and resets."""
    history = [
        Touchpoint(
            id=str(n), source=Source("api" if type == "score_reset" else "server", "s"), type=type,
            identities=(),
            occurred_at=Instant(NOW - ago), received_at=Instant(NOW - ago),
        )
        for n, (ago, type) in enumerate(sorted(acts, reverse=True))
    ]  # fmt: skip
    points = {"page_viewed": 3.0, "email_unsubscribed": -7.5, "score_reset": None}
    changes = [Change(each.instant, points[each.type]) for each in history]
    shown = explain(Fold(MODEL), history, NOW).heat
    assert round(Curve(_story(*changes)).at(NOW), 2) == pytest.approx(shown, abs=0.0051)


def test_the_line_ends_where_the_level_of_the_heat_lies_and_the_future_begins_there() -> None:
    story = _story(Change(NOW - 2 * DAY, 40.0), Change(NOW - DAY, 50.0), cools_at=NOW + 2 * DAY)
    picture = _drawn(story)
    past, future = _path(picture, "heat-line"), _path(picture, "heat-future")
    assert past[-1] == future[0]
    [hot_at] = [each for each in _of(picture, "hot-at") if each.tag == "line"]
    [rearm_at] = [each for each in _of(picture, "rearm-at") if each.tag == "line"]
    unit = (float(rearm_at.get("y1", "")) - float(hot_at.get("y1", ""))) / 20.0
    heat = 80.0 + (float(hot_at.get("y1", "")) - past[-1][1]) / unit
    assert heat == pytest.approx(Curve(story).at(NOW), abs=0.1)


def test_each_award_is_a_dot_on_the_line() -> None:
    picture = _drawn(_story(Change(NOW - 20 * DAY, 40.0, "first"), Change(NOW - DAY, -5.0, "second")))
    dots = _of(picture, "award")
    assert [dot.findtext("title") for dot in dots] == ["first", "second"]
    assert "down" in dots[1].get("class", "")
    line = _path(picture, "heat-line")
    assert all((float(dot.get("cx", "")), float(dot.get("cy", ""))) in line for dot in dots)


def test_awards_that_lie_together_are_one_dot_that_names_them() -> None:
    picture = _drawn(_story(*(Change(NOW - DAY + n, 0.1, f"award {n}") for n in range(9))))
    [dot] = _of(picture, "award")
    assert dot.findtext("title") == "\n".join([*(f"award {n}" for n in range(6)), "and 3 more"])


def test_a_reset_brings_it_to_0_and_is_marked() -> None:
    story = _story(Change(NOW - 20 * DAY, 90.0), Change(NOW - 10 * DAY, None, "started anew"))
    assert Curve(story).at(NOW - 10 * DAY - 1) == pytest.approx(90.0 * 2 ** (-10 / 7), rel=1e-6)
    assert Curve(story).at(NOW - 10 * DAY) == Curve(story).at(NOW) == 0.0
    assert [dot.findtext("title") for dot in _of(_drawn(story), "reset")] == ["started anew"]


def test_of_nobody_ever_awarded_the_line_lies_at_0() -> None:
    line = _path(_drawn(_story()), "heat-line")
    assert len({y for _, y in line}) == 1
    assert not _of(_drawn(_story()), "award")


def test_hot_times_are_shaded_as_far_as_they_are_in_the_picture() -> None:
    story = _story(hot=[(NOW - 60 * DAY, NOW - 20 * DAY), (NOW - DAY, NOW + 2 * DAY), (NOW - 90 * DAY, NOW - 80 * DAY)])
    first, second = _of(_drawn(story), "heat-hot")
    assert float(first.get("x", "")) < float(second.get("x", ""))
    assert float(second.get("width", "")) == pytest.approx(float(first.get("width", "")) * 3 / 10, abs=0.2)


def test_the_future_falls_to_the_threshold_at_the_cooling() -> None:
    cools_at = NOW + 7 * DAY
    picture = _drawn(_story(Change(NOW, 120.0), cools_at=cools_at), end=cools_at)
    [cooling] = _of(picture, "cools")
    assert cooling.findtext("title") == "cools on Monday"
    assert _path(picture, "heat-future")[-1] == (float(cooling.get("cx", "")), float(cooling.get("cy", "")))


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize(("hot_at", "rearm_at"), [(80.0, 60.0), (20.0, 10.0), (20.0, 20.0), (900.0, 5.0)])
@pytest.mark.parametrize("start", [NOW - 30 * DAY, NOW - HOUR])
def test_the_names_of_the_thresholds_lie_on_nothing(start: int, hot_at: float, rearm_at: float, size: Size) -> None:
    """Not on each other, the axis below, or the awards of who became hot within the hour."""
    awards = [Change(NOW - minute * HOUR // 60, 50.0) for minute in range(40, 0, -2)]
    story = _story(*awards, hot_at=hot_at, rearm_at=rearm_at, cools_at=NOW + 20 * DAY)
    picture = _drawn(story, start=start, end=NOW + 24 * DAY, size=size)
    names = _of(picture, "threshold-name")
    assert {part for name in names for part in (name.text or "").split(" · ")} == {WORDS.hot_at, WORDS.rearm_at}
    places = [(float(name.get("x", "")), float(name.get("y", "")), "ends" in name.get("class", "")) for name in names]
    assert all(y < size.height - 24 for _, y, _ in places)
    order = [each.get("class", "") for each in picture.iter()]
    assert order.index("heat-future") < min(order.index(name.get("class", "")) for name in names), "over the line"
    assert len({round(y / 11) for _, y, _ in places}) == len(places)
    if start == NOW - HOUR:
        assert all(ends for *_, ends in places)


def test_the_names_of_the_thresholds_stand_where_no_award_does() -> None:
    old, new = Change(NOW - 29 * DAY, 90.0), Change(NOW + 12 * DAY, 90.0)
    for changes, at_the_right in (([old], True), ([new], False), ([old, new], False), ([], False)):
        names = _of(_drawn(_story(*changes, clock=NOW + 13 * DAY)), "threshold-name")
        assert {"ends" in name.get("class", "") for name in names} == {at_the_right}, changes


def test_without_thresholds_there_is_no_line() -> None:
    assert not _of(_drawn(_story(hot_at=None, rearm_at=None)), "threshold")


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("count", [1, 10, 1000])
def test_the_picture_is_small_and_clean(count: int, size: Size) -> None:
    """The policy for content forbids styles and scripts in it; a thousand awards weigh less than a photograph."""
    changes = [Change(NOW - (count - n) * HOUR, 1.0 + n % 7, "<b>award</b>") for n in range(count)]
    drawn = heat_curve(_story(*changes), WORDS, "UTC", NOW - 50 * DAY, NOW + 7 * DAY, size)
    assert not re.search(r"style|<script|<b>|\son\w+=|href", drawn)
    assert len(drawn) < 60_000
    picture = ElementTree.fromstring(drawn)
    assert picture.get("role") == "img"
    assert (picture.findtext("title"), picture.findtext("desc")) == ("Heat <of> Ines", "from 0 & up")
    right = max(x for x, _ in _path(picture, "heat-future"))
    assert right <= size.width
