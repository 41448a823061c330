"""Reports of a past view are by the model of then in all that SQL must know of it: what stages require, roles, zone."""

from collections.abc import Iterator

import pytest

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import rfc3339
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from projections.upkeep.activation import activate
from projections.upkeep.past import asked_for, build_past_view
from store.past_views import Keeping
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.remembering import TimedWorld

THEN = 100 * 86_400
"""The instant that is looked back to, in seconds."""
NOW = 'timezone = "Asia/Shanghai"\n' + MODEL.replace("profile.company", "profile.title").replace(
    'name = "qualified"\n', 'name = "qualified"\ndetour = true\n'
)


@pytest.fixture
def world(migrated_url: str) -> Iterator[TimedWorld]:
    """Two leads that were told of until then; since then another model holds. A past view is of then."""
    world = TimedWorld(migrated_url, parse_model(MODEL), us(THEN))
    mail = at(1, "email_sent", "e:a@x.de", source="provider", campaign="spring", profile={"title": "CEO"})
    moved = at(2, "stage_changed", "e:b@x.de", to="qualified", profile={"company": "K"})
    world.play([[mail, moved]])
    world.clock += 10_000_000
    world.project()
    activate(world.database, world.ids, parse_model(NOW))
    world.model = parse_model(NOW)
    world.restart()
    pair = world.reader.pair(rfc3339(us(THEN)))
    then = asked_for("then", pair.position, pair.clock, pair.knowing, pair.model)
    build_past_view(world.database, world.ids, then, pair.model, Keeping())
    yield world
    assert world.verify().differing == 0
    world.close()


def quality(world: TimedWorld, as_of: str | None) -> dict[tuple[str, str | None], int]:
    with world.reader.view(as_of) as view:
        items = report(view, "quality", ReportQuestion()).items
    return {(item["kind"], item["detail"]): item["leads"] for item in items if item["leads"]}


def test_what_was_missing_and_stale(world: TimedWorld) -> None:
    assert quality(world, rfc3339(us(THEN))) == {("missing_field", "company"): 1, ("stale", None): 2}
    assert quality(world, None) == {("missing_field", "title"): 1, ("missing_required", None): 1, ("stale", None): 1}


def test_the_hour_of_sending(world: TimedWorld) -> None:
    hours = []
    for as_of in (rfc3339(us(THEN)), None):
        with world.reader.view(as_of) as view:
            hours += [item["hour"] for item in report(view, "mail", ReportQuestion(by="hour")).items]
    assert hours == [22, 6]
