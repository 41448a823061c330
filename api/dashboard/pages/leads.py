"""`/`: who to call now. Hot leads first, of these one's own; without whose way has ended and who is no lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, get_args
from urllib.parse import urlencode
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.last_look import LastLook
from api.dashboard.lead_rows import name_of, position_of
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.lead_texts import DONE
from api.dashboard.words.phone_numbers import Dial, dial_of
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.conditions.parse import GRADES
from domain.model.channels import every_channel
from domain.model.definition import Model
from domain.model.owners import NOBODY
from producers.handing_over import reasons_of
from projections.queries.announced_owner import owners_now
from projections.queries.call_list import (
    COUNTED,
    CallGroup,
    CallPage,
    Due,
    Headcount,
    ToCall,
    call_list,
    due_next,
    headcount,
    own_names,
)
from projections.queries.filters import Filters
from projections.queries.leads import find_leads
from projections.queries.orders import OrderName
from projections.queries.shapes import LeadShape
from projections.queries.view import View
from web.viewer import Role, Viewer, viewer_of

NAVIGATION: Final = NavigationEntry("/", N_("Leads"))
SIZE: Final = 50
"""Leads of a page."""
REASONS: Final = 3
ME: Final = "me"
"""What the address says for the owner that the viewer is: no owner's name has to be known for it."""
_HEAT: Final = "heat"


@dataclass(frozen=True, slots=True)
class LeadsChoice:
    """What the address says: whom to show, in which order, from where on. "" says nothing."""

    q: str = ""
    owner: str = ""
    stage: str = ""
    grade: str = ""
    segment: str = ""
    channel: str = ""
    hot: str = ""
    closed: str = ""
    excluded: str = ""
    order: str = ""
    cursor: str = ""

    @classmethod
    def of(cls, request: Request) -> "LeadsChoice":
        """The choice of an address; what it says beside is nobody's."""
        said = request.query_params
        return cls(**{field.name: said.get(field.name, "").strip() for field in fields(cls)})

    def address(self, **changed: str) -> str:
        """The address of the choice with something else; it begins anew unless a cursor is given."""
        other = replace(self, **{"cursor": "", **changed})
        said = {field.name: value for field in fields(other) if (value := getattr(other, field.name))}
        return f"/?{urlencode(said)}" if said else "/"

    @property
    def narrows(self) -> bool:
        """Whether it asks for some leads only."""
        return any((self.q, self.owner, self.stage, self.grade, self.segment, self.channel, self.hot))

    @property
    def narrows_more(self) -> bool:
        """Whether it says more than who is searched for and in which order: what else it asks for is shown."""
        other = (self.stage, self.grade, self.segment, self.channel, self.hot, self.closed, self.excluded)
        return any(other) or self.owner not in ("", ME, NOBODY)

    def filters(self, mine: tuple[str, ...]) -> Filters:
        """As the queries have it. `mine`: the owners that the viewer is."""
        own = self.owner == ME
        return Filters(
            q=self.q or None,
            stage=self.stage or None,
            grade=self.grade or None,
            segment=self.segment or None,
            last_channel=self.channel or None,
            owner=None if own else self.owner or None,
            owned_by=(mine or (ME,)) if own else (),
            hot=True if self.hot else None,
            closed=None if self.closed or self.stage else False,
            excluded=None if self.excluded else False,
        )

    @property
    def orders(self) -> OrderName:
        """The order; what is none is the first."""
        return next((each for each in get_args(OrderName) if each == self.order), _HEAT)


@dataclass(frozen=True, slots=True)
class CallRow:
    """A lead as the page shows it. `warmth`: 0 to 100, of the hottest shown."""

    lead: LeadShape
    group: CallGroup
    name: str | None
    of: str
    phone: Dial | None
    email: str | None
    due: Due | None
    is_new: bool
    mine: bool
    warmth: int
    others: int


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def leads(request: Request) -> Response:
        choice, viewer = LeadsChoice.of(request), viewer_of(request)
        with resources.reader.view() as view:
            look = LastLook.of(request, view.clock)
            values = _values(view, choice, viewer, look)
        wording = PageWording(view.model, resources.shell.language(request), view.clock)
        values |= {
            "wording": wording,
            "choice": choice,
            "look": look,
            "done": DONE.get(request.query_params.get("done", "")),
        }
        response = resources.shell.render(request, "leads.html", **values)
        if not choice.cursor:
            look.keep(response)
        return response

    return [Route("/", leads)]


