"""Costs of channels, as people keep them: rows of channel, campaign, day, amount and currency, in a CSV or as JSON.

Errors:

    CostProblems    reject: rows are wrong, each said with its line; nothing of them was taken
    ImportProblem   reject: the file is wrong
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from domain.errors import Problems
from domain.files.problems import not_allowed, unknown
from domain.files.values import LARGEST, millionths, number_of
from domain.model.channels import every_channel
from domain.model.definition import Model
from domain.model.money import read_currency
from domain.touchpoints.text import storable, tidy
from producers.imports.opening import ImportProblem, is_packed, problems, text_of
from store.costs import Cost, CostKey

COLUMNS: Final = ("channel", "campaign", "day", "amount", "currency")
NEEDED: Final = ("channel", "day", "amount")

_LONGEST: Final = 200
"""Characters of a campaign: those of touchpoints are cut there."""
_SAID: Final = 50
"""Problems that are said one by one."""
_DELIMITERS: Final = ",;\t"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_FIRST: Final = date(1970, 1, 1)


class CostProblems(Problems):
    """Rows that are no costs: each problem says where, what was found, and what is allowed."""


class CostRow(NamedTuple):
    """A row, and how people find it: `line 3`, `items[2]`. `problem` says why it cannot be read; "": it can."""

    place: str
    values: Mapping[str, Any]
    problem: str = ""


def costs_of(rows: Iterable[CostRow], model: Model) -> list[Cost]:
    """The costs that rows are, by the channels of a model. Raises CostProblems with everything that is wrong."""
    read = _Reader(model)
    for row in rows:
        read.row(row)
    if read.problems:
        said, more = read.problems[:_SAID], len(read.problems) - _SAID
        raise CostProblems([*said, f"and {more} more"] if more > 0 else said)
    return read.costs


def read_cost_rows(path: Path) -> Iterator[CostRow]:
    """The rows of a CSV file, which may be packed. Raises ImportProblem."""
    with problems(path), text_of(path, is_packed(path), "utf-8") as text:
        try:
            header = text.readline()
            if not header:
                raise ImportProblem(f"{path}: it is empty; allowed is a CSV whose first line is {','.join(COLUMNS)}")
            delimiter = max(_DELIMITERS, key=header.count)
            columns = _columns(path, next(csv.reader([header], delimiter=delimiter, strict=True), []))
            cells = csv.reader(text, delimiter=delimiter, strict=True)
            for row in cells:
                values = list(map(tidy, row))
                if not any(values):
                    continue
                count = len(values)
                problem = "" if count == len(columns) else f"found {count} cells, allowed are {len(columns)}"
                yield CostRow(f"line {cells.line_num + 1}", dict(zip(columns, values, strict=False)), problem)
        except UnicodeDecodeError:
            raise ImportProblem(f"{path}: it is no UTF-8 text; save it as CSV in UTF-8") from None
        except csv.Error as error:
            raise ImportProblem(f"{path}: it is no CSV ({error}); check its quotes") from None


def _columns(path: Path, header: Sequence[str]) -> Sequence[str]:
    names = list(map(tidy, header))
    wrong = [unknown(name, COLUMNS, "column") for name in names if name not in COLUMNS]
    wrong += [f"no column {name}" for name in NEEDED if name not in names]
    wrong += [f"column {name} is there more than once" for name in COLUMNS if names.count(name) > 1]
    if wrong:
        raise ImportProblem("\n".join(f"{path}: line 1: {problem}" for problem in wrong))
    return names


class _Reader:
    """Reads rows, and gathers what is wrong with them."""

    def __init__(self, model: Model) -> None:
        self.costs: list[Cost] = []
        self.problems: list[str] = []
        self._channels = every_channel(rule.name for rule in model.channels.rules)
        self._currency = model.money.currency
        self._places: dict[CostKey, str] = {}

    def row(self, row: CostRow) -> None:
        """Take a row, or note what is wrong with it."""
        if row.problem:
            self.problems.append(f"{row.place}: {row.problem}")
            return
        before = len(self.problems)
        self.problems += [f"{row.place}: {unknown(name, COLUMNS)}" for name in row.values if name not in COLUMNS]
        values = {
            name: self._value(row, name, read)
            for name, read in (
                ("channel", self._channel), ("campaign", _campaign), ("day", _day), ("amount", _amount),
                ("currency", self._currency_of),
            )
        }  # fmt: skip
        if len(self.problems) > before:
            return
        amount = values.pop("amount")
        cost = Cost(CostKey(**values), amount)
        first = self._places.setdefault(cost.key, row.place)
        if first != row.place:
            same = "of the same channel, campaign, day and currency"
            self.problems.append(f"{row.place}: {same} as {first}; allowed is one row of each")
        self.costs.append(cost)

    def _value(self, row: CostRow, name: str, read: Any) -> Any:
        try:
            return read(row.values.get(name))
        except ValueError as error:
            self.problems.append(f"{row.place}: {name}: {error}")
            return None

    def _channel(self, raw: Any) -> str:
        if not isinstance(raw, str) or not raw:
            raise ValueError(not_allowed(raw, "a channel"))
        if raw not in self._channels:
            raise ValueError(unknown(raw, self._channels, "channel"))
        return raw

    def _currency_of(self, raw: Any) -> str:
        if raw in (None, "") and self._currency is not None:
            return self._currency
        if raw in (None, ""):
            raise ValueError("missing; required here, or [money] currency in the model")
        return read_currency(raw.upper() if isinstance(raw, str) else raw)


def _campaign(raw: Any) -> str:
    name = "" if raw is None else raw
    if not isinstance(name, str) or len(name := storable(tidy(name))) > _LONGEST:
        raise ValueError(not_allowed(raw, f"a text of at most {_LONGEST} characters"))
    return name


def _day(raw: Any) -> int:
    try:
        day = date.fromisoformat(raw) if isinstance(raw, str) and _DAY.match(raw) else None
    except ValueError:
        day = None
    if day is None or day < _FIRST:
        raise ValueError(not_allowed(raw, "a day since 1970 such as 2026-11-21"))
    return (day - _FIRST).days


def _amount(raw: Any) -> int:
    number = number_of(raw)
    if number is None or not 0 <= number <= LARGEST:
        raise ValueError(not_allowed(raw, f"a number such as 1234.50 from 0 to {LARGEST:.0f}"))
    return millionths(number)
