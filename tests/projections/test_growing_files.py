"""What grows is exported as files that bear their positions: never a gap or an overlap, wherever it was cut off."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from domain.errors import Refused
from domain.model.definition import parse_model
from projections.exports import growing
from projections.exports.columns import Rows
from projections.exports.following import Follower, Wanted, follow
from projections.exports.formats import FileFormat
from projections.exports.placing import FolderAway, FolderMisconfigured, FolderTaken, claimed
from projections.exports.touchpoints import touchpoints
from projections.projecting.saved import SavedByAnother
from store.database.tables import events
from tests.domain.histories import law
from tests.domain.stories import SECOND
from tests.given_exports import Recorded, follower, names, positions
from tests.given_model import MODEL
from tests.projections.shelf import Shelf
from tests.projections.world import World

DAY = 86_400 * SECOND
NOON = 20_000 * DAY + DAY // 2
"""Of 2024-10-04."""
FORMATS = pytest.mark.parametrize("format", list(FileFormat))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def recorded(world_on_each: World) -> Recorded:
    return Recorded(world_on_each)


class Killed(BaseException):
    """Stands for a kill at this place."""


def test_a_file_ends_at_a_multiple_of_its_size_and_at_the_end_of_a_day(recorded: Recorded, out: Path) -> None:
    recorded(7, NOON)
    recorded(1, NOON + DAY)
    recorded(4, NOON + DAY)
    recorded(1, NOON + 2 * DAY)
    assert follower(recorded.world, out).all_there_is() == 6
    assert names(out) == [
        "leads.csv",
        "touchpoints/day=2024-10-04/000000001-000000005.csv",
        "touchpoints/day=2024-10-04/000000006-000000007.csv",
        "touchpoints/day=2024-10-05/000000008-000000010.csv",
        "touchpoints/day=2024-10-05/000000011-000000012.csv",
        "touchpoints/day=2024-10-06/000000013-000000013.csv",
    ]
    assert positions(out / "touchpoints", "csv") == list(range(1, 14))


def test_what_waits_is_written_when_its_file_is_full_its_day_is_over_or_it_waited_long_enough(
    recorded: Recorded, out: Path
) -> None:
    now = recorded.world.database
    with now.snapshot() as conn:
        today = now.now(conn) // DAY * DAY
    exporter = follower(recorded.world, out)
    recorded(3, today)
    assert [exporter.turn(), exporter.turn()] == [True, False]
    assert names(out) == ["leads.csv"]  # whose every identity is, which nothing is waited for
    recorded(2, today)
    assert [exporter.turn(), exporter.turn()] == [True, False]
    assert names(out / "touchpoints")[0].endswith("000000001-000000005.csv")
    recorded(2, today)
    assert not exporter.turn()
    assert follower(recorded.world, out, every=0.0).turn()
    assert positions(out / "touchpoints", "csv") == [1, 2, 3, 4, 5, 6, 7]


def test_the_end_of_a_day_that_is_over_does_not_wait(recorded: Recorded, out: Path) -> None:
    recorded(3, NOON)
    exporter = follower(recorded.world, out)
    assert exporter.turn()
    assert names(out) == ["touchpoints/day=2024-10-04/000000001-000000003.csv"]


def test_days_follow_each_other_where_a_clock_went_back(recorded: Recorded, out: Path) -> None:
    recorded(2, NOON + DAY)
    recorded(1, NOON)
    recorded(1, NOON + DAY)
    follower(recorded.world, out).all_there_is()
    assert names(out / "touchpoints") == ["day=2024-10-05/000000001-000000004.csv"]


def test_files_that_were_moved_away_are_not_written_again(recorded: Recorded, out: Path) -> None:
    recorded(10, NOON)
    follower(recorded.world, out).all_there_is()
    (out / "touchpoints/day=2024-10-04/000000001-000000005.csv").unlink()
    recorded(1, NOON)
    follower(recorded.world, out).all_there_is()
    assert positions(out / "touchpoints", "csv") == [6, 7, 8, 9, 10, 11]


def test_rows_that_somebody_deleted_are_no_gap_between_files(recorded: Recorded, out: Path) -> None:
    recorded(12, NOON)
    with recorded.world.database.transaction() as conn:
        conn.execute(delete(events).where(events.c.position.between(2, 11)))
    follower(recorded.world, out).all_there_is()
    assert [name[-23:] for name in names(out / "touchpoints")] == [
        "000000001-000000005.csv", "000000006-000000010.csv", "000000011-000000012.csv",
    ]  # fmt: skip
    assert positions(out / "touchpoints", "csv") == [1, 12]


@pytest.mark.parametrize(("first", "second", "said"), [
    ("000000001-000000005.csv", "000000007-000000009.csv", "lie between"),
    ("000000001-000000005.csv", "000000005-000000009.csv", "are in both"),
    ("000000001-000000005.csv", "000000006-000000009.parquet", "is parquet, and csv is asked for"),
])  # fmt: skip
def test_files_that_do_not_follow_each_other_are_refused(
    recorded: Recorded, out: Path, first: str, second: str, said: str
) -> None:
    folder = out / "touchpoints" / "day=2024-10-04"
    folder.mkdir(parents=True)
    for name in (first, second):
        (folder / name).touch()
    with pytest.raises(Refused, match=said):
        follower(recorded.world, out)


def test_a_database_that_lacks_what_was_exported_is_refused(recorded: Recorded, out: Path) -> None:
    recorded(3, NOON)
    folder = out / "touchpoints" / "day=2024-10-04"
    folder.mkdir(parents=True)
    (folder / "000000001-000000009.csv").touch()
    with pytest.raises(Refused, match="holds positions up to 9, and the database has 3"):
        follower(recorded.world, out).turn()


def test_a_folder_is_one_exporters(out: Path) -> None:
    with claimed(out / "touchpoints"):
        with pytest.raises(FolderTaken), claimed(out / "touchpoints"):
            pass
        with claimed(out / "signals"):
            pass
    with claimed(out / "touchpoints"):
        pass


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderMisconfigured, match="Name a folder to write in"), claimed(tmp_path / "file" / "out"):
        pass


@FORMATS
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_takes_no_more_leaves_no_half_file(
    recorded: Recorded, out: Path, monkeypatch: pytest.MonkeyPatch, format: FileFormat, number: int
) -> None:
    recorded(9, NOON)
    exporter = follower(recorded.world, out, format)
    assert exporter.turn()

    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr("projections.exports.placing.os.fsync", full)
        with pytest.raises(FolderAway if number == errno.ENOSPC else FolderMisconfigured, match="cannot be written"):
            exporter.turn()
    assert [path.name for path in (out / "touchpoints").rglob("0*")] == [f"000000001-000000005.{format}"]
    assert not [*out.rglob("*.part")]
    assert exporter.turn()
    assert positions(out / "touchpoints", format) == list(range(1, 10))


def test_whose_every_identity_is_is_written_anew_once_a_day(recorded: Recorded, out: Path) -> None:
    exporter, leads = follower(recorded.world, out), out / "leads.csv"
    assert [exporter.turn(), exporter.turn()] == [True, False]
    yesterday = time.time() - 86_400
    os.utime(leads, (yesterday, yesterday))
    assert [exporter.turn(), exporter.turn()] == [True, False]
    assert leads.stat().st_mtime > yesterday + 1


def test_a_file_that_is_being_written_is_given_up_where_it_is_told_to_stop(
    recorded: Recorded, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(9, NOON)
    stop = threading.Event()
    wanted = Wanted(out, FileFormat.PARQUET, size=5)
    growing = touchpoints(recorded.world.events, recorded.world.ids)

    def chunks(conn: Connection, after: int, until: int) -> Iterator[Rows]:
        for rows in growing.rows(conn, after, until):
            yield rows
            if until == 9:
                stop.set()
                yield rows

    cut = replace(growing, rows=chunks)
    follow(lambda stop: Follower(recorded.world.database, recorded.world.ids, cut, wanted, stop), stop)
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["000000001-000000005.parquet"]


def test_what_keeps_leads_from_being_written_keeps_no_touchpoint_waiting(
    recorded: Recorded, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def saved_by_another(*given: Any, **named: Any) -> Any:
        raise SavedByAnother("run `leadline rebuild`")

    monkeypatch.setattr("projections.exports.following.holders", saved_by_another)
    exporter = follower(recorded.world, out)
    for count in (2, 4):
        recorded(2, NOON)
        assert [exporter.turn(), exporter.turn()] == [True, False]
        assert positions(out / "touchpoints", "csv") == list(range(1, count + 1))
    with pytest.raises(SavedByAnother):
        exporter.all_there_is()


class Cut:
    """Kills the export at the n-th of the steps that it takes, whichever that is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        for module, name in (
            ("projections.exports.placing.os", "fsync"), ("projections.exports.placing", "sync"),
            ("projections.exports.following", "write_file"), ("projections.exports.whole", "row_file"),
        ):  # fmt: skip
            monkeypatch.setattr(f"{module}.{name}", self._counted(_attribute(module, name)))

    def _counted(self, call: Any) -> Any:
        def counted(*given: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Killed
            return call(*given, **named)

        return counted


def _attribute(module: str, name: str) -> Any:
    return os.fsync if module.endswith(".os") else getattr(import_module(module), name)


@law(30)
@given(data=st.data(), format=st.sampled_from(FileFormat))
def test_however_it_is_cut_off_each_position_is_in_one_file(
    shelf: Shelf, data: st.DataObject, format: FileFormat
) -> None:
    """Touchpoints are recorded on later and later days, turns are taken, and some are cut off at any step."""
    model = parse_model(MODEL)
    with pytest.MonkeyPatch.context() as monkeypatch, shelf.place(model) as place, TemporaryDirectory() as other:
        cut, folder, recorded_at = Cut(monkeypatch), Path(other), NOON
        recorded = Recorded(World.on_sqlite(place, model, NOON, ready=True))
        for _ in range(data.draw(st.integers(1, 6))):
            recorded_at += data.draw(st.sampled_from([0, DAY // 3, DAY]))
            recorded(data.draw(st.integers(1, 8)), recorded_at)
            cut.left = data.draw(st.integers(-1, 12))
            exporter = follower(recorded.world, folder, format, every=data.draw(st.sampled_from([0.0, 3_600.0])))
            try:
                while exporter.turn():
                    pass
            except Killed:
                pass
        cut.left = -1
        follower(recorded.world, folder, format).all_there_is()
        assert positions(folder / "touchpoints", format) == list(range(1, recorded.count + 1))
        files = names(folder / "touchpoints")
        newest = growing.newest_finished(folder / "touchpoints", format)
        assert newest is not None and newest.last == recorded.count
        assert len({name.partition("/")[2] for name in files}) == len(files)
        assert not [*folder.rglob("*.part")]
        recorded.world.close()
