"""Bars and lines: every value is a mark in its place, axes are round, what goes on is marked, nothing is left out of
the table."""

import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from babel import Locale
from babel.support import NullTranslations
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.dashboard.charts.bars import Bar, BarSeries, bar_picture, bars
from api.dashboard.charts.charting import bars_of, chart_words
from api.dashboard.charts.frame import NARROW, SMALL, WIDE, ChartWords, Size, hatched, series_kind
from api.dashboard.charts.lines import Line, LinePoint, line_picture, lines
from api.dashboard.charts.scale import levels
from api.dashboard.shell import TEMPLATES
from api.dashboard.texts import Language
from api.dashboard.words.wording import PageWording
from domain.files.durations import DAY
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import microseconds
from projections.queries.days import SeriesName, buckets_between, starts_at

ZONE = "Asia/Shanghai"
FIRST = 20_780
"""A Monday."""
WORDS = ChartWords(
    "Acts <of> all", "by day & type", "so far", lambda tick: f"{tick.unit}@{tick.at}", lambda n: f"{n:g}"
)


def bar(day: int, *values: float, **more: object) -> Bar:
    begin = starts_at(FIRST + day, ZONE)
    return Bar(begin, starts_at(FIRST + day + 1, ZONE), f"day {day}", values, **more)  # type: ignore[arg-type]


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def of(picture: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in picture.iter() if kind in each.get("class", "").split()]


def heights(picture: ElementTree.Element) -> list[float]:
    return [float(each.get("height", "")) for each in of(picture, "bar-part")]


SEVERAL = (BarSeries("pages"), BarSeries("forms"))
VALUES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1, max_size=40)


@given(VALUES, st.sampled_from([WIDE, NARROW, SMALL]))
def test_parts_of_a_bar_are_as_high_as_their_values_and_stand_on_each_other(
    values: list[tuple[int, int]], size: Size
) -> None:
    picture = parsed(bar_picture([bar(day, *each) for day, each in enumerate(values)], SEVERAL, WORDS, ZONE, size))
    unit = (size.bottom - size.top) / (max(map(sum, values)) * 1.06 or 1)
    drawn = [(each, number) for each in values for number in (0, 1) if each[number]]
    for part, (each, number) in zip(of(picture, "bar-part"), drawn, strict=True):
        assert f"series-{number + 1}" in part.get("class", "")
        top, height = float(part.get("y", "")), float(part.get("height", ""))
        assert height == pytest.approx(max(1.0, each[number] * unit), abs=0.11)
        assert top == pytest.approx(size.bottom - sum(each[: number + 1]) * unit, abs=0.11) and top >= size.top


def test_bars_lie_side_by_side_in_the_order_of_time() -> None:
    picture = parsed(bar_picture([bar(day, 1) for day in range(31)], SEVERAL[:1], WORDS, ZONE))
    edges = [(float(each.get("x", "")), float(each.get("width", ""))) for each in of(picture, "bar-part")]
    assert all(x + width < after for (x, width), (after, _) in pairwise(edges))
    assert edges[0][0] >= WIDE.left and sum(edges[-1]) <= WIDE.right + 0.1


def test_what_left_goes_down_from_the_line_of_those_who_came() -> None:
    came_and_left = (BarSeries("came"), BarSeries("left", down=True))
    picture = parsed(bar_picture([bar(0, 4, 1), bar(1, 0, 3)], came_and_left, WORDS, ZONE))
    [zero] = of(picture, "zero")
    line = float(zero.get("y1", ""))
    tops = {each[0].text: (float(each.get("y", "")), float(each.get("height", ""))) for each in of(picture, "bar-part")}
    assert sum(tops["day 0: 4 · came"]) == pytest.approx(line, abs=0.11)
    assert tops["day 0: 1 · left"][0] == tops["day 1: 3 · left"][0] == pytest.approx(line, abs=0.11)
    assert tops["day 1: 3 · left"][1] == pytest.approx(3 * tops["day 0: 1 · left"][1], abs=0.3)
    numbers = [float(each.text or "") for each in of(picture, "axis-y")]
    assert numbers.count(2) == 2 and numbers.count(0) == 1 and all(number.is_integer() for number in numbers)


