"""Room on disk, and how long it lasts where that can be told: by the touchpoints of the last days and their size."""

import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from api.status import DiskShape
from domain.files.durations import DAY
from domain.phrases import phrase
from runtime.status import Status
from runtime.wiring import Wiring
from store.database.postgres_only import database_size
from store.events.store import recorded_at

SPAN: Final = 7 * DAY
"""Of how long the growth is looked at."""
LEAST: Final = DAY
"""Who has recorded for less long knows no day."""


def room(wiring: Wiring, conn: Connection, status: Status) -> DiskShape:
    """Room where the database and the log are, as far as this process can see them."""
    if wiring.settings.database is not None:
        used = database_size(conn)
        grows = _growth(wiring, conn, status, used)
        return DiskShape(
            used=used,
            free=None,
            grows_per_day=grows,
            days_until_full=None,
            why=phrase("the disk of the database's server cannot be seen"),
        )
    used, free = _used(wiring.settings.data), shutil.disk_usage(wiring.settings.data).free
    grows = _growth(wiring, conn, status, used)
    if grows is None:
        why = phrase("nothing was recorded for a whole day yet")
        return DiskShape(used=used, free=free, grows_per_day=None, days_until_full=None, why=why)
    if not grows:
        why = phrase("nothing was recorded in the last seven days")
        return DiskShape(used=used, free=free, grows_per_day=0, days_until_full=None, why=why)
    return DiskShape(used=used, free=free, grows_per_day=grows, days_until_full=round(free / grows, 1), why=None)


def _used(folder: Path) -> int:
    """Of the database and the log with what SQLite keeps beside them."""
    return sum(path.stat().st_size for name in ("leadline.db", "log.db") for path in folder.glob(f"{name}*"))


def _growth(wiring: Wiring, conn: Connection, status: Status, used: int) -> int | None:
    """Bytes a day; None: there is no whole day to tell it from."""
    if not status.recorded:
        return None
    span = min(SPAN, status.now - recorded_at(conn, 1))
    if span < LEAST:
        return None
    lately = status.recorded - wiring.events.position_at(conn, status.now - span)
    return round(used / status.recorded * lately * DAY / span)
