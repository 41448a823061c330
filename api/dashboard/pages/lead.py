"""`/leads/{id}`: who a lead is, why it is hot, what happened, and what can be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.access.masking import Masking
from api.dashboard.lead_rows import name_seen_by
from api.dashboard.pages import lead_heat
from api.dashboard.pages.lead_timeline import days
from api.dashboard.resources import Resources
from api.dashboard.words.lead_texts import COUNTRIES, DONE, FINDINGS, LOGGED, NEVER, PROFILE
from api.dashboard.words.lead_wording import LeadWording
from api.dashboard.words.phone_numbers import dial_of
from domain.model.definition import Model, Stage
from producers.handing_over import answerers, reasons_of
from projections.queries import one_lead
from projections.queries.announced_owner import owner_now
from projections.queries.dossier import DossierShape, dossier
from projections.queries.folds import fold_of
from projections.queries.score import score
from projections.queries.shapes import LeadDetail, OwnerShape, ScoreShape, TimelinePage
from projections.queries.timeline import timeline
from projections.queries.view import View
from web.viewer import Role, viewer_of

_ITEMS: Final = 50
"""Touchpoints of a page of the timeline."""
_KEPT: Final = ("as_of", "knowing", "span", "type")
"""Parameters that the links of the page keep."""
_TITLE: Final = frozenset({"name", "full_name", "first_name", "last_name", "title", "company"})
"""Fields of the profile that the head of the page says."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that was refused: which, why (`detail`, English), which fields are missing, what was typed, and of
    fields that have several values those that were ticked."""

    form: str
    status: int
    text: str
    detail: str = ""
    missing: Sequence[str] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    ticked: frozenset[tuple[str, str]] = frozenset()


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def lead(request: Request) -> Response:
        return lead_page(resources, request)

    return [Route("/leads/{lead}", lead)]


def lead_page(resources: Resources, request: Request, refusal: Refusal | None = None) -> Response:
    """The page; with what was refused, if something was."""
    asked, role = request.query_params, viewer_of(request).role
    as_of = None if refusal is not None else asked.get("as_of") or None
    with resources.reader.leads(as_of, (asked.get("knowing") or None) if as_of else None) as shared:
        view = replace(shared, lookup=shared.lookup.remembering())
        lead = one_lead.live_lead(view, request.path_params["lead"])
        if as_of is None and refusal is None and str(lead) != request.path_params["lead"]:
            return RedirectResponse(_address(str(lead), asked), 303)
        wording = LeadWording(view.model, resources.shell.language(request), view.clock)
        values = _values(view, lead, asked, role, wording)
    may_command = role.covers(Role.SALES) and as_of is None
    return resources.shell.render(
        request,
        "lead.html",
        200 if refusal is None else refusal.status,
        **values,
        wording=wording,
        may_command=may_command,
        refusal=refusal,
        done=wording.known(DONE, asked["done"]) if asked.get("done") in DONE and refusal is None else None,
        pending="pending" in asked,
        key=str(uuid4()),
    )


def _address(lead: str, asked: Mapping[str, str], **more: str | None) -> str:
    kept = {name: asked[name] for name in _KEPT if asked.get(name)} | more
    query = urlencode({name: value for name, value in kept.items() if value is not None})
    return f"/leads/{lead}" + (f"?{query}" if query else "")


class _Read(NamedTuple):
    """What is read of a lead for its page."""

    detail: LeadDetail
    score: ScoreShape
    dossier: DossierShape
    page: TimelinePage


def _read(view: View, lead: UUID, asked: Mapping[str, str], role: Role) -> _Read:
    """Of a live lead; a reader is told nobody's name."""
    behind = dossier(view, lead)
    types = (asked["type"],) if asked.get("type") in behind.types else ()
    page = timeline(view, lead, types=types, limit=_ITEMS, cursor=asked.get("cursor") or None, newest=True)
    read = _Read(one_lead.lead_detail(view, lead), score(view, lead), behind, page)
    if role is not Role.READER:
        return read
    return _Read(**Masking(view.ids).seen(read._asdict()))


