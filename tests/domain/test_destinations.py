"""Destinations in the model file: what is allowed, what is refused, and that they are no part of the hash."""

from datetime import time

import pytest

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.model.definition import Destination, ModelError, parse_model
from domain.model.destinations import SIGNALS, DestinationType, Hold, Variable
from domain.signals.kinds import SignalKind
from tests.domain.given_model_files import STAGES

BERLIN = """
[[destinations]]
name = "berlin"
type = "webhook"
url = { env = "LEADLINE_BERLIN_URL" }
secret = { env = "LEADLINE_BERLIN_KEY" }
"""
SEGMENT = """
[[segments]]
name = "returners"
when = { did = "page_viewed", at_least = 2, within = "1d" }
"""
MAIL = """
[[destinations]]
name = "mail"
type = "mail"
url = "smtp://post@mail.example.com:587"
to = ["a@example.com"]
"""


def declared(text: str) -> Destination:
    (destination,) = parse_model(STAGES + text).destinations
    return destination


def refused(text: str) -> str:
    with pytest.raises(ModelError) as error:
        parse_model(STAGES + text)
    return str(error.value)


def test_a_destination_says_who_is_told_of_what() -> None:
    berlin = declared(
        BERLIN + 'on = ["segment.entered"]\nlanguage = "zh"\nfields = ["name", "phone"]\n'
        'hold = { days = ["Sat", "Sun"], from = "20:00", to = "08:00" }\nmodel_changes = true\nallow_private = true\n'
    )
    assert (berlin.name, berlin.type, berlin.on) == ("berlin", DestinationType.WEBHOOK, ("segment.entered",))
    assert berlin.url == Variable("LEADLINE_BERLIN_URL")
    assert berlin.variables() == {"url": "LEADLINE_BERLIN_URL", "secret": "LEADLINE_BERLIN_KEY"}
    assert berlin.hold == Hold(frozenset({5, 6}), time(20), time(8))
    assert berlin.may_leave == {"name", "phone"}
    assert (berlin.language, berlin.model_changes, berlin.allow_private) == ("zh", True, True)


def test_mail_goes_to_addresses() -> None:
    mail = declared(MAIL)
    assert (mail.to, mail.url) == (("a@example.com",), "smtp://post@mail.example.com:587")
    assert mail.may_leave == {"name", "company", "title", "email", "phone"}


def test_email_and_phone_leave_for_no_chat_that_does_not_name_them() -> None:
    for kind in ("slack", "wecom", "dingtalk", "feishu"):
        chat = BERLIN.replace('"webhook"', f'"{kind}"')
        assert declared(chat).may_leave == {"name", "company", "title"}
        assert declared(chat + 'fields = ["email"]').may_leave == {"email"}


def test_a_file_that_differs_in_destinations_only_is_the_same_model_to_the_fold() -> None:
    without, with_them = parse_model(STAGES), parse_model(STAGES + BERLIN + MAIL)
    assert without.hash == with_them.hash
    assert without.text != with_them.text


def test_of_every_kind_of_signal_somebody_may_be_told_but_of_what_waits_for_a_promotion() -> None:
    assert set(SIGNALS) == set(SignalKind) - {SignalKind.PROMOTABLE}


