"""What people read, word for word."""

import uuid
from datetime import UTC
from typing import Any

import orjson
import pytest

from consumers.notify.labels import UNNAMED, Labels
from consumers.notify.parcel import Note, Parcel, note_of
from consumers.notify.words import Phrases
from domain.model.destinations import PERSON
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store.ledger import Signal
from tests.given_ledger import AT

LABELS = Labels(
    stages={"won": {"en": "Customer", "zh": "客户"}, "lead": None},
    segments={"returners": {"en": "Came back", "zh": "回访"}},
    channels={"mail": "Newsletter"},
)
LEAD = uuid.UUID("31fa0840-0000-0000-0000-000000000000")
FULL = {
    "person": {"name": "Wang Fang", "company": "ACME", "title": "CEO", "phone": "+8613912345678"},
    "grade": "A", "heat": 84.2,
    "reasons": [{"rule": "asked", "label": {"en": "asked for a demo", "zh": "申请演示"}, "count": 1, "points": 50.0},
                {"rule": "viewed pricing", "count": 3, "points": 34.0}],
    "first_source": {"channel": "search", "source": "baidu"}, "last_source": {"channel": "mail"},
    "cools_at": "2026-09-23T10:00:00Z", "link": "https://leads.example.com/31fa0840",
}  # fmt: skip


def note(kind: SignalKind, data: dict[str, Any], subject: str = "") -> Note:
    signal = Signal(1, "x", kind, LEAD, LEAD, subject, Instant(AT), None, orjson.dumps(data).decode(), None)
    return note_of(signal, frozenset(PERSON))


def text(kind: SignalKind, language: str, data: dict[str, Any], subject: str = "", labels: Labels = UNNAMED) -> str:
    return Phrases(language, UTC, labels).text(Parcel("x", (note(kind, data, subject),), Instant(AT)), 4_000)


def test_a_hot_lead_in_english() -> None:
    assert text(SignalKind.HOT, "en", FULL) == (
        "Hot lead: Wang Fang (CEO), ACME – A, 84\n"
        "Why: asked for a demo +50, viewed pricing ×3 +34\n"
        "From: mail\n"
        "Hot until 09-23 10:00\n"
        "Reach: +8613912345678\n"
        "https://leads.example.com/31fa0840"
    )


FORGED = "\nAccept or give it back:\r\n\u2028https://other.example.com/a/x\u202e"


@pytest.mark.parametrize("field", [*PERSON, "campaign"])
def test_what_a_visitor_writes_makes_no_line_of_a_message(field: str) -> None:
    person: dict[str, Any] = dict(FULL["person"])  # type: ignore[call-overload]
    source = {"channel": "mail", "campaign": "spring"}
    told = source if field == "campaign" else person
    plain = text(SignalKind.HOT, "en", {**FULL, "person": {**person, field: "x"}, "last_source": source})
    told[field] = f"{told.get(field, 'x')}{FORGED}"
    forged = text(SignalKind.HOT, "en", {**FULL, "person": person, "last_source": source})
    assert len(forged.splitlines()) == len(plain.splitlines()) and "\u202e" not in forged


def test_a_hot_lead_in_chinese() -> None:
    assert text(SignalKind.HOT, "zh", FULL) == (
        "热线索：Wang Fang（CEO），ACME（A 级，84 分）\n"
        "原因：申请演示 +50，viewed pricing ×3 +34\n"
        "来源：mail\n"
        "热度保持到 09-23 10:00\n"
        "联系：+8613912345678\n"
        "https://leads.example.com/31fa0840"
    )


def test_beside_the_address_of_who_unsubscribed_stands_since_when() -> None:
    person = {"name": "Ann", "phone": "+49301", "email": "a@x.example", "unsubscribed": "2026-09-20T23:30:00.000000Z"}
    assert text(SignalKind.HOT, "en", {"person": person}).endswith("a@x.example (unsubscribed 2026-09-20)")
    assert text(SignalKind.HOT, "zh", {"person": person}).endswith("a@x.example（2026-09-20 已退订邮件）")
    hot = Signal(
        1, "x", SignalKind.HOT, LEAD, LEAD, "", Instant(AT), None, orjson.dumps({"person": person}).decode(), None
    )
    assert note_of(hot, frozenset({"email"})).data["person"].keys() == {"email", "unsubscribed"}
    assert note_of(hot, frozenset({"name", "phone"})).data["person"].keys() == {"name", "phone"}


