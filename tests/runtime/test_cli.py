"""The command line: exit codes, tables and JSON, and for every error path what to do about it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from domain.model.starter import STARTER
from runtime.cli import ROOMS, create_app, outline
from tests.runtime.asking import problem
from tests.runtime.serving import Server, environment, eventually
from tests.services.service import free_ports

MAPPING = """
source = "list"
id = "id"
type = "form_submitted"
identities = { email = "who" }
profile = { company = "company" }
time = { column = "at", format = "iso" }
"""
ROWS = "id,who,company,at\n" + "".join(
    f"{n},p{n % 40}@example.org,Engines,2026-01-{n % 27 + 1:02}T00:00:00Z\n" for n in range(200)
)
PAGE = '{"anonymousId": "c-1", "properties": {"path": "/pricing"}}'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, and none of the caller's settings."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def leadline(*words: str, code: int = 0) -> Any:
    """A command's result, which must have this exit code."""
    result = CliRunner().invoke(create_app(), list(words))
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def told(result: Result, *words: str) -> None:
    for word in words:
        assert word in result.stderr, result.stderr


def imported() -> None:
    """200 rows of 40 people, imported where no server runs."""
    Path("leadline.toml").write_text(STARTER)
    Path("rows.csv").write_text(ROWS)
    Path("mapping.toml").write_text(MAPPING)
    leadline("import", "rows.csv", "--mapping", "mapping.toml")


def test_every_command_has_help_and_is_loaded_alone() -> None:
    for words in ROOMS.values():
        for word in words:
            result = CliRunner().invoke(create_app(word), [word, "--help"])
            assert result.exit_code == 0 and "Usage" in result.output


def test_the_list_of_commands_says_what_each_says_itself() -> None:
    listed: Any = typer.main.get_command(outline())
    real: Any = typer.main.get_command(create_app())
    assert {*listed.commands} == {*real.commands}
    for name, command in real.commands.items():
        assert listed.commands[name].get_short_help_str(200) == command.get_short_help_str(200)


def test_what_is_not_built_is_refused_by_name() -> None:
    told(leadline("erase", "somebody", "--now", code=2), "is not built yet")


def test_init_writes_a_model_once() -> None:
    leadline("init")
    assert Path("leadline.toml").read_text() == STARTER
    told(leadline("init", code=2), "exists already", "--force")
    leadline("init", "--force")
    leadline("init", "other/model.toml")
    assert json.loads(leadline("model", "check", "--model", "other/model.toml", "--json").stdout)["stages"] == 4


def test_a_wrong_model_file_is_told_whole() -> None:
    told(leadline("model", "check", code=2), "there is no model file leadline.toml", "leadline init")
    Path("leadline.toml").write_text('[[stages]]\nname = "lead"\ncolour = "red"\n[score]\nhalf_life = "soon"\n')
    told(leadline("model", "check", code=2), "leadline.toml: ", "colour", "half_life", 'found "soon"')
    told(leadline("serve", "--bind", "127.0.0.1:0", code=2), "colour", "half_life")
    assert not Path("leadline-data/leadline.db").exists()
    Path("leadline.toml").write_text(STARTER + '\n[[sales.owners]]\nname = "None"\n')
    told(leadline("model", "check", code=2), "leadline.toml: ", "sales.owners[0]", "stands for leads without an owner")


def test_a_model_file_is_checked_by_name_and_a_program_gets_its_problems_as_json() -> None:
    Path("other.toml").write_text('[[stages]]\nname = "lead"\ncolour = "red"\n')
    result = leadline("model", "check", "other.toml", "--json", code=2)
    [problem] = json.loads(result.stderr)["problems"]
    assert problem.startswith('other.toml: line 3, stages[0] "lead" colour: unknown key')
    assert json.loads(result.stderr)["exit_code"] == 2 and result.stdout == ""
    Path("other.toml").write_text(STARTER)
    assert json.loads(leadline("model", "check", "other.toml", "--json").stdout)["file"] == "other.toml"
    told(leadline("model", "check", "other.toml", "--model", "x.toml", code=2), "allowed is one of them")


@pytest.mark.parametrize("words", [
    ("leads", "--stage", "nope"), ("leads", "--segment", "nope"), ("funnel", "nope"), ("lead", "nobody@example.org"),
])  # fmt: skip
def test_a_name_that_is_not_there_is_refused(words: tuple[str, ...]) -> None:
    imported()
    told(leadline(*words, code=2), "nope" if "nope" in words else "nobody@example.org")


def test_an_unknown_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLINE_DATABSE", "x")
    told(leadline("leads", code=2), "LEADLINE_DATABSE: no such setting; did you mean LEADLINE_DATABASE?")


