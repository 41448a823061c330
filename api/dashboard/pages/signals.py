"""`/signals`: what was announced about whom and why, who was told, and what became of it there; newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.lead_rows import name_of, position_of
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.signal_texts import DELIVERIES, HELD_BACK, WHY
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.files.durations import DAY
from domain.signals.kinds import SignalKind
from projections.queries.leads import leads_of
from projections.queries.one_lead import live_lead
from projections.queries.shapes import LeadShape
from projections.queries.view import View
from projections.reports.signals import (
    DeliveryFilter,
    DeliveryShape,
    ListedSignalShape,
    SignalFilter,
    kinds_since,
    listed_signals,
)
from store.deliveries import STATES, State
from web.viewer import Role, Viewer, viewer_of

NAVIGATION: Final = NavigationEntry("/signals", N_("Signals"))
SIZE: Final = 50
"""Signals of a page."""
WEEK: Final = "7"
"""What the address says of the last seven days."""
_REASONS: Final = 3
_NAMED: Final = {"to": "stage", "from": "stage", "segment": "segment", "promote_to": "stage"}
"""Data of a signal that are names of the model's."""


@dataclass(frozen=True, slots=True)
class SignalsChoice:
    """What the address says: "" says nothing. `last`: of the last seven days alone; `after`: what is older."""

    kind: str = ""
    lead: str = ""
    destination: str = ""
    state: str = ""
    last: str = ""
    after: str = ""

    @classmethod
    def of(cls, request: Request) -> "SignalsChoice":
        """The choice of an address; a kind or a state that is none is nobody's."""
        said = request.query_params
        choice = cls(**{field.name: said.get(field.name, "").strip() for field in fields(cls)})
        kind = choice.kind if choice.kind in set(SignalKind) else ""
        return replace(choice, kind=kind, state=choice.state if choice.state in STATES else "")

    def address(self, **changed: str) -> str:
        """The address of the choice with something else; from the newest on unless `after` is given."""
        other = replace(self, **{"after": "", **changed})
        said = {field.name: value for field in fields(other) if (value := getattr(other, field.name))}
        return f"/signals?{urlencode(said)}" if said else "/signals"

    @property
    def told(self) -> DeliveryFilter | None:
        """What became of the signals that are asked for."""
        state: State | None = next((each for each in STATES if each == self.state), None)
        return DeliveryFilter(self.destination or None, state) if self.destination or state else None


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal as the page shows it: about whom, why, and who was told."""

    signal: ListedSignalShape
    name: str | None
    of: str
    why: Sequence[str]
    told: Sequence[tuple[DeliveryShape, str, str]]
    """Each delivery, how it is, and why."""


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def signals(request: Request) -> Response:
        choice, viewer = SignalsChoice.of(request), viewer_of(request)
        with resources.reader.leads() as view:
            now = resources.database.now(view.conn)
            wording = PageWording(view.model, resources.shell.language(request), now)
            values = _values(view, choice, viewer, wording, now - 7 * DAY)
        return resources.shell.render(request, "signals.html", wording=wording, choice=choice, now=now, **values)

    return [Route("/signals", signals)]


def _values(view: View, choice: SignalsChoice, viewer: Viewer, wording: PageWording, week: int) -> dict[str, Any]:
    """What the template is given. Raises NotFound, BadCursor."""
    about = live_lead(view, choice.lead) if choice.lead else None
    asked = SignalFilter(
        (choice.kind,) if choice.kind else (),
        None if about is None else view.lookup.ids_of(view.conn, about),
        week if choice.last == WEEK else None,
        choice.told,
    )
    page = listed_signals(view.conn, asked, choice.after or None, newest=True, limit=SIZE)
    found = leads_of(view, dict.fromkeys(each.lead_now for each in page.items))
    seen, leads = seen_by(viewer, view.ids, (page, found))
    known = {lead.id: lead for lead in leads}
    knows = viewer.role.covers(Role.SALES)
    counted = kinds_since(view.conn, week)
    return {
        "rows": [_row(each, known.get(each.lead_now), wording, knows=knows) for each in seen.items],
        "beginning": choice.address() if choice.after else None,
        "following": page.next and choice.address(after=page.next),
        "size": SIZE,
        "kinds": [
            (kind, wording.signal(kind), n, SignalsChoice(kind=kind, last=WEEK).address())
            for kind, n in counted.items()
        ],
        "whole": sum(counted.values()),
        "all_kinds": [(kind.value, wording.signal(kind)) for kind in SignalKind],
        "destinations": [each.name for each in view.model.destinations],
        "states": [(state, wording.known(DELIVERIES, state)) for state in STATES],
    }


def _row(signal: ListedSignalShape, lead: LeadShape | None, wording: PageWording, *, knows: bool) -> SignalRow:
    name = name_of(lead) if lead is not None and knows else None
    of = "" if lead is None else position_of(lead)
    told = [
        (
            each,
            wording.known(DELIVERIES, each.state),
            wording.known(HELD_BACK, each.why) if each.why in HELD_BACK else each.why,
        )
        for each in signal.deliveries
    ]
    return SignalRow(signal, name, of, _why(signal, wording), told)


def _why(signal: ListedSignalShape, wording: PageWording) -> list[str]:
    """What a signal says of itself: where to, for whom, by which points, by when."""
    data = signal.model_extra or {}
    said = []
    for name, text in WHY.items():
        value = data.get(name)
        if value is None or value is False or (name == "from" and signal.kind != SignalKind.STAGE.value):
            continue
        said.append(wording.text(text, value=_said(name, value, wording)))
    for reason in (data.get("reasons") or [])[:_REASONS]:
        points = wording.number(reason.get("now") or reason.get("points") or 0)
        said.append(f"{wording.rule(reason['rule'])} +{points}")
    return said


def _said(name: str, value: Any, wording: PageWording) -> str:
    if _NAMED.get(name) == "stage":
        return wording.stage(str(value))
    if name == "segment":
        return wording.segment(str(value))
    if name == "deadline":
        return wording.deadline(str(value))
    if name in ("reason", "rejected"):
        return wording.known(HELD_BACK, str(value)) if value in HELD_BACK else wording.rejection(str(value))
    return wording.value(value)
