"""The measurement of work over the whole history measures: each command, both ways, with one result."""

from datetime import UTC, datetime

from tests.bench import checkouts, history
from tests.bench.history import Pairs
from tests.bench.traffic import play


def test_every_command_is_measured(postgres_url: str) -> None:
    found = list(history.measure(checkouts.here(), postgres_url, list(play(300, datetime.now(UTC))), pairs=1))
    assert [each.name for each in found] == [
        "verify on PostgreSQL", "diff on PostgreSQL", "rebuild on PostgreSQL", "verify on SQLite", "diff on SQLite",
    ]  # fmt: skip
    for each in found:
        assert each.touchpoints == 300 and len(each.alone) == len(each.shared) == 1
        assert each.values["per_second"] > 0
        assert min(each.values["memory"], each.values["memory_shared"], each.values["memory_worker"]) > 0


def test_a_ratio_is_of_pairs() -> None:
    found = Pairs("verify", 100, [10.0, 30.0, 8.0], [5.0, 10.0, 8.0])
    assert found.ratios == [2.0, 3.0, 1.0]
    assert (found.values["ratio"], found.values["least"], found.values["most"]) == (2.0, 1.0, 3.0)
    assert (found.values["per_second"], found.values["per_second_shared"]) == (10.0, 12.5)
    assert "2.00 times as fast as with none (1.00 to 3.00 of 3 pairs" in str(found)
