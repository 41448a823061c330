"""The families of rows: every derived table that is no saved state has one, and they do not know each other."""

import ast
from pathlib import Path

import pytest

from projections.read_models.lead_terms import LEAD_TERMS
from projections.read_models.registry import COUNTS, FAMILIES
from projections.read_models.stage_history import STAGE_HISTORY
from store.database.tables import live
from tests.domain.stories import at
from tests.projections.world import World

SAVED = {live.projector, live.identities, live.sightings, live.clusters, live.lead_states}
"""Derived, but no read model: the pair, what is linked, and saved state."""
COUNTED = {count.table(live) for count in COUNTS}
"""How many rows of a family there are, kept beside it."""
SUMS = {"open_signals", *(table.name for table in COUNTED)}
"""What `verify` compares with the rows, beside the rows themselves."""
FOLDER = Path(__file__).parents[2] / "projections" / "read_models"
COMMON = {"family.py", "registry.py", "changes.py", "counting.py", "__init__.py"}


def test_every_derived_table_is_saved_state_or_has_a_family() -> None:
    tables = [family.table(live) for family in FAMILIES]
    assert len(set(tables)) == len(tables)
    assert SAVED | COUNTED | set(tables) == set(live.all)
    assert not (SAVED | COUNTED) & set(tables)


def test_every_family_is_a_file_of_its_own_and_knows_no_other() -> None:
    names = {family.table(live).name for family in FAMILIES}
    files = {path.stem for path in FOLDER.glob("*.py") if path.name not in COMMON}
    assert files == names
    for name in names:
        tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {module for module in modules if module.startswith("projections")} == {"projections.read_models.family"}


def test_rebuild_and_verify_take_a_family_from_the_registry(world: World) -> None:
    """A row too much in any of the tables is found."""
    world.play([[at(1, "form_submitted", "e:a@x.de")]])
    for family in FAMILIES:
        table = family.table(live)
        with world.database.transaction() as conn:
            rows = conn.execute(table.select()).mappings().all()
            conn.execute(table.delete())
        tables = {difference.table for difference in world.verify().differences} - SUMS
        assert tables == ({table.name} if rows else set())
        if rows:
            with world.database.transaction() as conn:
                conn.execute(table.insert(), [dict(row) for row in rows])


@pytest.mark.parametrize(("before", "after", "anew", "written"), [
    ({}, {"a": [1]}, False, ["a"]),
    ({"a": [1]}, {"a": [1]}, False, []),
    ({"a": [1]}, {"a": [1], "b": [2]}, False, ["b"]),
    ({"a": [1], "b": [2]}, {"a": [1], "b": [3]}, False, ["b"]),
    ({"a": [1], "b": [2]}, {"b": [2]}, True, ["b"]),
    ({"a": [1]}, {}, True, []),
])  # fmt: skip
def test_only_changes_are_written_and_what_goes_takes_the_others_along(
    world: World,
    before: dict[str | int, list[int]],
    after: dict[str | int, list[int]],
    anew: bool,
    written: list[str],
) -> None:
    id = world.ids.of(at(1, "page_viewed", "e:a@x.de").trail)
    rows = [STAGE_HISTORY.row(id, key, after[key]) for key in written]
    assert STAGE_HISTORY.difference(id, before, after) == (anew, rows)


def test_rows_that_are_made_together_are_all_written_anew(world: World) -> None:
    id = world.ids.of(at(1, "page_viewed", "e:a@x.de").trail)
    assert LEAD_TERMS.difference(id, {}, {0: ["Ada Ries"]}) == (False, [(id, "ada"), (id, "ries")])
    assert LEAD_TERMS.difference(id, {0: ["Ada Ries"]}, {0: ["Ada"]}) == (True, [(id, "ada")])
    assert LEAD_TERMS.difference(id, {0: ["Ada"]}, {}) == (True, [])
