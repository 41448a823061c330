"""The active model over HTTP and at the terminal: what it declares, how often its rules fired, which were active."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from api.app import Readers, create_api
from domain.model.definition import parse_model
from projections.queries.days import EVER
from projections.queries.model import active
from projections.upkeep.activation import activate
from runtime.cli import create_app
from tests.domain.stories import SECOND, START, at
from tests.given_plans import indexes, statements_of
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private

DAY = 86_400
FILE = """
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
label = { en = "New lead", zh = "新线索" }
[[stages]]
name = "customer"
was = ["client"]
won = true
requires = ["profile.company"]
enter = [{ on = "order_placed", where = { total = { gt = 10 } } }]
[[stages]]
name = "lost"
detour = true
[score]
half_life = "14d"
hot_at = { A = 20, B = 40 }
rearm_at = 10
promote_to = "customer"
[[score.rules]]
name = "pricing"
label = { en = "Viewed pricing", zh = "看了价格" }
on = "page_viewed"
where = { path = { starts_with = "/pricing" } }
points = 5
limit = { count = 2, within = "24h", per = "path" }
[[score.rules]]
name = "form"
on = "form_submitted"
points = 30
enabled = false
[fit]
grades = { A = 10 }
[[fit.rules]]
name = "boss"
label = "Decides"
where = { "profile.title" = "CEO" }
points = 10
[[not_a_lead]]
reason = "student"
where = { "profile.title" = "Student" }
[[segments]]
name = "fans"
when = { did = "page_viewed", at_least = 2, within = "7d" }
[[funnels]]
name = "signup"
window = "14d"
steps = [{ on = "page_viewed", label = "Looks" }, { on = "form_submitted", where = { form = "demo" } }]
"""
CLOCK = START + 40 * DAY * SECOND
BEFORE = '[[stages]]\nname = "lead"\n[[stages]]\nname = "client"\n'


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    """Three activations; pages of prices viewed on the first day, and three times in the last four weeks."""
    world = World(migrated_url, parse_model(BEFORE), CLOCK)
    activate(world.database, world.ids, parse_model(FILE))
    world.model = parse_model(FILE.replace("Viewed pricing", "Saw prices"))
    activate(world.database, world.ids, world.model)
    world.restart()
    world.play([[
        at(0, "page_viewed", "e:a@x.de", path="/pricing"), at(1, "form_submitted", "e:a@x.de", form="demo"),
        *(at(30 * DAY + n, "page_viewed", "e:a@x.de", path="/pricing") for n in range(3)),
        at(39 * DAY, "page_viewed", "e:b@x.de", path="/pricing/team"), at(39 * DAY, "page_viewed", "e:b@x.de"),
    ]])  # fmt: skip
    yield world
    world.close()


@pytest.fixture
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private("sample-token")), "sample-token")


def test_the_active_model_is_told_whole_and_in_words(api: Asker, world: World) -> None:
    model = api.get("/api/model").json()
    assert (model["version"], model["activation"], model["timezone"]) == (world.model.hash, 3, "Asia/Shanghai")
    lead, customer, lost = model["stages"]
    assert lead["label"]["zh"] == "新线索" and (lead["hot"], customer["hot"], customer["won"]) == (True, False, True)
    assert (customer["requires"], customer["was"], lost["detour"]) == (["profile.company"], ["client"], True)
    assert customer["enter"] == [{"on": "order_placed", "where": "total is more than 10"}]
    score = model["score"]
    assert (score["half_life"], score["rearm_at"], score["promote_to"]) == ("14d", 10, "customer")
    assert score["hot_at"] == {"A": 20, "B": 40, "C": None, "D": None}
    [boss] = model["fit"]["rules"]
    assert (boss["where"], boss["label"], boss["points"]) == ("profile.title is CEO", "Decides", 10)
    assert model["fit"]["grades"] == {"A": 10}
    [student] = model["not_a_lead"]
    assert (student["reason"], student["enabled"]) == ("student", True)
    assert model["segments"] == [
        {"name": "fans", "label": None, "condition": "did page_viewed at least 2 times within 7d"}
    ]
    [signup] = model["funnels"]
    assert (signup["order"], signup["window"], signup["exclude"]) == ("ordered", "14d", [])
    assert [(step["label"], step["where"]) for step in signup["steps"]] == [("Looks", None), (None, "form is demo")]


def rules(answer: Any) -> list[tuple[Any, ...]]:
    return [(rule["name"], rule["enabled"], rule["fired"]) for rule in answer.json()["score"]["rules"]]


def test_rules_say_how_often_they_gave_points_in_the_last_weeks_or_a_period(api: Asker) -> None:
    answer = api.get("/api/model")
    pricing, form = answer.json()["score"]["rules"]
    assert pricing["where"] == "path starts with /pricing" and form["limit"] is None
    assert pricing["limit"] == {"count": 2, "within": "1d", "per": "path"}
    assert rules(answer) == [("pricing", True, 3), ("form", False, 0)]
    score = answer.json()["score"]  # the clock is 2023-12-24T22:13:20Z, which is the 25th in Shanghai
    assert (score["fired_from"], score["fired_to"]) == ("2023-11-27T16:00:00.000000Z", "2023-12-25T16:00:00.000000Z")
    assert [rule["last"] for rule in score["rules"]] == ["2023-12-24", None]
    assert rules(api.get("/api/model?from=2023-11-01")) == [("pricing", True, 4), ("form", False, 0)]
    assert rules(api.get("/api/model?to=2023-11-16")) == [("pricing", True, 1), ("form", False, 0)]
    problem(api.get("/api/model?from=yesterday"), 400, "from: found 'yesterday'")


def test_how_often_rules_fired_is_read_off_an_index(world: World) -> None:
    with world.view() as view:
        with statements_of(view.conn) as asked:
            active(view, EVER)
        [fired] = [each for each in asked if "awards" in each[0]]
        if view.conn.dialect.name == "sqlite":
            assert indexes(view.conn, *fired) == {"awards_day"}


def test_the_history_says_which_was_active_and_its_text(api: Asker, world: World) -> None:
    items = api.get("/api/model/history").json()["items"]
    assert [(each["activation"], each["refolded"], each["active"]) for each in items] == [
        (3, False, True), (2, True, False), (1, True, False),
    ]  # fmt: skip
    assert items[0]["version"] == items[1]["version"] == world.model.hash
    first = api.get("/api/model/history?limit=2").json()
    rest = api.get(f"/api/model/history?limit=2&cursor={first['next']}").json()
    assert first["items"] + rest["items"] == items and rest["next"] is None
    assert api.get("/api/model/history/1").json() == {**items[2], "text": BEFORE, "changed": []}
    third = api.get("/api/model/history/3").json()
    [changed] = third["changed"]
    assert changed["key"] == 'score.rules "pricing" label.en'
    assert (changed["before"], changed["now"]) == ('"Viewed pricing"', '"Saw prices"')
    problem(api.get("/api/model/history/4"), 404, "no activation 4: there are 1 to 3")
    problem(api.get("/api/model/history/0"), 400, "activation")
    problem(api.get("/api/model/history?cursor=x"), 400, "cursor")


def test_the_terminal_says_the_same(api: Asker, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    where = ["--data", world.url.removeprefix("sqlite:///").rpartition("/")[0]]
    where = where if world.url.startswith("sqlite:") else ["--database", world.url]

    def said(*words: str) -> str:
        result = CliRunner().invoke(create_app(), ["model", *words, *where])
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    assert json.loads(said("show", "--json")) == api.get("/api/model").json()
    assert json.loads(said("show", "--from", "2023-11-01", "--json")) == api.get("/api/model?from=2023-11-01").json()
    shown = said("show", "--lang", "zh")
    assert "看了价格\tpage_viewed\tpath starts with /pricing\t5\t2 per 1d for each path\ton\t3\n" in shown
    assert "signup\tordered\t14d\tLooks > form_submitted form is demo\n" in shown
    assert json.loads(said("history", "--json")) == api.get("/api/model/history").json()
    assert said("history").splitlines()[1].startswith("3\t")
    assert said("history", "--text", "1") == BEFORE + "\n"
