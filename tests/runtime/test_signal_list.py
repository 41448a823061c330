"""Signals of one lead, newest first, each with its deliveries; the timeline of some types; what is due about a lead."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from api.app import Readers, create_api
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant
from projections.reports.signals import SignalFilter, listed_signals
from runtime.cli import create_app
from store import deliveries
from store.database.tables import ledger
from store.deliveries import Delivery
from tests.domain.stories import START, at, identity
from tests.given_plans import indexes, statements_of
from tests.projections.given_sales import TEXT
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private

DESTINATION = """
[[destinations]]
name = "berlin"
type = "webhook"
url = { env = "LEADLINE_BERLIN_URL" }
secret = { env = "LEADLINE_BERLIN_KEY" }
"""
MODEL = TEXT + DESTINATION
CLOCK = START + 60_000_000


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    """Ada, announced under her visitor's e-mail before a user id took it, and Bob; a delivery that failed."""
    world = World(migrated_url, parse_model(MODEL), CLOCK)
    world.play([
        [at(1, "demo_requested", "e:ada@example.org"), at(2, "page_viewed", "e:ada@example.org", path="/a")],
        [at(3, "demo_requested", "e:bob@example.org")],
        [at(4, "identified", "u:1", "e:ada@example.org"), at(5, "demo_requested", "u:1")],
    ])  # fmt: skip
    with world.database.transaction() as conn:
        row = conn.execute(ledger.select().where(ledger.c.kind == "lead.hot").order_by(ledger.c.position)).first()
        assert row is not None
        failed = Delivery("berlin", row.id, row.position, row.lead, "dead", 3, Instant(7), False, "500 no", Instant(9))
        deliveries.take_in(conn, "berlin", row.position, 0, [failed])
    yield world
    world.close()


@pytest.fixture
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private("sample-token")), "sample-token")


def test_signals_of_a_lead_are_those_under_all_of_its_ids(api: Asker, world: World) -> None:
    every = api.get("/api/signals").json()["items"]
    ada, former = world.ids.of(identity("u:1")), world.ids.of(identity("e:ada@example.org"))
    [lead] = api.get("/api/leads?user_id=1").json()["items"]
    assert lead["id"] in {str(ada), str(former)}
    bob = str(world.ids.of(identity("e:bob@example.org")))
    hers = [each for each in every if each["lead_now"] != bob]
    assert hers and len(hers) < len(every)
    for id in (ada, former):
        assert api.get(f"/api/signals?lead={id}").json()["items"] == hers
    assert [each["lead"] for each in api.get(f"/api/signals?lead={bob}&kind=lead.hot").json()["items"]] == [bob]
    problem(api.get("/api/signals?lead=nobody"), 404, "a lead id is a UUID")
    problem(api.get("/api/signals/stream?lead=nobody"), 400, "lead: is not known here")


def test_signals_of_a_lead_are_read_off_an_index(world: World) -> None:
    """Of a ledger of a few rows PostgreSQL reads all: there SQLite, which keeps no statistics, speaks for both."""
    with world.database.snapshot() as conn, statements_of(conn) as asked:
        ids = [world.ids.of(identity("u:1")), world.ids.of(identity("e:a@x.de"))]
        listed_signals(conn, SignalFilter(leads=ids), newest=True)
        statement = next(each for each in asked if "ledger" in each[0])
        if conn.dialect.name == "sqlite":
            assert indexes(conn, *statement) == {"ledger_lead"}


def test_the_newest_come_first_page_by_page(api: Asker) -> None:
    every = api.get("/api/signals").json()["items"]
    paged, after = [], ""
    while after is not None:
        page = api.get(f"/api/signals?order=newest&limit=3{after and '&after=' + after}").json()
        paged += page["items"]
        after = page["next"]
    assert paged == every[::-1]
    assert api.get(f"/api/signals?order=newest&after={every[2]['id']}").json()["items"] == every[1::-1]
    problem(api.get("/api/signals?order=latest"), 400, "order")


def test_each_signal_says_where_it_was_delivered_and_why_not(api: Asker) -> None:
    hot, *others = api.get("/api/signals?kind=lead.hot").json()["items"]
    assert hot["deliveries"] == [{
        "destination": "berlin", "state": "dead", "attempts": 3, "why": "500 no", "at": "1970-01-01T00:00:00.000009Z",
        "next_try": None,
    }]  # fmt: skip
    assert others and all(each["deliveries"] == [] for each in others)


def test_the_timeline_is_narrowed_to_types(api: Asker, world: World) -> None:
    path = f"/api/leads/{world.ids.of(identity('u:1'))}/timeline"
    every = api.get(path).json()["items"]
    some = [each for each in every if each["type"] in ("page_viewed", "identified")]
    assert 0 < len(some) < len(every)
    asked = f"{path}?type=page_viewed,%20identified"
    assert api.get(asked).json() == {"items": some, "next": None}
    first = api.get(f"{asked}&limit=1").json()
    assert first["items"] == some[:1] and api.get(f"{asked}&cursor={first['next']}").json()["items"] == some[1:]
    assert api.get(f"{asked}&order=newest").json()["items"] == some[::-1]
    assert api.get(f"{path}?type=order_placed").json() == {"items": [], "next": None}


def test_a_lead_says_what_is_due_about_it_next(api: Asker, world: World) -> None:
    [lead] = api.get("/api/leads?user_id=1").json()["items"]
    [deadline] = [each for each in api.get("/api/deadlines").json()["items"] if each["lead"] == lead["id"]]
    assert lead["due"] == deadline["due"] is not None
    assert api.get(f"/api/leads/{lead['id']}").json()["due"] == lead["due"]
    assert api.get(f"/api/leads/{lead['id']}?as_of=2023-11-14T22:13:26Z&knowing=now").json()["due"] is None


def test_the_terminal_says_the_same(api: Asker, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    where = ["--data", world.url.removeprefix("sqlite:///").rpartition("/")[0]]
    where = where if world.url.startswith("sqlite:") else ["--database", world.url]

    def said(*words: str) -> str:
        result = CliRunner().invoke(create_app(), [*words, *where])
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    asked = f"/api/signals?order=newest&lead={world.ids.of(identity('u:1'))}"
    words = ("signals", "--lead", "ada@example.org", "--newest")
    assert json.loads(said(*words, "--json")) == api.get(asked).json()
    assert any(line.endswith("\tberlin: dead") for line in said(*words).splitlines())
    lead = json.loads(said("lead", "user_id:1", "--type", "page_viewed", "--json"))
    assert [each["type"] for each in lead["timeline"]["items"]] == ["page_viewed"]
