"""A reader sees nobody's name: the body of every route that is read, over people with names like no other text."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.sse import ServerSentEvent

from api.access.masking import Masking
from api.signals import Seeing
from runtime.applications import Inside, inside
from runtime.settings import read_settings
from runtime.wiring import Wiring
from runtime.workers import Workers
from store.audit import AuditedAct, audit_lines
from tests.given_people import MODEL, named, story
from tests.given_tokens import Book
from tests.projections.given_sales import Company
from tests.projections.world import KEY
from tests.runtime.asking import Asker
from web.private import Private
from web.viewer import Role, Viewer

SHOWING = ("/leads", "/leads/{lead}", "/leads/{lead}/timeline", "/leads/{lead}/dossier", "/segments/{name}/members",
           "/funnels/{name}/leads", "/signals", "/stages/{name}/leads", "/overview/leads")  # fmt: skip
"""What shows names to others than readers."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    told = list(story())
    company = Company(tmp_path_factory.mktemp("masking"), told[-1].instant + 60_000_000, MODEL)
    company.tell(told, company.world.clock)
    yield company
    company.world.close()


@pytest.fixture(scope="module")
def served(company: Company) -> Iterator[Inside]:
    folder = Path(str(company.world.database.path.parent))
    workers = Workers()
    with Wiring(read_settings({"LEADLINE_ID_KEY": KEY.decode(), "LEADLINE_LINK_KEY": "a link key of the tests",
                               "LEADLINE_PUBLIC_URL": "https://leads.example"}, data=folder)) as wiring:  # fmt: skip
        book = Book(*(Viewer(role.value, role, role.value) for role in Role))
        yield inside(wiring, wiring.log, workers, Private(None, book))
        workers.stop.set()
        workers.join(20)


@pytest.fixture
def reader(served: Inside) -> Asker:
    return Asker(served.api, "leadline_reader")


@pytest.fixture
def sales(served: Inside) -> Asker:
    return Asker(served.api, "leadline_sales")


def paths(app: FastAPI, leads: list[str]) -> Iterator[tuple[str, str]]:
    """The template and each path of every route that is read."""
    names: Mapping[str, list[str]] = {
        "/api/segments/": ["asked"], "/api/funnels/": ["demo"], "/api/stages/": ["lead"],
        "/api/reports/": ["daily", "portrait", "paths", "quality", "channels", "cohorts", "stages", "mail"],
    }  # fmt: skip
    for template, methods in app.openapi()["paths"].items():
        if "get" not in methods or template.endswith("/stream"):
            continue
        path = template.replace("{activation}", "1").replace("{id}", "1")
        for lead in leads if "{lead}" in path else [""]:
            for name in next((each for prefix, each in names.items() if path.startswith(prefix)), [""]):
                asked = "?of=new_leads" if path == "/api/overview/leads" else ""
                yield template, path.replace("{lead}", lead).replace("{name}", name) + asked


def test_no_answer_to_a_reader_names_anybody(served: Inside, reader: Asker, sales: Asker) -> None:
    leads = [lead["id"] for lead in sales.get("/api/leads").json()["items"]]
    assert len(leads) >= 3
    showing = set()
    for template, path in paths(served.api, leads):
        answer = reader.get(path)
        assert not named(answer.text), f"{path}: {named(answer.text)}\n{answer.text[:3000]}"
        if named(sales.get(path).text):
            showing.add(template)
    assert showing >= {f"/api{path}" for path in SHOWING}


def test_a_name_in_an_address_is_hidden_however_it_is_spelled(company: Company) -> None:
    pages = ["/?n=Anna+Smith", "/?n=anna%20smith", "/hello/Anna-Smith", "/?n=%E7%8E%8B%E5%B0%8F", "/?n=Jos%C3%A9"]
    profile = {"name": "Anna Smith", "nickname": "王小", "first_name": "José"}
    masked = Masking(company.world.ids).seen({"profile": profile, "properties": {"pages": pages}})
    assert masked["properties"]["pages"] == ["/?n=…", "/?n=…", "/hello/…", "/?n=…", "/?n=…"]


