"""`POST /leads/{id}/...`: the forms of a lead's page. Each is a command of the API, then the page again."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.commands.commander import Accepted, Asker, Card, Command, Commander
from api.commands.handing_over import (
    AcceptIt,
    Noted,
    RejectIt,
    RemindOf,
    ToOwner,
    to_accept,
    to_assign,
    to_note,
    to_reject,
    to_remind,
)
from api.commands.requests import GLANCE, CommandBody, ReasonedBody, command_id, context_of
from api.commands.stage_and_person import TakeOut, ToStage, WithLead
from api.commands.working import CorrectProfile, LogTalk, ToTag, to_correct, to_log, to_tag
from api.dashboard.lead_rows import name_of
from api.dashboard.pages.lead import Refusal, lead_page
from api.dashboard.resources import Resources
from api.dashboard.words.lead_wording import LeadWording
from api.dashboard.words.well_known import N_
from domain.errors import NotFound
from domain.phrases import phrase, phrased
from domain.touchpoints.touchpoint import Touchpoint
from producers import commands
from producers.commands import CommandContext, CommandRefused
from projections.queries import one_lead
from projections.queries.view import View
from store.log.port import LogAway, LogError, LogFull
from web.problems import Problem
from web.viewer import Role, viewer_of

PATIENCE: Final = 3.0
"""Seconds that a form waits until the lead shows what it did."""

_OF_LIST: Final = re.compile(r"/(?:\?[!-\"$-~]*)?\Z")
"""An address of the list of leads, and of no other place."""
_OF_PERSON: Final = "profile."
_GONE_ON: Final = N_("The lead is not as this page showed it: look again.")
_NOT_SO: Final = N_("That cannot be done so.")
_MISSING: Final = N_("Some things are missing for that.")
_AWAY: Final = N_("Nothing was recorded. Try again in a moment.")
_EMPTY: Final = N_("Please fill in the form.")


class _Order:
    """What a form asks for: the command, and what its id is made of."""

    def __init__(self, said: CommandBody, command: Command) -> None:
        self.said = said
        self.command = command


def routes(resources: Resources) -> Sequence[Route]:
    """Where the forms go."""
    sent = [
        Route(f"/leads/{{lead}}/{name}", _sent(resources, name, read), methods=["POST"])
        for name, read in _FORMS.items()
    ]
    return [*sent, *(Route(f"/leads/{{lead}}/{name}", _left) for name in _FORMS)]


def _left(request: Request) -> Response:
    """Whoever only looks at a form's address (in another language, from the history) gets to the page of its lead."""
    query = request.url.query
    return RedirectResponse(f"/leads/{request.path_params['lead']}" + (f"?{query}" if query else ""), 303)


def _sent(
    resources: Resources, name: str, read: Callable[[FormData], Sequence[_Order]]
) -> Callable[[Request], Awaitable[Response]]:
    async def sent(request: Request) -> Response:
        if not viewer_of(request).role.covers(Role.SALES):
            raise Problem(403, phrase("a reader changes nothing: this needs a token of the role sales"))
        form = await request.form()
        return await run_in_threadpool(_answer, resources, request, name, read, form)

    return sent


def _answer(
    resources: Resources, request: Request, name: str, read: Callable[[FormData], Sequence[_Order]], form: FormData
) -> Response:
    lead = request.path_params["lead"]
    said = [(field, value) for field, value in form.multi_items() if isinstance(value, str)]
    typed, ticked = dict(said), frozenset(said)
    try:
        viewer, orders = viewer_of(request), read(form)
        asker, key = Asker(viewer.name, viewer.owner), typed.get("key") or None
        if "preview" in typed:
            return _foreseen(resources, request, name, orders[-1], form, asker)
        for order in orders:
            id = command_id(lead, name, order.said, key)
            accepted = resources.commander.append(id, lead, order.command, asker)
            shown = _wait(resources.commander, accepted)
    except ValidationError:
        return lead_page(resources, request, Refusal(name, 422, _EMPTY, typed=typed, ticked=ticked))
    except CommandRefused as error:
        text = _MISSING if error.missing else _GONE_ON if error.status == 409 else _NOT_SO
        refusal = Refusal(name, error.status, text, error.problem, error.missing, typed, ticked)
        return lead_page(resources, request, refusal)
    except (LogAway, LogFull, LogError) as error:
        return lead_page(resources, request, Refusal(name, 503, _AWAY, phrased(error), typed=typed, ticked=ticked))
    done = f"done={name}{'' if shown else '&pending=1'}"
    return RedirectResponse(_list_again(typed.get("back"), accepted.lead, done), 303)


def _foreseen(
    resources: Resources, request: Request, name: str, order: _Order, form: FormData, asker: Asker
) -> Response:
    """What a form would do, to be done or left. Raises CommandRefused, NotFound."""
    lead = request.path_params["lead"]
    with resources.reader.view() as view:
        wording = LeadWording(view.model, resources.shell.language(request), view.clock)
        others = [_called(view, order.said.with_)] if isinstance(order.said, WithLead) else []
    would = resources.commander.foresee(lead, others, order.command, asker)
    fields = [(field, value) for field, value in form.multi_items() if field != "preview" and isinstance(value, str)]
    names = {each.id: name_of(each) or wording.text(N_("Visitor")) for each in would.leads}
    return resources.shell.render(
        request, "lead_foreseen.html", would=would, names=names, form=name, fields=fields, lead=lead, wording=wording
    )


def _called(view: View, text: str) -> str:
    """The lead that somebody means. Raises CommandRefused: there is none, or several are."""
    try:
        return str(one_lead.lead_called(view, text))
    except NotFound as error:
        raise CommandRefused(422, phrased(error)) from None


