"""What the page about exports shows: files of days of traffic, read by DuckDB, with the numbers that Leadline has."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from domain.files.durations import DAY
from domain.touchpoints.touchpoint import Touchpoint, moment
from runtime.demo.generator import generate
from store.ledger import signals_after
from tests.conftest import migrated
from tests.given_exports import names
from tests.given_samples import Shell, sample
from tests.projections.given_analysts import MODEL, START
from tests.projections.world import KEY, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Days of traffic."""
    url = migrated(f"sqlite:///{tmp_path_factory.mktemp('export') / 'leadline.db'}")
    world = World(url, MODEL, START)
    traffic = list(generate(7, START, people=120, length=16 * DAY).touchpoints())
    for day in range(1, 18):
        world.clock = START + day * DAY
        world.play([[t for t in traffic if world.clock - DAY <= t.received_at < world.clock]])
    yield world
    world.close()


@pytest.fixture(scope="module")
def shell(world: World) -> Shell:
    """In the folder of that, after the page's commands."""
    folder = world.database.path.parent
    shell = Shell(folder, LEADLINE_DATA=str(folder), LEADLINE_ID_KEY=KEY.hex())
    shell.pastes(sample("export-to-parquet.md", "leadline export report_leads"))
    shell.pastes(sample("export-to-parquet.md", "leadline export touchpoints"))
    return shell


def asked(shell: Shell, query: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers."""
    with duckdb.connect() as conn:
        conn.execute(f"SET TimeZone = 'UTC'; SET file_search_path = '{shell.folder}'")
        return conn.execute(query).fetchall()


def people_s(world: World) -> list[tuple[str, Touchpoint]]:
    """Every touchpoint of a person, with the lead that its highest identity is now."""
    with world.database.snapshot() as conn, world.view() as view:
        recorded = [touchpoint for _, touchpoint in world.events.scan(conn, 0, 100_000)]
        leads = {t.identities[0]: view.lookup.holder(conn, world.ids.of(t.identities[0])) for t in recorded}
    return [(str(leads[t.identities[0]]), t) for t in recorded if not t.by_machine]


def test_the_commands_make_the_files_that_the_page_names(shell: Shell, world: World) -> None:
    made = names(shell.folder / "export")
    assert made[0] == "leads.parquet" and {name.partition("/")[0] for name in made[1:]} == {
        "signals", "touchpoints",
    }  # fmt: skip
    assert all("/day=2024-1" in name for name in made[1:]) and (shell.folder / "report_leads.parquet").exists()
    assert (shell.folder / "stage_entries.csv").read_text().startswith("lead,n,stage,")


def test_touchpoints_by_type_are_those_that_were_recorded(shell: Shell, world: World) -> None:
    found = asked(shell, sample("export-to-parquet.md", "SELECT day, type"))
    counted = Counter[str]()
    for _, type, count in found:
        counted[type] += count
    assert counted == Counter(t.type for _, t in people_s(world)) and counted.total() > 500
    assert len({day for day, _, _ in found}) > 5


def test_the_week_before_hot_is_that_of_the_ledger(shell: Shell, world: World) -> None:
    hot: dict[str, Any] = {}
    with world.database.snapshot() as conn, world.view() as view:
        for signal in signals_after(conn, 0, 100_000):
            if signal.kind == "lead.hot":
                hot.setdefault(str(view.lookup.resolve(conn, signal.lead)), moment(signal.at))
    counted: dict[str, list[str]] = defaultdict(list)
    for lead, touchpoint in people_s(world):
        if lead in hot and hot[lead] - timedelta(days=7) <= moment(touchpoint.instant) <= hot[lead]:
            counted[touchpoint.type].append(lead)
    found = {type: (count, leads) for type, count, leads in asked(shell, sample("export-to-parquet.md", "WITH hot AS"))}
    assert found == {type: (len(leads), len(set(leads))) for type, leads in counted.items()}
    assert sum(count for count, _ in found.values()) > 20


def test_pages_by_stage_are_joined_with_a_view(shell: Shell, world: World) -> None:
    stages = {str(lead.lead): lead.stage for lead in world.leads()}
    counted = Counter(
        (stages[lead], t.properties.get("path")) for lead, t in people_s(world) if t.type == "page_viewed"
    )
    found = {
        (stage, path): views for stage, path, views in asked(shell, sample("export-to-parquet.md", "SELECT r.stage"))
    }
    assert len(found) == 20 and found.items() <= dict(counted).items()
