"""A reader's pages name nobody: each page, over people with names like no other text."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx2
import pytest
from starlette.types import ASGIApp

from api.dashboard.dashboard import dashboard
from projections.queries.leads import find_leads
from projections.reports.registry import REPORTS
from store.log.sql import SqlLog
from tests.dashboard.given_pages import resources_of
from tests.given_people import MODEL, named, story
from tests.given_tokens import Book
from tests.projections.given_sales import Company
from web.private import Private
from web.viewer import Role, Viewer


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    told = list(story())
    company = Company(tmp_path, told[-1].instant + 60_000_000, MODEL)
    company.tell(told, company.world.clock)
    yield company
    company.world.close()


@pytest.fixture
def app(company: Company, tmp_path: Path) -> Iterator[ASGIApp]:
    log = SqlLog(tmp_path / "log.db")
    book = Book(*(Viewer(role.value, role, role.value) for role in Role))
    yield dashboard(resources_of(company, log), Private(None, book))
    log.close()


def page(app: ASGIApp, role: Role, path: str) -> str:
    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8787") as client:
            return await client.get(path, headers={"Authorization": f"Bearer leadline_{role}"})

    answer = anyio.run(ask)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_no_page_of_a_reader_names_anybody(app: ASGIApp, company: Company) -> None:
    with company.world.view() as view:
        leads = [lead.id for lead in find_leads(view).items]
    assert len(leads) >= 3
    shown = set()
    of_leads = [
        f"/leads/{lead}{more}" for lead in leads for more in ("", "?span=all", "?type=demo_requested&lang=zh-CN")
    ]
    of_reports = [
        "/reports",
        "/sources",
        "/reports/channels/people?number=visitors",
        "/mail",
        "/responses",
        *(f"/reports/{each.name}" for each in REPORTS),
    ]
    others = [
        *("/model", "/model/history/1"),
        *("/funnels", "/funnels/demo?by=profile.company", "/funnels/demo/leads", "/funnels/demo/leads?lang=zh-CN"),
        *("/cohorts?reached=hot", "/paths?start=page_viewed&step=page", "/portrait", "/portrait?by=grade"),
        *("/overview", "/overview/leads?of=new_leads&period=ever"),
        *("/segments", "/segments/asked", "/segments/asked?lang=zh-CN&by=day&period=31"),
        *(
            "/health",
            "/health/findings",
            "/health/findings?kind=claim_not_bound",
            "/signals",
            "/health/findings?kind=same_email",
        ),
    ]
    for path in ("/", "/?hot=1&excluded=1&closed=1", "/?lang=zh-CN", *of_reports, *others, *of_leads):
        text = page(app, Role.READER, path)
        assert not named(text), f"{path}: {named(text)}\n{text[:6000]}"
        shown |= set(named(page(app, Role.SALES, path)))
    assert {"zerlinde", "王小明明", "secret-note", "zq@engines.example"} <= shown


def test_a_readers_page_of_a_report_has_its_notes(app: ASGIApp) -> None:
    for path, note in (("/portrait", "became known: "), ("/reports/quality", "not heard of for more than ")):
        assert note in page(app, Role.READER, path) and note in page(app, Role.SALES, path)
