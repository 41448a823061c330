"""Limits of classes drawn over all leads: what each bought is read from the whole history, and the model activated."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial

from sqlalchemy import Connection

from domain.conditions.compile import value_at
from domain.errors import Refused
from domain.files.values import amount_of
from domain.fold.fold import Fold
from domain.fold.lead import Awarded
from domain.fold.trace import Trace
from domain.model.classes import Rfm
from domain.model.definition import Model, parse_model
from domain.model.drawn import Bought, DrawnLimits, draw, with_limits
from domain.model.scoring import Score, ScoreRule
from domain.touchpoints.touchpoint import Instant, Touchpoint
from projections.history.clusters import Range, WalkedPerson, people_in, ranges
from projections.history.engines import INLINE, Engine
from projections.history.work import Work
from projections.projecting.projector import Progress, read_progress
from projections.upkeep.activation import Activated, activate
from projections.upkeep.beside import Report
from store.database.database import Database
from store.database.exported import TaskSource, exported
from store.events.ids import Ids
from store.models import active_model

_TASK = 5_000
"""Touchpoints of a task, about."""
_RULE = "bought"
_RESET = "score_reset"


@dataclass(slots=True)
class BoughtPart:
    """What the leads of a range bought."""

    touchpoints: int = 0
    bought: list[Bought] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Redrawn:
    """What was drawn; None: of too few leads, and nothing changes."""

    before: Rfm
    drawn: DrawnLimits | None
    activated: Activated | None


def redraw(database: Database, ids: Ids, report: Report | None = None, engine: Engine = INLINE) -> Redrawn:
    """Draw the limits that the active model asks for, and activate it with them. Raises Refused, activation's kinds."""
    with exported(database, apart=engine.apart) as view, Work(engine) as work:
        progress, active, rfm = asking(view.conn)
        task = partial(bought_in, view.source, active.text, progress)
        bought: list[Bought] = []
        touchpoints = 0
        for part in work.each(task, ((within,) for within in ranges(view.conn, _TASK))):
            bought += part.bought
            touchpoints += part.touchpoints
            if report is not None:
                report(touchpoints, progress.position)
    drawn = draw(rfm, bought)
    if drawn is None:
        return Redrawn(rfm, None, None)
    model = with_limits(active, drawn, Instant(progress.clock))
    return Redrawn(rfm, drawn, activate(database, ids, model, report, engine=engine))


def asking(conn: Connection) -> tuple[Progress, Model, Rfm]:
    """The active model, which asks for limits to be drawn. Raises Refused."""
    progress, active = read_progress(conn), active_model(conn)
    progress.check_format()
    if active is None or active.rfm is None or not active.rfm.quantiles:
        raise Refused('no limits are drawn: the active model has no [rfm] with quantiles = ["recency", ...]')
    return progress, active, active.rfm


def bought_in(source: TaskSource, text: str, progress: Progress, within: Range) -> BoughtPart:
    """The task: what the people of a range bought, as the classes count it."""
    part = BoughtPart()
    fold, rfm = _counting(text)
    with source.attached() as (database, conn):
        ids = Ids(database.id_key())
        for people in people_in(database, conn, ids, within, progress):
            for person in people:
                part.touchpoints += len(person.history)
                part.bought += _bought(fold, rfm, person, progress.clock)
    return part


def _bought(fold: Fold, rfm: Rfm, person: WalkedPerson, clock: int) -> Iterator[Bought]:
    """What somebody bought, if anything ever."""
    orders = _Orders()
    fold.fold((each for each in person.history if each.type != _RESET), clock, orders)
    if not orders.taken:
        return
    lately = [order for order in orders.taken if order.instant > clock - rfm.within]
    amounts = [amount_of(value_at(rfm.amount, order.properties)) for order in lately]
    last = orders.taken[-1].instant
    yield Bought(clock - last, len(lately), sum(amount for amount in amounts if amount is not None))


@dataclass(slots=True)
class _Orders(Trace):
    """The touchpoints for which points were given: here these are orders."""

    taken: list[Touchpoint] = field(default_factory=list)

    def award(self, award: Awarded, touchpoint: Touchpoint) -> None:
        self.taken.append(touchpoint)


@lru_cache(4)
def _counting(text: str) -> tuple[Fold, Rfm]:
    """A fold that gives a point for each order that the classes count, and does little else."""
    model = parse_model(text)
    assert model.rfm is not None, "whoever gave the task has seen it"
    rfm = model.rfm
    types = (rfm.on,) if isinstance(rfm.on, str) else rfm.on
    rules = tuple(ScoreRule.model_construct(name=_RULE, on=on, where=rfm.where, points=1.0, limit=None) for on in types)
    score = Score.model_validate({}).model_copy(update={"rules": rules})
    return Fold(model.model_copy(update={"score": score, "segments": (), "funnels": ()})), rfm
