"""Loans that were imported at once, at four dates by what is known now: what a plain recount of the rows says."""

import csv
import io
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from runtime.cli import create_app
from tests.producers.loans import FUNNEL, loan_file
from tests.runtime.serving import environment

EXAMPLE = Path(__file__).parents[2] / "examples" / "bpic2012"
LOANS = loan_file(2012)
DATES = ("2011-10-15", "2011-12-01", "2012-02-01", "2012-06-01")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options that name a database with the loans in it."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.chdir(tmp_path)
    Path("leadline.toml").write_text((EXAMPLE / "model.toml").read_text())
    Path("loans.csv").write_text(LOANS.text)
    where = [] if request.param == "sqlite" else ["--database", request.getfixturevalue("postgres_url")]
    leadline("import", "loans.csv", "--mapping", str(EXAMPLE / "mapping.toml"), *where)
    return where


def leadline(*words: str) -> Any:
    """What a command answers."""
    result = CliRunner().invoke(create_app(), [*words, "--json"])
    assert result.exit_code == 0, (result.output, result.stderr, result.exception)
    return json.loads(result.stdout)


def recounted(date: str) -> tuple[int, list[int]]:
    """How many cases there were before a day of the model's zone began, and how many had come to each step."""
    begins = datetime.fromisoformat(date).replace(tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)
    activities: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader(io.StringIO(LOANS.text)):
        if row["lifecycle"] == "COMPLETE" and datetime.fromisoformat(row["timestamp"]) < begins:
            activities[row["case_id"]].add(row["activity"])
    return len(activities), [sum(step in each for each in activities.values()) for step in FUNNEL]


def test_at_four_dates_it_is_what_a_recount_says(database: list[str]) -> None:
    for date in DATES:
        as_of = ["--as-of", date, "--knowing", "now", *database]
        leadline("past", "build", date, "--knowing", "now", *database)
        report = leadline("funnel", "loan", *as_of)
        cases = leadline("leads", "--count", *as_of)["count"]
        assert (cases, [step["leads"] for step in report["steps"]]) == recounted(date)
    assert recounted(DATES[-1]) == (LOANS.cases, list(LOANS.funnel))
    assert len(leadline("past", "list", *database)) == 3


def test_then_nothing_was_known_of_them(database: list[str]) -> None:
    [lead] = leadline("leads", "--limit", "1", *database)["items"]
    words = ["lead", lead["id"], "--as-of", DATES[-1], "--json", *database]
    refused = CliRunner().invoke(create_app(), words)
    assert refused.exit_code == 2 and "knowing=now says what is known now about then" in refused.stderr
