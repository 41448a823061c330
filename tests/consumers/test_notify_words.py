"""What people read, word for word."""

import uuid
from datetime import UTC
from typing import Any

import orjson
import pytest

from consumers.notify.parcel import Parcel, note_of
from consumers.notify.words import Phrases
from domain.model.destinations import PERSON
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store.ledger import Signal
from tests.given_ledger import AT

LEAD = uuid.UUID("31fa0840-0000-0000-0000-000000000000")
FULL = {
    "person": {"name": "Wang Fang", "company": "ACME", "title": "CEO", "phone": "+8613912345678"},
    "grade": "A", "heat": 84.2,
    "reasons": [{"rule": "asked", "label": {"en": "asked for a demo", "zh": "申请演示"}, "count": 1, "points": 50.0},
                {"rule": "viewed pricing", "count": 3, "points": 34.0}],
    "first_source": {"channel": "search", "source": "baidu"}, "last_source": {"channel": "mail"},
    "cools_at": "2026-09-23T10:00:00Z", "link": "https://leads.example.com/31fa0840",
}  # fmt: skip


def text(kind: SignalKind, language: str, data: dict[str, Any], subject: str = "") -> str:
    signal = Signal(1, "x", kind, LEAD, LEAD, subject, Instant(AT), None, orjson.dumps(data).decode(), None)
    note = note_of(signal, frozenset(PERSON))
    return Phrases(language, UTC).text(Parcel("x", (note,), Instant(AT)), 4_000)


def test_a_hot_lead_in_english() -> None:
    assert text(SignalKind.HOT, "en", FULL) == (
        "Hot lead: Wang Fang (CEO), ACME – A, 84\n"
        "Why: asked for a demo +50, viewed pricing ×3 +34\n"
        "From: mail\n"
        "Hot until 09-23 10:00\n"
        "Reach: +8613912345678\n"
        "https://leads.example.com/31fa0840"
    )


def test_a_hot_lead_in_chinese() -> None:
    assert text(SignalKind.HOT, "zh", FULL) == (
        "热线索：Wang Fang（CEO），ACME（A 级，84 分）\n"
        "原因：申请演示 +50，viewed pricing ×3 +34\n"
        "来源：mail\n"
        "热度保持到 09-23 10:00\n"
        "联系：+8613912345678\n"
        "https://leads.example.com/31fa0840"
    )


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
