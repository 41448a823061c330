"""`model diff`, `model backtest` and `model try`: what rules would change, and how they would have done."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from domain.errors import Refused
from domain.files.durations import parse_duration
from domain.model.definition import Model
from domain.model.variant import Variant
from projections.reports.model_diff import BacktestShape, ModelDiffShape, backtest_of, shape_of, sweep_of, won_by
from projections.upkeep.comparing import Bounds, diff, judge
from projections.upkeep.track_record import track_record
from runtime.commands.options import AsJson, Data, DatabaseUrl, ModelFile, bound_of, wiring_of
from runtime.terminal.judged import (
    backtests_listing,
    changes_listing,
    moves_listing,
    record_listing,
    sweep_listing,
    totals_listing,
)
from runtime.terminal.show import Listing, print_json, print_listings, progress, say
from runtime.wiring import Wiring

WonWithin = Annotated[
    str, typer.Option("--won-within", help="Time that a hot lead has to be won in, such as 30d.", metavar="DURATION")
]
From = Annotated[
    str | None, typer.Option("--from", help="Won, or hot, at or after: a day or an RFC 3339 time.", metavar="TIME")
]
To = Annotated[str | None, typer.Option("--to", help="Won, or hot, before.", metavar="TIME")]

_MOST: Final = 50
"""Thresholds of a sweep at most: each is a fold of everything."""
_SWEEP: Final = re.compile(r"(?P<low>[0-9.]+)\.\.(?P<high>[0-9.]+)\Z")
_NOT_WON: Final = "no stage says `won = true`: nothing tells what became of the leads"


def compare_models(
    *,
    path: Annotated[Path | None, typer.Argument(metavar="FILE", help="Model file, else LEADLINE_MODEL.")] = None,
    file: ModelFile = None,
    won_within: WonWithin = "30d",
    start: From = None,
    end: To = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Say what the model file would change on what is recorded, and how its rules would have done; change nothing."""
    if path is not None and file is not None:
        raise Refused("found a file and --model, allowed is one of them")
    with wiring_of(model=path or file, data=data, database=database) as wiring:
        variant = Variant(wiring.model_file_to_activate().text)
        _print_diff(_compared(wiring, variant, _span(wiring, start, end, won_within)), as_json=as_json)


def backtest(
    *,
    won_within: WonWithin = "30d",
    start: From = None,
    end: To = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Say how the active model's rules did: who was hot before they were won, and who of the hot was won."""
    with wiring_of(data=data, database=database) as wiring, wiring.reader.view() as view:
        period = _span(wiring, start, end, won_within).until(view.clock)
        _check_won(view.model)
        did = backtest_of(view.model, period, track_record(view.conn, view.model, period))
    if as_json:
        print_json(did)
        return
    print_listings(_backtest_listing(did))


def try_numbers(
    *,
    points: Annotated[
        list[str] | None,
        typer.Option("--points", help="Points of a score rule, NAME=NUMBER; again for more.", metavar="NAME=NUMBER"),
    ] = None,
    hot_at: Annotated[
        str | None,
        typer.Option("--hot-at", help="Threshold of every grade that can be hot; LOW..HIGH tries several."),
    ] = None,
    step: Annotated[float, typer.Option("--step", help="Between the thresholds of LOW..HIGH.")] = 10.0,
    half_life: Annotated[str | None, typer.Option("--half-life", help="Such as 14d.", metavar="DURATION")] = None,
    won_within: WonWithin = "30d",
    start: From = None,
    end: To = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Try other numbers in the active model: say what they would change, or how each of several thresholds would do."""
    sweep = _SWEEP.match(hot_at or "")
    given = tuple(_points(text) for text in points or ())
    if not given and hot_at is None and half_life is None:
        raise Refused("name what to try: --points, --hot-at or --half-life")
    with wiring_of(data=data, database=database) as wiring:
        span = _span(wiring, start, end, won_within)
        base = Variant(_active(wiring).text, given, None, half_life)
        if sweep is None:
            level = None if hot_at is None else _number("--hot-at", hot_at)
            _print_diff(_compared(wiring, base._replace(hot_at=level), span), as_json=as_json)
            return
        levels = _levels(_number("--hot-at", sweep["low"]), _number("--hot-at", sweep["high"]), step)
        _check_won(_active(wiring))
        variants = [base._replace(hot_at=level) for level in levels]
        for variant in variants:
            variant.model()
        with progress("try") as show_progress:
            judged = judge(wiring.existing, variants, span, show_progress, wiring.engine)
    rows = sweep_of(levels, judged)
    if as_json:
        print_json(rows)
        return
    _say_left_out(rows.failed)
    print_listings(sweep_listing(rows))


# ---- what was given ----------------------------------------------------------------------------------------------


def _span(wiring: Wiring, start: str | None, end: str | None, won_within: str) -> Bounds:
    zone = _active(wiring).timezone
    first, last = bound_of("--from", start, zone), bound_of("--to", end, zone)
    if first is not None and last is not None and first > last:
        raise Refused(f"--from: {start} is later than --to, {end}; allowed is up to it")
    try:
        within = parse_duration(won_within)
    except ValueError as error:
        raise Refused(f"--won-within: {error}") from None
    return Bounds(first or 0, last, within)


def _points(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    if not name:
        raise Refused(f"--points: found {text!r}, allowed is NAME=NUMBER such as 'viewed pricing=20'")
    return name.strip(), _number("--points", number)


def _number(flag: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused(f"{flag}: found {text!r}, allowed is a number") from None


def _levels(low: float, high: float, step: float) -> list[float]:
    """The thresholds of a sweep. Raises Refused."""
    if not (step > 0 and 0 < low <= high) or (high - low) / step >= _MOST:
        raise Refused(
            f"--hot-at: found {low:g}..{high:g} with --step {step:g}, allowed are up to {_MOST} numbers above 0"
        )
    return [low + number * step for number in range(int((high - low) / step + 1e-9) + 1)]


def _active(wiring: Wiring) -> Model:
    with wiring.reader.view() as view:
        return view.model


def _check_won(model: Model) -> None:
    if not won_by(model):
        raise Refused(_NOT_WON)


# ---- what is said ------------------------------------------------------------------------------------------------


def _compared(wiring: Wiring, variant: Variant, span: Bounds) -> ModelDiffShape:
    with progress("diff") as show_progress:
        return shape_of(diff(wiring.existing, variant, span, show_progress, wiring.engine))


def _print_diff(found: ModelDiffShape, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if found.refused is not None:
        say(f"its activation would be refused: {found.refused}")
    _say_left_out(found.failed)
    listings = _listings(found)
    if found.same_fold:
        say("what differs has no part in what is derived (labels, destinations, [sales]): no lead changes")
    else:
        say(f"{found.changed:,} of {found.leads:,} leads change; heat is another of {found.other_heat:,}")
    if found.backtest is None:
        say(_NOT_WON)
    print_listings(*(listing for listing in listings if listing.rows))


def _say_left_out(reasons: Sequence[str]) -> None:
    for reason in reasons:
        say(f"left out, since it cannot be folded: {reason}")


def _listings(found: ModelDiffShape) -> list[Listing]:
    listings = [
        moves_listing("What would change", found.moved),
        totals_listing(found),
        changes_listing(found.largest),
    ]
    return listings if found.backtest is None else [*listings, backtests_listing(found.backtest)]


def _backtest_listing(did: BacktestShape) -> Listing:
    return record_listing(f"How the rules did (won within {did.won_within})", {"active": did.record})
