"""A commander over a company of the tests: commands about its leads, and what each puts on the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.commands.commander import Command, Commander
from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Instant, Touchpoint
from projections.queries import one_lead
from projections.queries.shapes import LeadDetail
from projections.queries.view import Reader
from store.events.store import EventStore
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.projections.given_sales import Company


class Desk:
    """Asks commands about the leads of a company."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company = company
        world = company.world
        self.reader = Reader(world.database, EventStore(world.database), world.ids)
        self._log = SqlLog(folder / "log.db")
        self.commander = Commander(self.reader, world.ids, self._log, lambda: Instant(world.clock))
        self._subscription = self._log.subscribe([TOUCHPOINTS], "test")
        self._asked = 0

    def lead(self, place: int = 0) -> str:
        """The id of a lead, by its place."""
        return str(self.company.world.rows("leads")[place].lead)

    def ask(self, command: Command, lead: str = "") -> Touchpoint:
        """Ask, of the only lead where none is named; gives the touchpoint that is on the log now."""
        if not lead:
            [lead] = [str(row.lead) for row in self.company.world.rows("leads")]
        self._asked += 1
        self.commander.append(f"command-{self._asked}", lead, command)
        *_, entry = self._subscription.poll(dict.fromkeys(self._subscription.assigned()), 100, 0)
        return decode(entry.value)

    def do(self, command: Command, lead: str = "") -> LeadDetail:
        """Ask, and have it recorded and projected, with what policies ask for then; gives the lead after it."""
        touchpoint = self.ask(command, lead)
        self.company.tell([touchpoint], touchpoint.received_at)
        return self.card(lead or self.lead())

    def card(self, lead: str) -> LeadDetail:
        """The lead as it is."""
        with self.reader.leads() as view:
            return one_lead.lead_detail(view, one_lead.live_lead(view, lead))

    def close(self) -> None:
        """Of the log."""
        self._subscription.close()
        self._log.close()


@contextmanager
def desk_of(company: Company, folder: Path) -> Iterator[Desk]:
    """A desk, closed at the end."""
    desk = Desk(company, folder)
    yield desk
    desk.close()
