"""Health: what is wrong is said first with what to do, each number opens its list, and only an admin is told."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import update

from store.database.errors import named
from store.database.tables import live
from store.verifications import keep_verification
from tests.dashboard.conftest import Open
from tests.dashboard.given_health import GOOD, looked_after, now, refuse, touch
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY

HIDDEN = "\x1b[2J\u202e<b>evil</b>"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with looked_after(tmp_path) as pages:
        pages.viewer(None, role="admin")
        yield pages


def put_aside(pages: Pages, cluster: int, why: str | None) -> None:
    with pages.company.world.database.transaction() as conn:
        conn.execute(update(live.clusters).where(live.clusters.c.cluster == cluster).values(aside=why))


def test_where_all_is_well_that_is_the_first_sentence(pages: Pages) -> None:
    touch(pages, "demo_requested")
    text = text_of(pages.get("/health"))
    assert "All is well. 2 touchpoints are recorded, and everything is worked off." in text
    for said in ("Projector makes leads of touchpoints, and signals 2 2 0 nothing waits", "Last verification never",
                 "how long it lasts nobody can say: nothing was recorded for a whole day yet"):  # fmt: skip
        assert said in text, said
    zh = pages.get("/health?lang=zh")
    assert "一切正常。" in text_of(zh) and 'lang="en"' not in zh.text.partition("<main")[2].partition("checks")[0]


def test_what_is_wrong_is_the_first_sentence_with_what_to_do(pages: Pages) -> None:
    touch(pages, "demo_requested")
    put_aside(pages, 1, "a fault at touchpoint 1")
    keep_verification(pages.company.world.database, 1, 1, touchpoints=1, rows=9, differing=2, aside=0)
    shown = pages.get("/health")
    text = text_of(shown)
    assert "All is well" not in text and "1 a fault at touchpoint 1" in text and "2 differ" in text
    troubles = re.sub(r"<[^>]+>", "", shown.text.partition('class="verdict bad"')[2].partition("</ol>")[0])
    assert troubles.index("nothing new is shown") < troubles.index("2 rows that are not what was recorded")
    assert "Report the reason below" in troubles and "leadline rebuild makes them anew" in troubles
    assert "1 个人或群组" in text_of(pages.get("/health?lang=zh"))
    put_aside(pages, 1, None)


def test_a_projector_that_stands_still_is_said_and_what_waits_for_it(pages: Pages) -> None:
    world = pages.company.world
    touch(pages, "demo_requested")
    with world.database.transaction() as conn:
        conn.execute(update(live.projector).values(clock=now() - 600_000_000, position=0))
    text = text_of(pages.get("/health"))
    assert "Leads stand still since" in text and "Start leadline serve" in text
    assert "2 not projected yet" in text
    with world.database.transaction() as conn:
        conn.execute(update(live.projector).values(clock=world.clock, position=2))


def test_a_database_that_is_away_is_said_calmly(dashboard_of: Open) -> None:
    def away() -> None:
        raise named(psycopg2.OperationalError("no route"))

    pages = dashboard_of(status=away)
    pages.viewer(None, role="admin")
    answer = pages.get("/health?lang=zh")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "2"
    assert "数据库没有响应" in text_of(answer) and "不会丢失" in text_of(answer)
    assert "PostgreSQL 不可用：no route" in text_of(answer) and 'lang="en"' not in answer.text.partition("<main")[2]


def test_a_door_opens_the_list_that_it_counts(pages: Pages) -> None:
    refuse(pages, ("v1/track", "no identity", b"{}"), ("v1/track", "no such key then", GOOD), ("f/x", "nobody", b"a=b"))
    shown = pages.get("/health").text
    doors = re.findall(r'<a href="(/health/rejected\?door=[^"]+)">([^<]+)</a></th><td class="number">(\d+)', shown)
    assert [(door, int(n)) for _, door, n in doors] == [("v1/track", 2), ("f/x", 1)]
    for address, _, n in doors:
        assert pages.get(address).text.count('<p class="why"') == int(n)
    assert pages.get("/health/rejected").text.count('<p class="why"') == 3


def test_the_list_of_refused_input_pages_and_shows_it_safely(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(pages, *(("f/x", f"reason {n} {HIDDEN}", f"{n} {HIDDEN}".encode()) for n in range(3)))
    monkeypatch.setattr("api.dashboard.pages.rejected.SIZE", 2)
    first = pages.get("/health/rejected?door=f%2F")
    following = re.search(r'<a href="([^"]+)" rel="next">', first.text)
    assert following is not None
    reasons = re.findall(r"reason \d", first.text + pages.get(following[1].replace("&amp;", "&")).text)
    assert reasons == ["reason 2", "reason 1", "reason 0"]
    one = pages.get("/health/rejected/r1").text
    for shown in (first.text, one):
        assert "&lt;b&gt;evil" in shown and "\\x1b[2J\\u202e" in shown
        assert "<b>evil" not in shown and "\u202e" not in shown and "\x1b" not in shown
    assert pages.get("/health/rejected/none").status_code == 404
    assert pages.get("/health/rejected?cursor=x").status_code == 400


def test_refused_input_is_tried_again_by_a_button_and_the_outcome_is_said(pages: Pages) -> None:
    refuse(pages, ("v1/track", "no identity", b"{}"), ("v1/track", "no such key then", GOOD), ("f/x", "nobody", b"a=b"))
    answer = pages.post("/health/rejected/replay", id="r1")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/health/rejected/r1?job=")
    one = pages.get(answer.headers["location"])
    assert (
        "Tried 1: 1 are taken now, 0 are still refused." in text_of(one)
        and "replay" not in one.text.partition("<dl")[0]
    )
    assert len(pages.company.world.leads()) == 1
    again = pages.post("/health/rejected/replay", door="v1/track").headers["location"]
    assert "door=v1%2Ftrack" in again and "Tried 1: 0 are taken now, 1 are still refused." in text_of(pages.get(again))
    assert "Refused input, tried again done" in text_of(pages.get("/health"))
    assert pages.post("/health/rejected/replay", id="r1").status_code == 404, "it was taken"


def test_a_verification_is_begun_and_its_result_shown(pages: Pages) -> None:
    touch(pages, "demo_requested")
    assert pages.post("/health/verify").headers["location"] == "/health#verified"
    text = text_of(pages.get("/health"))
    assert "Last verification 0 differ" in text and re.search(r"Verification done .* rows looked at, 0 differ", text)


def test_findings_are_counted_by_kind_and_each_number_opens_its_list(pages: Pages) -> None:
    touch(pages, "demo_requested", "e:wang@x.test", profile={"name": "Wang", "phone": "1"})
    touch(pages, "demo_requested", "e:li@x.test", profile={"name": "Li", "phone": "1"})
    shown = pages.get("/health/findings").text
    [(address, number)] = re.findall(
        r'<a href="(/health/findings\?kind=same_phone)">[^<]+</a></th><td[^>]*>(\d+)', shown
    )
    listed = pages.get(address)
    assert len(re.findall(r'href="/leads/[0-9a-f-]{36}"', listed.text)) == int(number) == 2
    assert "Wang" in listed.text and "several leads have one phone number" in listed.text
    assert ">Since<" not in listed.text, "a column in which nothing would stand"
    assert "merge those who are one person" in text_of(pages.get("/health/findings"))
    assert "总机号码" in text_of(pages.get("/health/findings?lang=zh"))
    assert pages.get("/health/findings?kind=nonsense").status_code == 404


def test_who_is_no_admin_sees_findings_and_jobs_alone(pages: Pages) -> None:
    refuse(pages, ("v1/track", "no identity", b"{}"))
    for role in ("reader", "sales"):
        pages.viewer(None, role=role)
        text = text_of(pages.get("/health"))
        assert "an admin is shown" in text and "Projector" not in text and "Active model" not in text
        assert pages.get("/health/findings").status_code == 200
        for address in ("/health/rejected", "/health/rejected/r0"):
            assert pages.get(address).status_code == 403, address
        for address in ("/health/verify", "/health/rejected/replay", "/health/jobs/x/cancel"):
            assert pages.post(address).status_code == 403, address


def test_the_pages_ask_the_database_few_things(pages: Pages) -> None:
    touch(pages, "demo_requested")
    pages.get("/health/rejected")
    assert pages.queries <= 6
    pages.get("/health/findings?kind=stale")
    assert pages.queries <= 8


def test_whoever_only_looks_at_an_address_of_a_form_gets_to_the_page(dashboard_of: Open) -> None:
    pages = dashboard_of(clock=FRIDAY)
    pages.viewer(None, role="admin")
    assert pages.get("/health/verify").headers["location"] == "/health"