def test_the_axis_of_counts_has_whole_numbers_and_that_of_others_may_not() -> None:
    assert [each.text for each in of(parsed(bar_picture([bar(0, 1)], SEVERAL[:1], WORDS, ZONE)), "axis-y")] == [
        "0",
        "1",
    ]
    shares = of(parsed(bar_picture([bar(0, 0.4)], SEVERAL[:1], WORDS, ZONE)), "axis-y")
    assert [each.text for each in shares] == ["0", "0.2", "0.4"]


@given(st.floats(0.001, 1e9), st.integers(1, 8))
def test_whole_levels_are_whole(highest: float, most: int) -> None:
    assert all(level.is_integer() for level in levels(highest, most, whole=True))


def test_today_is_hatched_and_said_to_go_on_and_last_week_is_pale() -> None:
    chart = bars([bar(0, 2, faded=True), bar(1, 3, unfinished=True)], SEVERAL[:1], WORDS, ZONE)
    for picture in map(parsed, (chart.wide, chart.narrow)):
        assert len(of(picture, "faded")) == len(of(picture, "unfinished")) == len(of(picture, "hatch")) == 1
        assert "day 1 (so far): 3 · pages" in [each.text for each in picture.iter() if each.tag.endswith("title")]
    assert [(row.name, row.numbers, row.note) for row in chart.rows] == [
        ("day 1", ["3"], "so far"),
        ("day 0", ["2"], ""),
    ]


@given(st.floats(0.5, 300), st.floats(0.5, 300))
def test_hatching_stays_within_its_rectangle(width: float, height: float) -> None:
    places = re.findall(r"[ML]([\d.]+),([\d.]+)", hatched(10, 20, width, height))
    assert all(9.9 <= float(x) <= 10.1 + width and 19.9 <= float(y) <= 20.1 + height for x, y in places)
    assert len(places) // 2 == max(0, -(-(width + height) // 5) - 1)


@pytest.mark.parametrize(("length", "unit"), [("day", "day"), ("week", "day"), ("month", "month")])
def test_the_axis_names_bars_by_their_own_beginning(length: SeriesName, unit: str) -> None:
    wording = PageWording(parse_model(f'timezone = "{ZONE}"\n[[stages]]\nname = "lead"'), ENGLISH, 0)
    parts = list(buckets_between(FIRST, FIRST + 80, length))
    shown = bars_of(wording, parts, length, [(1,)] * len(parts), FIRST + 79)
    picture = parsed(bar_picture(shown, SEVERAL[:1], WORDS, ZONE))
    said = [(each.text or "").split("@") for each in of(picture, "axis-x")]
    starts = {each.start for each in shown}
    assert 2 <= len(said) <= 14 and len({at for _, at in said}) == len(said)
    for name, at in said:
        assert name != "time" and (name != unit or unit == "month" or int(at) in starts)
    assert [each.unfinished for each in shown] == [False] * (len(shown) - 1) + [True]


ENGLISH = Language("en", Locale.parse("en"), NullTranslations())


def test_days_weeks_and_months_have_names() -> None:
    now = microseconds(datetime(2026, 11, 26, tzinfo=UTC))
    wording = PageWording(parse_model(f'timezone = "{ZONE}"\n[[stages]]\nname = "lead"'), ENGLISH, now)
    named = {
        length: bars_of(wording, [(FIRST, next(buckets_between(FIRST, FIRST + 1, length))[1])], length, [(1,)], 0)[
            0
        ].name
        for length in ("day", "week", "month")
    }
    assert named == {"day": "Nov 23", "week": "week of Nov 23", "month": "Nov 2026"}
    words = chart_words(wording, "t", number=wording.share)
    assert words.number(0.5) == "50%" and words.unfinished == "so far"