def _values(view: View, choice: LeadsChoice, viewer: Viewer, look: LastLook) -> dict[str, Any]:
    """What the template is given: the rows, how many there are, and what can be chosen."""
    mine = own_names(viewer.owner, view.model.sales)
    filters = choice.filters(mine)
    page = seen_by(viewer, view.ids, _page(view, choice, filters, mine))
    hot = headcount(view, replace(filters, hot=True))
    rest = Headcount(0, 0) if filters.hot else headcount(view, replace(filters, hot=False), COUNTED)
    knows = viewer.role.covers(Role.SALES)
    rows = _rows(view, page.items, mine, look)
    if not knows:  # a hash reaches nobody
        rows = [replace(row, phone=None, email=None) for row in rows]
    return {
        "parts": _parts(rows, choice),
        "back": choice.address(cursor=choice.cursor),
        "key": str(uuid4()),
        "beginning": choice.address() if choice.cursor else None,
        "following": page.next and choice.address(cursor=page.next),
        "size": SIZE,
        "hot": hot,
        "rest": rest,
        "anybody": bool(rows) or headcount(view, Filters(), 1).leads > 0,
        "fresh": sum(row.is_new for row in rows),
        "may_act": knows,
        "may_search": knows,
        "has_owners": bool(view.model.sales.owners),
        "reasons": reasons_of(view.model.sales),
        "choices": _choices(view.model, viewer),
    }


def _page(view: View, choice: LeadsChoice, filters: Filters, mine: tuple[str, ...]) -> CallPage:
    cursor = choice.cursor or None
    if choice.orders == _HEAT:
        return call_list(view, filters, mine, limit=SIZE, cursor=cursor)
    page = find_leads(view, filters, order=choice.orders, limit=SIZE, cursor=cursor)
    return CallPage([ToCall(CallGroup.HOT if lead.hot else CallGroup.REST, lead) for lead in page.items], page.next)


def _rows(view: View, items: Sequence[ToCall], mine: tuple[str, ...], look: LastLook) -> list[CallRow]:
    waiting = due_next(view, (item.lead.id for item in items))
    owners = owners_now(view, {UUID(item.lead.id): item.lead.owner for item in items})  # as they were told of it
    items = [item._replace(lead=item.lead.model_copy(update={"owner": owners[UUID(item.lead.id)]})) for item in items]
    hottest = max((item.lead.heat for item in items), default=0.0) or 1.0
    return [_row(item, waiting.get(item.lead.id), mine, look, hottest) for item in items]


def _row(item: ToCall, due: Due | None, mine: tuple[str, ...], look: LastLook, hottest: float) -> CallRow:
    lead = item.lead
    ways = {each.kind: each.value for each in reversed(lead.identities)}
    return CallRow(
        lead=lead,
        group=item.group,
        name=name_of(lead),
        of=position_of(lead),
        phone=dial_of(ways.get("phone") or lead.profile.get("phone")),
        email=ways.get("email"),
        due=due,
        is_new=look.is_new(lead.hot_since) and lead.hot,
        mine=lead.owner is not None and lead.owner.name in mine,
        warmth=max(1, round(100 * lead.heat / hottest)) if lead.heat else 0,
        others=max(0, len(lead.reasons) - REASONS),
    )


def _parts(rows: Sequence[CallRow], choice: LeadsChoice) -> list[tuple[CallGroup | None, list[CallRow]]]:
    """The rows in parts, each with its name; one without a name in other orders than that by heat."""
    if choice.orders != _HEAT:
        return [(None, list(rows))] if rows else []
    parts = ((group, [row for row in rows if row.group is group]) for group in CallGroup)
    return [(group, of_group) for group, of_group in parts if of_group]


def _choices(model: Model, viewer: Viewer) -> Mapping[str, Any]:
    """What can be chosen by hand."""
    return {
        "owners": [owner.name for owner in model.sales.owners if not owner.retired],
        "me": ME if viewer.owner else None,
        "nobody": NOBODY,
        "stages": [stage.name for stage in model.stages if not stage.retired],
        "grades": GRADES,
        "segments": [segment.name for segment in model.segments],
        "channels": every_channel(rule.name for rule in model.channels.rules),
    }