def test_csv_names_nobody_either_and_is_kept_in_the_audit(company: Company, reader: Asker, sales: Asker) -> None:
    for asker in (reader, sales):
        assert asker.get("/api/reports/paths?format=csv").status_code == 200
    assert not named(reader.get("/api/reports/paths?format=csv").text)
    members = "/api/segments/asked/members?format=csv"
    assert not named(reader.get(members).text) and "zq@engines.example" in sales.get(members).text
    with company.world.database.snapshot() as conn:
        lines = audit_lines(conn, 5)
    of_members = [(who, "members of segment asked (csv)") for who in ("sales", "reader")]
    assert [(line.who, line.act, line.what) for line in lines] == [
        (who, AuditedAct.EXPORT, what)
        for who, what in (*of_members, *((who, "report paths (csv)") for who in ("reader", "sales", "reader")))
    ]  # fmt: skip
    assert all(line.rows is not None for line in lines)


def test_the_stream_names_nobody(company: Company, sales: Asker) -> None:
    seeing = Seeing(Private(None, Book()), Masking(company.world.ids))
    events = [
        ServerSentEvent(raw_data=json.dumps(each), event=each["kind"], id=str(each["position"]))
        for each in sales.get("/api/signals").json()["items"]
    ]
    for event in events:
        seen = seeing.event(event, Viewer("r", Role.READER))
        assert not named(str(seen.raw_data)) and (seen.id, seen.event) == (event.id, event.event)
        assert seeing.event(event, Viewer("s", Role.SALES)) == event
    assert any(named(str(event.raw_data)) for event in events)


def test_a_reader_sees_the_notes_of_a_report_and_nobodys(company: Company, reader: Asker, sales: Asker) -> None:
    for name in ("portrait", "quality", "cohorts"):
        notes = reader.get(f"/api/reports/{name}").json()["notes"]
        assert notes and notes == sales.get(f"/api/reports/{name}").json()["notes"]
    [lead, *_] = [each["id"] for each in sales.get("/api/leads").json()["items"] if "Zerlinde" in str(each)]
    assert (
        sales.get(f"/api/leads/{lead}/dossier").json()["notes"]
        and not reader.get(f"/api/leads/{lead}/dossier").json()["notes"]
    )
    said = {"report": "quality", "columns": [], "items": [], "notes": ["shared: user-zq-77, x@y.example and 2 more"]}
    seen = Masking(company.world.ids).seen
    assert seen(said)["notes"] == ["shared: …"]
    assert seen({"properties": said})["properties"]["notes"] == [], "what a source calls so is no report's"


def test_a_reader_still_tells_people_apart(reader: Asker, sales: Asker) -> None:
    shown = {lead["id"]: lead for lead in reader.get("/api/leads").json()["items"]}
    for lead in sales.get("/api/leads").json()["items"]:
        masked = shown[lead["id"]]
        same = ("stage", "heat", "grade", "touches", "owner", "first_channel", "reasons", "changed_at")
        assert all(masked[each] == lead[each] for each in same)
        assert masked["profile"].get("company") == lead["profile"].get("company")
        kinds = [each["kind"] for each in lead["identities"]]
        assert [each["kind"] for each in masked["identities"]] == kinds
        assert all(re.fullmatch(r"[0-9a-f-]{36}", each["value"]) for each in masked["identities"])


def test_no_link_of_a_signal_lets_a_reader_answer_for_an_owner(reader: Asker, sales: Asker) -> None:
    assert "answer_link" in sales.get("/api/signals").text
    links = {json.dumps(each["answer_link"]) for each in reader.get("/api/signals").json()["items"]}
    assert links == {"null"} and any(each["answer_link"] for each in sales.get("/api/signals").json()["items"])
