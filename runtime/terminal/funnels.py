"""Tables of a funnel's report, and what it says in sentences."""

from collections.abc import Iterator, Sequence
from typing import Final

from projections.queries.quartiles import QuartilesShape
from projections.queries.told_apart import NONE, OTHER
from projections.reports.funnels.shapes import FunnelLeadShape, FunnelNumbersShape, FunnelShape, GroupShape
from runtime.terminal.show import Column, Listing, cell
from runtime.terminal.spans import lasted, percent
from runtime.terminal.words import Words, who

_STEPS: Final = (
    Column("no", 2, number=True),
    Column("step"),
    Column("reached", number=True),
    Column("of start", number=True),
    Column("still open", 1, number=True),
    Column("gone", 1, number=True),
    Column("median time", 3, number=True),
)
_NUMBERS: Final = (
    Column("started", number=True),
    Column("converted", number=True),
    Column("rate", number=True),
    Column("still open", 2, number=True),
    Column("time is over", 3, number=True),
    Column("rate of these", 1, number=True),
)
_LEADS: Final = (
    Column("who"),
    Column("step"),
    Column("started at"),
    Column("last step at", 1),
    Column("stage", 2),
    Column("lead", 3),
)


def funnel_listing(report: FunnelShape, words: Words) -> Listing:
    """The steps of a funnel."""
    rows = [
        (
            number,
            words.step(report.funnel, number),
            step.leads,
            percent(step.share),
            step.pending,
            step.gone,
            lasted(step.took.median if step.took else None),
        )
        for number, step in enumerate(report.steps, 1)
    ]
    name = words.funnel(report.funnel)
    return Listing(words.say("funnel.title", name=name, order=report.order, window=report.window), _STEPS, rows)


def funnel_listings(report: FunnelShape, words: Words) -> list[Listing]:
    """The steps, and the groups and the series where they are asked for."""
    listings = [funnel_listing(report, words)]
    if report.groups is not None:
        rows = [(_group(report, each, words), *_numbers(each)) for each in report.groups]
        listings.append(Listing(words.say("funnel.by", by=report.by), (Column("group"), *_NUMBERS), rows))
    if report.series is not None:
        rows = [(each.first_day, *_numbers(each)) for each in report.series]
        listings.append(Listing(words.say(f"funnel.series.{report.series_by}"), (Column("from"), *_NUMBERS), rows))
    return listings


def leads_listing(funnel: str, state: str, leads: Sequence[FunnelLeadShape], words: Words) -> Listing:
    """Leads behind a number."""
    rows = [
        (
            who(each),
            words.step(funnel, each.step),
            words.when(each.started_at),
            words.when(each.reached[-1]),
            words.stage(each.stage),
            each.id,
        )
        for each in leads
    ]
    return Listing(
        words.say("funnel.leads_title", name=words.funnel(funnel), state=state, zone=words.zone), _LEADS, rows
    )


def in_sentences(report: FunnelShape, words: Words) -> Iterator[str]:
    """What the numbers mean."""
    yield words.say(
        "funnel.sum", entered=cell(report.entered), converted=cell(report.converted), pending=cell(report.pending),
        dropped=cell(report.dropped), rate=percent(report.rate) or "-",
    )  # fmt: skip
    if report.mature:
        mature, converted = cell(report.mature), cell(report.mature_converted)
        yield words.say("funnel.mature", mature=mature, converted=converted, rate=percent(report.mature_rate))
    elif report.entered:
        yield words.say("funnel.young")
    if lost := report.bottleneck:
        yield words.say(
            "funnel.lost_mature" if lost.mature else "funnel.lost", number=lost.step, share=percent(lost.share),
            step=words.step(report.funnel, lost.step), lost=cell(lost.lost), before=cell(lost.before),
        )  # fmt: skip
    if report.took is not None:
        yield words.say("funnel.took", **_lasted(report.took))
    if report.by is not None:
        at = words.when(report.clock)
        yield words.say(f"funnel.by_{report.as_of}", by=report.by, at="" if at is None else f"{at:%Y-%m-%d %H:%M:%S}")


def _numbers(numbers: FunnelNumbersShape) -> tuple[object, ...]:
    return (
        numbers.entered, numbers.converted, percent(numbers.rate), numbers.pending, numbers.mature,
        percent(numbers.mature_rate),
    )  # fmt: skip


def _lasted(took: QuartilesShape) -> dict[str, str | None]:
    return {
        "median": lasted(took.median),
        "lower": lasted(took.lower_quartile),
        "upper": lasted(took.upper_quartile),
    }


def _group(report: FunnelShape, group: GroupShape, words: Words) -> str:
    if group.group == OTHER and group.groups > 1:
        return words.say("funnel.others", count=group.groups)
    if group.group == NONE:
        return group.group
    match report.by:
        case "stage":
            return words.stage(group.group)
        case "first_channel" | "last_channel":
            return words.channel(group.group)
        case _:
            return group.group
