"""The leads behind each number of the report of data quality, over HTTP and at the terminal."""

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.app import Readers, create_api
from runtime.cli import create_app
from tests.domain.stories import at, us
from tests.projections.given_analysts import MODEL, played
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private


@pytest.fixture(scope="module")
def world(url_of_module: str) -> Iterator[World]:
    with closing(played(url_of_module)) as world:
        yield world


@pytest.fixture(scope="module")
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private("sample-token")), "sample-token")


def listed(api: Asker, query: str = "", limit: int = 7) -> list[dict[str, Any]]:
    """All pages."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = api.get(f"/api/findings?limit={limit}{query}{cursor and '&cursor=' + cursor}").json()
        items += page["items"]
        cursor = page["next"]
    return items


def test_every_number_of_the_report_is_the_length_of_its_list(api: Asker) -> None:
    report = api.get("/api/reports/quality").json()["items"]
    page = api.get("/api/findings?count=true&limit=1000").json()
    assert page["counts"] == [{name: row[name] for name in ("kind", "detail", "leads")} for row in report]
    assert listed(api) == page["items"] and page["next"] is None
    for row in report:
        of_kind = listed(api, f"&kind={row['kind']}")
        assert [each for each in page["items"] if each["kind"] == row["kind"]] == of_kind or row["kind"] == "shared"
        behind = {each["lead"] for each in of_kind if row["detail"] in (None, each["detail"])}
        assert len(behind) == row["leads"]
        assert row["example"] in {*behind, None}
    assert sum(row["leads"] > 0 for row in report) > 3


def test_the_findings_of_a_lead_are_its_own(api: Asker) -> None:
    by_lead = defaultdict(list)
    for each in listed(api):
        by_lead[each["lead"]].append(each)
    lead, own = max(by_lead.items(), key=lambda each: len(each[1]))
    page = api.get(f"/api/findings?lead={lead}&count=true").json()
    assert page["items"] == own and len(own) > 1
    counted = {each["kind"] for each in page["counts"] if each["leads"]}
    assert counted == {each["kind"] for each in own}
    problem(api.get("/api/findings?lead=x"), 404, "a lead id is a UUID")
    problem(api.get("/api/findings?kind=nonsense"), 404, "no kind 'nonsense' of finding: there are missing_field")
    problem(api.get("/api/findings?cursor=x"), 400, "cursor")


def printed(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What a command prints of a world."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    where = ["--data", world.url.removeprefix("sqlite:///").rpartition("/")[0]]
    where = where if world.url.startswith("sqlite:") else ["--database", world.url]
    result = CliRunner().invoke(create_app(), [*words, *where])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_the_terminal_says_the_same(api: Asker, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = api.get("/api/findings?count=true&limit=1000").json()
    assert json.loads(printed(world, monkeypatch, "findings", "--count", "--limit", "1000", "--json")) == whole
    missing = [each for each in whole["items"] if each["kind"] == "missing_field"]
    told = printed(world, monkeypatch, "findings", "--kind", "missing_field", "--limit", "1000")
    assert len(told.splitlines()) == 1 + len(missing)


def test_the_card_of_a_lead_says_its_findings_and_since_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(World.on_sqlite(tmp_path, MODEL, us(60))) as world:
        world.play([[at(0, "order_placed", "e:a@x.de", total="1,200.50")]])
        card = printed(world, monkeypatch, "lead", "a@x.de")
    assert "amount_not_read (order_placed.total: 1,200.50) since 2023-11-14" in " ".join(card.split())


def test_a_cursor_tells_nobody_what_a_finding_says(api: Asker) -> None:
    pages = [api.get("/api/findings?limit=1000").json()["items"]]
    details = {each["detail"] for each in pages[0] if "@" in (each["detail"] or "")}
    assert details
    cursor = ""
    while cursor is not None:
        cursor = api.get(f"/api/findings?limit=3{cursor and '&cursor=' + cursor}").json()["next"]
        told = base64.urlsafe_b64decode(f"{cursor or ''}===").decode()
        assert not [each for each in details if each in told]
