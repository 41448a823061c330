"""`model diff`, `model backtest` and `model try` at the command line: what they print, and what they refuse."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from runtime.cli import create_app
from tests.runtime.serving import environment

MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "customer"
won = true
enter = [ { on = "order_placed" } ]
[score]
half_life = "7d"
hot_at = 20
[[score.rules]]
name = "form"
on = "form_submitted"
points = 12
[[score.rules]]
name = "page"
on = "page_viewed"
points = 5
"""
MAPPING = """
source = "list"
id = "id"
identities = { email = "who" }
time = { column = "at", format = "iso" }
[type]
column = "type"
other = "snake_case"
"""
BUYER = ["form_submitted", "form_submitted", "order_placed"]
READER = ["form_submitted", "page_viewed"]
ROWS = [
    f"{name}{n}-{day},{name}{n}@x.test,{type},2026-01-{day:02}T00:00:00Z"
    for name, count, types in (("buyer", 20, BUYER), ("reader", 5, READER))
    for n in range(count)
    for day, type in enumerate(types, 1)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which twenty buyers and five readers were imported."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("leadline.toml").write_text(MODEL)
    Path("rows.csv").write_text("id,who,type,at\n" + "\n".join(ROWS) + "\n")
    Path("mapping.toml").write_text(MAPPING)
    leadline("import", "rows.csv", "--mapping", "mapping.toml")
    return tmp_path


def leadline(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(create_app(), list(words))
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def answer(*words: str) -> Any:
    return json.loads(leadline(*words, "--json").stdout)


def test_a_backtest_says_who_was_hot_before_they_were_won_and_who_of_the_hot_was_won(folder: Path) -> None:
    did = answer("model", "backtest", "--won-within", "3d")
    record = did["record"]
    assert record["recall"] == {
        "leads": 20, "of": 20, "share": 1.0, "low": 0.838875, "high": 1.0, "too_few": False
    }  # fmt: skip
    assert record["precision"]["of"] == 20 and record["pending"] == 0
    assert record["days"] == {"of": 20, "quarter": 1.0, "median": 1.0, "three_quarters": 1.0, "too_few": False}
    assert [*record["grades"], *record["sources"]] == ["D", "direct"]
    assert did["won_within"] == "3d" and (did["from"], did["to"]) == (None, None)
    text = leadline("model", "backtest", "--from", "2026-01-03", "--to", "2026-01-04").stdout
    assert text.splitlines()[1].split("\t")[:4] == ["all", "active", "20 of 20: 100% (84 to 100)", "0 of 0"]


def test_a_diff_says_what_a_file_would_change_and_changes_nothing(folder: Path) -> None:
    Path("other.toml").write_text(MODEL.replace("hot_at = 20", "hot_at = 16").replace("points = 5", "points = 9"))
    Path("leadline.toml").write_text(MODEL.replace('"customer"', '"client"'))
    found = answer("model", "diff", "other.toml", "--won-within", "3d")
    assert (found["leads"], found["changed"], found["refused"], found["failed"]) == (25, 0, None, [])
    before, now = found["backtest"]["before"], found["backtest"]["now"]
    assert (before["precision"]["of"], now["precision"]["of"], now["precision"]["leads"]) == (20, 25, 20)
    assert now["recall"] == before["recall"]
    told = leadline("model", "diff")
    assert "its activation would be refused: the new model has no stage 'customer', which 20 leads" in told.stderr
    assert "stages\tcustomer -> client\t20\temail buyer" in told.stdout
    assert "stages\tclient\t0\t20\n" in told.stdout and "stages\tcustomer\t20\t0\n" in told.stdout
    assert answer("model", "backtest")["model"] == found["before"]


def test_a_file_in_which_only_labels_differ_has_an_empty_diff_and_says_so(folder: Path) -> None:
    Path("leadline.toml").write_text(MODEL.replace('name = "lead"', 'name = "lead"\nlabel = "New"'))
    found = answer("model", "diff")
    assert (found["same_fold"], found["leads"], found["hot"], found["funnels"]) == (True, None, None, [])
    told = leadline("model", "diff")
    assert "no lead changes" in told.stderr
    assert "What would change" not in told.stdout and "all\tbefore\t20 of 20" in told.stdout


def test_other_numbers_are_tried_without_a_file(folder: Path) -> None:
    tried = answer("model", "try", "--points", "page=9", "--points", "form = 11", "--half-life", "70d")
    file = MODEL.replace("points = 5", "points = 9").replace("points = 12", "points = 11").replace('"7d"', '"70d"')
    Path("other.toml").write_text(file)
    assert tried == answer("model", "diff", "other.toml")
    assert tried["before"] != tried["now"]
    assert answer("model", "try", "--hot-at", "15")["backtest"]["now"]["precision"]["of"] == 25


def test_a_sweep_prints_the_trade_off_of_thresholds(folder: Path) -> None:
    swept = answer("model", "try", "--hot-at", "10..30", "--step", "5", "--won-within", "3d")
    rows = [(row["hot_at"], row["recall"]["leads"], row["precision"]["of"]) for row in swept["items"]]
    assert rows == [(10.0, 20, 25), (15.0, 20, 25), (20.0, 20, 20), (25.0, 0, 0), (30.0, 0, 0)]
    lines = leadline("model", "try", "--hot-at", "10..30", "--step", "20").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["hot_at", "10", "30"]


@pytest.mark.parametrize(("words", "said"), [
    (["try"], "name what to try: --points, --hot-at or --half-life"),
    (["try", "--points", "pgae=9"], 'unknown rule "pgae" (did you mean page?); allowed: form, page'),
    (["try", "--points", "9"], "--points: found '9', allowed is NAME=NUMBER"),
    (["try", "--points", "page=many"], "--points: found 'many', allowed is a number"),
    (["try", "--hot-at", "0"], "score.hot_at: found 0"),
    (["try", "--hot-at", "80..40"], "--hot-at: found 80..40 with --step 10, allowed are up to 50 numbers above 0"),
    (["try", "--hot-at", "40..80", "--step", "0.1"], "allowed are up to 50 numbers"),
    (["try", "--half-life", "soon"], "score.half_life"),
    (["diff", "--won-within", "soon"], "--won-within: 'soon' is no duration"),
    (["backtest", "--from", "2026-02-01", "--to", "2026-01-01"], "--from: 2026-02-01 is later than --to"),
    (["diff", "nowhere.toml"], "there is no model file nowhere.toml"),
    (["diff", "a", "--model", "b"], "found a file and --model"),
])  # fmt: skip
def test_what_cannot_be_is_refused(folder: Path, words: list[str], said: str) -> None:
    assert said in leadline("model", *words, code=2).stderr


def test_without_a_stage_that_is_won_nothing_tells_how_rules_did(folder: Path) -> None:
    Path("leadline.toml").write_text(MODEL.replace("won = true", "hot = false"))
    leadline("model", "activate")
    refused = "no stage says `won = true`"
    assert refused in leadline("model", "backtest", code=2).stderr
    assert refused in leadline("model", "try", "--hot-at", "10..30", code=2).stderr
    assert refused in leadline("model", "try", "--hot-at", "10").stderr


def test_who_would_be_hot_is_told_with_the_rules_that_make_them_so(folder: Path) -> None:
    Path("now.csv").write_text(f"id,who,type,at\nn,ada@x.test,page_viewed,{datetime.now(UTC).isoformat()}\n")
    leadline("import", "now.csv", "--mapping", "mapping.toml")
    told = leadline("model", "try", "--points", "page=21")
    assert "1 of 26 leads change; heat is another of" in told.stderr
    assert "hot\t- -> hot\t1\temail ada@x.test" in told.stdout
    assert "hot\t\t0\t1\n" in told.stdout
    [line] = [line for line in told.stdout.splitlines() if line.startswith("email ada@x.test")]
    who, hot, heat, others, why = line.split("\t")
    assert (who, hot, others) == ("email ada@x.test", "no -> yes", "")
    assert heat.startswith("5 -> 2") and why.startswith("page 5 -> 2")
