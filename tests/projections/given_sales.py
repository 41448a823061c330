"""A company with owners: a model, and a world in which what policies ask for comes back, as a promoter brings it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select

from consumers.promote.policy import asked_touchpoints
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant, Touchpoint, microseconds
from store.database.tables import deadlines, ledger
from store.ledger import signals_after
from tests.domain.stories import at
from tests.projections.world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = 60_000_000

TEXT = """
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
[[stages]]
name = "customer"
won = true
[[stages]]
name = "nurture"
detour = true
hot = true
[[stages]]
name = "spam"
detour = true
[score]
half_life = "3650d"
hot_at = 80
[[score.rules]]
name = "much"
on = "demo_requested"
points = 84
[[score.rules]]
name = "ten"
on = "page_viewed"
points = 10
[sales]
calendar = "CN"
hours = [{ days = ["Mon", "Tue", "Wed", "Thu", "Fri"], from = "09:00", to = "18:00" }]
accept_within = "4h"
work_within = "8h"
recycle_to = "nurture"
remind_after = { nurture = "9h" }
fallback = "boss"
[[sales.owners]]
name = "ana"
[[sales.owners]]
name = "bo"
[[sales.owners]]
name = "boss"
weight = 0
[[sales.reasons]]
name = "spam"
stage = "spam"
[[sales.answer]]
on = "message_received"
within = "9h"
[[sales.activity]]
name = "again and again"
on = "page_viewed"
same = "path"
at_least = 3
within = "24h"
"""
MODEL = parse_model(TEXT)


def local(year: int, month: int, day: int, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> Instant:
    """An instant by the clock on the wall."""
    return microseconds(datetime(year, month, day, hour, minute, tzinfo=zone))


FRIDAY = local(2026, 6, 5, 17, 30)


class Company:
    """A world whose clock is moved by hand, with the promoter's part done."""

    def __init__(self, folder: Path, clock: int, text: str = TEXT) -> None:
        self.world = World.on_sqlite(folder, parse_model(text), clock)
        self._asked = 0

    def touch(self, when: int, type: str, name: str = "e:wang@x.test", **said: Any) -> None:
        """Something happens at an instant, is recorded at once and projected; the clock is then at that instant."""
        self.tell([touchpoint(when, type, name, **said)], when)

    def tell(self, touchpoints: Sequence[Touchpoint], clock: int) -> None:
        """Touchpoints are recorded at a clock and projected; what policies ask for comes back."""
        self.world.clock = max(self.world.clock, clock)
        self.world.play([touchpoints])
        self.bring_back()

    def wait(self, until: int) -> None:
        """Time passes."""
        self.world.clock = until
        self.world.project()
        self.bring_back()

    def bring_back(self) -> None:
        """What policies asked for since the last time is recorded and projected."""
        with self.world.database.snapshot() as conn:
            signals = signals_after(conn, self._asked, 1_000)
        if signals:
            self._asked = signals[-1].position
            self.world.play([list(asked_touchpoints(signals))])

    def signals(self, *kinds: str) -> list[dict[str, Any]]:
        """The data of the signals of some kinds, in their order, with `kind`."""
        with self.world.database.snapshot() as conn:
            rows = conn.execute(select(ledger).order_by(ledger.c.position)).all()
        return [{"kind": row.kind, "id": row.id, **orjson.loads(row.data)} for row in rows if row.kind in kinds]

    def told(self, *kinds: str) -> list[tuple[Any, ...]]:
        """Of `lead.assigned` who got it and why, of `sla.missed` who missed what and when it was due."""
        shown = {
            "lead.assigned": ("owner", "reason"), "sla.missed": ("deadline", "owner", "due"), "follow_up.due": ("due",),
            "lead.active": ("activity", "count"),
        }  # fmt: skip
        wanted = kinds or tuple(shown)
        return [tuple(each[name] for name in shown[each["kind"]]) for each in self.signals(*wanted)]

    def deadlines(self) -> list[tuple[Any, ...]]:
        """Kind, owner, state and by whom, in the order of asking."""
        with self.world.database.snapshot() as conn:
            rows = conn.execute(select(deadlines).order_by(deadlines.c.asked, deadlines.c.kind)).all()
        return [(row.kind, row.owner, row.state, row.by) for row in rows]

    def close(self) -> None:
        """Everything agrees."""
        verified = self.world.verify()
        assert verified.differing == 0, verified
        self.world.close()


Open = Callable[..., Company]
"""Opens a company at a clock (by default that Friday) with a model (by default the one above)."""


def touchpoint(when: int, type: str, name: str = "e:wang@x.test", **said: Any) -> Touchpoint:
    """A touchpoint of a person at an instant; `kind` is the source's."""
    kind = said.pop("kind", "api")
    made = at(0, type, name, source=kind, source_name=kind, **said)
    return made._replace(id=f"{when}-{type}-{name}", occurred_at=Instant(when), received_at=Instant(when))
