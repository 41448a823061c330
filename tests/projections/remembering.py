"""What readers of single leads were answered at many instants, to be asked again as of each of them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from domain.errors import NotFound
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import rfc3339
from projections.queries import one_lead
from projections.queries.score import score
from projections.queries.timeline import timeline
from projections.queries.view import Reader, View
from tests.domain.histories import COOKIES, NAMED
from tests.domain.stories import identity
from tests.projections.world import World

OF_PAST = {"as_of", "knowing", "position"}
"""What only an answer says that was asked as of an instant."""
Answers = dict[UUID, list[str] | None]
"""By an id: the lead's, and where it is the same its card, timeline and score, as JSON; None: there is no such lead."""


class TimedWorld(World):
    """A world whose database tells the world's time."""

    def start(self) -> None:
        super().start()
        self.database.now = lambda _: self.clock

    @property
    def reader(self) -> Reader:
        return Reader(self.database, self.events, self.ids, self.limits)


class Memory:
    """Asks about every id that a history may give a lead, and remembers the answers."""

    def __init__(self, world: TimedWorld) -> None:
        self.world = world
        self.answers: dict[int, Answers] = {}
        """By the clock of the views that gave them."""
        names = [identity(each) for each in (*NAMED, *COOKIES)]
        apart = [Identity(f"{beside} {each.kind}", each.value) for beside in ("machine", "shared") for each in names]
        self.ids: Iterable[UUID] = world.ids.all([*names, *apart])

    def remember(self) -> None:
        with self.world.reader.view() as view:
            self.answers[view.clock] = answers(view, self.ids)

    def ask_again(self) -> list[tuple[str, UUID, Any, Any]]:
        """Of every answer that is another one today: the instant, the id, what was answered, and what is."""
        different = []
        for clock, answered in self.answers.items():
            with self.world.reader.leads(rfc3339(clock)) as view:
                now = answers(view, self.ids)
            for id in self.ids:
                if answered[id] != now[id] and not _was_another(answered, answered[id], now[id]):
                    different.append((rfc3339(clock), id, answered[id], now[id]))
        return different


def _was_another(then: Answers, answered: list[str] | None, now: list[str] | None) -> bool:
    """Whether an id that nobody had is a lead's since, who is shown as one who was there."""
    return answered is None and now is not None and len(now) == 1 and then[UUID(now[0])] is not None


def answers(view: View, ids: Iterable[UUID]) -> Answers:
    return {id: _answer(view, id) for id in ids}


def _answer(view: View, id: UUID) -> list[str] | None:
    try:
        lead = one_lead.live_lead(view, str(id))
    except NotFound:
        return None
    if lead != id:
        return [str(lead)]
    shapes = one_lead.lead_detail(view, lead), timeline(view, lead), score(view, lead)
    return [shape.model_dump_json(by_alias=True, exclude=OF_PAST) for shape in shapes]
