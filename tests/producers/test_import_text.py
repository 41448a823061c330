"""What a file may hold and no database stores: it is cleaned, or its row is refused, and nothing behind it stops."""

from pathlib import Path

import pytest

from domain.model.definition import parse_model
from producers.imports.importer import replay_row
from producers.imports.row import RowRefused
from tests.given_model import MODEL
from tests.producers.importing import COLUMNS, CRM, NOW, run
from tests.projections.world import World

JSON = '{"id": "%d", "when": "2026-01-05", "customer": "c%d", "firm": "%s", "what": "Called", "note": %s}\n'


def test_a_nul_is_replaced_and_half_an_emoji_refused(tmp_path: Path, postgres_url: str) -> None:
    path = tmp_path / "rows.jsonl"
    odd = '{"a\\u0000": ["b\\u0000"]}'
    path.write_text(JSON % (1, 1, "En\\u0000gines", odd) + JSON % (2, 2, "\\ud83d", "1") + JSON % (3, 3, "Fine", "1"))
    result, log = run(path)
    assert (result.appended, result.rejected) == (2, 1) and "surrogate" in log.refused[0][0]
    assert log.touchpoints[0].profile == {"company": "En\ufffdgines"}
    assert log.touchpoints[0].properties == {"note": {"a\ufffd": ["b\ufffd"]}}
    world = World(postgres_url, parse_model(MODEL), NOW)
    try:
        world.play([log.touchpoints])
        assert len(world.rows("leads")) == 2 and not world.verify().differing
    finally:
        world.close()


def test_a_nul_in_a_cell_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{COLUMNS}\n1,2026-01-05,c1,,En\x00gines,Called,a\x00b\n", encoding="utf-16")
    result, log = run(path, CRM.replace('id = "id"', 'id = "id"\nencoding = "utf-16"', 1))
    assert result.appended == 1
    assert log.touchpoints[0].profile == {"company": "En\ufffdgines"}
    assert log.touchpoints[0].properties == {"note": "a\ufffdb"}


@pytest.mark.parametrize("mapping", [CRM, CRM.replace('id = "id"', "", 1)], ids=["id", "no id"])
def test_rows_of_any_depth_are_taken_or_refused(tmp_path: Path, mapping: str) -> None:
    path = tmp_path / "rows.jsonl"
    depths = [1, *range(180, 262), 700, 1_100]
    path.write_text("".join(JSON % (n, n, "x", "[" * n + "]" * n) for n in depths))
    result, _ = run(path, mapping)
    assert result.read == len(depths) and result.appended > 5 and result.rejected > 5
    with pytest.raises(RowRefused, match="nested too deeply"):
        replay_row((JSON % (1, 1, "x", "[" * 300 + "]" * 300)).encode(), {"mapping": mapping}, NOW)
