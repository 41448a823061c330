"""Submissions as form builders send them to a webhook, each in its own wrapping: a table says what stands where."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

from producers.reading import body
from producers.reading.arrival import Unusable
from producers.reading.form_answers import FormAnswer, answer, of_person, table

_BRACKETS: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,8})\Z")
_DEPTH: Final = 8
_LONGEST: Final = 2_000
"""Characters that are kept of a page's address, and of a user agent."""
_QUESTION: Final = re.compile(r"q(?P<number>\d+)_(?P<name>.+)\Z")
_WJX: Final = re.compile(r"(?:q\d+(?:_\d+)?|sojumpparm)\Z")
"""Answers of Wenjuanxing, and what was added to the form's address."""
_OBJECTS: Final = {"0-1": "", "0-2": "company", "0-3": "deal", "0-5": "ticket"}
"""What the fields of a HubSpot form are about, by the types of its objects; a contact's are the person's own."""
_OF_AN_ENTRY: Final = frozenset(
    {"id", "form_id", "post_id", "date_created", "date_updated", "is_starred", "is_read", "ip", "source_url",
     "user_agent", "currency", "payment_status", "payment_date", "payment_amount", "payment_method", "transaction_id",
     "is_fulfilled", "created_by", "transaction_type", "status", "source_id", "submission_speeds"}
)  # fmt: skip
"""What Gravity Forms says of an entry itself."""

Answers = Callable[[Mapping[str, Any]], Iterator[FormAnswer | None]]


class Submission(NamedTuple):
    """What somebody filled in. `fields` are the answers by readable names, `asked` the same as of_form reads them."""

    fields: Mapping[str, Any]
    asked: Mapping[str, Any]
    id: str = ""
    """Under which a second delivery is known; "": the builder gives none."""
    at: Any = None
    """When, as the builder says it; None: it does not."""
    url: str = ""
    """The page that it stood on."""
    user_agent: str = ""
    """Of who filled it in."""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How one builder wraps a submission. Paths are names with dots between them, in JSON or in brackets of a form."""

    builder: str
    known_by: tuple[str, ...]
    """Paths that are all there in nobody else's."""
    answers: Answers
    id: tuple[str, ...] = ()
    """Paths that together tell one submission from all others."""
    at: str = ""
    title: str = ""
    url: str = ""
    user_agent: str = ""
    event: tuple[str, str] = ("", "")
    """The path that tells a submission from other news, and what stands there."""


def submission(sent: Mapping[str, Any]) -> Submission | None:
    """The submission in a request's fields; None: no builder wrapped it. Raises Unusable for other news of one."""
    nested = _nested(sent)
    for begins, wrapping in _BEGINNINGS:
        if begins not in nested or any(_at(nested, path) is None for path in wrapping.known_by):
            continue
        if found := _read(wrapping, nested):
            return found
    return None


def _read(wrapping: Wrapping, sent: Mapping[str, Any]) -> Submission | None:
    """None: there are no answers where this builder has them, so it is somebody else's."""
    path, submitted = wrapping.event
    if path and (event := _at(sent, path)) != submitted:
        raise Unusable(
            f"{wrapping.builder}: {path} is {str(event)[:60]!r}, and {submitted!r} alone is a form's submission"
        )
    answers = list(islice((each for each in wrapping.answers(sent) if each is not None), body.FIELDS + 1))
    if len(answers) > body.FIELDS:
        raise Unusable(f"{wrapping.builder}: the form has more than {body.FIELDS} answers")
    if not answers:
        return None
    fields = table(answers)
    if title := _text(sent, wrapping.title):
        fields.setdefault("form_title", title)
    ids = [_text(sent, path) for path in wrapping.id]
    return Submission(
        fields=fields,
        asked=of_person(answers),
        id="-".join((wrapping.builder.lower().replace(" ", "-"), *ids)) if ids and all(ids) else "",
        at=_at(sent, wrapping.at) if wrapping.at else None,
        url=_text(sent, wrapping.url)[:_LONGEST],
        user_agent=_text(sent, wrapping.user_agent)[:_LONGEST],
    )


# ---- where the answers stand -------------------------------------------------------------------------------------


