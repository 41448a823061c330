"""What the page on SQL asks, asked on both databases with their drivers alone: the same answers, and the right ones."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.touchpoints.touchpoint import rfc3339
from projections.queries.days import EVER, DayRange
from projections.queries.leads import find_leads
from projections.queries.shapes import LeadShape
from projections.queries.timeline import timeline
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from store.database import bulk
from store.database.tables import costs
from tests.conftest import migrated
from tests.given_samples import blocks, sample
from tests.given_views import asked
from tests.projections.given_analysts import CLOCK, MODEL, START, played
from tests.projections.world import World
from tests.services.postgres import PostgresServer

DAY = 86_400_000_000
SPENT = (("direct", "", START // DAY + 1, "EUR", START, 500_000_000, None),)
"""Rows of `costs`: of a channel that people came by."""
NUL = "\ufffd"
"""As it is shown."""
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[tuple[World, World]]:
    """The same traffic on SQLite and on PostgreSQL."""
    on_sqlite = played(migrated(f"sqlite:///{tmp_path_factory.mktemp('sql') / 'leadline.db'}"))
    on_postgres = played(migrated(postgres_server.create()))
    for world in (on_sqlite, on_postgres):
        with world.database.transaction() as conn:
            bulk.insert(conn, costs, SPENT)
    yield on_sqlite, on_postgres
    for world in (on_sqlite, on_postgres):
        world.close()
    postgres_server.drop(on_postgres.url)


@pytest.fixture(scope="module")
def leads(worlds: tuple[World, World]) -> list[LeadShape]:
    """As the API shows them."""
    with worlds[0].view() as view:
        return [lead for lead in find_leads(view, limit=1000).items if lead.identified]


def answers(worlds: tuple[World, World], query: str) -> Rows:
    """The answer of both, which differ in where they put nulls."""
    mine, theirs = ([tuple(map(_plain, row)) for row in asked(world.url, query)] for world in worlds)
    assert sorted(mine, key=str) == sorted(theirs, key=str)
    assert mine
    return mine


def _plain(value: Any) -> Any:
    match value:
        case Decimal() | float():
            return round(float(value), 6)
        case date():
            return value.isoformat()
        case _:
            return value


def test_campaigns(worlds: tuple[World, World], leads: list[LeadShape]) -> None:
    rows = answers(worlds, sample("ask-with-sql.md", "-- Which campaigns"))
    assert sum(row[1] for row in rows) == len(leads)
    assert sum(row[2] for row in rows) == len(_won(leads))
    assert all(row[3] == round(100 * row[2] / row[1], 1) for row in rows)


def test_first_sources_of_who_was_won(worlds: tuple[World, World], leads: list[LeadShape]) -> None:
    rows = answers(worlds, sample("ask-with-sql.md", "-- Where did they come from first"))
    by_channel: Counter[str] = Counter()
    for channel, _, won in rows:
        by_channel[channel] += won
    assert by_channel == Counter(lead.first_channel for lead in _won(leads))


def _won(leads: list[LeadShape]) -> list[LeadShape]:
    """Nobody leaves a stage that is won in this traffic."""
    return [lead for lead in leads if lead.stage in {stage.name for stage in MODEL.stages if stage.won}]


def test_landing_pages(worlds: tuple[World, World]) -> None:
    """The path of the first page in each timeline."""
    came: list[tuple[str, bool]] = []
    with worlds[0].view() as view:
        for lead in find_leads(view, limit=1000).items:
            pages = timeline(view, UUID(lead.id), types=["page_viewed"], limit=1000).items
            first = next((page for page in pages if "machine" not in page.context), None)
            came += [(first.properties["path"].replace("\0", NUL), lead.identified)] if first else []
    rows = answers(worlds, sample("ask-with-sql.md", "-- Which landing pages"))
    assert {row[0]: row[1] for row in rows} == Counter(path for path, _ in came)
    assert {row[0]: row[2] for row in rows if row[2]} == Counter(path for path, identified in came if identified)


def test_what_a_lead_cost(worlds: tuple[World, World]) -> None:
    """As the report says, of channels to whom nobody came, too."""
    rows = {row[:2]: row[2:] for row in answers(worlds, sample("ask-with-sql.md", "-- What did a lead cost"))}
    days = DayRange(date(2024, 10, 1).toordinal() - date(1970, 1, 1).toordinal(), None)
    with worlds[0].view() as view:
        items = report(view, "channels", ReportQuestion(days, None, {})).items
    names = ("cost_per_lead", "cac")
    told = {
        (row["group"], row["currency"]): tuple(map(_plain, (row[name] for name in names)))
        for row in items
        if row["cost"]
    }
    assert {key: row[-2:] for key, row in rows.items()} == told
    assert rows["direct", "EUR"][0] == 500 and all(rows["direct", "EUR"])


def test_what_channels_brought(worlds: tuple[World, World]) -> None:
    sums: Counter[str] = Counter()
    for _, currency, revenue, _ in answers(worlds, sample("ask-with-sql.md", "-- What did each channel")):
        sums[currency] += revenue
    assert sums == {"EUR": 40.25, "USD": 100.0}


def test_mails(worlds: tuple[World, World]) -> None:
    rows = {row[:2]: row[2:] for row in answers(worlds, sample("ask-with-sql.md", "-- Who clicks"))}
    assert rows["spring", "A"] == (2, 1, 1, 1, 50.0) and rows["spring", "B"] == (2, 0, 2, 1, 100.0)
    assert ("monthly", None) in rows


def test_weekdays_of_mail(worlds: tuple[World, World]) -> None:
    with worlds[0].view() as view:
        items = report(view, "mail", ReportQuestion(EVER, "weekday", {})).items
    rows = answers(worlds, sample("ask-with-sql.md", "-- On which weekday"))
    assert [row[:3] for row in rows] == [(item["weekday"], item["people"], item["clicked"]) for item in items]


def test_leads_a_day(worlds: tuple[World, World], leads: list[LeadShape]) -> None:
    rows = answers(worlds, sample("ask-with-sql.md", "-- How many new leads"))
    assert sum(count for _, count in rows) == len(leads)


def test_cohorts(worlds: tuple[World, World], leads: list[LeadShape]) -> None:
    rows = answers(worlds, sample("ask-with-sql.md", "-- Of the leads of each month"))
    assert [row[0] for row in rows] == ["2024-10", "2024-11"]
    assert sum(row[1] for row in rows) == len(leads) and sum(row[3] for row in rows) == len(_won(leads))
    assert sum(row[2] for row in rows) >= sum(lead.hot for lead in leads) > 0


def test_time_in_stages(worlds: tuple[World, World]) -> None:
    rows = answers(worlds, sample("ask-with-sql.md", "-- How long do leads stay"))
    places = [stage.name for stage in MODEL.stages]
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), key=places.index)
    assert all(0 <= days <= longest for _, stays, days, _, longest in rows if stays)
    with worlds[0].view() as view:
        items = report(view, "stages", ReportQuestion(EVER, None, {})).items
    told = [(item["stage"], item["stays"], item["inside"]) for item in items if item["entered"]]
    assert sorted((stage, stays, there) for stage, stays, _, there, _ in rows) == sorted(told)


def test_hot_companies(worlds: tuple[World, World], leads: list[LeadShape]) -> None:
    hot = [lead for lead in leads if lead.hot and lead.profile.get("company")]
    rows = answers(worlds, sample("ask-with-sql.md", "-- Which companies"))
    assert {row[0]: row[1] for row in rows} == Counter(lead.profile["company"] for lead in hot)
    assert max(row[2] for row in rows) == max(lead.heat for lead in hot)


def test_who_got_stuck(worlds: tuple[World, World], leads: list[LeadShape]) -> None:
    on_the_way = {stage.name for stage in MODEL.stages if not stage.won and not stage.detour and not stage.retired}
    stuck = {lead.id for lead in leads if lead.stage in on_the_way and CLOCK - lead.stage_since > 7 * DAY}
    assert {row[0] for row in answers(worlds, sample("ask-with-sql.md", "-- Who got stuck"))} == stuck


def test_points_by_rule(worlds: tuple[World, World]) -> None:
    points = {rule.name: rule.points for rule in MODEL.score.rules}
    for rule, times, leads, sum_of_points in answers(worlds, sample("ask-with-sql.md", "-- What do the rules")):
        assert times * points[rule] == sum_of_points and 0 < leads <= times


def test_instants_compare_as_texts_and_json_is_read_alike(worlds: tuple[World, World]) -> None:
    said = "SELECT count(*) FROM report_touches WHERE happened_at >= '{}' AND properties ->> 'form' = 'demo'"
    [mine, theirs] = [asked(world.url, said.format(rfc3339(CLOCK - 15 * DAY))) for world in worlds]
    assert mine == theirs and mine[0][0] > 0


def test_every_question_is_asked() -> None:
    questions = [block for block in blocks("ask-with-sql.md") if block.startswith("--")]
    assert len(questions) == 17 and all(re.match(r"-- .*\?", question) for question in questions)
