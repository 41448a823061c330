"""`/api`: shapes, filters, cursors, former ids, problems that say what is allowed."""

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import Readers, create_api
from domain.model.definition import parse_model
from projections.queries.view import Reader
from runtime.logs import configure_logs
from runtime.settings import read_settings
from tests.domain.stories import START, at, identity
from tests.given_model import MODEL
from tests.projections.world import World
from tests.runtime.asking import Asker, problem
from tests.services.postgres import PostgresServer
from web.private import Private

NOBODY = "5ad09e35-9b1a-4c7e-8a53-0d6f2f9d3c11"
TOKEN = "sample-token"
CLOCK = START + 600_000_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with some leads; each test has a copy."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('played') / 'leadline.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create()
    world = World(url, parse_model(MODEL), CLOCK)
    world.play([
        [at(0, "page_viewed", "c:1", path="/pricing"), at(1, "page_viewed", "c:1", path="/pricing/team")],
        [at(2, "form_submitted", "c:1", "e:ada@example.org", profile={"title": "CEO", "company": "Engines"})],
        [at(3, "page_viewed", "c:2", path="/")],
        [at(4, "identified", "u:7", "e:bob@us.example"), at(5, "form_submitted", "u:7")],
        [at(6, "email_opened", "e:cy@example.org"), at(7, "identified", "c:9", "p:+4930123456")],
        [at(8, "identified", "u:8", "e:ada2@example.org"), at(9, "identified", "u:8", "c:1")],
    ])  # fmt: skip
    world.close()
    return url


@pytest.fixture
def world(request: pytest.FixtureRequest, played: str, tmp_path: Path) -> Iterator[World]:
    if played.startswith("sqlite:"):
        url = f"sqlite:///{shutil.copy(played.removeprefix('sqlite:///'), tmp_path)}"
        world = World(url, parse_model(MODEL), CLOCK, ready=True)
        yield world
        world.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create(played)
        world = World(url, parse_model(MODEL), CLOCK, ready=True)
        yield world
        world.close()
        server.drop(url)


@pytest.fixture
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)


def test_leads_come_hottest_first_and_page_by_page(api: Asker) -> None:
    whole = api.get("/api/leads").json()
    assert whole["next"] is None
    heats = [lead["heat"] for lead in whole["items"]]
    assert heats == sorted(heats, reverse=True) and heats[0] > 20 and heats[-1] == 0
    paged, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/api/leads?limit=2{cursor and '&cursor=' + cursor}").json()
        assert len(page["items"]) <= 2
        paged += page["items"]
        cursor = page["next"]
    assert paged == whole["items"]


def test_leads_in_other_orders_counted_and_with_their_reasons(api: Asker) -> None:
    def emails(query: str) -> list[str]:
        page = api.get(f"/api/leads?count=true&{query}").json()
        assert page["count"] == len(page["items"])
        return [lead["identities"][0]["value"] for lead in page["items"]]

    assert emails("order=last_seen&excluded=false&q=example.org") == ["cy@example.org", "ada@example.org", "8"]
    assert emails("q=engin") == emails("q=ADA%20engin&hot=true") == emails("stage=lead&grade=A") == ["ada@example.org"]
    assert emails("first_channel=direct&q=ada") == ["ada@example.org", "8"] and emails("campaign=autumn") == []
    [lead] = api.get("/api/leads?q=engin").json()["items"]
    score = api.get(f"/api/leads/{lead['id']}/score").json()
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for award in score["items"]:
        by_rule.setdefault(award["rule"], []).append(award)
    assert {reason["rule"] for reason in lead["reasons"]} == set(by_rule)
    for reason in lead["reasons"]:
        awards = by_rule[reason["rule"]]
        assert (reason["count"], reason["last"]) == (len(awards), awards[-1]["at"])
        assert reason["now"] == pytest.approx(sum(award["now"] for award in awards), abs=0.011 * len(awards))
    assert lead["reasons"] == sorted(lead["reasons"], key=lambda reason: -reason["now"])


def test_a_lead_has_the_shape_of_the_contract(api: Asker) -> None:
    [lead] = api.get("/api/leads?email=ADA@example.org").json()["items"]
    assert lead["identities"][0] == {"kind": "email", "value": "ada@example.org"}
    assert lead["profile"]["company"] == "Engines" and lead["stage"] == "lead" and lead["grade"] == "A"
    assert lead["hot"] is True and lead["cools_at"].endswith("Z") and lead["first_touch"] < lead["last_touch"]
    detail = api.get(f"/api/leads/{lead['id']}").json()
    assert {**lead, **detail} == detail
    assert detail["segments"] == ["returners", "warm"]
    assert [stage["stage"] for stage in detail["stages"]] == ["lead"]