def test_a_folder_that_cannot_be_used_is_told() -> None:
    Path("leadline.toml").write_text(STARTER)
    Path("file").write_text("")
    told(
        leadline("serve", "--data", "file/below", "--bind", "127.0.0.1:0", code=2),
        "LEADLINE_DATA: file/below cannot be",
    )


@pytest.mark.parametrize("words", [("leads",), ("verify",), ("rebuild",), ("signals",), ("rejected", "list")])
def test_where_nothing_was_ever_served_it_says_so_and_makes_nothing(words: tuple[str, ...]) -> None:
    told(leadline(*words, code=2), "does not exist: start `leadline serve` once")
    assert not Path("leadline-data").exists()


def test_processes_of_the_other_mode_say_what_they_need() -> None:
    for command in ("collect", "api", "consume", "project"):
        told(leadline(command, code=2), "LEADLINE_KAFKA", "leadline serve")
    for command in ("api", "consume", "project"):
        told(leadline(command, "--kafka", "127.0.0.1:9", code=2), "LEADLINE_DATABASE", "postgresql://")


def test_an_import_without_a_server_records_and_projects_by_itself() -> None:
    imported()
    leads = json.loads(leadline("leads", "--json", "--limit", "100").stdout)
    assert len(leads["items"]) == 40 and leads["items"][0]["profile"]["company"] == "Engines"
    verified = json.loads(leadline("verify", "--json").stdout)
    assert verified["differences"] == 0 and verified["touchpoints"] == 200
    digest = leadline("verify", "--digest", "--json").stdout
    again = leadline("import", "rows.csv", "--mapping", "mapping.toml", "--json")
    counts = json.loads(again.stdout)
    assert (counts["read"], counts["appended"], counts["known"]) == (200, 0, 200)
    assert "projector is active" not in again.stderr, "the recorder's and projector's own lines are a server's"
    assert leadline("verify", "--digest", "--json").stdout == digest
    leadline("rebuild")
    assert leadline("verify", "--digest", "--json").stdout == digest


def test_tables_are_for_people_and_json_for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLINE_PUBLIC_URL", "https://leads.example.com")
    imported()
    assert "Engines" in leadline("leads", "--limit", "3").stdout
    page = json.loads(leadline("leads", "--limit", "3", "--json").stdout)
    assert len(page["items"]) == 3
    rest = json.loads(leadline("leads", "--limit", "100", "--cursor", page["next"], "--json").stdout)
    assert len(rest["items"]) == 37 and rest["next"] is None
    counted = json.loads(leadline("leads", "--q", "p1 engin", "--order", "last_seen", "--count", "--json").stdout)
    assert counted["count"] == len(counted["items"]) == 11
    seen = [lead["last_seen"] for lead in counted["items"]]
    assert seen == sorted(seen, reverse=True) and counted["items"][0]["reasons"][0]["rule"] == "sent a form"
    listed = leadline("leads", "--q", "p1 engin", "--order", "last_seen", "--count", "--limit", "3")
    assert listed.stdout.count("@example.org") == 3 and "leads: 11" in listed.stderr
    [only] = json.loads(leadline("leads", "--q", "p17", "--json").stdout)["items"]
    assert json.loads(leadline("lead", "P17 engines", "--json").stdout)["id"] == only["id"]
    shown = leadline("lead", "p1@example.org").stdout
    assert "sent a form" in shown and "form_submitted" in shown
    assert json.loads(leadline("lead", "email:p1@example.org", "--json").stdout)["timeline"]["items"]
    assert json.loads(leadline("funnel", "signup", "--json").stdout)["steps"][0]["on"] == "page_viewed"
    assert "pricing-returners" in leadline("segments").stdout
    [first, *_] = json.loads(leadline("signals", "--json", "--kind", "stage.changed").stdout)["items"]
    assert first["link"] == f"https://leads.example.com/leads/{first['lead_now']}"
    found = json.loads(leadline("doctor", "--json").stdout)
    assert found["problems"] == [] and found["found"]["recorded"] == "200 touchpoints"
    assert "is the active model" in found["found"]["model file"]


