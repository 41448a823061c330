"""How the active rules did, by the read models: nothing is folded."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import Connection, and_, func, or_, select

from domain.judging.backtest import Period, TrackRecord
from domain.judging.outcome import Hot, LeadOutcome, told, won_stages
from domain.model.definition import Model
from domain.touchpoints.touchpoint import Instant
from store.database.tables import live


def track_record(conn: Connection, model: Model, period: Period) -> TrackRecord:
    """How rules did by which the rows are folded. The same as by the leads' outcomes, lead by lead."""
    record = TrackRecord()
    episodes = _episodes(conn)
    leads, scores, history = live.leads, live.scores, live.stage_history
    first, came = history.alias(), history.c.stage.in_(sorted(won_stages(model)))
    won = select(history.c.lead, func.min(history.c.at).label("at")).where(came).group_by(history.c.lead).subquery()
    query = select(leads.c.lead, leads.c.first_channel, scores.c.grade, first.c.at.label("known_at"), won.c.at)
    query = query.join(scores, scores.c.lead == leads.c.lead)
    query = query.join(first, and_(first.c.lead == leads.c.lead, first.c.n == 1))
    query = query.outerjoin(won, won.c.lead == leads.c.lead)
    hot = select(live.hot_episodes.c.lead)
    query = query.where(leads.c.identified, or_(won.c.at.is_not(None), leads.c.lead.in_(hot)))
    for row in conn.execute(query.execution_options(yield_per=2_000)):
        spans = [told(row.known_at, *span) for span in episodes.get(row.lead, ())]
        hot_ones: list[Hot] = [each for each in spans if each is not None]
        record.count(LeadOutcome(hot_ones, row.at, row.grade, row.first_channel), period)
    return record


def _episodes(conn: Connection) -> dict[UUID, list[tuple[Instant, int | None, str]]]:
    """Begin, end and grade of each lead's episodes, in their order."""
    table = live.hot_episodes
    query = select(table.c.lead, table.c.began_at, table.c.ended_at, table.c.grade).order_by(table.c.began_at)
    spans = defaultdict(list)
    for row in conn.execute(query.execution_options(yield_per=2_000)):
        spans[row.lead].append((row.began_at, row.ended_at, row.grade))
    return spans