@pytest.mark.parametrize(("asked", "count"), [
    ("email=ada@example.org", 1), ("user_id=7", 1), ("anonymous_id=2", 1), ("phone=%2B4930123456", 1),
    ("phone=+4930123456", 1), ("phone=+49%2030%20123456", 1),
    ("email=nobody@example.org", 0), ("stage=visitor", 1), ("stage=lead", 5), ("hot=true", 1),
    ("hot=false", 5), ("grade=A", 1), ("segment=returners", 1), ("hot=true&grade=A&stage=lead&order=heat", 1),
    ("hot=true&grade=C", 0), ("email=ada@example.org&user_id=7", 0), ("email=ada@example.org&stage=visitor", 0),
])  # fmt: skip
def test_filters_hold_together(api: Asker, asked: str, count: int) -> None:
    answer = api.get(f"/api/leads?{asked}")
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == count


def test_a_former_id_answers_the_live_lead(api: Asker, world: World) -> None:
    former = world.ids.of(identity("c:1"))
    assert (
        api.get(f"/api/leads/{former}").json()
        == api.get(f"/api/leads/{world.ids.of(identity('e:ada@example.org'))}").json()
    )


def test_the_timeline_is_in_the_order_of_the_fold(api: Asker, world: World) -> None:
    lead = world.ids.of(identity("e:ada@example.org"))
    items = api.get(f"/api/leads/{lead}/timeline").json()["items"]
    assert [item["type"] for item in items] == ["page_viewed", "page_viewed", "form_submitted"]
    assert items[0]["properties"] == {"path": "/pricing"} and items[0]["received_at"] == items[0]["occurred_at"]
    first = api.get(f"/api/leads/{lead}/timeline?limit=2").json()
    rest = api.get(f"/api/leads/{lead}/timeline?limit=2&cursor={first['next']}").json()
    assert first["items"] + rest["items"] == items and rest["next"] is None
    newest = api.get(f"/api/leads/{lead}/timeline?order=newest").json()["items"]
    assert newest == items[::-1]


def test_every_point_is_explained_and_the_parts_add_up(api: Asker, world: World) -> None:
    lead = world.ids.of(identity("e:ada@example.org"))
    score = api.get(f"/api/leads/{lead}/score").json()
    assert [item["rule"] for item in score["items"]] == ["page", "page", "form", "first form"]
    assert sum(round(item["now"] * 100) for item in score["items"]) == round(score["heat"] * 100)
    assert score["heat"] == api.get(f"/api/leads/{lead}").json()["heat"] < sum(i["points"] for i in score["items"])
    assert score["fit_items"] == [{"rule": "decision maker", "label": None, "points": 20.0}]
    assert score["half_life"] == "1d"
    employee = api.get(f"/api/leads/{world.ids.of(identity('u:7'))}/score").json()
    assert employee["not_a_lead"] == "employee" and employee["hot"] is False


def test_segments_with_sizes_and_members(api: Asker) -> None:
    segments = api.get("/api/segments").json()["items"]
    assert [segment["name"] for segment in segments] == ["returners", "quiet", "warm"]
    sizes = {segment["name"]: segment["size"] for segment in segments}
    assert sizes["returners"] == 1
    for name, size in sizes.items():
        found, cursor = [], ""
        while cursor is not None:
            page = api.get(f"/api/segments/{name}/members?limit=1{cursor and '&cursor=' + cursor}").json()
            found += page["items"]
            cursor = page["next"]
        assert len({lead["id"] for lead in found}) == len(found) == size
        assert all("entered_at" in lead and "heat" in lead for lead in found)


def test_a_funnel_counts_who_reached_a_step_and_who_may_go_on(api: Asker) -> None:
    funnel = api.get("/api/funnels/signup").json()
    assert (funnel["funnel"], funnel["order"], funnel["window"]) == ("signup", "ordered", "2d")
    assert [(step["on"], step["leads"], step["pending"]) for step in funnel["steps"]] == [
        ("page_viewed", 2, 1), ("form_submitted", 1, 1), ("identified", 0, 0),
    ]  # fmt: skip
    assert api.get("/api/funnels/signup?from=2023-11-14T00:00:00Z").json()["steps"][0]["leads"] == 2
    assert api.get("/api/funnels/signup?to=2023-11-14").json()["steps"][0]["leads"] == 0
    assert api.get("/api/funnels/signup?from=2023-11-14&to=2023-11-15").json()["steps"][0]["leads"] == 2


