"""The derived tables of funnels: each lead's best attempt, what it began on each day, and the later steps of that."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, Uuid

from store.database.layout import BY_KEY, HOT_FILL, index_where


def funnel_tables(prefix: str, meta: MetaData) -> dict[str, Table]:
    """By the name of the field of `Derived`."""
    return {
        "funnel_leads": Table(
            prefix + "funnel_leads",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("funnel", Text, primary_key=True),
            Column("step", Integer, nullable=False),  # steps that its best attempt reached
            Column("day", Integer, nullable=False),  # on which that started: its row of funnel_days says when
            *_origins(),
            Index(prefix + "funnel_leads_funnel", "funnel", "lead"),
            **HOT_FILL,
        ),
        "funnel_sizes": Table(  # how many rows of funnel_leads there are
            prefix + "funnel_sizes",
            meta,
            Column("funnel", Text, primary_key=True),
            Column("step", Integer, primary_key=True, autoincrement=False),  # the furthest of so many leads
            Column("leads", BigInteger, nullable=False),
            **BY_KEY,
        ),
        "funnel_days": Table(
            prefix + "funnel_days",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("funnel", Text, primary_key=True),
            Column("day", Integer, primary_key=True, autoincrement=False),  # of the start, since 1970, in its zone
            Column("step", Integer, nullable=False),  # steps that the day's best attempt reached
            Column("started_at", BigInteger, nullable=False),
            Column("reached_at", BigInteger, nullable=False),  # when it reached the last of them
            Column("reached", Text, nullable=False),  # JSON: the instant of each step that it reached
            Column("open_until", BigInteger),  # the last instant at which one may still get further; null: none may
            Column("matures_at", BigInteger, nullable=False),  # when the window of the day's last start ends
            Column("before", BigInteger),  # the last start of an earlier day; null: there is none
            Column("prior", Integer, nullable=False),  # the furthest step reached by what it started on earlier days
            *_origins(),
            Index(prefix + "funnel_days_day", "funnel", "day", "lead", "before"),
            Index(prefix + "funnel_days_count", "funnel", "day", "before", "prior", "step"),
            index_where(  # few: those of which somebody came further than by what they had started before
                "before IS NOT NULL AND step > prior",
                prefix + "funnel_days_further",
                *("funnel", "day", "before", "prior", "step"),
            ),
            **BY_KEY,
        ),
        "funnel_steps": Table(
            prefix + "funnel_steps",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("funnel", Text, primary_key=True),
            Column("step", Integer, primary_key=True, autoincrement=False),  # from 2; 0: the way from first to last
            Column("day", Integer, primary_key=True, autoincrement=False),  # its row of funnel_days
            Column("before", Integer),  # the last earlier day of which the attempt reached it too; null: none did
            Column("took", BigInteger, nullable=False),  # microseconds since the step before
            Index(prefix + "funnel_steps_day", "funnel", "step", "day", "before", "took", "lead"),
            index_where("before IS NULL", prefix + "funnel_steps_took", "funnel", "step", "took"),
            **BY_KEY,
        ),
        "funnel_times": Table(  # how many rows of funnel_steps there are without `before`
            prefix + "funnel_times",
            meta,
            Column("funnel", Text, primary_key=True),
            Column("step", Integer, primary_key=True, autoincrement=False),
            Column("span", Integer, primary_key=True, autoincrement=False),  # of `took`: a place in SPANS
            Column("leads", BigInteger, nullable=False),
            **BY_KEY,
        ),
    }


def _origins() -> list[Column[Any]]:
    """Where the lead came from at the start of an attempt; "direct": nobody said anything."""
    return [
        Column("first_channel", Text),
        Column("first_source", Text),
        Column("first_campaign", Text),
        Column("last_channel", Text),
        Column("last_source", Text),
        Column("last_campaign", Text),
    ]
