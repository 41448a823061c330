"""One lead as of an instant: who it was then, by what was known then or is known now; what people are told of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.errors import NotFound
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import rfc3339
from projections.queries import one_lead
from projections.queries.as_of import BadAsOf, NotProjectedYet, NotThen
from projections.queries.shapes import LeadDetail
from projections.upkeep.activation import activate
from tests.domain.histories import side
from tests.domain.stories import at, identity, us
from tests.given_model import MODEL
from tests.projections.remembering import TimedWorld

DAY = 86_400


@pytest.fixture
def world(migrated_url: str) -> Iterator[TimedWorld]:
    world = TimedWorld(migrated_url, parse_model(MODEL), us(0))
    yield world
    assert world.verify().differing == 0
    world.close()


def arrives(world: TimedWorld, second: int, *touchpoints: Any) -> None:
    """So many seconds after the start it is recorded and projected."""
    world.clock = us(second)
    world.deliver(touchpoints)
    world.project()


def lead(world: TimedWorld, who: str, second: float, knowing: str | None = None) -> LeadDetail:
    with world.reader.leads(rfc3339(us(second)), knowing) as view:
        return one_lead.lead_detail(view, one_lead.lead_called(view, str(world.ids.of(identity(who)))))


def test_who_was_merged_since_is_themselves_again_and_one_by_what_is_known_now(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "form_submitted", "e:a@x.de"), at(9, "page_viewed", "e:b@x.de"))
    arrives(world, 100, at(99, "merged", "e:a@x.de", source="api", **side("e:b@x.de")))
    assert (lead(world, "e:a@x.de", 50).touches, lead(world, "e:b@x.de", 50).touches) == (1, 1)
    assert lead(world, "e:b@x.de", 50, "now").touches == 1, "the merge happened later"
    assert lead(world, "e:a@x.de", 100).touches == 3
    arrives(world, 200, at(199, "unmerged", "e:a@x.de", source="api", **side("e:b@x.de")))
    assert lead(world, "e:a@x.de", 150).touches == 3
    assert lead(world, "e:b@x.de", 200).touches == 1


def test_a_late_event_is_not_known_before_it_was_recorded(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "page_viewed", "u:1"))
    arrives(world, 100, at(5, "form_submitted", "u:1", received=us(100)))
    assert lead(world, "u:1", 50).touches == 1
    then = lead(world, "u:1", 50, "now")
    assert (then.touches, then.knowing, then.as_of, then.position) == (2, "now", us(50), 2)


def test_what_was_shared_only_later_was_one_persons_then(world: TimedWorld) -> None:
    """By an import of long ago a cookie is a kiosk's; before it was known, whoever came last had it."""
    arrives(world, 100, at(90, "identified", "u:last", "c:k"), at(91, "page_viewed", "c:k"))
    before = lead(world, "u:last", 100)
    arrives(world, 200, *(at(number, "identified", f"u:{number}", "c:k", received=us(200)) for number in range(6)))
    activate(world.database, world.ids, parse_model(MODEL.replace("points = 5", "points = 6")))
    world.clock = us(300)
    world.model = parse_model(MODEL.replace("points = 5", "points = 6"))
    world.restart()
    world.project()
    assert before.touches == 2
    assert lead(world, "u:last", 100).model_dump(exclude={"as_of", "knowing", "position"}) == before.model_dump(
        exclude={"as_of", "knowing", "position"}
    )
    assert lead(world, "u:last", 100, "now").touches == 1


def test_a_claim_counts_as_it_did_before_a_trusted_link_said_otherwise(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "form_submitted", "e:a@x.de", source="browser"))
    arrives(world, 20, at(19, "identified", "u:1", "e:a@x.de", source="browser"))
    arrives(world, 100, at(99, "identified", "u:2", "e:a@x.de"))
    assert [identity.value for identity in lead(world, "u:1", 50).identities] == ["1", "a@x.de"]
    now = lead(world, "u:1", 100)
    assert [identity.value for identity in now.identities] == ["1"]
    assert [finding[0] for finding in now.findings] == ["claim_not_bound"]


def test_the_model_is_the_one_that_was_active_then(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "form_submitted", "u:1"))
    dear = parse_model(MODEL.replace("points = 12", "points = 120"))
    world.clock = us(100)
    world.project()
    activate(world.database, world.ids, dear)
    world.model = dear
    world.restart()
    world.clock = us(200)
    world.project()
    assert [round(lead(world, "u:1", second).heat) for second in (10, 99, 100)] == [15, 15, 123]