def _list_again(back: str | None, lead: str, done: str) -> str:
    """Where a form leads to: the lead, or at its place the list that the form was sent from."""
    if back is None or not _OF_LIST.match(back):
        return f"/leads/{lead}?{done}"
    return f"{back}{'&' if '?' in back else '?'}{done}#lead-{lead}"


def _wait(commander: Commander, accepted: Accepted) -> bool:
    """Whether the lead shows what was done, after a while."""
    until = time.monotonic() + PATIENCE
    while commander.after(accepted) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(GLANCE)
    return True


# ---- what each form asks for -------------------------------------------------------------------------------------


def _text(form: FormData, name: str) -> str | None:
    """What was typed in a field; None: nothing."""
    value = form.get(name)
    return (value.strip() or None) if isinstance(value, str) else None


def _given(form: FormData, *names: str) -> dict[str, str]:
    """The fields in which something was typed."""
    return {name: text for name in names if (text := _text(form, name)) is not None}


def _at(text: str, zone: str) -> str:
    """What a browser's field for a time says, RFC 3339: it is meant in the company's time zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone)).isoformat()


def _stage(form: FormData) -> list[_Order]:
    """What the stage requires and the form brings is corrected first."""
    said = ToStage.model_validate(_given(form, "to", "reason"))
    required = {
        name.removeprefix(_OF_PERSON): text
        for name in form
        if name.startswith(_OF_PERSON) and (text := _text(form, name))
    }
    correction = CorrectProfile(fields=required)
    first = [_Order(correction, to_correct(correction))] if required else []

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return commands.stage(card, said.to, view.model.stages, context_of(context, said))

    return [*first, _Order(said, command)]


def _accept(form: FormData) -> list[_Order]:
    said = AcceptIt.model_validate(_given(form, "by", "owner"))
    return [_Order(said, to_accept(said))]


def _reject(form: FormData) -> list[_Order]:
    said = RejectIt.model_validate(_given(form, "by", "owner", "reason", "note"))
    return [_Order(said, to_reject(said))]


def _assign(form: FormData) -> list[_Order]:
    said = ToOwner.model_validate(_given(form, "owner", "reason", "due"))

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        due = None if said.due is None else _at(said.due, view.model.timezone)
        return to_assign(said.model_copy(update={"due": due}))(view, card, context)

    return [_Order(said, command)]


def _remind(form: FormData) -> list[_Order]:
    said = RemindOf.model_validate(_given(form, "at", "note", "owner"))

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        at = _at(said.at, view.model.timezone)
        return to_remind(said.model_copy(update={"at": at}))(view, card, context)

    return [_Order(said, command)]


def _note(form: FormData) -> list[_Order]:
    said = Noted.model_validate(_given(form, "note"))
    return [_Order(said, to_note(said))]


def _log(form: FormData) -> list[_Order]:
    names = [name.strip() for name in (_text(form, "participants") or "").split(",") if name.strip()]
    said = LogTalk.model_validate(
        {**_given(form, "kind", "at", "note", "outcome"), "participants": names, "tags": _several(form, "tags")}
    )

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        at = None if said.at is None else _at(said.at, view.model.timezone)
        return to_log(said.model_copy(update={"at": at}))(view, card, context)

    return [_Order(said, command)]


def _tags(form: FormData) -> list[_Order]:
    """Of the tags that the page showed as put on, those that are not ticked are taken away."""
    ticked, had = _several(form, "tag"), _several(form, "had")
    put_on, taken_away = [each for each in ticked if each not in had], [each for each in had if each not in ticked]
    said = ToTag.model_validate({"set": put_on, "unset": taken_away})
    return [_Order(said, to_tag(said))]


def _several(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]


def _profile(form: FormData) -> list[_Order]:
    """One field; what is typed for a number is one, and nothing typed takes the field away."""
    name, text = _text(form, "field") or "", _text(form, "value")
    said = CorrectProfile.model_validate({**_given(form, "reason"), "fields": {name: text}})

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        value = _like(card.profile.get(name), text)
        return to_correct(said.model_copy(update={"fields": {name: value}}))(view, card, context)

    return [_Order(said, command)]


def _like(known: object, text: str | None) -> Any:
    """A typed value: a number where what is known is one and it reads as one."""
    if text is None or isinstance(known, bool) or not isinstance(known, int | float):
        return text
    try:
        return int(text) if isinstance(known, int) else float(text)
    except ValueError:
        return text


def _merge(form: FormData) -> list[_Order]:
    said = WithLead.model_validate(_given(form, "with", "reason"))

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return commands.merge(card, Card.of(view, _called(view, said.with_)), context_of(context, said))

    return [_Order(said, command)]


def _unmerge(form: FormData) -> list[_Order]:
    identities = [identity.partition(":") for identity in _several(form, "identity")]
    named = [{"kind": kind, "value": value} for kind, _, value in identities]
    said = TakeOut.model_validate({**_given(form, "reason"), "identities": named})

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return commands.unmerge(card, said.identities, context_of(context, said))

    return [_Order(said, command)]


def _reset(form: FormData) -> list[_Order]:
    said = ReasonedBody.model_validate(_given(form, "reason"))

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return commands.reset(card, context_of(context, said))

    return [_Order(said, command)]


_FORMS: Final[Mapping[str, Callable[[FormData], Sequence[_Order]]]] = {
    "stage": _stage,
    "accept": _accept,
    "reject": _reject,
    "assign": _assign,
    "remind": _remind,
    "note": _note,
    "log": _log,
    "tags": _tags,
    "profile": _profile,
    "merge": _merge,
    "unmerge": _unmerge,
    "reset": _reset,
}
