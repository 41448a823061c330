"""What the doors do with claims: who they may name, and how long ago they may say that something happened."""

from pathlib import Path

import pytest

from domain.touchpoints.touchpoint import Source, Touchpoint, rfc3339
from producers.protocols.segment.items import touchpoint
from producers.reading.arrival import Arrival
from producers.reading.conventions import Conventions
from tests.producers.collecting import NOON, Collecting

HOUR = 3_600_000_000
DAY = 24 * HOUR


def said(kind: str, ago: int, back: int = 48 * HOUR, **more: object) -> Touchpoint:
    """A track call by a source of this kind, about what happened so long ago."""
    arrival = Arrival("v1/track", Source(kind, "test"), NOON, "made-1")
    arrival = arrival._replace(conventions=Conventions(claims_back=back))
    return touchpoint("track", {"userId": "u", "event": "x", "timestamp": rfc3339(NOON - ago), **more}, arrival)


def test_a_claim_is_believed_two_days_back_and_keeps_what_it_said() -> None:
    assert said("browser", 48 * HOUR).occurred_at == NOON - 48 * HOUR
    assert "said_at" not in said("browser", 48 * HOUR).context
    older = said("browser", 48 * HOUR + 1)
    assert (older.instant, older.context["said_at"]) == (NOON, rfc3339(NOON - 48 * HOUR - 1))
    assert said("browser", 30 * DAY, back=60 * DAY).instant == NOON - 30 * DAY


def test_a_server_is_believed_as_far_back_as_it_says() -> None:
    found = said("server", 900 * DAY)
    assert found.instant == NOON - 900 * DAY and "said_at" not in found.context


def test_nobody_else_says_said_at() -> None:
    assert "said_at" not in said("browser", HOUR, context={"said_at": "1971-01-01T00:00:00Z"}).context


def test_an_alias_of_long_ago_happened_now() -> None:
    arrival = Arrival("v1/alias", Source("browser", "test"), NOON, "made-1")
    item = {"userId": "attacker2", "previousId": "u-bob", "timestamp": "1971-01-01T00:00:00Z"}
    assert touchpoint("alias", item, arrival).instant == NOON


def test_sixty_forms_of_last_year_in_one_batch_all_happened_now(tmp_path: Path) -> None:
    door = Collecting(tmp_path, write_keys="shop:public:pk-12345678")
    old = [rfc3339(NOON - 400 * DAY + n * HOUR) for n in range(60)]
    items = [{"type": "track", "event": "Form Submitted", "userId": "u", "timestamp": when} for when in old]
    assert door.post("/v1/batch", {"batch": items, "writeKey": "pk-12345678"}).status_code == 200
    taken = door.touchpoints()
    assert {touchpoint.instant - touchpoint.received_at for touchpoint in taken} == {0}
    assert [touchpoint.context["said_at"] for touchpoint in taken] == old


@pytest.mark.parametrize("name", ["user_id", "userId"])
def test_a_form_names_nobody_by_a_user_id(tmp_path: Path, name: str) -> None:
    door = Collecting(tmp_path)
    door.post("/f/contact", data={name: "x9", "email": "ann@x.test"})
    door.post("/f/contact", data={name: "x9"})
    [form] = door.touchpoints()
    assert [str(identity) for identity in form.identities] == ["email:ann@x.test"]
    assert form.properties[name] == "x9"
    [refused] = door.rejected()
    assert b"a user_id is a property" in (refused.header("leadline.reason") or b"")
