"""A dashboard whose page of health looks at everything for real, over a company in a folder of its own."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from domain.touchpoints.touchpoint import Instant
from runtime.settings import read_settings
from runtime.status_shape import status_now
from runtime.wiring import Wiring
from store.rejected import Rejected, keep
from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import TEXT, Company
from tests.projections.world import KEY

GOOD = json.dumps({"type": "track", "event": "Bought", "userId": "u-1"}).encode()


def now() -> int:
    """This moment, microseconds."""
    return time.time_ns() // 1_000


@contextmanager
def looked_after(folder: Path, text: str = TEXT) -> Iterator[Pages]:
    """Pages whose status is what `leadline doctor` finds; the company's clock is this moment."""
    settings = read_settings({"LEADLINE_ID_KEY": KEY.decode()}, data=str(folder))
    with Wiring(settings) as wiring:
        pages = Pages(folder, Company(folder, now(), text), status=partial(status_now, wiring))
        try:
            yield pages
        finally:
            pages.close()


def refuse(pages: Pages, *refused: tuple[str, str, bytes]) -> None:
    """Doors refuse something: (door, reason, raw), a second apart; ids are r0, r1, ..."""
    begun = now() - 60_000_000
    meta = json.dumps({"received_at": begun, "made_id": "made"})
    rows = [
        Rejected(f"r{n}", begun + n * 1_000_000, door, reason, "server:shop", raw, meta, None)
        for n, (door, reason, raw) in enumerate(refused)
    ]
    with pages.company.world.database.transaction() as conn:
        keep(conn, rows)


def touch(pages: Pages, type: str, name: str = "e:wang@x.test", **said: object) -> None:
    """Something happens now, and is projected."""
    at = Instant(now())
    pages.company.touch(at, type, name, **said)
