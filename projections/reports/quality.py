"""What is missing, wrong or doubtful in what is known of leads: how many, one of them, and what to do about it."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

import orjson
from pydantic import Field
from sqlalchemy import Text, case, cast, func, select, tuple_

from domain.errors import NotFound
from domain.fold.money import NOT_READ
from domain.people.sharing import LIMITS
from domain.phrases import phrase
from domain.touchpoints.identity import Identity
from projections.queries.cursors import give, take
from projections.queries.shapes import Moment, Page, Shape
from projections.queries.view import View
from projections.reports.answer import BadReport, ColumnKind, Report, ReportQuestion, ReportRows, column
from store.database import bulk
from store.database.views.quality import STALE_DAYS, quality_rows
from store.model_parts import parts_of

_LIST: Final = "findings"
_MISSING: Final = "missing_field"
_STALE: Final = "stale"
SHARED_IDENTITIES: Final = "shared"
_LEAST: Final = min(LIMITS.values())
"""An identity that was seen with no more others is not shared."""
_SIGHTING: Final = 32
"""Characters of a hash, which each takes at least."""
_SHOWN: Final = 5
_MOST_DAYS: Final = 36_500
_MOST_OF_ONE: Final = 10_000
"""Findings of a kind that one lead may have had shown before a page."""


class Advice(NamedTuple):
    """What a finding means, and what to do about it."""

    means: str
    to_do: str


ADVICE: Final[Mapping[str, Advice]] = {
    _MISSING: Advice(
        phrase("nothing is known in a field that a stage requires"),
        phrase("ask for it in a form, or import it; leads cannot be moved to that stage without it"),
    ),
    "missing_required": Advice(
        phrase("a fact from outside moved them to a stage although they lacked what it requires"),
        phrase("complete them in the system that reported the move, or require less in the model"),
    ),
    "promotion_waits": Advice(
        phrase("hot, and not promoted, as they lack what that stage requires"),
        phrase("ask them for it: they are promoted by the touchpoint that brings it while they are hot"),
    ),
    NOT_READ: Advice(
        phrase("something that is revenue bears an amount that is not read, so it brings nothing"),
        phrase(
            "have its source write a number (1200.50): no thousands separator, decimal comma or currency; the currency"
            " is a property of its own"
        ),
    ),
    _STALE: Advice(
        phrase(
            "identified, neither won nor aside, and no touchpoint for long; a mail that was sent to them is one too"
        ),
        phrase("get in touch, or move them to a stage that is a detour"),
    ),
    "bounced": Advice(
        phrase("the last that is known of their mail is that it came back"),
        phrase("ask for another address by phone, and take this one off the lists"),
    ),
    "same_email": Advice(
        phrase("several leads have one e-mail address"),
        phrase("merge those who are one person; else find who writes one address into many"),
    ),
    "same_phone": Advice(
        phrase("several leads have one phone number"),
        phrase("merge those who are one person; a switchboard belongs into another field"),
    ),
    "claim_not_bound": Advice(
        phrase("a browser claimed an e-mail address or phone number that trusted sources link with another"),
        phrase("look at both leads: merge them where it is one person"),
    ),
    "claim_joined": Advice(
        phrase("a browser's claim made one lead of two"),
        phrase("look at its identities: unmerge it where these are two people"),
    ),
    "alias_skipped": Advice(
        phrase("a public key sent an alias that names no known cookie"),
        phrase("send aliases by a server key, or identify"),
    ),
    SHARED_IDENTITIES: Advice(
        phrase("too many people use an e-mail address, phone number or cookie: from then on it names and links nobody"),
        phrase(
            "unmerge whom it joined before; give a kiosk or call centre no cookie, keep role addresses out of"
            " identities"
        ),
    ),
    "merge_skipped": Advice(
        phrase("a merge was asked for that a standing unmerge forbids"),
        phrase("merge by hand where it is one person after all"),
    ),
    "unknown_stage": Advice(
        phrase("something moved them to a stage that the model has not"),
        phrase("add the stage, or name it in `was` of the one that it is now"),
    ),
    "retired_stage": Advice(
        phrase("something moved them to a stage after it was retired"),
        phrase("change the system that still reports it"),
    ),
}
"""By kind, in the order of the report."""


class FindingShape(Shape):
    """One thing about a lead that is missing, wrong or doubtful."""

    kind: Annotated[str, Field(description="as in the report `quality`")]
    lead: str
    detail: Annotated[str | None, Field(description="the field, the e-mail address, ...; null: nothing more is said")]
    since: Annotated[Moment | None, Field(description="null: nobody knows")]


class FindingCountShape(Shape):
    """How many leads have one."""

    kind: str
    detail: Annotated[str | None, Field(description="of missing_field the field")]
    leads: int


class FindingPage(Page[FindingShape]):
    """A part of the findings, by kind and lead."""

    counts: Annotated[
        list[FindingCountShape] | None, Field(description="of all leads, or of the one, by kind; if asked")
    ] = None


def findings(
    view: View,
    *,
    kind: str | None = None,
    detail: str | None = None,
    lead: UUID | None = None,
    limit: int = 100,
    cursor: str | None = None,
    count: bool = False,
) -> FindingPage:
    """What is missing, wrong or doubtful: of one kind (with one detail), of one lead. Raises NotFound, BadCursor."""
    place = None if cursor is None else _Place(*take(_LIST, cursor, str, UUID, int))
    rows = _listed(view, kind, detail, lead, place, limit + 1)
    following = None if len(rows) <= limit else give(_LIST, *_after(rows[:limit], place))
    items = [
        FindingShape(kind=row.kind, lead=str(row.lead), detail=row.detail, since=row.since) for row in rows[:limit]
    ]
    return FindingPage(items=items, next=following, counts=finding_counts(view, lead) if count else None)


class _Place(NamedTuple):
    """Where a page ended: after so many findings of a kind of a lead. It goes to readers too, so it has no detail."""

    kind: str
    lead: UUID
    shown: int


def _after(rows: Sequence[Any], begun: _Place | None) -> tuple[str, str, int]:
    """The place after the last of these rows."""
    last = rows[-1].kind, rows[-1].lead
    shown = sum((row.kind, row.lead) == last for row in rows)
    if begun is not None and (begun.kind, begun.lead) == last:
        shown += begun.shown
    return last[0], str(last[1]), shown


def _listed(
    view: View, kind: str | None, detail: str | None, lead: UUID | None, place: _Place | None, limit: int
) -> Sequence[Any]:
    if kind == SHARED_IDENTITIES:
        leads = sorted(each for each in _shared(view).leads if lead in (None, each))
        rows = [SimpleNamespace(kind=kind, lead=each, detail=None, since=None) for each in leads]
        return [row for row in rows if place is None or (row.kind, row.lead) > place[:2]][:limit]
    each = quality_rows(view.tables, STALE_DAYS, parts_of(view.model), kind).subquery().c
    order = each.kind, each.lead, func.coalesce(each.detail, "")
    query = select(each.kind, each.lead, each.detail, each.since).order_by(*order)
    query = query.limit(limit if place is None else limit + min(max(0, place.shown), _MOST_OF_ONE))
    if kind is not None:
        query = query.where(each.kind == kind)
    if detail is not None:
        query = query.where(each.detail == detail)
    if lead is not None:
        query = query.where(each.lead == lead)
    if place is not None:
        query = query.where(tuple_(each.kind, each.lead) >= tuple_(place.kind, place.lead))
    found = view.conn.execute(query).all()
    if place is not None:
        found = [row for n, row in enumerate(found) if n >= place.shown or (row.kind, row.lead) != place[:2]][:limit]
    if kind is not None and kind not in ADVICE and not found:
        raise NotFound(phrase("no kind {kind!r} of finding: there are {kinds}", kind=kind[:80], kinds=tuple(ADVICE)))
    return found


def finding_counts(view: View, lead: UUID | None = None) -> list[FindingCountShape]:
    """How many leads have which, of all leads or of one."""
    ordered = _ordered(view, _counted(view, STALE_DAYS, lead, _shared(view)))
    return [FindingCountShape(kind=kind, detail=detail, leads=leads) for kind, detail, (leads, _) in ordered]


def _counted(
    view: View, days: int, lead: UUID | None, shared: "_Shared"
) -> dict[tuple[str, str | None], tuple[int, UUID]]:
    """How many leads have which finding, and one of them."""
    each = quality_rows(view.tables, days, parts_of(view.model)).subquery().c
    detail = case((each.kind == _MISSING, each.detail))
    told = select(each.kind, detail.label("detail"), func.count(each.lead.distinct()).label("leads"))
    query = told.add_columns(func.min(cast(each.lead, Text)).label("example")).group_by(each.kind, detail)
    if lead is not None:
        query = query.where(each.lead == lead)
    counted = {(row.kind, row.detail): (row.leads, UUID(row.example)) for row in view.conn.execute(query)}
    if leads := [each for each in shared.leads if lead in (None, each)]:
        counted[SHARED_IDENTITIES, None] = (len(leads), min(leads))
    return counted


def _rows(view: View, question: ReportQuestion) -> ReportRows:
    if question.days.bounded:
        raise BadReport(phrase("from, to: found a period, allowed is none: quality is of what is known now"))
    days, shared = _stale_days(question.options), _shared(view)
    found = _counted(view, days, None, shared)
    leads = view.tables.leads.c
    identified = view.conn.execute(select(func.count()).where(leads.identified)).scalar_one()
    rows = [
        (kind, detail, count, count / identified if identified else None, example, *_advice(kind))
        for kind, detail, (count, example) in _ordered(view, found)
    ]
    return ReportRows(rows, [f"stale: not heard of for more than {days} days", *shared.notes()])


class _Shared(NamedTuple):
    """What too many people use, and the leads that it linked before."""

    identities: Sequence[Identity]
    leads: frozenset[UUID]

    def notes(self) -> list[str]:
        """Which these are."""
        named = ", ".join(each.value for each in self.identities[:_SHOWN])
        more = len(self.identities) - _SHOWN
        return [f"{SHARED_IDENTITIES}: {named}{f' and {more} more' if more > 0 else ''}"] if self.identities else []


def _shared(view: View) -> _Shared:
    """Which identity is shared only its kind says, which stands in the cluster alone: each that may be is looked at."""
    known = view.tables.identities.c
    query = select(known.id, known.cluster, known.seen).where(known.seen.is_not(None), known.cluster.is_not(None))
    crowded = {
        row.cluster: row.id
        for row in view.conn.execute(query.where(func.length(known.seen) > _LEAST * _SIGHTING))
        if any(len(seen) > _LEAST for seen in orjson.loads(row.seen).values())
    }
    shared = {cluster: view.lookup.shared(view.conn, id) for cluster, id in crowded.items()}
    clusters = [cluster for cluster, identities in shared.items() if identities]
    rows = bulk.select_in(view.conn, view.tables.lead_states, ["lead"], "cluster", clusters)
    return _Shared(sorted(each for several in shared.values() for each in several), frozenset(lead for [lead] in rows))


def _ordered(
    view: View, found: Mapping[tuple[str, str | None], tuple[int, UUID]]
) -> list[tuple[str, str | None, tuple[int, UUID | None]]]:
    """Every kind, and of what is missing every field that a stage requires, also where there is none; then others."""
    required = {name.removeprefix("profile."): None for stage in view.model.stages for name in stage.requires}
    known = [(_MISSING, field) for field in required] + [(kind, None) for kind in ADVICE if kind != _MISSING]
    others = sorted(found.keys() - set(known), key=str)
    return [(kind, detail, found.get((kind, detail), (0, None))) for kind, detail in (*known, *others)]


def _advice(kind: str) -> tuple[Any, ...]:
    return tuple(ADVICE[kind]) if kind in ADVICE else (None, None)


def _stale_days(options: Mapping[str, str]) -> int:
    """Raises BadReport."""
    text = options.get(_STALE, str(STALE_DAYS))
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(_MOST_DAYS)) or int(text) > _MOST_DAYS:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed is a number of days up to {most}",
                name=_STALE,
                found=text[:80],
                most=_MOST_DAYS,
            )
        )
    return int(text)


QUALITY: Final = Report(
    "quality",
    "What is missing, wrong or doubtful in what is known of leads, a row a kind, also where there is none",
    (
        column("kind", ColumnKind.TEXT, "as in the view `report_quality`, which has no `shared`"),
        column("detail", ColumnKind.TEXT, "of missing_field the field"),
        column("leads", ColumnKind.COUNT, "how many"),
        column("share", ColumnKind.SHARE, "how many for each identified lead; null where there is none"),
        column("example", ColumnKind.TEXT, "the id of one of them"),
        column("means", ColumnKind.TEXT, "what it says"),
        column("to_do", ColumnKind.TEXT, "what helps"),
    ),
    _rows,
    options={_STALE: f"after how many days without a touchpoint a lead is stale (without it {STALE_DAYS})"},
)
