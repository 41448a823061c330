"""The views for analysts: on both databases the same rows, the numbers that the API shows, whatever was rebuilt."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.files.durations import DAY, SECOND
from domain.fold.days import ZoneDays
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant, moment, rfc3339
from projections.queries.days import day_named
from projections.queries.leads import find_leads
from projections.queries.score import score
from projections.upkeep.activation import activate
from projections.upkeep.rebuild import rebuild
from store.database.views.registry import VIEWS
from store.database.views.view import ReportView
from tests.conftest import migrated
from tests.domain import stories
from tests.given_views import asked, columns_of, one_row, rows_of
from tests.projections.given_analysts import CLOCK, MODEL, START, hard_to_show, played
from tests.projections.world import World
from tests.services.postgres import PostgresServer

EVERY = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
BY_NAME = {view.name: view for view in VIEWS}


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = played(migrated(f"sqlite:///{tmp_path_factory.mktemp('views') / 'leadline.db'}"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def on_postgres(postgres_server: PostgresServer) -> Iterator[World]:
    world = played(migrated(postgres_server.create()))
    yield world
    world.close()
    postgres_server.drop(world.url)


@pytest.fixture(params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest) -> World:
    """The world on each database in turn. Read only."""
    name = "on_sqlite" if request.param == "sqlite" else "on_postgres"
    world: World = request.getfixturevalue(name)
    return world


def rows(world: World, name: str) -> list[dict[str, Any]]:
    return rows_of(world.url, BY_NAME[name])


@EVERY
def test_the_same_traffic_gives_the_same_rows_on_both_databases(
    view: ReportView, on_sqlite: World, on_postgres: World
) -> None:
    mine, theirs = rows_of(on_sqlite.url, view), rows_of(on_postgres.url, view)
    assert mine == theirs
    if view.name != "report_deliveries":
        assert mine, "nothing is compared"


@EVERY
def test_columns_are_those_that_are_described_in_their_order(view: ReportView, told: World) -> None:
    assert columns_of(told.url, view.name) == [column.name for column in view.columns]


@EVERY
def test_columns_have_the_types_that_are_described(view: ReportView, on_postgres: World) -> None:
    types = asked(
        on_postgres.url,
        f"SELECT data_type FROM information_schema.columns WHERE table_name = '{view.name}' ORDER BY ordinal_position",
    )
    assert [type for (type,) in types] == [column.kind.value.partition(" (")[0] for column in view.columns]


def test_leads_are_as_the_api_shows_them(told: World) -> None:
    shown = {row["lead"]: row for row in rows(told, "report_leads")}
    with told.view() as view:
        leads = find_leads(view, limit=1000).items
    assert len(leads) == len(shown) > 100
    for lead in leads:
        row = shown[lead.id]
        assert (row["stage"], row["heat"], row["hot"], row["grade"]) == (lead.stage, lead.heat, lead.hot, lead.grade)
        assert row["first_touch_at"] == rfc3339(lead.first_touch) and row["stage_since"] == rfc3339(lead.stage_since)
        assert row["cools_at"] == (None if lead.cools_at is None else rfc3339(lead.cools_at))
        assert row["stage_seconds"] == (CLOCK - lead.stage_since) / 1_000_000
        assert row["identities"] == [[each.kind, each.value] for each in lead.identities]
        assert row["email"] == lead.profile.get("email") and row["profile"].keys() == lead.profile.keys()
        assert (row["first_channel"], row["owner"]) == (lead.first_channel, lead.owner and lead.owner.name)
        assert row["clock"] == rfc3339(CLOCK)


def test_days_are_those_of_the_models_zone_whose_clocks_change(told: World) -> None:
    days = ZoneDays(MODEL.timezone)
    with told.view() as view:
        leads = find_leads(view, limit=1000).items
    shown = {row["lead"]: row["first_touch_day"] for row in rows(told, "report_leads")}
    assert shown == {lead.id: day_named(days.of(lead.first_touch)).isoformat() for lead in leads}
    assert {"2024-10-26", "2024-10-28"} < set(shown.values())


def test_names_are_those_that_people_are_called_by(told: World) -> None:
    people = rows(told, "report_leads")
    names = [one_row(people, first_touch_at=rfc3339(at))["name"] for at in _instants_of_hard_ones()]
    assert names == ["王芳", "A Abel", "Bo 100% {Ito}"]


def _instants_of_hard_ones() -> list[int]:
    return [each.instant for each in hard_to_show() if each.type == "identified"]


def test_a_nul_in_json_hides_no_row(told: World) -> None:
    titled = [row for row in rows(told, "report_leads") if (row["title"] or "").startswith('a "b"')]
    assert len(titled) == 1


def test_entries_of_a_lead_follow_each_other(told: World) -> None:
    entries = sorted(rows(told, "report_stage_entries"), key=lambda row: (row["lead"], row["n"]))
    assert any(row["stage_after"] for row in entries) and any(row["left_at"] is None for row in entries)
    for _, of_lead in groupby(entries, key=lambda row: row["lead"]):
        ways = list(of_lead)
        stages: set[str] = set()
        for row, following in zip(ways, [*ways[1:], None], strict=True):
            assert row["left_at"] == (following and following["entered_at"])
            assert row["stage_after"] == (following and following["stage"])
            assert following is None or following["stage_before"] == row["stage"]
            assert row["first_time"] == (row["stage"] not in stages)
            stages.add(row["stage"])


def test_the_quality_says_who_shares_an_email_and_what_is_missing(told: World) -> None:
    quality = rows(told, "report_quality")
    assert [row["detail"] for row in quality if row["kind"] == "same_email"] == ["fang@h.example"] * 2
    missing = {(row["lead"], row["detail"]) for row in quality if row["kind"] == "missing_field"}
    for lead in rows(told, "report_leads"):
        for field in ("email", "company"):
            wanted = bool(lead["identified"]) and not lead[field]
            assert ((lead["lead"], field) in missing) == wanted, (lead, field)


def test_a_touchpoint_is_a_row_with_what_it_says(told: World) -> None:
    touches = rows(told, "report_touches")
    leads = {row["lead"]: row["touchpoints"] for row in rows(told, "report_leads")}
    counted = Counter(row["lead"] for row in touches if row["machine"] is None)
    assert counted == {lead: count for lead, count in leads.items() if count}
    assert any(row["machine"] for row in touches)
    for row in touches:
        at = datetime.fromisoformat(row["happened_at"]).astimezone(ZoneInfo(MODEL.timezone))
        assert (row["day"], row["hour"], row["weekday"]) == (str(at.date()), at.hour, at.isoweekday())
    odd = [row for row in touches if "odd" in row["properties"]]
    assert [row["properties"]["odd"] for row in odd] == [[1.5, None, {"é": "\ufffd"}]]


def test_points_of_a_rule_are_what_the_score_explains(told: World) -> None:
    awards = rows(told, "report_awards")
    given: dict[str, list[tuple[str, float]]] = {}
    for row in sorted(awards, key=lambda row: (row["happened_at"], row["n"])):
        given.setdefault(row["lead"], []).append((row["rule"], row["points"]))
    with told.view() as view:
        for lead in find_leads(view, limit=10).items:
            items = score(view, UUID(lead.id)).items
            assert [(item.rule, item.points) for item in items if item.touchpoint] == given[lead.id]


def test_a_person_counts_once_in_a_campaign_with_what_they_did(told: World) -> None:
    spring = [row for row in rows(told, "report_mail") if row["campaign"] == "spring"]
    names = ("people", "sent", "delivered", "opened", "clicked", "bounced", "converted")
    counts = {row["variant"]: [row[name] for name in names] for row in spring}
    assert counts == {"A": [2, 2, 1, 0, 1, 1, 1], "B": [2, 2, 0, 1, 2, 0, 1]}
    at = moment(START + 3 * DAY + SECOND).astimezone(ZoneInfo(MODEL.timezone))
    when = {(row["day"], row["hour"], row["weekday"]) for row in spring}
    assert when == {(str(at.date()), at.hour, at.isoweekday())}


def test_revenue_is_by_currency_less_what_was_paid_back(told: World) -> None:
    sums: Counter[str] = Counter()
    for row in rows(told, "report_revenue"):
        sums[row["currency"]] += row["revenue"]
    assert sums == {"EUR": 40.25, "USD": 100.0}


def test_channels_count_every_lead_once(told: World) -> None:
    channels, leads = rows(told, "report_channels"), rows(told, "report_leads")
    assert sum(row["visitors"] for row in channels) == sum(row["touchpoints"] > 0 for row in leads) < len(leads)
    assert sum(row["leads"] for row in channels) == sum(row["identified"] for row in leads)
    assert sum(row["won"] for row in channels) == sum(row["won_at"] is not None for row in leads) > 0
    hot = {row["lead"] for row in rows(told, "report_hot_episodes")}
    assert sum(row["hot"] for row in channels) == len(hot) > 0
    days = Counter(row["first_touch_day"] for row in leads if row["touchpoints"])
    assert {day: sum(row["visitors"] for row in channels if row["day"] == day) for day in days} == days


def test_a_day_counts_what_happened_on_it(told: World) -> None:
    daily = rows(told, "report_daily")
    for what, view, day, name in (
        ("touchpoint", "report_touches", "day", "type"),
        ("stage", "report_stage_entries", "entered_day", "stage"),
        ("hot", "report_hot_episodes", "began_day", "grade"),
    ):
        counted = Counter((row[day], row[name]) for row in rows(told, view) if not row.get("machine"))
        assert {(row["day"], row["name"]): row["times"] for row in daily if row["what"] == what} == counted
    leads = [row for row in rows(told, "report_leads") if row["touchpoints"]]
    for what, day in (("visitor", "first_touch_day"), ("lead", "identified_day"), ("won", "won_day")):
        counted = Counter(row[day] for row in leads if row[day] is not None)
        assert {row["day"]: row["leads"] for row in daily if row["what"] == what} == counted != {}


def test_mail_that_came_back_last_is_a_matter_of_quality(told: World) -> None:
    bounced = {row["lead"] for row in rows(told, "report_quality") if row["kind"] == "bounced"}
    assert {row["email"] for row in rows(told, "report_leads") if row["lead"] in bounced} == {"m3@m.example"}


def test_the_model_says_its_stages_in_order(told: World) -> None:
    stages = [row for row in rows(told, "report_model") if row["kind"] == "stage"]
    ordered = sorted(stages, key=lambda row: row["place"])
    assert [row["name"] for row in ordered] == [stage.name for stage in MODEL.stages]
    assert [row["name"] for row in stages if row["says"] == "won"] == [s.name for s in MODEL.stages if s.won]
    [half_life] = [row["number"] for row in rows(told, "report_model") if row["name"] == "half_life"]
    assert half_life == MODEL.score.half_life / 1_000_000


def test_a_lead_is_joined_by_an_index(on_sqlite: World) -> None:
    """Two views put into one query would be joined row by row with row."""
    query = "SELECT * FROM report_leads l LEFT JOIN report_stage_entries e ON e.lead = l.lead"
    plan = [row[3] for row in asked(on_sqlite.url, f"EXPLAIN QUERY PLAN {query}")]
    assert any("AUTOMATIC" in step and "(lead=?)" in step for step in plan), plan


def test_where_1970_had_not_begun_yet(migrated_url: str) -> None:
    """A wrong clock sends 1970; west of Greenwich that is still 1969."""
    text = MODEL.text.replace('timezone = "Europe/Berlin"', 'timezone = "America/New_York"')
    world = World(migrated_url, parse_model(text), CLOCK)
    world.play([[stories.at(0, "email_sent", "e:a@x.de", source="provider")._replace(occurred_at=Instant(1))]])
    [touch], [mail], [lead] = (rows(world, f"report_{name}") for name in ("touches", "mail", "leads"))
    expected = ("1969-12-31", 19, 3)
    assert [(row["day"], row["hour"], row["weekday"]) for row in (touch, mail)] == [expected] * 2
    assert lead["first_touch_day"] == "1969-12-31"
    world.close()


# ---- rebuild, activation, another release -------------------------------------------------------------------------


@pytest.fixture
def small(migrated_url: str) -> Iterator[World]:
    world = played(migrated_url)
    yield world
    world.close()


def test_views_and_grants_outlive_a_rebuild_and_an_activation(small: World) -> None:
    before = {view.name: rows_of(small.url, view) for view in VIEWS}
    with small.database.transaction() as conn:
        conn.exec_driver_sql("CREATE VIEW their_hot AS SELECT lead, heat FROM report_leads")
    rebuild(small.database, small.ids, MODEL)
    assert {view.name: rows_of(small.url, view) for view in VIEWS} == before
    text = MODEL.text.replace('timezone = "Europe/Berlin"', 'timezone = "Asia/Shanghai"')
    text = text.replace('half_life = "7d"', 'half_life = "2d"')
    other = parse_model(text)
    activate(small.database, small.ids, other)
    days = ZoneDays("Asia/Shanghai")
    with small.view() as view:
        leads = find_leads(view, limit=1000).items
    shown = {row["lead"]: (row["heat"], row["first_touch_day"]) for row in rows(small, "report_leads")}
    assert shown == {lead.id: (lead.heat, day_named(days.of(lead.first_touch)).isoformat()) for lead in leads}
    assert len(asked(small.url, "SELECT * FROM their_hot")) == len(leads)


def test_what_an_upgrade_left_out_of_the_model_is_mended_when_a_projector_starts(small: World) -> None:
    before = rows(small, "report_model"), rows(small, "report_leads")
    with small.database.transaction() as conn:
        for table in ("model_parts", "zone_offsets"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
    assert not rows(small, "report_model")
    with small.projector.term(lambda _: False) as term:
        assert term is not None
    assert (rows(small, "report_model"), rows(small, "report_leads")) == before
