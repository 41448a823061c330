"""Plain HTML forms and their beacons as touchpoints: `form_submitted`, whoever wrote the form."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from domain.touchpoints.identity import Identity, canonical, ordered
from domain.touchpoints.touchpoint import Instant, Touchpoint, rfc3339
from producers.reading import body, bots, form_builders, instants, origins, page, person
from producers.reading.arrival import ITEM_LIMIT, Arrival, RefusedPart, Taken, Unusable, take_one
from producers.reading.body import Body
from producers.reading.form_builders import Submission
from producers.reading.ids import given_id
from producers.reading.protocol import Path, Protocol, Sender, ThanksPage

GOTCHA: Final = "_gotcha"
"""The honeypot: a field that people do not see. Filled in, it was a machine."""

REDIRECT: Final = "_redirect"
"""Where the browser goes afterwards, if that is an allowed site."""

DOWNLOAD: Final = "_download"
"""The file that the form is the door to: `file_downloaded`, and where the browser goes, if that is an allowed site."""

ANONYMOUS: Final = ("_aid", "anonymous_id", "anonymousId")
ID: Final = "_id"
"""The submission's own id: one that is sent twice is recorded once."""

_SHOWN: Final = 200
_LARGE: Final = f"the form's fields, or its query, are larger than {ITEM_LIMIT} bytes"
NAME_LIMIT: Final = 100
"""Longest form name, in characters."""


def read(arrival: Arrival, data: bytes) -> Body:
    """The form's fields, of an unpacked body and of the query (the body's win). Repeated fields are lists.

    Raises Unusable or Malformed.
    """
    sent = body.parsed(data, arrival.content_type)
    if sent.format == "json" and not isinstance(sent.value, dict):
        raise Unusable("a form's JSON is one object of fields")
    queried = body.table(
        pair for pair in body.fields(arrival.query_bytes) if not pair[0].startswith("utm_") and pair[0] != "writeKey"
    )
    return Body(sent.format, {**queried, **(sent.value if sent.format == "json" else body.table(sent.value or []))})


def taken(arrival: Arrival, message: Body, raw: bytes) -> Taken:
    """What the fields of a form became. `raw` is what is kept if they are refused."""
    if len(arrival.query) > ITEM_LIMIT:
        return Taken(refused=RefusedPart(arrival, _LARGE, raw), malformed=True)
    try:
        sent = submission(message.value)
    except ValueError as error:
        return Taken(refused=RefusedPart(arrival, str(error), raw))
    if _heavy(sent.fields):
        return Taken(refused=RefusedPart(arrival, _LARGE, raw), malformed=True)
    form = take_one(arrival, raw, lambda: touchpoint(sent, arrival))
    file = origins.target(sent.fields.get(DOWNLOAD), arrival.referer, arrival.conventions.origins)
    if form.refused or file is None:
        return form
    (submitted,) = form.touchpoints
    given = take_one(arrival, raw, lambda: _downloaded(submitted, file))
    return Taken(form.records + given.records, given.refused)


def submission(sent: Mapping[str, Any]) -> Submission:
    """What somebody filled in, out of what a form builder may have put around it. Raises Unusable."""
    return form_builders.submission(sent) or Submission(sent, sent, id=given_id(sent.get(ID)))


def touchpoint(sent: Submission, arrival: Arrival) -> Touchpoint:
    """A form's fields as `form_submitted`. Raises Unusable."""
    answers, url = sent.fields, sent.url or arrival.referer
    properties = _without_our_own(answers)
    form = form_of(arrival.door)
    person_fields = person.of_form(_without_our_own(sent.asked), person.FORM, form, arrival.conventions)
    said_at = _said_at(sent, arrival)
    believed = arrival.believed(said_at)
    context = _context(sent, url, arrival) | page.own_referrer(properties, {}, arrival.conventions.sites)
    if believed != said_at:
        context["said_at"] = rfc3339(said_at)
    return Touchpoint(
        id=given_id(sent.id) or arrival.made_id,
        source=arrival.source,
        type="form_submitted",
        occurred_at=believed,
        received_at=arrival.received_at,
        identities=_identities(answers, person_fields, arrival.conventions.region),
        profile=person.profile(person_fields, arrival.conventions.region),
        properties=page.describe({**properties, "form": form}, {"url": url} if url else {}),
        context=context,
    )


def _without_our_own(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answers.items() if not key.startswith("_") and key not in ANONYMOUS}


def _said_at(sent: Submission, arrival: Arrival) -> Instant:
    """When a builder says that it was submitted; else its receipt."""
    if instants.is_unset(sent.at):
        return arrival.received_at
    claimed = instants.instant(sent.at)
    if claimed is None:
        raise Unusable(f"when it was submitted: found {str(sent.at)[:60]!r}, allowed is an ISO 8601 time or a number")
    return claimed


def _downloaded(submitted: Touchpoint, file: str) -> Touchpoint:
    """That the file was given to whoever submitted the form."""
    properties = {name: submitted.properties[name] for name in ("form", "url", "path") if name in submitted.properties}
    name = urlsplit(file).path.rpartition("/")[2]
    return submitted._replace(
        id=given_id(submitted.id + "-file"),
        seq=submitted.seq + 1,
        type="file_downloaded",
        profile={},
        properties={**properties, "href": file, **({"file": name} if name else {})},
        context={key: value for key, value in submitted.context.items() if key != "campaign"},
    )


def form_of(door: str) -> str:
    """The form's name: what follows `f/`."""
    return door.removeprefix("f/")[:NAME_LIMIT]


def _heavy(answers: Mapping[str, Any]) -> bool:
    try:
        return len(orjson.dumps(answers)) > ITEM_LIMIT
    except TypeError:
        return True  # nested too deeply to be written again


def _identities(answers: Mapping[str, Any], person_fields: Mapping[str, Any], region: str) -> tuple[Identity, ...]:
    cookies = (canonical("anonymous_id", answers.get(name)) for name in ANONYMOUS)
    cookie = next((each for each in cookies if each is not None), None)
    identities = person.reachable([person_fields], region) + ([cookie] if cookie else [])
    if not identities:
        field_names = ", ".join(key for key in answers if not key.startswith("_"))[:_SHOWN] or "none"
        raise Unusable(
            "no usable identity: a form carries a field email, phone or anonymous_id (or _aid); a user_id is a property"
            f"{person.why_nobody([answers, person_fields], region)}; its fields: {field_names} "
            "(LEADLINE_FORMS says what they mean)"
        )
    return ordered(identities)


def _context(sent: Submission, url: str, arrival: Arrival) -> dict[str, Any]:
    agent, answers = sent.user_agent or arrival.user_agent, sent.fields
    context: dict[str, Any] = bots.machine(agent)
    if machine(answers):
        context["machine"] = "honeypot"
    for campaign in (
        page.campaign_of(answers.items()),
        page.campaign(arrival.query_bytes),
        page.campaign(page.query_of(url)),
    ):
        if campaign:
            context["campaign"] = campaign
            break
    if agent:
        context["userAgent"] = agent
    return context


def machine(answers: Mapping[str, Any]) -> bool:
    """Whether the honeypot was filled in."""
    value = answers.get(GOTCHA)
    parts = value if isinstance(value, list) else [value]
    return any(part.strip() if isinstance(part, str) else bool(part) for part in parts)


PROTOCOL: Final = Protocol(
    name="forms",
    prefix="f/",
    paths=(Path("/f/{form}", "f", ("POST", "GET")),),
    sender=Sender.SITE_OR_KEY,
    reply=ThanksPage((DOWNLOAD, REDIRECT)),
    read=read,
    taken=taken,
)
