"""Loan applications from file to funnel: the same answers embedded and on Kafka and PostgreSQL, in whatever order."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from runtime.cli import create_app
from tests.producers.loans import loan_file
from tests.runtime.serving import environment
from tests.services.kafka import KafkaBroker

EXAMPLE = Path(__file__).parents[2] / "examples" / "bpic2012"
LOANS = loan_file(2012)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the example's model, and none of the caller's settings."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.chdir(tmp_path)
    Path("leadline.toml").write_text((EXAMPLE / "model.toml").read_text())


def leadline(settings: dict[str, str], *words: str) -> Any:
    """What a command answers."""
    result = CliRunner().invoke(create_app(), [*words, "--json"], env=settings)
    assert result.exit_code == 0, (result.output, result.stderr, result.exception)
    return json.loads(result.stdout)


def imported(settings: dict[str, str], text: str) -> dict[str, str]:
    """The digests of the read models after an import of these rows."""
    Path("loans.csv").write_text(text)
    counts = leadline(settings, "import", "loans.csv", "--mapping", str(EXAMPLE / "mapping.toml"))
    taken = counts["appended"] + counts["known"]
    assert (counts["read"], taken, counts["rejected"]) == (LOANS.rows, LOANS.complete, 0)
    return dict(leadline(settings, "verify", "--digest"))


def shuffled(text: str) -> str:
    """The same rows in another order."""
    head, *rows = text.splitlines(keepends=True)
    Random(2012).shuffle(rows)
    return "".join([head, *rows])


def check(settings: dict[str, str]) -> dict[str, str]:
    """Import once, again, and shuffled; the digests."""
    digests = imported(settings, LOANS.text)
    assert len(digests) > 3
    assert tuple(step["leads"] for step in leadline(settings, "funnel", "loan")["steps"]) == LOANS.funnel
    assert imported(settings, LOANS.text) == digests
    assert imported(settings, shuffled(LOANS.text)) == digests
    seen = leadline(settings, "verify")
    assert (seen["touchpoints"], seen["differences"], seen["aside"]) == (LOANS.complete, 0, [])
    return digests


def test_loans_give_their_funnel_however_often_and_in_whatever_order_and_the_same_bytes_in_both_modes(
    kafka_session: KafkaBroker, postgres_url: str
) -> None:
    key = {"LEADLINE_ID_KEY": "00" * 32}
    embedded = check(key)
    kafka_session.clear()
    assert check({**key, "LEADLINE_DATABASE": postgres_url, "LEADLINE_KAFKA": kafka_session.bootstrap}) == embedded