def _of_typeform(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    asked = dict(_questions(_at(sent, "form_response.definition.fields")))
    for given in _tables(_at(sent, "form_response.answers")):
        field, type_ = given.get("field"), given.get("type")
        field = field if isinstance(field, dict) else {}
        value = given.get(type_) if isinstance(type_, str) else None
        if type_ == "payment":
            value = value.get("amount") if isinstance(value, dict) else None
        ref, title = asked.get(str(field.get("id")), (None, None))
        yield answer(field.get("ref") or ref, value, type_, title)
    yield from _by_name(_at(sent, "form_response.hidden"))


def _questions(fields: Any, depth: int = 0) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """How the owner of a form calls its questions, and what they say, by their ids; those in groups too."""
    for field in _tables(fields):
        yield str(field.get("id")), (field.get("ref"), field.get("title"))
        if depth < _DEPTH:
            yield from _questions(_at(field, "properties.fields"), depth + 1)


def _of_tally(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    for field in _tables(_at(sent, "data.fields")):
        value, options = field.get("value"), {}
        if isinstance(value, bool) and field.get("type") == "CHECKBOXES":
            continue  # each box of a question whose answers stand there together
        for option in _tables(field.get("options")):
            options[str(option.get("id"))] = option.get("text")
        chosen = [options.get(str(part), part) for part in value] if isinstance(value, list) else value
        yield answer(field.get("label"), chosen, field.get("type"))


def _of_hubspot(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    for field in _tables(sent["fields"]):
        yield answer(_property(str(field.get("objectTypeId")), str(field.get("name") or "")), field.get("value"))


def _of_a_hubspot_form(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    for key, value in sent.items():
        if key not in _OBJECTS:
            yield answer(key, value)
        for name, said in _items(value) if key in _OBJECTS else ():
            yield answer(_property(key, name), said)


def _property(type_: str, name: str) -> str:
    about = _OBJECTS.get(type_, "")
    return about if about and name == "name" else f"{about}_{name}".strip("_") if about else name


def _of_jotform(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    try:
        raw = body.parsed(str(sent["rawRequest"]).encode()).value
    except body.Malformed as error:
        raise Unusable(f"Jotform: rawRequest: {error}") from error
    for key, value in raw.items() if isinstance(raw, dict) else ():
        if question := _QUESTION.match(key):
            yield answer(question["name"].removesuffix(question["number"]) or question["name"], value)


def _of_elementor(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    for name, field in _items(sent["fields"]):
        said = field if isinstance(field, dict) else {"value": field}
        yield answer(name, said.get("value"), said.get("type"), said.get("title"))


def _of_formstack(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    for name, field in sent.items():
        if name in ("FormID", "UniqueID", "HandshakeKey"):
            continue
        said = field if isinstance(field, dict) else {"value": field}
        yield answer(
            name, {part: value for part, value in said.items() if part != "field_type"}, said.get("field_type")
        )


def _of_wjx(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    return _by_name({name: value for name, value in sent.items() if _WJX.match(name)})


def _of_jinshuju(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    entry = _items(sent["entry"])
    return _by_name({name: value for name, value in entry if name.startswith(("field_", "x_field_"))})


def _of_gravity(sent: Mapping[str, Any]) -> Iterator[FormAnswer | None]:
    return _by_name({name: value for name, value in sent.items() if name not in _OF_AN_ENTRY})


def _in(path: str) -> Answers:
    """Answers that stand by their names at a path."""
    return lambda sent: _by_name(_at(sent, path))


def _by_name(fields: Any) -> Iterator[FormAnswer | None]:
    for name, value in _items(fields):
        yield answer(name, value)


# ---- paths -------------------------------------------------------------------------------------------------------


def _at(value: Any, path: str) -> Any:
    """What stands at a path; None: nothing. A number is a place in a list."""
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _text(value: Any, path: str) -> str:
    found = _at(value, path) if path else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _tables(value: Any) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _nested(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields whose names have brackets (`data[merges][FNAME]`, HubSpot's `0-1/email`) inside each other, as in JSON."""
    if not any("[" in key or "/" in key for key in sent):
        return sent
    whole: dict[str, Any] = {}
    for key, value in sent.items():
        match = _BRACKETS.match(key)
        parts = [match[1], *match[2][1:-1].split("][")] if match else [key]
        if key.partition("/")[0] in _OBJECTS:
            parts = key.split("/", 1)
        within = whole
        for part in parts[:-1]:
            inner = within.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            within = inner
        else:
            within[parts[-1]] = value
    return whole


WRAPPINGS: Final = (
    Wrapping(
        "Typeform", ("event_type", "form_response"), _of_typeform, ("form_response.token",),
        at="form_response.submitted_at", title="form_response.definition.title", event=("event_type", "form_response"),
    ),
    Wrapping(
        "Tally", ("eventType", "data.fields"), _of_tally, ("data.formId", "data.responseId"),
        at="data.createdAt", title="data.formName", event=("eventType", "FORM_RESPONSE"),
    ),
    Wrapping(
        "Webflow", ("triggerType", "payload"), _in("payload.data"), ("payload.id",),
        at="payload.submittedAt", title="payload.name", event=("triggerType", "form_submission"),
    ),
    Wrapping("Webflow", ("site", "data", "d", "_id"), _in("data"), ("_id",), at="d", title="name"),
    Wrapping("Jotform", ("formID", "submissionID", "rawRequest"), _of_jotform, ("submissionID",), title="formTitle"),
    Wrapping(
        "Elementor", ("form.id", "fields"), _of_elementor,
        title="form.name", url="meta.page_url.value", user_agent="meta.user_agent.value",
    ),
    Wrapping(
        "HubSpot", ("fields.0.objectTypeId",), _of_hubspot, ("conversionId",),
        at="submittedAt", title="context.pageName", url="context.pageUri",
    ),
    Wrapping("HubSpot", ("0-1",), _of_a_hubspot_form),
    Wrapping("HubSpot", ("0-2",), _of_a_hubspot_form),
    Wrapping("HubSpot", ("vid", "properties"), _in("properties")),
    Wrapping("HubSpot", ("properties.email.value",), _in("properties")),
    Wrapping("Formstack", ("FormID", "UniqueID"), _of_formstack, ("UniqueID",)),
    Wrapping(
        "Gravity Forms", ("form_id", "id", "date_created", "source_url"), _of_gravity,
        ("form_id", "id", "date_created"), at="date_created", url="source_url", user_agent="user_agent",
    ),
    Wrapping("Mailchimp", ("type", "fired_at", "data.merges"), _in("data.merges"), ("data.id", "fired_at"),
          event=("type", "subscribe")),
    Wrapping("WJX", ("activity", "joinid", "submittime"), _of_wjx, ("joinid",), title="name"),
    Wrapping(
        "Jinshuju", ("form", "entry.serial_number", "entry.created_at"), _of_jinshuju, ("form", "entry.serial_number"),
        at="entry.created_at", title="form_name",
    ),
    Wrapping("Google Forms", ("namedValues",), _in("namedValues")),
)  # fmt: skip
"""Every builder that is known here; of what more than one matches the first counts."""

_BEGINNINGS: Final = tuple((each.known_by[0].partition(".")[0], each) for each in WRAPPINGS)
"""With what the first of its paths begins: most forms have none of these, and are nobody's."""
