"""Charts in the words of a page: bars of the days, weeks or months of a period, told as the reader reads them."""

from collections.abc import Callable, Sequence

from api.dashboard.charts.bars import Bar
from api.dashboard.charts.frame import ChartWords
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.days import DayRange, SeriesName, starts_at

_WEEK_OF = N_("week of {day}")


def chart_words(
    wording: PageWording, title: str, description: str = "", number: Callable[[float], str] | None = None
) -> ChartWords:
    """The words of a chart; `title` and `description` are the reader's already. `number`: how values are read."""
    return ChartWords(title, description, wording.text(N_("so far")), wording.tick, number or wording.number)


def bars_of(
    wording: PageWording,
    parts: Sequence[tuple[int, DayRange]],
    length: SeriesName,
    values: Sequence[Sequence[float]],
    today: int,
) -> list[Bar]:
    """A bar for each part of a period (as `buckets_between` has them), with its values; the one of today goes on."""
    return [
        _bar(wording, first, inside, length, of_it, today) for (first, inside), of_it in zip(parts, values, strict=True)
    ]


def _bar(
    wording: PageWording, first: int, inside: DayRange, length: SeriesName, values: Sequence[float], today: int
) -> Bar:
    begin = first if inside.first is None else inside.first
    end = begin + 1 if inside.end is None else inside.end
    start, until = starts_at(begin, wording.zone), starts_at(end, wording.zone)
    return Bar(start, until, part_name(wording, first, length), values, unfinished=begin <= today < end)


def part_name(wording: PageWording, first: int, length: SeriesName) -> str:
    """What people call the day, week or month that begins on a day."""
    match length:
        case "day":
            return wording.date(first)
        case "week":
            return wording.text(_WEEK_OF, day=wording.date(first))
        case "month":
            return wording.month(first)
