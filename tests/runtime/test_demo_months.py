"""The months of `leadline demo --keep`: files that the real import takes whole, and a story for every page."""

import json
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from domain.files.durations import DAY, HOUR
from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.people.walk import assign
from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Instant, Touchpoint
from producers.imports.costs import costs_of, read_cost_rows
from producers.imports.importer import import_file
from runtime.commands.options import mapping_of
from runtime.demo.examples import SOFTWARE
from runtime.demo.history import WEEKS, History, write_history
from runtime.demo.talks import SELLERS
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.producers.collecting import NOON
from tests.runtime.serving import environment
from tests.services.forked import PROGRAM

MODEL = parse_model(SOFTWARE.model.read_text(encoding="utf-8"))
PEOPLE = 200


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return write_history(tmp_path_factory.mktemp("history"), 3, NOON, PEOPLE)


@pytest.fixture(scope="module")
def imported(history: History, tmp_path_factory: pytest.TempPathFactory) -> list[Touchpoint]:
    """What the log has after the import of all files."""
    log = SqlLog(tmp_path_factory.mktemp("log") / "log.db")
    for file in history.files:
        rules = mapping_of(SOFTWARE.model.parent / file.mapping)
        result = import_file(file.path, rules, log, clock=lambda: Instant(NOON))
        assert (result.rejected, result.known) == (0, 0) and result.appended > 0
        assert (result.skipped > 0) == (rules.only is not None)
    subscription = log.subscribe([TOUCHPOINTS], "months")
    entries = subscription.poll(dict.fromkeys(subscription.assigned()), 100_000, 0)
    subscription.close()
    log.close()
    return [decode(entry.value) for entry in entries]


def test_it_is_all_over_and_none_is_older_than_it_says(imported: list[Touchpoint]) -> None:
    assert all(NOON - (WEEKS * 7 + 1) * DAY <= each.occurred_at < NOON - HOUR for each in imported)
    assert len(imported) == len({each.key for each in imported})


def test_what_is_said_is_what_a_company_knows(imported: list[Touchpoint]) -> None:
    types = {each.type for each in imported}
    assert types >= {
        "page_viewed", "form_submitted", "identified", "email_sent", "email_clicked", "email_bounced", "call_logged",
        "meeting_held", "message_sent", "stage_changed", "order_placed",
    }  # fmt: skip
    assert {each.properties.get("variant") for each in imported} >= {"A", "B"}
    assert {each.properties["by"] for each in imported if each.type == "call_logged"} == set(SELLERS)
    lost = [each.properties["outcome"] for each in imported if each.properties.get("outcome", "").startswith("lost")]
    assert len(set(lost)) > 1


def test_the_leads_of_it_are_at_every_stage_some_hot_and_some_silent(
    imported: list[Touchpoint], history: History
) -> None:
    leads = [Fold(MODEL).fold(each, Instant(NOON)) for each in assign(imported)[1].values()]
    assert {lead.stage for lead in leads} == {"visitor", *(stage.name for stage in MODEL.stages)}
    assert 3 <= sum(lead.now.hot_since is not None for lead in leads) < PEOPLE / 5
    assert any(lead.stage == "lead" and lead.last_touch < NOON - 30 * DAY for lead in leads), "silent"
    assert sum(1 for lead in leads if lead.identified) < len(leads) <= history.people
    open_deals = [lead for lead in leads if lead.stage in ("qualified", "opportunity")]
    assert len(history.deals) == len(open_deals) > 0


def test_what_channels_cost_is_of_campaigns_that_people_came_by(history: History) -> None:
    costs = costs_of(read_cost_rows(history.costs), MODEL)
    assert {cost.key.campaign for cost in costs} == {"lead-scoring", "brand", "spring", "monthly"}


def test_the_same_seed_writes_the_same_files(history: History, tmp_path: Path) -> None:
    again = write_history(tmp_path, 3, NOON, PEOPLE)
    other = write_history(tmp_path, 4, NOON, PEOPLE) if _bytes(again) == _bytes(history) else None
    assert other is not None and _bytes(other) != _bytes(history)


def _bytes(history: History) -> list[bytes]:
    return [file.path.read_bytes() for file in history.files]


def test_it_stays_up_with_the_months_and_what_sales_did(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [PROGRAM, "demo", "--keep", "--people", "30"], cwd=tmp_path, env=environment() | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert demo.stdout is not None and demo.stderr is not None
    try:
        last = next((line for line in demo.stdout if "until you press Ctrl-C" in line), None)
        assert last is not None, demo.stderr.read()
        address = last.split()[4]
        site = next(word for word in next(demo.stdout).split() if word.startswith("http")).rstrip(":")
        for page in ("", "contact.html"):
            with urllib.request.urlopen(site + page) as answer:
                assert f'src="{address}t.js"' in answer.read().decode(), "its visitors are seen here"
        assert {lead["owner"]["name"] for lead in ask(address, "leads?hot=true&limit=100")} > {"inside sales"}
        assert len(ask(address, "leads?stage=customer&limit=100")) > 10
        answered = ask(address, "reports/response_times?by=kind")
        kept = {row["deadline"]: row["kept"] for row in answered}
        assert all(kept[kind] > 0 for kind in ("accept", "work", "answer"))
        assert sum(row["amount"] for row in ask(address, "reports/revenue")) > 10_000
    finally:
        demo.send_signal(signal.SIGINT)
        said = demo.communicate(timeout=60)[1]
    assert demo.returncode == 0, said
    assert "imported crm.csv" in said and "importing 13 weeks" in said
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def ask(address: str, path: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{address}api/{path}") as answer:
        items: list[dict[str, Any]] = json.load(answer)["items"]
    return items