@pytest.mark.parametrize(
    ("kind", "data", "en", "zh"),
    [
        (SignalKind.HOT, {}, "Hot lead: lead 31fa0840", "热线索：线索 31fa0840"),
        (SignalKind.HOT, {"heat": 20.0}, "Hot lead: lead 31fa0840 – 20", "热线索：线索 31fa0840（20 分）"),
        (SignalKind.COOLED, {"person": {"name": "Ann"}}, "Cooled: Ann", "已降温：Ann"),
        (SignalKind.STAGE, {"person": {"name": "Ann"}, "from": "lead", "to": "won"},
         "Ann: lead → won", "Ann：lead → won"),
        (SignalKind.ENTERED, {"person": {"company": "ACME"}}, "Now in returners: ACME", "进入“returners”：ACME"),
        (SignalKind.LEFT, {"person": {"email": "a@b.example"}},
         "No longer in returners: a@b.example\nReach: a@b.example",
         "离开“returners”：a@b.example\n联系：a@b.example"),
    ],
)  # fmt: skip
def test_other_kinds(kind: SignalKind, data: dict[str, Any], en: str, zh: str) -> None:
    assert text(kind, "en", data, "returners") == en
    assert text(kind, "zh", data, "returners") == zh


def test_what_is_in_braces_is_no_template() -> None:
    assert text(SignalKind.HOT, "en", {"person": {"name": "{who} {0}"}}) == "Hot lead: {who} {0}"


@pytest.mark.parametrize(("kind", "data", "en", "zh"), [
    (SignalKind.STAGE, {"person": {"name": "Ann"}, "from": "lead", "to": "won"},
     "Ann: lead → Customer", "Ann：lead → 客户"),
    (SignalKind.ENTERED, {"person": {"name": "Ann"}}, "Now in Came back: Ann", "进入“回访”：Ann"),
    (SignalKind.LEFT, {"person": {"name": "Ann"}}, "No longer in Came back: Ann", "离开“回访”：Ann"),
    (SignalKind.HOT, {"last_source": {"channel": "mail", "source": "news"}},
     "Hot lead: lead 31fa0840\nFrom: Newsletter / news", "热线索：线索 31fa0840\n来源：Newsletter / news"),
    (SignalKind.HOT, {"last_source": {"channel": "paid_search", "campaign": "May"}},
     "Hot lead: lead 31fa0840\nFrom: paid search / May", "热线索：线索 31fa0840\n来源：paid search / May"),
])  # fmt: skip
def test_stages_segments_and_channels_bear_the_models_labels(
    kind: SignalKind, data: dict[str, Any], en: str, zh: str
) -> None:
    assert text(kind, "en", data, "returners", LABELS) == en
    assert text(kind, "zh", data, "returners", LABELS) == zh


def test_a_digest_says_of_each_hot_lead_how_to_reach_them_as_long_as_there_is_room() -> None:
    assigned = note(SignalKind.ASSIGNED, FULL | {"owner": "ana"})
    notes = (note(SignalKind.HOT, FULL), assigned, note(SignalKind.COOLED, FULL))
    digest, phrases = Parcel("x", notes, Instant(AT)), Phrases("en", UTC)
    full = phrases.text(digest, 4_000)
    assert full.splitlines()[1:] == [
        "09-21 14:13 Hot lead: Wang Fang (CEO), ACME – A, 84",
        "Reach: +8613912345678",
        "https://leads.example.com/31fa0840",
        "09-21 14:13 For ana: Wang Fang (CEO), ACME",
        "Reach: +8613912345678",
        "https://leads.example.com/31fa0840",
        "09-21 14:13 Cooled: Wang Fang (CEO), ACME",
    ]
    assert phrases.text(digest, len(full)) == full
    assert phrases.text(digest, len(full) - 1).splitlines()[1:] == [
        "09-21 14:13 Hot lead: Wang Fang (CEO), ACME – A, 84",
        "09-21 14:13 For ana: Wang Fang (CEO), ACME",
        "09-21 14:13 Cooled: Wang Fang (CEO), ACME",
    ]  # fmt: skip
