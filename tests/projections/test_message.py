"""What a signal says of its lead, kind by kind, as the ledger bears it."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from consumers.publish.messages import message
from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from domain.signals.kinds import TRAITS, SignalKind
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from projections.projecting import ledger as ledger_module
from store.database.tables import ledger, live
from store.ledger import signals_after
from tests.domain.stories import SECOND, at, us
from tests.given_ledger import NOBODY, standing
from tests.given_model import MODEL
from tests.given_schemas import problems
from tests.projections.shelf import CLOCK, Shelf
from tests.projections.world import World

TEXT = MODEL.replace('name = "form"\n', 'name = "form"\nlabel = { en = "asked", zh = "咨询" }\n')
LABELLED = parse_model(TEXT)
WANG = {"first_name": "芳", "last_name": "王", "company": "Acme", "title": "CEO"}
WANG_SAID = {"name": "王芳", "company": "Acme", "title": "CEO", "email": "a@x.test", "phone": "+4930123456",
             "unsubscribed": None}  # fmt: skip
DAY = 86_400
SALES = """
[[sales.owners]]
name = "ana"
[[sales.activity]]
name = "asks"
label = { en = "asks again", zh = "再次咨询" }
on = "form_submitted"
"""


@pytest.fixture
def world(shelf: Shelf) -> Iterator[World]:
    with shelf.place(LABELLED) as folder:
        opened = World.on_sqlite(folder, LABELLED, CLOCK, ready=True)
        yield opened
        assert opened.verify().differing == 0
        opened.close()


@pytest.fixture
def everything(shelf: Shelf) -> Iterator[World]:
    """A world whose ledger has every kind of signal in it."""
    model = parse_model(TEXT.replace("rearm_at = 5", 'rearm_at = 5\npromote_to = "qualified"') + SALES)
    with shelf.place(model) as folder:
        world = World.on_sqlite(folder, model, CLOCK, ready=True)
        world.play([wang(), [at(second, "form_submitted", who) for who in ("u:1", "e:b@x.test") for second in (5, 6)]])
        world.play([[at(7, "identified", "e:b@x.test", profile={"company": "Bcme"})]])
        reminder = {"at": rfc3339(CLOCK + DAY * SECOND), "note": "asks in June"}
        world.play([[at(8, "reminder_set", "e:b@x.test", source="api", **reminder)]])
        world.play([[at(7, "identified", "e:a@x.test", profile={"email": "wang@us.example"})]])
        world.clock = CLOCK + 30 * DAY * SECOND
        world.project()
        yield world
        world.close()


def hot_of(world: World, email: str) -> str:
    """The id of the first `lead.hot` about a person."""
    with world.database.snapshot() as conn:
        rows = conn.execute(select(ledger).where(ledger.c.kind == "lead.hot").order_by(ledger.c.position)).all()
    return next(str(row.id) for row in rows if orjson.loads(row.data)["person"]["email"] == email)


def data(world: World, kind: str) -> dict[str, Any]:
    """Of the first signal of a kind."""
    with world.database.snapshot() as conn:
        rows = conn.execute(select(ledger.c.data).where(ledger.c.kind == kind).order_by(ledger.c.position)).scalars()
        return dict(orjson.loads(next(iter(rows))))


def wang(*more: Touchpoint) -> list[Touchpoint]:
    page = {"page": {"url": "https://example.com/?gclid=1&utm_campaign=spring"}}
    return [
        at(0, "page_viewed", "e:a@x.test", "p:+4930123456", profile=WANG, context=page),
        at(5, "form_submitted", "e:a@x.test"),
        at(6, "form_submitted", "e:a@x.test"),
        *more,
    ]


def test_a_hot_lead_says_who_why_where_from_and_until_when(world: World) -> None:
    world.play([wang()])
    hot = data(world, "lead.hot")
    assert hot["person"] == WANG_SAID
    assert {reason["rule"]: reason["label"] for reason in hot["reasons"]} == {
        "form": {"en": "asked", "zh": "咨询"}, "first form": None, "page": None,
    }  # fmt: skip
    assert (hot["first_source"]["campaign"], hot["first_source"]["since"]) == ("spring", rfc3339(us(0)))
    assert hot["last_source"] == hot["first_source"]
    assert hot["cools_at"] > rfc3339(us(6))
    assert hot["heat"] >= hot["hot_at"]
    assert hot["model"] == LABELLED.hash
    assert (hot["owner"], hot["due"]) == (None, None)


def test_of_whom_nothing_is_known_but_a_user_id_all_of_the_person_is_null(world: World) -> None:
    world.play([[at(5, "form_submitted", "u:1"), at(6, "form_submitted", "u:1")]])
    hot = data(world, "lead.hot")
    assert hot["person"] == NOBODY
    assert (hot["first_source"], hot["last_source"]) == (None, None)


@pytest.mark.parametrize("type", ["email_unsubscribed", "email_complained"])
def test_it_says_beside_the_person_when_they_last_refused_mail(world: World, type: str) -> None:
    """By whoever delivered it: a mail program unsubscribes by POST. A bounce refuses nothing."""
    refused = [at(2, type, "e:a@x.test"), at(3, type, "e:a@x.test", context={"machine": "reported"})]
    world.play([wang(*refused, at(4, "email_bounced", "e:a@x.test"))])
    assert data(world, "lead.hot")["person"] == WANG_SAID | {"unsubscribed": rfc3339(us(3))}


@pytest.mark.parametrize("kind", ["stage.changed", "segment.entered", "segment.left", "lead.cooled"])
def test_every_other_kind_says_who_where_from_stage_grade_and_model(world: World, kind: str) -> None:
    world.play([wang()])
    world.clock = CLOCK + 30 * DAY * SECOND
    world.project()
    said = data(world, kind)
    assert said["person"] == WANG_SAID
    assert said["first_source"] == said["last_source"] == {
        "channel": "paid_search", "source": "google", "medium": "cpc", "campaign": "spring", "since": rfc3339(us(0)),
    }  # fmt: skip
    assert (said["stage"], said["model"]) == ("lead", LABELLED.hash)
    assert said["grade"] in ("A", "B", "C", "D")


def test_a_retracted_hot_lead_says_who_and_how_they_stand_now(world: World) -> None:
    world.play([wang()])
    world.play([[at(7, "identified", "e:a@x.test", profile={"email": "wang@us.example"})]])
    said = data(world, "lead.hot.retracted")
    assert said["reason"] == "not a lead: employee"
    assert said["person"] == WANG_SAID | {"email": "wang@us.example"}
    assert said["model"] == LABELLED.hash


def test_the_rows_bear_what_the_table_of_kinds_says_and_nothing_else(everything: World) -> None:
    with everything.database.snapshot() as conn:
        rows = conn.execute(select(ledger.c.kind, ledger.c.data)).all()
    assert {row.kind for row in rows} == set(SignalKind)
    for row in rows:
        said = orjson.loads(row.data)
        table = {datum.name: datum for datum in TRAITS[SignalKind(row.kind)].data}
        assert said.keys() <= table.keys()
        assert {name for name, datum in table.items() if datum.always} <= said.keys(), row.kind
        assert {name for name, value in said.items() if value is None} <= {
            name for name, datum in table.items() if datum.null
        }


def test_what_goes_out_is_what_the_asyncapi_document_says(everything: World) -> None:
    with everything.database.snapshot() as conn:
        told = signals_after(conn, 0, 1_000)
    assert {signal.kind for signal in told} == set(SignalKind)
    for signal in told:
        record = message(signal)
        assert problems(signal.kind, orjson.loads(record.value)) == []
        assert problems(signal.kind, {name: value.decode() for name, value in record.headers}, "headers") == []


def test_what_is_promotable_names_the_hot_lead_and_the_stage(everything: World) -> None:
    assert data(everything, "lead.promotable") == {
        "hot": hot_of(everything, "b@x.test"),
        "promote_to": "qualified",
        **standing(everything.model, email="b@x.test", company="Bcme"),
    }


def test_a_lead_of_whom_nothing_can_be_said_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ledger_module.standing

    def fails(fold: Fold, lead: Lead, identities: Sequence[Identity]) -> dict[str, Any]:
        if any(identity.value == "bad" for identity in identities):
            raise RuntimeError("a fault")
        return real(fold, lead, identities)

    monkeypatch.setattr(ledger_module, "standing", fails)
    world.play([[at(0, "form_submitted", "u:bad"), at(1, "form_submitted", "u:good")]])
    with world.database.snapshot() as conn:
        assert len(conn.execute(select(live.clusters.c.aside).where(live.clusters.c.aside.is_not(None))).all()) == 1
        assert len(conn.execute(select(ledger.c.lead).where(ledger.c.kind == "stage.changed")).all()) == 1
    monkeypatch.setattr(ledger_module, "standing", real)
    world.projector.retry_aside()
    with world.database.snapshot() as conn:
        assert len(conn.execute(select(ledger.c.lead).where(ledger.c.kind == "stage.changed")).all()) == 2