def _values(view: View, lead: UUID, asked: Mapping[str, str], role: Role, wording: LeadWording) -> dict[str, Any]:
    """What the page shows, read in one view."""
    detail, explained, behind, page = _read(view, lead, asked, role)
    model, journal = view.model, view.lookup.journal(view.conn, fold_of(view.model), lead)
    type = asked.get("type") if asked.get("type") in behind.types else None
    span = asked.get("span") if asked.get("span") in lead_heat.SPANS else next(iter(lead_heat.SPANS))
    owner = detail.owner if view.past is not None else owner_now(view, lead, detail.owner)
    known_as = {each.value for each in behind.identities}

    def address(**more: str | None) -> str:
        return _address(detail.id, asked, **more)

    return {
        "lead": detail,
        "name": name_seen_by(detail, role, wording),
        "lede": [wording.value(detail.profile[each]) for each in ("title", "company") if detail.profile.get(each)],
        "phones": [dial for each in _phones(detail, role) if (dial := dial_of(each)) is not None],
        "emails": _reached(detail, "email", role),
        "profile": [
            (wording.field(name), wording.country(wording.value(value)) if name in COUNTRIES else wording.value(value))
            for name, value in sorted(detail.profile.items())
            if name not in _TITLE and value not in (None, "") and value not in known_as
        ],
        "owner": owner,
        "score": explained,
        "half_life": wording.length(model.score.half_life),
        "dossier": behind,
        "given": lead_heat.given(explained, wording),
        "nothing": lead_heat.gave_nothing(explained.withheld, wording),
        "curve": lead_heat.drawn(model, explained, journal, behind.hot_times, span or "", wording),
        "spans": [(wording.text(text), address(span=each), each == span) for each, text in lead_heat.SPANS.items()],
        "never": None if explained.distance.never is None else wording.known(NEVER, explained.distance.never),
        "findings": [(wording.known(FINDINGS, kind), told, at) for kind, told, at in detail.findings],
        "days": days(page.items, wording),
        "listed": {each.id for each in page.items},
        "type": type,
        "types": [
            (wording.touchpoint(each), count, address(type=each), each == type) for each, count in behind.types.items()
        ],
        "all_types": (sum(behind.types.values()), address(type=None)),
        "older": None if page.next is None else f"{address(cursor=page.next)}#timeline",
        "newest": f"{address()}#timeline" if asked.get("cursor") else None,
        "as_of": None if view.past is None else view.clock,
        "knowing_now": view.past is not None and view.past.knowing == "now",
        "now_address": _address(detail.id, {}),
        "forms": _forms(model, detail, owner, behind, wording),
    }


def _reached(detail: LeadDetail, kind: str, role: Role) -> list[str]:
    """How somebody is reached; a reader reaches nobody."""
    return [] if role is Role.READER else [each.value for each in detail.identities if each.kind == kind]


def _phones(detail: LeadDetail, role: Role) -> list[Any]:
    """The numbers that somebody is known by; where there is none, what the profile says."""
    return _reached(detail, "phone", role) or ([] if role is Role.READER else [detail.profile.get("phone")])


def _forms(
    model: Model, detail: LeadDetail, owner: OwnerShape | None, behind: DossierShape, wording: LeadWording
) -> dict[str, Any]:
    """What the forms offer: names with what people call them."""
    everybody = [each.name for each in model.sales.owners if not each.retired]
    return {
        "stages": [(each.name, wording.stage(each.name)) for each in _stages(model, detail.stage)],
        "next_stage": _next_stage(model, detail.stage),
        "owners": [each for each in everybody if owner is None or each != owner.name],
        "everybody": everybody,
        "reasons": [(each, wording.rejection(each)) for each in reasons_of(model.sales)],
        "answerers": answerers(owner.name, model.sales) if owner else (),
        "logged": [(each, wording.text(text)) for each, text in LOGGED.items()],
        "fields": [(each, wording.field(each)) for each in _fields(model, detail)],
        "tags": [(each.name, wording.tag(each.name)) for each in model.tags],
        "identities": behind.identities,
    }


def _fields(model: Model, detail: LeadDetail) -> list[str]:
    """Fields of the profile that may be corrected: usual ones, those of the lead, and what stages require."""
    required = (path.removeprefix("profile.") for stage in model.stages for path in stage.requires)
    return list(dict.fromkeys([*PROFILE, *sorted(detail.profile), *required]))


def _stages(model: Model, current: str) -> list[Stage]:
    """The stages that a person may move a lead to: a detour is left to an earlier one."""
    names = [stage.name for stage in model.stages]
    place = names.index(current) if current in names else None
    in_use = [stage for stage in model.stages if not stage.retired and stage.name != current]
    if place is None or not model.stages[place].detour:
        return in_use
    earlier = set(names[:place])
    return [stage for stage in in_use if stage.detour or stage.name in earlier]


def _next_stage(model: Model, current: str) -> str | None:
    """Where a lead is moved to most often: the stage behind its own on the way; None: it is aside, or at the end."""
    way = [stage.name for stage in model.stages if not stage.detour and (not stage.retired or stage.name == current)]
    behind = way[way.index(current) + 1 :] if current in way else []
    return behind[0] if behind else None
