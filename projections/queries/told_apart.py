"""What leads are told apart by in reports: where they came from, what they are, what is known of them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal

from domain.errors import Refused
from domain.files.values import number_of
from domain.model.values import MOST_LIMITS
from domain.phrases import phrase
from projections.queries.view import View, known_segment
from projections.read_models.lead_sources import FIRST, LAST
from store.database.expressions import member

NONE: Final = "none"
"""The group of those of whom it is not known."""
OTHER: Final = "other"
"""The group of all that are beyond the largest."""
IN, NOT_IN = "in", "not in"
"""The groups by a segment."""
MOST_GROUPS: Final = 50
"""Groups of a report: of more, the 49 largest and `other`."""
ORIGINS: Final = (
    "first_channel", "first_source", "first_campaign", "last_channel", "last_source", "last_campaign",
)  # fmt: skip
"""Where leads come from."""
BY: Final = (*ORIGINS, "stage", "grade", "segment:NAME", "profile.FIELD", "profile.FIELD:5000,10000 (bands)")
"""All that leads may be told apart by, as people are told it."""


class BadGroups(Refused):
    """Leads are told apart by what there is not; the message names what is allowed."""


Joined = Callable[[FromClause], FromClause]
"""From the rows of leads to these with what they are told apart by."""


class ToldBy(NamedTuple):
    """What leads are told apart by."""

    joined: Joined
    value: Callable[[FromClause], ColumnElement[Any]]
    """Text of a row, from which the group is read; null: there is none."""
    group: Callable[[str], str]
    """The group of such a text; of the empty one: where there is none."""
    bands: tuple[str, ...] = ()
    """The groups in their order, where they are known beforehand."""
    columns: tuple[str, ...] = ()
    """What the rows must bear beside `lead`."""


def told_by(view: View, text: str) -> ToldBy:
    """What a reader names: of the leads as they are at the view's clock. Raises BadGroups, NotFound."""
    kind, _, rest = text.partition(":")
    match text.split("_"):
        case ["first" | "last", "channel"]:
            return _beside(view.tables.leads, lambda leads: leads.c[text])
        case [which, "source" | "campaign" as said] if which in (FIRST, LAST):
            return _of_source(view, which, said)
    if text == "stage":
        return _beside(view.tables.leads, lambda leads: leads.c.stage)
    if text == "grade":
        return _beside(view.tables.scores, lambda scores: scores.c.grade)
    if kind == "segment":
        return _of_segment(view, known_segment(view, rest))
    if kind.startswith("profile."):
        return _of_profile(view, text, kind.removeprefix("profile."), rest if ":" in text else None)
    raise BadGroups(
        phrase("{name:input}: found {found!r}, allowed are {allowed}", name="by", found=text[:80], allowed=tuple(BY))
    )


def told_by_column(name: str) -> ToldBy:
    """By a text that the rows themselves bear."""
    return ToldBy(lambda rows: rows, lambda rows: rows.c[name], _group_of_text, columns=(name,))


def grouping(by: ToldBy, entered: Mapping[str, int]) -> dict[str, str]:
    """The group of each text, of texts with how many leads have them: of too many groups, the smaller are `other`.

    A value that reads like that group stands in quotes beside it.
    """
    groups = {text: by.group(text) for text in entered}
    sizes: dict[str, int] = {}
    for text, leads in entered.items():
        sizes[groups[text]] = sizes.get(groups[text], 0) + leads
    if len(sizes) <= MOST_GROUPS:
        return groups
    largest = set(sorted(sizes, key=lambda group: (-sizes[group], group))[: MOST_GROUPS - 1])
    return {text: _apart_from(OTHER, group) if group in largest else OTHER for text, group in groups.items()}


def _group_of_text(text: str) -> str:
    return _apart_from(NONE, text) if text else NONE


def _apart_from(reserved: str, value: str) -> str:
    """The value, in quotes where it would read like a group that holds other leads; no two become the same."""
    return f'"{value}"' if value.strip('"') == reserved else value


def _beside(table: FromClause, column: Callable[[FromClause], ColumnElement[Any]]) -> ToldBy:
    return ToldBy(
        lambda rows: rows.outerjoin(table, table.c.lead == rows.c.lead), lambda _: column(table), _group_of_text
    )


def _of_source(view: View, which: str, said: str) -> ToldBy:
    sources = view.tables.lead_sources

    def joined(rows: FromClause) -> FromClause:
        return rows.outerjoin(sources, and_(sources.c.lead == rows.c.lead, sources.c.which == which))

    return ToldBy(joined, lambda _: sources.c[said], _group_of_text)


def _of_segment(view: View, name: str) -> ToldBy:
    members = view.tables.segment_members

    def joined(rows: FromClause) -> FromClause:
        return rows.outerjoin(members, and_(members.c.segment == name, members.c.lead == rows.c.lead))

    inside = case((members.c.lead.is_not(None), literal(IN)), else_=literal(NOT_IN))
    return ToldBy(joined, lambda _: inside, _group_of_text)


def _of_profile(view: View, text: str, name: str, limits: str | None) -> ToldBy:
    if not name or any(each in '"\\' or not each.isprintable() for each in name):
        raise BadGroups(phrase("by: found {found!r}, allowed is the name of a field: profile.country", found=text[:80]))
    by = _beside(view.tables.leads, lambda leads: member(leads.c.profile, name))
    if limits is not None:
        bands = Bands(_limits(text, limits))
    elif name in view.model.bands:
        bands = Bands([(repr(limit), limit) for limit in view.model.bands[name]])
    else:
        return by._replace(group=_group_of_value)
    return by._replace(group=bands.group, bands=bands.names)


def _group_of_value(text: str) -> str:
    """A value's group: what people read of it; a number and a text that writes it are one."""
    value = orjson.loads(text) if text else None
    match value:
        case None | "" | []:
            return NONE
        case str():
            return _apart_from(NONE, value.replace("\0", "\N{REPLACEMENT CHARACTER}"))
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return orjson.dumps(value).decode()


def _limits(text: str, limits: str) -> list[tuple[str, float]]:
    """The limits of bands, as they are written and what they are."""
    written = [part.strip() for part in limits.split(",")]
    numbers = [(part, number) for part in written if (number := number_of(part)) is not None]
    ascending = all(low < high for (_, low), (_, high) in pairwise(numbers))
    if len(numbers) < len(written) or not ascending or len(numbers) > MOST_LIMITS:
        raise BadGroups(
            phrase(
                "by: found {found!r}, allowed are up to {most} numbers in ascending order:"
                " profile.amount:5000,10000,20000",
                found=text[:80],
                most=MOST_LIMITS,
            )
        )
    return numbers


class Bands:
    """Numbers in bands: the lower limit is in a band, the upper one is not."""

    def __init__(self, limits: Sequence[tuple[str, float]]) -> None:
        """The limits, ascending: as they are written and what they are."""
        self._limits = [number for _, number in limits]
        written = [text for text, _ in limits]
        inner = [f"{low} to {high}" for low, high in pairwise(written)]
        self._named = (f"below {written[0]}", *inner, f"{written[-1]} and more")
        self.names = (*self._named, NONE)
        """The bands in order, and last what is no number."""

    def group(self, text: str) -> str:
        """The band of a value (JSON), numbers read as conditions read them."""
        number = number_of(orjson.loads(text)) if text else None
        if number is None:
            return NONE
        return self._named[sum(limit <= number for limit in self._limits)]


def value_of(by: ToldBy, rows: FromClause) -> ColumnElement[str]:
    """The text of a row from which its group is read, empty where there is none."""
    return func.coalesce(by.value(rows), "")