def test_signals_page_by_ledger_position_or_id(api: Asker) -> None:
    items = api.get("/api/signals").json()["items"]
    assert {"lead.hot", "segment.entered", "stage.changed"} <= {item["kind"] for item in items}
    hot = next(item for item in items if item["kind"] == "lead.hot")
    assert hot["reasons"][0]["rule"] == "form" and hot["lead"] == hot["lead_now"] and hot["at"].endswith("Z")
    assert all(item["id"].startswith(item["lead"] + ":" + item["kind"]) for item in items)
    first = api.get("/api/signals?limit=1").json()
    assert first["items"] == items[:1]
    assert api.get(f"/api/signals?after={first['next']}").json()["items"] == items[1:]
    assert api.get(f"/api/signals?after={items[0]['id']}").json()["items"] == items[1:]
    assert [item["kind"] for item in api.get("/api/signals?kind=lead.hot").json()["items"]] == ["lead.hot"]


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/api/leads?cursor=nonsense", 400, "cursor 'nonsense' is none of this list's"),
    ("/api/leads?limit=0", 400, "limit"),
    ("/api/leads?limit=1001", 400, "limit"),
    ("/api/leads?order=colour", 400, "order"),
    ("/api/leads?q=", 400, "q '' is no search: give 1 to 16 words with letters or digits, at most 400 characters"),
    ("/api/leads?first_channel=tv", 404, "no channel 'tv': the model has direct, cross_network"),
    ("/api/leads?changed_since=yesterday", 400, "changed_since: found 'yesterday', allowed is"),
    ("/api/leads?phone=030123456", 400, "phone: found '030123456', which names nobody: a national number"),
    ("/api/leads?email=ada+news@example.org", 400, "email: found 'ada news@example.org', which names nobody: "),
    ("/api/leads?email=ada+news@example.org", 400, "(a + is %2B in a URL)"),
    ("/api/leads?email=null", 400, "email: found 'null', which names nobody"),
    ("/api/leads?user_id=null", 400, "user_id: found 'null', which names nobody: it is a spelling of null"),
    ("/api/leads?emial=a@b.example", 400, "emial"),
    ("/api/leads?segment=nope", 404, "the model has returners, quiet, warm"),
    ("/api/leads?stage=nope", 404, "no stage 'nope': the model has visitor, lead"),
    ("/api/leads?grade=Z&email=nobody@example.org", 404, "no grade 'Z': the model has A, B, C, D"),
    ("/api/leads?stage=lead&stage=visitor", 400, "stage: stands there more than once"),
    ("/api/leads?stage=le%00ad", 400, "NUL"),
    ("/api/leads?email=%00", 400, "NUL"),
    ("/api/leads/a%00b", 404, "a lead id is a UUID"),
    ("/api/signals?after=%00", 400, "NUL"),
    ("/api/segments/a%00b/members", 404, "the model has returners"),
    ("/api/leads/", 404, ""),
    ("/api/leads?as_of=2026-01-01", 400, "as_of: 2026-01-01 lies ahead of the clock, 2023"),
    ("/api/leads/nope", 404, "a lead id is a UUID"),
    (f"/api/leads/{NOBODY}", 404, "no lead"),
    (f"/api/leads/{NOBODY}/timeline?as_of=x", 400, "as_of: found 'x', allowed is 2026-11-21T08:00:00Z"),
    (f"/api/leads/{NOBODY}/score?as_of=9998-01-01", 400, "lies ahead of the clock, 20"),
    (f"/api/leads/{NOBODY}?as_of=2023-11-14&knowing=all", 400, "knowing"),
    (f"/api/leads/{NOBODY}?knowing=now", 400, "knowing: stands alone; give as_of too"),
    (f"/api/leads/{NOBODY}?as_of=2023-11-14", 404, "nothing with that id was ever projected"),
    ("/api/segments/nope/members", 404, "the model has returners"),
    ("/api/segments/quiet/members?cursor=nonsense", 400, "cursor"),
    ("/api/funnels/nope", 404, "the model has signup"),
    ("/api/funnels/signup?by=country", 400, "by: found 'country', allowed are first_channel"),
    ("/api/funnels/signup?from=2023-11-14T22:13:22Z", 400, "2023-11-14 (2023-11-14T00:00:00.000000Z) and 2023-11-15"),
    ("/api/funnels/signup?series=week", 400, "series: allowed is with a period alone"),
    ("/api/funnels/signup?series=year", 400, "series: found \"year\", allowed is 'day', 'week' or 'month'"),
    ("/api/funnels/signup/leads?step=4", 400, "step: found 4, allowed is 1 to 3"),
    ("/api/funnels/signup/leads?by=stage&group=x", 400, "group: found 'x'"),
    ("/api/funnels/nope/leads", 404, "the model has signup"),
    ("/api/funnels/signup?from=yesterday", 400, "from: found 'yesterday', allowed is"),
    ("/api/funnels/signup?from=20260101", 400, "from: found '20260101', allowed is"),
    ("/api/funnels/signup?to=2026-W47-1", 400, "to: found '2026-W47-1', allowed is"),
    ("/api/funnels/signup?to=2026-01-01T00:00:00", 400, "allowed is"),
    ("/api/funnels/signup?to=2026-02-30", 400, "allowed is"),
    ("/api/funnels/signup?from=0001-01-01", 400, "allowed are the years 1970 to 9998"),
    ("/api/funnels/signup?from=0001-01-01T00:00:00%2B23:59", 400, "from: found"),
    ("/api/funnels/signup?to=9999-12-31T23:59:59-23:59", 400, "to: found"),
    ("/api/funnels/signup?from=2026-01-02&to=2026-01-01", 400, "from: 2026-01-02 is later than to, 2026-01-01"),
    ("/api/responses?from=2026-01-02&to=2026-01-01", 400, "from: 2026-01-02 is later than to, 2026-01-01"),
    ("/api/responses?by=owner", 400, "by"),
    ("/api/deadlines?state=lost", 400, "allowed are open, kept, missed, dropped"),
    ("/api/deadlines?cursor=nonsense", 400, "cursor"),
    ("/api/signals?after=nope", 400, "neither a ledger position nor the id"),
    ("/api/signals?kind=lead.warm", 400, "allowed are lead.hot"),
    ("/api/nothing", 404, ""),
])  # fmt: skip
def test_every_error_is_a_problem_that_says_what_is_allowed(api: Asker, path: str, status: int, words: str) -> None:
    problem(api.get(path), status, words)


