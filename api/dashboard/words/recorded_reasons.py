"""Why input was refused, in the reader's language: the reason is kept in English as it was, and found again by what it
says. What another program said in it stays English, and is marked so."""

import re
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from api.dashboard.words.templated import Templates
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording

REASONS: Final[Sequence[str]] = (
    N_("{field}: found {found}, allowed is an ISO 8601 time or a number since 1970"),
    # of several
    N_("item {places} and {count} more: {why}"),
    N_("item {places}: {why}"),
    N_("row {number}: {why}"),
    N_("too large for the broker: {why}"),
    N_("too large for the broker"),
    N_("no reason was given"),
    N_("{why}: found {found}"),
    # a body
    N_("the body is empty: send the call as JSON"),
    N_("the body is neither JSON nor a form (urlencoded, multipart or text/plain), gzipped or not"),
    N_("the body is larger than {limit} bytes when unpacked: send fewer items in a request"),
    N_("the body is larger than {limit} bytes: send fewer items in a request"),
    N_("the body begins as gzip but is none: {fault}"),
    N_("the gzipped body ends too early"),
    N_("the gzipped body has more than {count} members: send one"),
    N_("the body is nested too deeply"),
    N_("the body is no JSON: {fault}"),
    N_("the form has more than {count} fields"),
    N_("{builder}: {path} is {found}, and {submission} alone is a form's submission"),
    N_("{builder}: the form has more than {count} answers"),
    N_("Jotform: rawRequest: {why}"),
    N_("the body begins as multipart/form-data but is none: {fault}"),
    N_("the multipart body ends too early"),
    # calls
    N_("a batch is a JSON object with a list `batch` of items"),
    N_("the batch has {count} items: allowed are {limit}"),
    N_("the batch's context is nested too deeply, or too large for {count} items"),
    N_("a {call} call is a JSON object"),
    N_("an item of a batch is a JSON object"),
    N_("the item is larger than {limit} bytes"),
    N_("the item is no plain JSON: {fault}"),
    N_("found type {found}: allowed are {allowed}"),
    N_("event: a track call names its event in letters or digits"),
    N_("event: {why}"),
    N_("previousId: an alias call names who the person was known as before"),
    N_("userId: an alias call names who the person is now"),
    N_(
        "no usable identity: a call carries anonymousId or userId, or an e-mail or phone in traits or in the properties"
        " of Form Submitted; {unusable}"
    ),
    N_(
        "no usable identity: a call carries anonymousId or userId, or an e-mail or phone in traits or in the properties"
        " of Form Submitted"
    ),
    N_("no valid envelope: {fault}"),
    N_("not an envelope: {fault}"),
    # types that a source may not report
    N_("{type} is for a server key, an import or the API, not for {source}"),
    N_("{type} is a reserved type: it is written by Leadline's own commands, not by {source}"),
    N_("{type} reports staff's work: a public key may not claim it, use a server key"),
    # forms and pixels
    N_("a form's JSON is one object of fields"),
    N_("the form's fields, or its query, are larger than {limit} bytes"),
    N_(
        "no usable identity: a form carries a field email, phone or anonymous_id (or _aid); a user_id is a property;"
        " its fields: {fields} (LEADLINE_FORMS says what they mean)"
    ),
    N_(
        "no usable identity: a form carries a field email, phone or anonymous_id (or _aid); a user_id is a property;"
        " {unusable}; its fields: {fields} (LEADLINE_FORMS says what they mean)"
    ),
    N_("the query is larger than {limit} bytes"),
    N_("e: {why}"),
    N_("no usable identity: a pixel carries aid (a cookie's id); uid is a property; {unusable}"),
    N_("no usable identity: a pixel carries aid (a cookie's id); uid is a property"),
    # tried again
    N_("too large, so only its first {count} bytes were kept: send it again from its source"),
    N_("door {door} of {source} is none of the collector's: it cannot be tried again here"),
    N_("{why}: mend it in its file and import that again"),
    # rows of a file
    N_("number of cells: the header has {columns} columns, the row {cells}"),
    N_("a stage_changed without a stage in properties.to"),
    N_("{key}: column {column} is empty"),
    N_("type: column {column} has no letter or digit"),
    N_("type: {why}"),
    N_("identities: none of the columns {columns} names anyone"),
    N_("seq: column {column} is no whole number from 0 to {limit}"),
    N_("time: column {column} is outside the years 1970 to {last}"),
    N_("time: column {column} is not {allowed}"),
    N_("values that JSON cannot carry: {fault}"),
    N_("row too large: allowed are {limit} bytes"),
    N_("line too long: allowed are {limit} characters"),
)
"""Whole reasons, of two that fit the first. `why` is one again; `unusable` says of fields why they name nobody."""
UNUSABLE: Final[Sequence[str]] = (
    N_("an e-mail address has at most {most} bytes"),
    N_("a character of it was damaged"),
    N_("a phone number has at most 15 digits"),
    N_("the number can be read in more than one way"),
    N_("a number with an extension is a switchboard's"),
    N_("a phone number has no letters"),
    N_("a number of {place} has another length"),
    N_("a national number needs LEADLINE_REGION; write it as +49 171 1234567"),
    N_("it is no text and no whole number"),
    N_("it is a spelling of null"),
    N_("it is empty"),
)
"""Why a value names nobody."""
_REASONS: Final = Templates(REASONS)
_UNUSABLE: Final = Templates(UNUSABLE)
_OF_ITEMS: Final = re.compile(r"; (?=item \d)")
_FOREIGN: Final = ("fault",)
"""What another program says."""


def is_known(reason: str) -> bool:
    """Whether a reason is one of REASONS."""
    return _REASONS.found(reason) is not None


def reason_text(wording: PageWording, reason: str) -> Markup:
    """A reason as people read it; one that nobody knows is marked as English."""
    parts = [_said(wording, each) for each in _OF_ITEMS.split(reason)]
    return Markup(wording.text(N_("; "))).join(parts)


def _said(wording: PageWording, reason: str) -> Markup:
    found = _REASONS.found(reason)
    if found is None:
        return wording.say(reason)
    template, values = found
    translated = wording.translated(template)
    return escape(translated).format(**{name: _value(wording, name, value) for name, value in values.items()})


def _value(wording: PageWording, name: str, value: str) -> Markup:
    if name == "why":
        return _said(wording, value)
    if name == "unusable":
        fields = [each.partition(": ") for each in re.split(r"; (?=\w+: )", value)]
        said = [escape(f"{field}: ") + _why_unusable(wording, why) for field, _, why in fields]
        return Markup(wording.text(N_("; "))).join(said)
    return wording.say(value) if name in _FOREIGN else escape(value)


def _why_unusable(wording: PageWording, why: str) -> Markup:
    found = _UNUSABLE.found(why)
    return wording.say(why) if found is None else escape(wording.text(found[0]).format(**found[1]))