def test_who_was_hot_and_whether_anybody_was_told(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "form_submitted", "u:1", profile={"title": "CEO"}))
    arrives(world, 3 * DAY, at(3 * DAY, "page_viewed", "u:2"))
    assert [(each.hot, each.announced) for each in (lead(world, "u:1", 10), lead(world, "u:1", 3 * DAY))] == [
        (True, True), (False, False),
    ]  # fmt: skip


def test_of_who_was_none_then_it_says_since_when_anything_is_known(world: TimedWorld) -> None:
    arrives(world, 100, at(5, "page_viewed", "u:1", received=us(100)), at(90, "page_viewed", "u:2"))
    with pytest.raises(NotThen, match=r"recorded from 2023-11-14T22:15:00\.000000Z on\. knowing=now") as imported:
        lead(world, "u:1", 50)
    assert imported.value.recorded_from == us(100)
    with pytest.raises(NotThen, match="the first that is known of it happened at 2023-11-14T22:14:50") as later:
        lead(world, "u:2", 50)
    assert later.value.recorded_from is None
    assert lead(world, "u:1", 50, "now").touches == 1
    with pytest.raises(NotFound, match="nothing with that id was ever projected"):
        lead(world, "u:3", 50)


@pytest.mark.parametrize("knowing", [None, "now"])
def test_whom_somebody_becomes_later_is_shown_as_who_they_were(world: TimedWorld, knowing: str | None) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:1"))
    arrives(world, 100, at(99, "identified", "c:1", "u:1"))
    visitor = lead(world, "c:1", 50, knowing)
    assert visitor.id == str(world.ids.of(identity("c:1")))
    assert lead(world, "u:1", 50, knowing) == visitor
    assert lead(world, "c:1", 100, knowing).id == str(world.ids.of(identity("u:1")))


@pytest.mark.parametrize("knowing", [None, "now"])
def test_of_two_who_became_one_later_the_one_with_the_earliest_touchpoint_is_shown(
    world: TimedWorld, knowing: str | None
) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:2"), at(8, "page_viewed", "c:1"))
    arrives(world, 100, at(98, "identified", "c:1", "u:1"), at(99, "identified", "c:2", "u:1"))
    assert lead(world, "u:1", 50, knowing).id == str(world.ids.of(identity("c:1")))
    with world.reader.leads(rfc3339(us(50)), knowing) as view:
        assert one_lead.lead_called(view, "user_id:1") == world.ids.of(identity("c:1"))


def test_an_instant_that_lies_ahead_is_refused_with_the_clock(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:1"))
    with pytest.raises(BadAsOf, match="lies ahead of the clock, 2023-11-14T22:13:30"):
        lead(world, "c:1", 11)


def test_what_is_not_projected_yet_is_waited_for(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:1"))
    world.deliver([at(9, "page_viewed", "c:2")])
    with pytest.raises(NotProjectedYet, match="up to position 1 of 2"):
        lead(world, "c:1", 10)


def test_a_day_is_the_instant_at_which_it_begins_in_the_models_zone(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:1"))
    arrives(world, DAY, at(DAY, "page_viewed", "c:1"))
    with world.reader.leads("2023-11-15") as view:
        assert rfc3339(view.clock) == "2023-11-15T00:00:00.000000Z"
        assert one_lead.lead_detail(view, one_lead.lead_called(view, "anonymous_id:1")).touches == 1


def test_what_an_answer_says_of_what_was_known_may_be_asked_for(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:1"))
    arrives(world, 100, at(8, "page_viewed", "c:1", received=us(99)))
    assert [lead(world, "c:1", 50, knowing).touches for knowing in (None, "then", "now")] == [1, 1, 2]
    assert lead(world, "c:1", 50, "then") == lead(world, "c:1", 50)
    with pytest.raises(BadAsOf, match="knowing: found 'all', allowed are then, now"):
        lead(world, "c:1", 50, "all")


def test_a_day_that_begins_before_all_time_is_refused(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:1"))
    for asked in ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00"):
        with pytest.raises(BadAsOf, match="begins before 1970-01-01T00:00:00"):
            world.reader.pair(asked)
    assert world.reader.pair("1970-01-01T00:00:00Z").clock == 0
