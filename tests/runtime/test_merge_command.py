"""`leadline merge` and `unmerge`: what `--dry-run` says is what becomes; refusals are those of the API."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from runtime.cli import create_app
from tests.runtime.given_server import MODEL, OWNERS, sent
from tests.runtime.serving import Server, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("merge")
    (folder / "leadline.toml").write_text(MODEL + OWNERS)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder, "serve") as server:
        yield server


def run(folder: Path, *words: str) -> Result:
    """A command of this process, beside the server."""
    where = ["--data", str(folder / "leadline-data")]
    return CliRunner().invoke(create_app(), [*words, *where])


def said(folder: Path, *words: str) -> str:
    done = run(folder, *words)
    assert done.exit_code == 0, done.output
    return done.stdout


def lead_of(server: Server, name: str) -> str | None:
    items = server.http.get(f"/api/leads?email={name}@example.org").json()["items"]
    return items[0]["id"] if items else None


def test_a_dry_run_says_what_becomes_and_records_nothing(server: Server, folder: Path) -> None:
    first, second = str(sent(server, "ada")["id"]), str(sent(server, "bea")["id"])
    wanted = ("merge", "ada@example.org", "bea@example.org")
    foreseen = json.loads(said(folder, *wanted, "--dry-run", "--json"))
    assert [each["id"] for each in foreseen["ceased"]] in ([first], [second])
    shown = said(folder, *wanted, "--dry-run")
    assert "email:ada@example.org, email:bea@example.org" in shown and foreseen["ceased"][0]["id"] in shown
    assert {lead_of(server, "ada"), lead_of(server, "bea")} == {first, second}, "nothing was recorded"

    done = json.loads(said(folder, *wanted, "--by", "kim", "--reason", "same person", "--json"))
    assert done["id"] == foreseen["ceased"][0]["lead_now"] == lead_of(server, "ada") == lead_of(server, "bea")
    identities = {each["value"] for each in done["identities"]}
    assert identities >= {"ada@example.org", "bea@example.org"}
    assert run(folder, *wanted).exit_code == 2

    apart = ("unmerge", done["id"], "email:bea@example.org", "--lang", "en")
    assert "email:bea@example.org" in said(folder, *apart, "--dry-run")
    assert lead_of(server, "ada") == lead_of(server, "bea")
    assert "bea@example.org" not in said(folder, *apart)
    assert lead_of(server, "ada") != lead_of(server, "bea")


@pytest.mark.parametrize(("words", "problem"), [
    (("merge", "cy@example.org", "cy@example.org"), "these are one lead already"),
    (("merge", "cy@example.org", "nobody@example.org"), "nobody@example.org"),
    (("unmerge", "cy@example.org", "email:dee@example.org"), "not this lead's"),
    (("unmerge", "cy@example.org", "dee"), "allowed is KIND:VALUE"),
])  # fmt: skip
@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["done", "dry"])
def test_what_is_refused_says_why(
    server: Server, folder: Path, words: tuple[str, ...], problem: str, dry: tuple[str, ...]
) -> None:
    sent(server, "cy")
    done = run(folder, *words, *dry)
    assert (done.exit_code, done.stdout) == (2, "") and problem in done.stderr
