"""The data that the notebook is executed on: the demo's twelve weeks, projected, as of one instant that never moves."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from domain.model.definition import parse_model
from producers.imports.costs import costs_of, read_cost_rows
from runtime.demo.generator import HOUR, generate
from runtime.demo.season import season, season_costs
from store.costs import import_costs
from tests.projections.world import KEY, World
from tests.services.forked import LOADED, PROGRAM

MODEL: Final = parse_model(
    (Path(__file__).parents[2] / "examples" / "b2b-software" / "leadline.toml").read_text(encoding="utf-8")
)
START: Final = int(datetime(2026, 8, 31, tzinfo=UTC).timestamp()) * 1_000_000
"""A Monday; the clocks of Berlin go back eight weeks later."""
CLOCK: Final = int(datetime(2026, 11, 20, 13, tzinfo=UTC).timestamp()) * 1_000_000
"""A Friday afternoon: its day and its week are not over."""
PEOPLE: Final = 1_500


def play(url: str, folder: Path) -> None:
    """Fill a database. Files that are needed for that lie in the folder."""
    world = World(url, MODEL, CLOCK)
    world.play([list(season(1, START, CLOCK, PEOPLE).touchpoints())])
    file = folder / "costs.csv"
    file.write_text(season_costs(START, CLOCK), encoding="utf-8")
    import_costs(world.database, costs_of(read_cost_rows(file), MODEL))
    world.close()


def play_an_hour(url: str) -> None:
    """Fill a database with what `leadline demo` plays: no revenue, no costs, no two variants of a mail."""
    world = World(url, MODEL, CLOCK)
    world.play([list(generate(1, CLOCK - HOUR).touchpoints())])
    world.close()


def of_database(url: str) -> dict[str, str]:
    """The environment of somebody whose database that is: `leadline` is on the PATH, settings of the caller are not."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
    where = (
        ("DATA", str(Path(url.removeprefix("sqlite:///")).parent)) if url.startswith("sqlite:") else ("DATABASE", url)
    )
    path = os.pathsep.join([LOADED.path(), str(PROGRAM.parent), os.environ["PATH"]])
    return clean | {"PATH": path, f"LEADLINE_{where[0]}": where[1], "LEADLINE_ID_KEY": KEY.hex()}
