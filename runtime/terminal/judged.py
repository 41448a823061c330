"""Tables of what another model would change, and of how rules would have done."""

from collections.abc import Iterator, Mapping, Sequence

from projections.reports.model_diff import (
    BacktestPair,
    DaysShape,
    LeadChangeShape,
    ModelDiffShape,
    MoveShape,
    NumbersShape,
    PairShape,
    PortionShape,
    RecordShape,
    RuleShape,
    SweepShape,
    moves_of,
)
from projections.upkeep.activation import Activated
from runtime.terminal.show import Column, Listing, cell, print_listings

_MOVES = (Column("of"), Column("move"), Column("leads", number=True), Column("such as", 1))
_TOTALS = (Column("of"), Column("which"), Column("before", number=True), Column("now", number=True))
_CHANGES = (Column("lead"), Column("hot"), Column("heat"), Column("else", 2), Column("why", 1))
_RECORD = (Column("hot before won"), Column("won of hot"), Column("pending", 2, number=True), Column("days to won", 1))


def moves_listing(title: str, moved: Mapping[str, Sequence[MoveShape]]) -> Listing:
    """Moves of leads, kind by kind."""
    rows = [
        (kind, _arrow(move.before, move.now), move.leads, ", ".join(each.who for each in move.examples))
        for kind, moves in moved.items()
        for move in moves
    ]
    return Listing(title, _MOVES, rows)


def totals_listing(found: ModelDiffShape) -> Listing:
    """How many leads there are of what, as far as that differs."""
    totals: list[tuple[str, str | None, PairShape]] = [] if found.hot is None else [("hot", None, found.hot)]
    for kind in ("stages", "grades", "segments"):
        totals += [(kind, each.name, each) for each in getattr(found, kind)]
    for funnel in found.funnels:
        totals += [("funnels", f"{funnel.funnel}, step {step.step}: {step.on}", step) for step in funnel.steps]
    rows = [(kind, name, pair.before, pair.now) for kind, name, pair in totals if pair.before != pair.now]
    return Listing("Totals", _TOTALS, rows)


def changes_listing(changes: Sequence[LeadChangeShape]) -> Listing:
    """Changes lead by lead, the largest first."""
    rows = [
        (
            change.who or change.lead,
            _pair(change.hot),
            _pair(change.heat),
            "; ".join(_else(change)),
            ", ".join(_given(change.why)),
        )
        for change in changes
    ]
    return Listing("The largest changes", _CHANGES, rows)


def record_listing(title: str, records: Mapping[str, RecordShape]) -> Listing:
    """How rules did: of all leads, by grade and by source; of several models below each other."""
    rows: list[tuple[object, ...]] = []
    for of, groups in _groups(records).items():
        rows += [(of, rules, *_numbers(numbers)) for rules, numbers in groups.items()]
    columns = (Column("leads"), Column("rules"), *_RECORD)
    return Listing(title, columns, rows)


def backtests_listing(pair: BacktestPair) -> Listing:
    """How the rules of two models would have done."""
    return record_listing(_title(pair.won_within), {"before": pair.before, "now": pair.now})


def sweep_listing(sweep: SweepShape) -> Listing:
    """The trade-off of several thresholds."""
    rows = [(row.hot_at, *_numbers(row)) for row in sweep.items]
    return Listing(_title(sweep.won_within), (Column("hot_at", number=True), *_RECORD), rows)


def _title(within: str) -> str:
    return f"How the rules would have done (won within {within})"


def _groups(records: Mapping[str, RecordShape]) -> dict[str, dict[str, NumbersShape]]:
    """By which leads, how each model's rules did with them."""
    groups: dict[str, dict[str, NumbersShape]] = {"all": {}}
    for rules, record in records.items():
        groups["all"][rules] = record
    for kind in ("grades", "sources"):
        names = sorted({name for record in records.values() for name in getattr(record, kind)})
        for name in names:
            found = {rules: getattr(record, kind).get(name) for rules, record in records.items()}
            groups[f"{kind[:-1]} {name}"] = {rules: each for rules, each in found.items() if each is not None}
    return groups


def _numbers(numbers: NumbersShape) -> tuple[object, ...]:
    return _share(numbers.recall), _share(numbers.precision), numbers.pending, _days(numbers.days)


def _share(portion: PortionShape) -> str:
    """`12 of 15: 80 % (55 to 93), too few`."""
    text = f"{portion.leads:,} of {portion.of:,}"
    if portion.share is None or portion.low is None or portion.high is None:
        return text
    text += f": {portion.share:.0%} ({100 * portion.low:.0f} to {100 * portion.high:.0f})"
    return text + (", too few" if portion.too_few else "")


def _days(days: DaysShape | None) -> str | None:
    if days is None:
        return None
    text = f"{days.median:.1f} ({days.quarter:.1f} to {days.three_quarters:.1f})"
    return text + (", too few" if days.too_few else "")


def _arrow(before: str, now: str) -> str:
    return f"{before or '-'} -> {now or '-'}"


def _pair(pair: PairShape) -> str:
    """Before and now; where they are the same, once."""
    before, now = cell(pair.before), cell(pair.now)
    return before if before == now else _arrow(before, now)


def _else(change: LeadChangeShape) -> Iterator[str]:
    for name in ("stage", "grade", "not_a_lead", "hot_at"):
        pair = getattr(change, name)
        if pair.before != pair.now:
            yield f"{name.replace('_', ' ')} {_pair(pair)}"
    yield from (f"fit: {text}" for text in _given(change.fit))
    yield from (f"enters {name}" for name in change.entered)
    yield from (f"leaves {name}" for name in change.left)


def _given(rules: Sequence[RuleShape]) -> Iterator[str]:
    for each in rules:
        yield f"{each.rule} {_arrow(cell(each.before), cell(each.now))}"


def say_moves(activated: Activated) -> None:
    """What the activation changed, kind by kind."""
    listing = moves_listing("What changed", moves_of(activated.moved))
    if listing.rows:
        print_listings(listing)
    elif activated.refolded:
        print("no lead changes")
