"""Every page and form, asked with what nobody should send: all is answered, and no reader is told a name."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from api.dashboard.dashboard import PAGES
from domain.files.durations import DAY
from domain.touchpoints.touchpoint import Instant
from projections.queries.leads import find_leads
from projections.reports.registry import REPORTS
from tests.dashboard.given_pages import Pages, text_of
from tests.given_people import MODEL, named, story
from tests.projections.given_sales import Company

ROLES: Final = ("reader", "sales", "admin")
SAID: Final = (
    "activation", "after", "all", "as", "at", "bands", "before", "by", "cursor", "destination", "detail", "door",
    "draft", "every", "excluded", "field", "from", "group", "job", "kind", "lang", "last", "lead", "mature", "most",
    "name",
    "number", "of", "order", "owner", "page", "period", "q", "reached", "segment", "series", "sort", "span", "stage",
    "stale", "start", "state", "step", "test", "to", "touch", "type", "way", "within",
)  # fmt: skip
"""Parameters that some page reads."""
DATED: Final = (
    "/funnels", "/funnels/demo", "/funnels/demo/leads", "/segments/asked", "/sources", "/cohorts",
    "/paths", "/portrait", "/mail", "/responses", "/reports/portrait", "/overview/leads",
)  # fmt: skip
"""Pages with a period."""
HOSTILE: Final = (
    "x", "-1", "0", "1e400", "nan", "99999999999999999999", "²", "%00", "a%00b", "%ED%A0%80", "%FF",
    "%F0%9F%92%A9",
    "9999-12-31", "9998-12-31", "1970-01-01", "0001-01-01",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30",
    "%3Cscript%3E", "%25",
    "own", "ever", "profile.", "profile.company", "profile.company:1e400,2", "profile.size:0", "segment:none", "won",
    "AAAA", "eyJ9", quote("'\";--"), quote("../" * 9, ""), "x" * 9_000, quote("\u202e\x1b[2J"),
    "channel", "type", "day", "month", "%E4%B8%AD",
)  # fmt: skip
TOGETHER: Final = (
    "from=9999-12-31&to=9999-12-31", "from=9998-12-31&to=9998-12-31", "from=1970-01-01&to=9998-12-31",
    "to=9998-12-31", "to=1970-01-01", "from=9998-12-31&by=month", "from=9998-12-01&by=day&series=week",
    "from=0001-01-01&to=0001-01-01", "from=0001-01-01&to=9999-12-31",
    "period=own&to=9999-12-31", "period=own&from=0001-01-01", "period=own&from=2026-06-05&to=2026-06-01",
    "period=own&from=9999-12-30&to=9999-12-31&by=day&series=day&every=month", "from=0001-01-01&by=month&series=month",
    "by=a&by=b&period=7&period=8", "&&==&=x&%=%",
)  # fmt: skip


class World:
    """A dashboard over people with names like no other text, and every address it has."""

    def __init__(self, folder: Path) -> None:
        told = list(story())
        company = Company(folder, told[-1].instant + 60_000_000, MODEL)
        company.tell(told, company.world.clock)
        self.pages = Pages(folder, company)
        with company.world.view() as view:
            self._lead = find_leads(view).items[0].id

    def addresses(self, method: str) -> list[str]:
        """Of each route one: of what is there, where there is such a thing."""
        routes = [route for page in PAGES for route in page.routes(self.pages.resources)]
        assert len(routes) > 40
        return [self._address(route.path) for route in routes if method in (route.methods or ())]

    def wrong(self, role: str, address: str, **form: str) -> str | None:
        """What is wrong with the answer to an address, or to a form that is sent there; None: nothing."""
        self.pages.viewer("bo" if role == "sales" else None, role)
        answer = self.pages.post(address, None, **form) if form else self.pages.get(address)
        if answer.status_code >= 500 and not (address.startswith("/health") and answer.status_code == 503):
            return f"{answer.status_code} {role} {address[:200]}"
        told = named(answer.text) if role == "reader" else []
        return f"{told} {role} {address[:200]}" if told else None

    def _address(self, path: str) -> str:
        there = {"funnels": "demo", "segments": "asked", "reports": "portrait"}.get(path.split("/")[1], "none")
        said = {"lead": self._lead, "activation:int": "1"}
        return re.sub(r"\{([^}]+)\}", lambda part: said.get(part[1], there), path)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.pages.close()


def test_no_address_breaks_a_page_or_tells_a_reader_a_name(world: World) -> None:
    paths = world.addresses("GET")
    queries = [f"{name}={value}" for name in SAID for value in HOSTILE]
    some = [
        f"{path}?{queries[(n * 97 + place * 31) % len(queries)]}" for place, path in enumerate(paths) for n in range(3)
    ]
    periods = [f"{path}?{query}" for path in paths if path in DATED for query in TOGETHER]
    asked = [(role, path) for path in paths for role in ROLES]
    lists = [
        f"/reports/{each.name}/people?number={each.people.numbers[-1]}&row.{column}={value}"
        for each in REPORTS
        if each.people is not None
        for column in each.people.row
        for value in HOSTILE[::5]
    ]
    asked += [(ROLES[n % 2 * 2], each) for n, each in enumerate([*some, *periods, *lists])]
    assert len(asked) > 300
    assert [wrong for role, address in asked if (wrong := world.wrong(role, address))] == []


@pytest.mark.parametrize("role", ROLES)
def test_no_form_breaks_a_page_and_each_asks_for_its_role(world: World, role: str) -> None:
    paths = world.addresses("POST")
    assert len(paths) > 12
    names = ("text", "to", "id", "door", "at", "note", "based_on", "kind", "name", "announce", "value", "field")
    forms = [dict.fromkeys(names, value) for value in ("", "\0", "\u202e", "9" * 30, "x" * 50_000, "9999-12-31")]
    wrong = [world.wrong(role, path, **form) for path in paths for form in forms]
    assert [each for each in wrong if each] == []
    for path in paths:
        status = world.pages.post(path, x="1").status_code
        admins = path.startswith(("/model", "/health")) or path.endswith("/erase")
        refused = role == "reader" or (role == "sales" and admins)
        assert (status == 403) is refused, f"{status} {path}"


def test_ever_is_ever_where_the_usual_period_is_short(world: World) -> None:
    company = world.pages.company
    company.touch(Instant(company.world.clock + 400 * DAY), "page_viewed", "e:late@x.test")
    world.pages.viewer(None, "admin")
    shown = {period: text_of(world.pages.get(f"/cohorts?every=month&period={period}")) for period in ("31", "ever")}
    assert {period: "2023" in text.partition("As of")[0] for period, text in shown.items()} == {
        "31": False,
        "ever": True,
    }
    assert world.pages.get("/portrait?period=none").status_code == 200, "its usual period is ever"


def test_no_reader_finds_out_an_address_by_asking_for_a_finding(world: World) -> None:
    world.pages.viewer(None, "reader")
    assert world.pages.get("/health/findings?kind=same_email&detail=zq@engines.example").status_code == 403
    assert world.pages.get("/health/findings?kind=missing_field&detail=company").status_code == 200
