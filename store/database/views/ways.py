"""How leads went: stages that they entered, times that they were hot or in a segment, attempts at funnels."""

from typing import Any, Final

from sqlalchemy import Select, and_, exists, false, func, select

from store.database.derived import Derived
from store.database.shown import ShownAs
from store.database.tables import model_parts
from store.database.views.clocks import clock_of, day_of, spent
from store.database.views.view import ReportView, ViewColumn

_LEAD: Final = ViewColumn("lead", ShownAs.ID, "the lead's id")


# ---- stages ------------------------------------------------------------------------------------------------------


def _entries(tables: Derived) -> Select[Any]:
    entry = tables.stage_history.alias("entry").c
    following, before, earlier = (
        tables.stage_history.alias(name) for name in ("entry_after", "entry_before", "earlier_entry")
    )
    again = exists().where(earlier.c.lead == entry.lead, earlier.c.n < entry.n, earlier.c.stage == entry.stage)
    return (
        select(
            entry.lead,
            entry.n,
            entry.stage,
            entry.at.label("entered_at"),
            day_of(entry.at).label("entered_day"),
            following.c.at.label("left_at"),
            spent(entry.at, following.c.at, tables).label("seconds"),
            (~again).label("first_time"),
            before.c.stage.label("stage_before"),
            following.c.stage.label("stage_after"),
            entry.source.label("source_kind"),
        )
        .select_from(entry.lead.table)
        .outerjoin(following, and_(following.c.lead == entry.lead, following.c.n == entry.n + 1))
        .outerjoin(before, and_(before.c.lead == entry.lead, before.c.n == entry.n - 1))
    )


STAGE_ENTRIES: Final = ReportView(
    "report_stage_entries",
    "One row for each time that a lead entered a stage.",
    (
        _LEAD,
        ViewColumn("n", ShownAs.COUNT, "the how-manieth stage of the lead that it was, from 1"),
        ViewColumn("stage", ShownAs.TEXT, "the stage"),
        ViewColumn("entered_at", ShownAs.MOMENT, "when it entered it"),
        ViewColumn("entered_day", ShownAs.DAY, "the day of that, in the model's time zone"),
        ViewColumn("left_at", ShownAs.MOMENT, "when it entered the next one; null: it is still in it"),
        ViewColumn("seconds", ShownAs.SECONDS, "how long it stayed; where it still does, up to the clock"),
        ViewColumn("first_time", ShownAs.FLAG, "whether the lead had never been in this stage before"),
        ViewColumn("stage_before", ShownAs.TEXT, "the stage that it came from; null: it had none"),
        ViewColumn("stage_after", ShownAs.TEXT, "the stage that it went to; null: it is still in this one"),
        ViewColumn(
            "source_kind", ShownAs.TEXT, "the kind of source that said so; empty for the first, which nobody says"
        ),
    ),
    _entries,
)


# ---- hot, and in segments ----------------------------------------------------------------------------------------


def _episodes(tables: Derived) -> Select[Any]:
    episode = tables.hot_episodes.c
    return select(
        episode.lead,
        episode.began_at,
        day_of(episode.began_at).label("began_day"),
        episode.ended_at,
        spent(episode.began_at, episode.ended_at, tables).label("seconds"),
        episode.peak,
        episode.stage,
        episode.grade,
        episode.reasons,
    )


HOT_EPISODES: Final = ReportView(
    "report_hot_episodes",
    "One row for each time that a lead was hot by the rules, whether or not anybody was told; of each the last 200.",
    (
        _LEAD,
        ViewColumn("began_at", ShownAs.MOMENT, "since when: the touchpoint that reached the threshold"),
        ViewColumn("began_day", ShownAs.DAY, "the day of that, in the model's time zone"),
        ViewColumn("ended_at", ShownAs.MOMENT, "when it was over; null: it goes on"),
        ViewColumn("seconds", ShownAs.SECONDS, "how long it took; where it goes on, up to the clock"),
        ViewColumn("peak", ShownAs.NUMBER, "the most heat in it"),
        ViewColumn("stage", ShownAs.TEXT, "the lead's stage when it began"),
        ViewColumn("grade", ShownAs.TEXT, "the lead's grade when it began"),
        ViewColumn(
            "reasons",
            ShownAs.JSON,
            "the five rules that gave most: `[rule, how often, instant of the last time, points left]`, instants in"
            " microseconds since 1970",
        ),
    ),
    _episodes,
)


def _spells(tables: Derived) -> Select[Any]:
    spell = tables.segment_spells.c
    return select(
        spell.lead,
        spell.segment,
        spell.entered_at,
        day_of(spell.entered_at).label("entered_day"),
        spell.left_at,
        spent(spell.entered_at, spell.left_at, tables).label("seconds"),
    )


SEGMENT_SPELLS: Final = ReportView(
    "report_segment_spells",
    "One row for each stay of a lead in a segment.",
    (
        _LEAD,
        ViewColumn("segment", ShownAs.TEXT, "the segment"),
        ViewColumn("entered_at", ShownAs.MOMENT, "since when"),
        ViewColumn("entered_day", ShownAs.DAY, "the day of that, in the model's time zone"),
        ViewColumn(
            "left_at", ShownAs.MOMENT, "the first instant at which it was not in it any more; null: it is in it"
        ),
        ViewColumn("seconds", ShownAs.SECONDS, "how long it stayed; where it still does, up to the clock"),
    ),
    _spells,
)


# ---- funnels -----------------------------------------------------------------------------------------------------


def _attempts(tables: Derived) -> Select[Any]:
    attempt, part = tables.funnel_days.c, model_parts.c
    steps = select(part.number).where(part.kind == "funnel", part.name == attempt.funnel)
    return select(
        attempt.lead,
        attempt.funnel,
        attempt.day,
        attempt.step,
        (attempt.step == steps.scalar_subquery()).label("through"),
        attempt.started_at,
        attempt.reached_at,
        (attempt.reached_at - attempt.started_at).label("seconds"),
        func.coalesce(attempt.open_until >= clock_of(tables), false()).label("open"),
        attempt.matures_at,
        attempt.reached,
        attempt.first_channel,
        attempt.first_source,
        attempt.first_campaign,
        attempt.last_channel,
        attempt.last_source,
        attempt.last_campaign,
    )


FUNNEL_ATTEMPTS: Final = ReportView(
    "report_funnel_attempts",
    "One row a lead, funnel and day of start: how far the best attempt of that day came.",
    (
        _LEAD,
        ViewColumn("funnel", ShownAs.TEXT, "the funnel"),
        ViewColumn("day", ShownAs.DAY, "the day of the start, in the model's time zone"),
        ViewColumn("step", ShownAs.COUNT, "how many steps it reached"),
        ViewColumn("through", ShownAs.FLAG, "whether these are all"),
        ViewColumn("started_at", ShownAs.MOMENT, "when it reached the first step"),
        ViewColumn("reached_at", ShownAs.MOMENT, "when it reached the last of them"),
        ViewColumn("seconds", ShownAs.SECONDS, "how long that took"),
        ViewColumn("open", ShownAs.FLAG, "whether an attempt of that day may still get further"),
        ViewColumn(
            "matures_at", ShownAs.MOMENT, "when the window of the last start of that day ends: then the row is final"
        ),
        ViewColumn("reached", ShownAs.JSON, "the instant of each step that it reached, in microseconds since 1970"),
        *(
            ViewColumn(f"{which}_{what}", ShownAs.TEXT, f"the {what} of the lead's {which} origin, as of that start")
            for which in ("first", "last")
            for what in ("channel", "source", "campaign")
        ),
    ),
    _attempts,
)