@pytest.mark.parametrize(("words", "said"), [
    (("leads", "--limit", "0"), "Invalid value for '--limit': allowed is at least 1"),
    (("leads", "--limit", "1001"), "Invalid value for '--limit': allowed is at most 1000"),
    (("leads", "--limit", "x"), "Invalid value for '--limit': allowed is a whole number"),
    (("leads", "--colour", "x"), "No such option: --colour"),
    (("past", "build"), "Missing argument 'T'."),
    (("nope",), "No such command 'nope'."),
])  # fmt: skip
def test_what_is_no_command_is_told_as_json_where_json_is_asked_for(words: tuple[str, ...], said: str) -> None:
    told(leadline(*words, code=2), "Usage: ", said)
    answer = json.loads(leadline(*words, "--json", code=2).stderr)
    assert answer["exit_code"] == 2 and answer["problems"][0].startswith(said)


def test_what_is_asked_wrongly_is_told() -> None:
    imported()
    told(leadline("lead", "nobody@example.org", code=2), "no lead has the email 'nobody@example.org'")
    told(leadline("lead", "nonsense", code=2), "no name, company or e-mail has words that begin so")
    told(leadline("lead", "engines", code=2), "40 leads fit 'engines': say which by its id", "Engines, p26@example.org")
    told(leadline("leads", "--q", "?", code=2), "q '?' is no search: give 1 to 16 words")
    told(leadline("leads", "--first-channel", "tv", code=2), "no channel 'tv': the model has direct")
    told(leadline("leads", "--changed-since", "soon", code=2), "--changed-since: found 'soon', allowed is")
    told(leadline("leads", "--order", "colour", code=2), "'heat', 'last_seen', 'stage_since', 'name'")
    told(leadline("funnel", "nope", code=2), "the model has signup")
    told(leadline("funnel", "signup", "--from", "soon", code=2), "--from: found 'soon', allowed is")
    told(leadline("leads", "--segment", "nope", code=2), "the model has pricing-returners")
    told(leadline("leads", "--cursor", "nope", code=2), "cursor 'nope'")
    told(leadline("signals", "--kind", "nope", code=2), "allowed are lead.hot")
    told(leadline("signals", "--after", "nope", code=2), "neither a ledger position")


@pytest.mark.parametrize(("file", "mapping", "words"), [
    ("none.csv", MAPPING, "none.csv: there is no such file"),
    ("rows.csv", MAPPING.replace('"who"', '"nobody"'), "nobody"),
    ("rows.csv", MAPPING + "colour = 1\n", "colour"),
    ("rows.csv", "= 1", "mapping.toml: not TOML"),
])  # fmt: skip
def test_a_wrong_import_is_told_before_anything_is_appended(file: str, mapping: str, words: str) -> None:
    Path("leadline.toml").write_text(STARTER)
    Path("rows.csv").write_text(ROWS)
    Path("mapping.toml").write_text(mapping)
    told(leadline("import", file, "--mapping", "mapping.toml", code=2), words)
    told(leadline("import", file, "--mapping", "no.toml", code=2), "no.toml")


def test_a_changed_row_is_found_and_mended() -> None:
    imported()
    with sqlite3.connect("leadline-data/leadline.db") as database:
        database.execute("UPDATE leads SET touches = 99 WHERE lead = (SELECT min(lead) FROM leads)")
    database.close()
    result = leadline("verify", code=1)
    assert "1 differ" in result.stdout and "leads" in result.stdout
    told(result, "leadline rebuild")
    leadline("rebuild")
    assert "0 differ" in leadline("verify").stdout


def test_a_lead_that_was_put_aside_is_found_by_the_doctor() -> None:
    imported()
    with sqlite3.connect("leadline-data/leadline.db") as database:
        database.execute("UPDATE clusters SET aside = 'ZeroDivisionError: sample' WHERE cluster = 1")
    database.close()
    told(leadline("doctor", code=1), "cluster 1 put aside: ZeroDivisionError: sample")
    assert "cluster 1 was put aside: ZeroDivisionError: sample" in leadline("verify").stdout


def test_a_model_is_activated() -> None:
    imported()
    before = json.loads(leadline("lead", "p1@example.org", "--json").stdout)
    Path("leadline.toml").write_text(STARTER.replace("points = 25", "points = 60"))
    told(leadline("model", "activate"), "is the active model now")
    told(leadline("model", "activate"), "already")
    done = json.loads(leadline("model", "activate", "--announce", "--json").stdout)
    assert (done["known"], done["refolded"], done["moved"]["hot"]) == (True, False, [])
    after = json.loads(leadline("lead", "p1@example.org", "--json").stdout)
    assert after["fit"] == before["fit"] and after["score"]["items"] != before["score"]["items"]
    assert json.loads(leadline("verify", "--json").stdout)["differences"] == 0


