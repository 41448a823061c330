"""What finished files of an export hold: their names and rows, read by DuckDB as an analyst would."""

from pathlib import Path
from typing import Any

import duckdb
import orjson

from projections.exports.following import Follower, Wanted
from projections.exports.formats import FileFormat
from projections.exports.touchpoints import touchpoints
from tests.domain.stories import at
from tests.projections.world import World


def names(folder: Path) -> list[str]:
    """The finished files, by name, without those whose names begin with a dot."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(str(path.relative_to(folder)) for path in files)


def rows(pattern: Path, order: str = "position") -> list[dict[str, Any]]:
    """The rows of all files of a pattern, by column; CSV as text."""
    read = f"read_csv('{pattern}', all_varchar = true, header = true)" if pattern.suffix == ".csv" else f"'{pattern}'"
    with duckdb.connect() as conn:
        conn.execute("SET TimeZone = 'UTC'")
        result = conn.execute(f'SELECT * FROM {read} ORDER BY TRY_CAST("{order}" AS BIGINT), "{order}"')
        columns = [column[0] for column in result.description]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def positions(folder: Path, suffix: str) -> list[int]:
    """The positions in all finished files, in order."""
    return [int(row["position"]) for row in rows(folder / "*" / f"*.{suffix}")] if names(folder) else []


def follower(world: World, folder: Path, format: FileFormat = FileFormat.CSV, **wanted: Any) -> Follower:
    """What exports a world's touchpoints."""
    given = Wanted(folder, format, **{"size": 5, "every": 3_600.0, **wanted})
    return Follower(world.database, world.ids, touchpoints(world.events, world.ids, personal=given.personal), given)


def parsed(text: str) -> Any:
    """JSON of a cell."""
    return orjson.loads(text)


class Recorded:
    """A world into which so many touchpoints are recorded at an instant."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.count = 0

    def __call__(self, count: int, recorded: int) -> None:
        numbers = range(self.count, self.count + count)
        self.count += count
        self.world.clock = recorded
        self.world.deliver([at(number, "page_viewed", f"c:{number % 3}") for number in numbers])