def test_lines_go_through_their_values_and_stop_where_nobody_knows() -> None:
    points = [
        LinePoint(FIRST * DAY + n * DAY, f"day {n}", values, n == 4)
        for n, values in enumerate([(0, 5), (10, None), (5, 5), (7, 6), (8, 7)])
    ]
    chart = lines(points, [Line("people"), Line("visitors", "series-rest")], WORDS, ZONE)
    picture = parsed(chart.wide)
    [people, visitors] = (of(picture, kind)[0] for kind in ("series-1", "series-rest"))
    assert [each.get("d", "").count("L") for each in of(people, "line")] == [3, 1]
    assert [each.get("d", "").count("M") for each in of(visitors, "line")] == [1, 1], "day 0 stands alone"
    assert len(of(people, "dot")) == 5 and len(of(visitors, "dot")) == 4 and len(of(picture, "unfinished")) == 4
    ys = [float(each.get("cy", "")) for each in of(people, "dot")]
    assert ys[0] == WIDE.bottom and ys[1] == min(ys) and ys[2] == pytest.approx((ys[0] + ys[1]) / 2, abs=0.1)
    assert chart.rows[-2].numbers == ["10", ""] and [each.kind for each in chart.legend] == ["series-1", "series-rest"]
    assert len(of(parsed(lines(points * 20, [Line("a"), Line("b")], WORDS, ZONE).wide), "dot")) == 0


def test_nothing_to_draw_is_said_and_breaks_nothing() -> None:
    for chart in (
        bars([], SEVERAL, WORDS, ZONE),
        lines([], [Line("a")], WORDS, ZONE),
        bars([bar(0, 0, 0)], SEVERAL, WORDS, ZONE),
    ):
        assert chart.empty and "Nothing happened" in shown(chart) and "<svg" not in shown(chart)
    parsed(bar_picture([bar(0, 0, 0)], SEVERAL, WORDS, ZONE))
    parsed(line_picture([LinePoint(0, "x", [None])], [Line("a")], WORDS, ZONE))


def test_a_chart_of_one_series_that_is_over_has_no_legend() -> None:
    assert '<ul class="legend"' not in shown(bars([bar(0, 2)], SEVERAL[:1], WORDS, ZONE))


def shown(chart: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
    )
    environment.install_gettext_translations(NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    template = '{% from "chart.html" import figure with context %}{{ figure(chart) }}'
    return environment.from_string(template).render(chart=chart)


def test_the_figure_has_the_picture_twice_a_legend_and_a_table_with_links() -> None:
    text = shown(bars([bar(0, 2, 1), bar(1, 0, 3, unfinished=True, address="/?a=1&b=2")], SEVERAL, WORDS, ZONE))
    assert text.count('role="img" aria-label="Acts &lt;of&gt; all. by day &amp; type"') == 2
    assert '<th scope="row"><a href="/?a=1&amp;b=2">day 1</a>' in text and text.count('<td class="number">') == 4
    assert text.count("<li ") == 3 and "style=" not in text


def test_colours_of_series_are_told_from_the_page_in_light_and_dark() -> None:
    css = (Path(TEMPLATES).parent / "static" / "charts.css").read_text()
    light, dark = (re.findall(r"--series-(?:\d|rest): (#[0-9a-f]{6})", part) for part in css.split("@media", 1))
    assert len(light) == len(dark) == 9
    assert [each for each in light if contrast(each, "#ffffff") < 4] == []
    assert [each for each in dark if contrast(each, "#14181d") < 4] == []
    assert {series_kind(n) for n in range(20)} == {*(f"series-{n}" for n in range(1, 9)), "series-rest"}


def contrast(one: str, other: str) -> float:
    """As WCAG has it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