def test_an_activation_says_what_it_changes() -> None:
    imported()
    everybody = '\n[[segments]]\nname = "everybody"\nwhen = { "profile.email" = { exists = true } }\n'
    Path("leadline.toml").write_text(STARTER + everybody)
    result = leadline("model", "activate")
    assert "everybody" in result.stdout and "40" in result.stdout and "example.org" in result.stdout
    Path("leadline.toml").write_text(STARTER)
    done = json.loads(leadline("model", "activate", "--json").stdout)
    [left] = done["moved"]["segments"]
    assert (left["before"], left["now"], left["leads"], len(left["examples"])) == ("everybody", "", 40, 3)
    assert done["refolded"] and done["quiet"] == 0


def test_only_model_activate_and_the_start_of_a_server_activate_a_changed_file() -> None:
    imported()
    before = json.loads(leadline("verify", "--json").stdout)
    Path("leadline.toml").write_text(STARTER.replace("points = 25", "points = 60"))
    told(leadline("import", "rows.csv", "--mapping", "mapping.toml"), "model.differs")
    assert json.loads(leadline("verify", "--json").stdout) == before
    told(leadline("model", "activate"), "is the active model now")


def test_refused_rows_are_listed_and_replayed_after_a_mend() -> None:
    Path("leadline.toml").write_text(STARTER)
    Path("rows.csv").write_text(
        "id,who,company,at\n1,a@example.org,X,2026-01-01\n2,b@example.org,X,01.02.2026\n3,,X,2026-01-01\n"
    )
    Path("mapping.toml").write_text(MAPPING)
    result = leadline("import", "rows.csv", "--mapping", "mapping.toml")
    assert "1 appended" in result.stdout and "2 rejected" in result.stdout
    told(result, "leadline rejected replay")
    rows = json.loads(leadline("rejected", "list", "--json").stdout)["items"]
    assert {row["door"] for row in rows} == {"import/rows.csv"} and len(rows) == 2
    assert "identities" in leadline("rejected", "list", "--door", "import/").stdout
    assert json.loads(leadline("rejected", "list", "--door", "v1/", "--json").stdout)["items"] == []
    first = json.loads(leadline("rejected", "list", "--limit", "1", "--json").stdout)
    rest = json.loads(leadline("rejected", "list", "--limit", "1", "--cursor", first["next"], "--json").stdout)
    assert first["items"] + rest["items"] == rows and rest["next"] is None
    told(leadline("rejected", "list", "--limit", "1"), f"more: --cursor {first['next']}")
    told(leadline("rejected", "list", "--cursor", "nonsense", code=2), "none of this list's")
    told(leadline("rejected", "replay", "", code=1), "nothing that waits has the id ''")
    Path("mended.toml").write_text(MAPPING.replace('"iso"', '"%d.%m.%Y"'))
    again = leadline("rejected", "replay", "--mapping", "mended.toml", "--json", code=1)
    assert json.loads(again.stdout) | {"reasons": 0} == {
        "tried": 2, "appended": 1, "skipped": 0, "refused": 1, "reasons": 0,
    }  # fmt: skip
    assert len(json.loads(leadline("rejected", "list", "--json").stdout)["items"]) == 1
    assert len(json.loads(leadline("rejected", "list", "--all", "--json").stdout)["items"]) == 2


def test_a_database_that_is_away_is_told() -> None:
    Path("leadline.toml").write_text(STARTER)
    url = f"postgresql://leadline:sample-password@127.0.0.1:{free_ports(1)[0]}/leadline"
    told(leadline("leads", "--database", url, code=2), "PostgreSQL is away", "LEADLINE_DATABASE")
    result = leadline("doctor", "--database", url, code=1)
    told(result, "PostgreSQL is away")
    assert "sample-password" not in result.output + result.stderr


def test_a_server_waits_for_a_database_that_is_away_and_says_so(folder: Path) -> None:
    (folder / "leadline.toml").write_text(STARTER)
    url = f"postgresql://leadline:sample-password@127.0.0.1:{free_ports(1)[0]}/leadline"
    server = Server(folder, ("serve",), {"DATABASE": url})
    try:
        eventually(lambda: "serving" in server.said)
        assert "database.away" in server.said and "sample-password" not in server.said
        problem(server.http.get("/readyz"), 503, "not ready: PostgreSQL is away")
        assert problem(server.http.post("/v1/track", json={"userId": "u"}), 503) and server.popen.poll() is None
        assert server.http.get("/healthz").status_code == 200
        assert server.stop() == 0
    finally:
        server.popen.kill()


def test_a_log_that_is_away_is_told() -> None:
    Path("leadline.toml").write_text(STARTER)
    result = leadline("doctor", "--kafka", f"127.0.0.1:{free_ports(1)[0]}", code=1)
    told(result, "Kafka at 127.0.0.1")
