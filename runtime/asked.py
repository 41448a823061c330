"""A funnel that a command asks for and the model has not."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Refused
from domain.model.definition import Model
from domain.model.file import read_toml
from domain.model.trial import read_funnel
from projections.queries.days import SeriesName, days_between
from projections.reports.funnels.asking import AskedFunnelShape, ask, check
from runtime.terminal.show import progress, say
from runtime.wiring import Wiring


def asked_funnel(
    wiring: Wiring,
    given: Mapping[str, str | None],
    period: tuple[str | None, str | None],
    by: str | None,
    series: SeriesName | None,
) -> tuple[Model, AskedFunnelShape]:
    """The active model with the funnel, and its report. `given`: its keys; lists as in a model file.

    Raises ModelError, Refused, NotFound.
    """
    raw = {key: _value(key, text) for key, text in given.items() if text is not None}
    with wiring.reader.view() as view:
        model = view.model
        funnel = read_funnel(raw, model.text)
        days = days_between(*period, model.timezone, ("--from", "--to"))
        check(view, days, by, series)
    with progress("funnel") as show_progress:
        report = ask(wiring.existing, model, funnel, days, show_progress, wiring.engine, by=by, series=series)
    for reason in report.failed:
        say(f"left out, since it cannot be folded: {reason}")
    return model.with_parts(segments=model.segments, funnels=(funnel,)), report


def _value(key: str, text: str) -> Any:
    if key not in ("steps", "exclude"):
        return text
    tables = read_toml(f"{key} = {text}")
    if len(tables) > 1:
        raise Refused(f"--{key}: found {', '.join(tables)}, allowed is one list in brackets")
    return tables[key]