@pytest.mark.parametrize(
    ("where", "facts", "holds"),
    [
        ('{ grade = ["A", "B"] }', {"grade": "B"}, True),
        ('{ grade = ["A", "B"] }', {"grade": "C"}, False),
        ('{ grade = "A" }', {}, False),
        ('{ segment = "returners", heat = { gte = 50 } }', {"segment": "returners", "heat": 60.5}, True),
        ('{ segment = "returners", heat = { gte = 50 } }', {"segment": "returners", "heat": 40}, False),
        ('{ source.channel = ["paid_search"] }', {"source.channel": "paid_search"}, True),
        (
            '{ source.channel = ["paid_search"], source.campaign = "may" }',
            {"source.channel": "paid_search", "source.campaign": "june"},
            False,
        ),
        ('{ not = { stage = "customer" } }', {"stage": "lead"}, True),
        ('{ any = [{ owner = "ann" }, { grade = ["A"] }] }', {"owner": "ann"}, True),
    ],
)
def test_where_asks_what_a_signal_bears(where: str, facts: dict[str, object], holds: bool) -> None:
    condition = declared(BERLIN + f"where = {where}\n{SEGMENT}").where
    assert compile_where(condition)(facts, {}, NO_SOURCE) is holds


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (BERLIN.replace('"webhook"', '"webhok"'), 'destinations[0].type: unknown type "webhok"'),
        (BERLIN.replace('{ env = "LEADLINE_BERLIN_URL" }', '"https://example.com"'),
         'destinations[0].url: found "https://example.com", allowed is a variable of the environment such as'),
        (BERLIN.replace("LEADLINE_BERLIN_URL", "LEADLINE_BERLIN"),
         'destinations[0].url: found "LEADLINE_BERLIN", allowed is a variable that ends with _URL or _KEY'),
        (BERLIN.replace('secret = { env = "LEADLINE_BERLIN_KEY" }', ""), "destinations[0].secret: missing"),
        (BERLIN.replace('url = { env = "LEADLINE_BERLIN_URL" }', ""), "destinations[0].url: missing, required is"),
        (BERLIN + 'on = ["lead.hott"]', 'destinations[0].on[0]: unknown kind "lead.hott" (did you mean lead.hot?)'),
        (BERLIN + 'where = { grade = ["E"] }', 'destinations[0].where.grade: unknown grade "E"'),
        (BERLIN + 'where = { stage = "nowhere" }', 'destinations[0].where.stage: unknown stage "nowhere"'),
        (BERLIN + 'where = { any = [{ grade = "A" }, { not = { stage = "nowhere" } }] }',
         'destinations[0].where.any[1].not.stage: unknown stage "nowhere"'),
        (BERLIN + 'where = { segment = "returnes" }' + SEGMENT,
         'destinations[0].where.segment: unknown segment "returnes" (did you mean returners?)'),
        (BERLIN + 'where = { segment = { not_in = ["x"] } }', 'destinations[0].where.segment: unknown segment "x"'),
        (BERLIN + 'where = { source.channel = ["paid_serch"] }',
         'destinations[0].where.source.channel: unknown channel "paid_serch" (did you mean paid_search?)'),
        (BERLIN + 'where = { "source.campain" = "x" }',
         'destinations[0].where."source.campain": unknown key "source.campain" (did you mean source.campaign?)'),
        (BERLIN + 'where = { source = "google" }', 'destinations[0].where.source: unknown key "source"'),
        (BERLIN + 'where = { city = "Ulm" }', 'destinations[0].where.city: unknown key "city"'),
        (BERLIN + 'to = "a@example.com"', 'destinations[0].to: found beside type = "webhook"; allowed only of mail'),
        (BERLIN + 'fields = ["age"]', 'destinations[0].fields[0]: unknown field "age"'),
        (BERLIN + 'language = "fr"', 'destinations[0].language: found "fr", allowed is "en" or "zh"'),
        (BERLIN + 'hold = { from = "20:00" }', "destinations[0].hold: found from without another to"),
        (BERLIN + 'hold = { days = ["Sonntag"] }', 'destinations[0].hold.days[0]: unknown day "Sonntag"'),
        (BERLIN + 'hold = { from = "25:00", to = "08:00" }', 'destinations[0].hold.from: found "25:00"'),
        (BERLIN + BERLIN, 'destinations[1].name: found "berlin", allowed is a name of its own'),
        (MAIL.replace('to = ["a@example.com"]', ""), "destinations[0].to: missing, required is an e-mail address"),
        (MAIL.replace('["a@example.com"]', '"owners"'), 'destinations[0].to: found "owners", allowed is an e-mail'),
        (MAIL.replace('["a@example.com"]', '"owner"\nsender = "owner"'), 'destinations[0].sender: found "owner"'),
        (MAIL + 'where = { owner = "anna" }\n[[sales.owners]]\nname = "ana"\n',
         'destinations[0].where.owner: unknown owner "anna" (did you mean ana?)'),
        (MAIL.replace("post@", "post:secret@"), 'destinations[0].url: found "smtp://post:secret@'),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, line: str) -> None:
    assert line in refused(text)


def test_a_name_that_there_is_not_is_told_with_its_line() -> None:
    with pytest.raises(ModelError) as error:
        parse_model(BERLIN.lstrip() + 'where = { segment = "returnes" }\n' + SEGMENT + STAGES)
    [line] = error.value.lines
    assert line.startswith('line 6, destinations[0] "berlin" where.segment: unknown segment "returnes"')


@pytest.mark.parametrize("address", [
    "a;b@example.com", "a(b)@example.com", "a\\u0000b@example.com", "gr\u00fc\u00dfe@example.com", "ana@..",
    "a:b@example.com", "[a]@example.com", "a@example.com\\u0001", "ana@-", "ana@[127.0.0.1]",
])  # fmt: skip
def test_an_address_that_servers_read_otherwise_is_refused_of_a_file(address: str) -> None:
    """One with ";" reached another mailbox. What a former release activated is read as before."""
    owners = f'[[sales.owners]]\nname = "ana"\nemail = "{address}"\n'
    for text in (MAIL.replace("a@example.com", address), f'{MAIL}sender = "{address}"\n', owners):
        with pytest.raises(ModelError, match="an e-mail address"):
            parse_model(STAGES + text, is_new=True)
        assert parse_model(STAGES + text).text


@pytest.mark.parametrize(
    "address", ["ana+x@example.com", "o'hara@m\u00fcnchen.example", "root@localhost", "a.b-c_d@x-y.co"]
)
def test_addresses_of_all_the_world_are_taken(address: str) -> None:
    assert parse_model(STAGES + MAIL.replace("a@example.com", address), is_new=True).destinations[0].to == (address,)