def test_a_cursor_of_another_list_is_refused(api: Asker, world: World) -> None:
    lead = world.ids.of(identity("e:ada@example.org"))
    cursor = api.get("/api/leads?limit=1").json()["next"]
    problem(api.get(f"/api/leads/{lead}/timeline?cursor={cursor}"), 400, "cursor")


def test_who_has_no_token_is_refused(world: World) -> None:
    app = create_api(Readers(world.database, world.events, world.ids), Private(TOKEN))
    answer = Asker(app).get("/api/leads")
    problem(answer, 401, "a bearer token is needed")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    problem(Asker(app, "another-token").get("/api/leads"), 401, "not LEADLINE_API_TOKEN")
    assert Asker(app).get("/api/docs").status_code == 200
    assert "/api/leads/{lead}/score" in Asker(app).get("/api/openapi.json").json()["paths"]
    open_app = create_api(Readers(world.database, world.events, world.ids), Private(None))
    assert Asker(open_app).get("/api/leads").status_code == 200


def test_the_pages_of_the_documentation_load_nothing_from_other_hosts(world: World) -> None:
    asker = Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)))
    page = asker.get("/api/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) >= 3 and all(each.startswith("/api/docs/static/") for each in loaded), loaded
    assert {asker.get(each).status_code for each in loaded} == {200}
    assert "://" not in page


def test_without_a_token_no_page_of_another_site_may_ask(world: World) -> None:
    asker = Asker(create_api(Readers(world.database, world.events, world.ids), Private(None)))
    problem(asker.get("/api/leads", origin="https://evil.example"), 403, "LEADLINE_API_TOKEN")
    for origin in ("null", "http://[", "https://127.0.0.1:8787.evil.example"):
        problem(asker.get("/api/leads", origin=origin), 403)
    assert asker.get("/api/leads", origin="http://127.0.0.1:8787").status_code == 200
    guarded = Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)
    assert guarded.get("/api/leads", origin="https://crm.example").status_code == 200


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_failure_is_logged_once_and_without_the_token(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("projections.reports.segments.members.segments", fail)
    app = create_api(Readers(world.database, world.events, world.ids), Private(TOKEN))
    handlers, level = logging.root.handlers, logging.root.level
    configure_logs(read_settings({"LEADLINE_LOG": form}))
    try:
        problem(Asker(app, TOKEN, raises=True).get("/api/segments"), 500, "the log of the server says more")
    finally:
        logging.root.handlers, logging.root.level = handlers, level
    said = capsys.readouterr().err
    assert said.count("api.failed") == 1 and "a mistake of ours" in said and TOKEN not in said
    assert len(said.splitlines()) == 1 or form == "text"


def test_a_reader_answers_from_one_model_whatever_another_thread_remembers(world: World) -> None:
    other = world.model.model_copy(update={"timezone": "Asia/Shanghai"})

    class Raced(Reader):
        """Between any two looks at what is remembered, another thread remembered another model."""

        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            if name == "_active":
                self._active = (0, other)
            return found

    reader = Raced(world.database, world.events, world.ids)
    for _ in range(2):
        with reader.view() as view:
            assert view.model.timezone == world.model.timezone


def test_before_the_first_model_it_says_so(world: World) -> None:
    with world.database.transaction() as conn:
        conn.exec_driver_sql("DELETE FROM models")
    app = create_api(Readers(world.database, world.events, world.ids), Private(None))
    answer = Asker(app).get("/api/leads")
    problem(answer, 503, "no model is active yet")
    assert answer.headers["retry-after"]
