"""Costs, medians and ratios are computed right, and the play's bytes are the contracts'."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.meter import Cost, Meter, Moment
from tests.bench.pace import Pace, piece
from tests.bench.traffic import play

SLICES = [
    {
        "documented": {"save": {"per_second": 100.0, "client": 900.0, "all": 900.0}},
        "here": {"record": {"per_second": here, "recorder": new, "all": new}},
        "against": {"record": {"per_second": 500.0, "recorder": old, "all": old}},
    }
    for here, new, old in ((1_000.0, 18.0, 20.0), (2_000.0, 30.0, 20.0), (3_000.0, 20.0, 20.0))
]


def test_a_cost_is_microseconds_a_touchpoint_without_what_goes_on_anyway() -> None:
    meter = Meter({}, steady={"broker": 10_000_000.0})
    before = Moment(0, {"recorder": 5_000, "broker": 0})
    after = Moment(2_000_000_000, {"recorder": 2_000_005_000, "broker": 120_000_000})
    cost = meter.cost(before, after, 100_000)
    assert cost.per_second == 50_000
    assert cost.values == {"per_second": 50_000, "recorder": 20.0, "broker": 1.0, "all": 21.0}


def test_without_cpu_there_is_wall_time_alone() -> None:
    assert Meter({}).cost(Moment(0, {}), Moment(10**9, {}), 10).values == {"per_second": 10}


def test_a_part_that_was_stopped_is_left_out() -> None:
    with Pace() as pace:
        assert piece() > 0
    cost = Cost(10.0, {"recorder": 2.0, "projector": 1.0}, pace.microseconds)
    assert cost.without({"projector"}).values == {"per_second": 10, "recorder": 2, "all": 2, "pace": pace.microseconds}


def test_figures_are_medians_and_ratios_are_paired() -> None:
    found = {row.name: row for row in report.rows(SLICES, "here", "against")}
    recorder = found["recorder"]
    assert (recorder.median, recorder.least, recorder.most, recorder.old) == (20.0, 18.0, 30.0, 20.0)
    assert recorder.ratio == (1.0, 0.9, 1.5)
    assert report.times_documented(SLICES, "here") == {"record": 20.0}


def test_everything_is_written_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    revs = {"here": "abc+", "against": "def"}
    report.write(tmp_path / "build" / "bench.json", SLICES, revs, {"environment": {"cores": 2}})
    found = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert found["environment"] == {"cores": 2} and found["revs"] == revs and found["slices"] == SLICES
    assert found["medians"]["here"]["record"]["recorder"] == 20.0
    assert found["new_over_old"]["record.recorder"] == {"median": 1.0, "least": 0.9, "most": 1.5}
    report.show(SLICES, revs)
    said = capsys.readouterr().out
    assert "record, recorder" in said and "x1.000 (0.900 to 1.500)" in said
    report.show([{"here": each["here"]} for each in SLICES], {"here": "abc"})
    assert "new/old" not in capsys.readouterr().out


def test_the_play_is_the_same_bytes_for_ever() -> None:
    played = list(play(200, datetime(2026, 1, 1, tzinfo=UTC)))
    assert played == list(play(200, datetime(2026, 1, 1, tzinfo=UTC)))
    first = played[0]
    assert first.key == f"anonymous_id:{first.cookie}".encode()
    wire = json.loads(first.envelope)
    assert wire["v"] == 1 and wire["occurred_at"] == wire["received_at"] == "2025-12-31T23:59:56.000000Z"
    assert wire["id"] == json.loads(first.line)["id"] == dict(first.headers)["ce_id"].decode()
    [known] = {each.type for each in played if each.profile}
    assert known == "identified"


def test_what_has_no_slices_is_written_too(tmp_path: Path) -> None:
    figures = {"delivery": {"embedded": {"form to webhook, p50": 0.1}}}
    report.write(tmp_path / "bench.json", [], {"here": "abc"}, figures)
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["delivery"] == figures["delivery"] and found["slices"] == []
