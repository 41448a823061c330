"""The traffic generator: its requests, through the real collector and `assign`, give what it says is true."""

import csv
from pathlib import Path

import pytest

from domain.files.durations import DAY
from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.people.walk import assign
from domain.touchpoints.identity import ordered
from domain.touchpoints.touchpoint import Touchpoint
from runtime.demo.generator import HOUR, Traffic, Truth, generate
from runtime.demo.season import season, season_costs
from tests.producers.collecting import NOON, Collecting

START = NOON - HOUR
MODEL = parse_model((Path(__file__).parents[2] / "examples" / "b2b-software" / "leadline.toml").read_text())


def once(traffic: Traffic) -> list[Touchpoint]:
    """The touchpoints as they are recorded: the first of each id."""
    found: dict[str, Touchpoint] = {}
    for touchpoint in traffic.touchpoints():
        found.setdefault(touchpoint.id, touchpoint)
    return list(found.values())


def matches(truth: Truth, touchpoints: list[Touchpoint]) -> None:
    """Assign gives the people of the truth, each with their touchpoints."""
    walk, histories = assign(touchpoints)
    found = sorted((ordered(walk.people[number].owned), len(history)) for number, history in histories.items())
    identities, touches = truth.identities(), truth.touches()
    assert found == sorted((ordered(identities[person]), touches[person]) for person in truth.people)
    assert len(histories) == truth.leads


@pytest.mark.parametrize("seed", range(5))
def test_the_touchpoints_are_the_truth(seed: int) -> None:
    traffic = generate(seed, START, people=250)
    matches(traffic.truth, once(traffic))


@pytest.mark.parametrize("seed", range(3))
def test_the_touchpoints_of_weeks_are_the_truth(seed: int) -> None:
    traffic = weeks(seed)
    matches(traffic.truth, once(traffic))


def weeks(seed: int) -> Traffic:
    return season(seed, START - START % DAY, START - START % DAY + 28 * DAY, people=150)


def test_through_the_real_collector(door: Collecting) -> None:
    """Request by request at its instant: no refusal, and the very touchpoints that the generator says."""
    traffic = generate(3, START, people=40)
    for request in traffic.requests:
        door.now = request.at
        answer = door.ask(request.method, request.path, content=request.body, headers=dict(request.headers))
        assert answer.status_code in (200, 202, 303), answer.text
    assert door.rejected() == []
    played = door.touchpoints()
    said = list(traffic.touchpoints())
    assert [(each.id, each.type, each.instant, each.identities) for each in played] == [
        (each.id, each.type, each.instant, each.identities) for each in said
    ]
    matches(traffic.truth, list({each.id: each for each in reversed(played)}.values()))


def test_it_has_what_makes_traffic_hard() -> None:
    traffic = generate(1, START, people=300)
    said = list(traffic.touchpoints())
    assert len(said) > len({each.id for each in said}), "delivered twice"
    assert any(each.received_at - each.occurred_at > 60_000_000 for each in said), "late"
    assert any(each.context.get("machine") == "reported" for each in said), "machine"
    cookies: dict[str, set[str]] = {}
    devices: dict[str, set[str]] = {}
    for act in traffic.truth.acts:
        kinds = {identity.kind: identity.value for identity in act.identities}
        if "user_id" in kinds and "anonymous_id" in kinds:
            cookies.setdefault(kinds["anonymous_id"], set()).add(kinds["user_id"])
            devices.setdefault(kinds["user_id"], set()).add(kinds["anonymous_id"])
    assert any(len(users) > 1 for users in cookies.values()), "a shared computer"
    assert any(len(used) > 1 for used in devices.values()), "two devices"
    assert any(request.path.startswith("/f/") for request in traffic.requests), "a plain form"
    assert any(request.headers.get("Content-Encoding") == "gzip" for request in traffic.requests)


def test_the_same_seed_gives_the_same_requests() -> None:
    assert generate(5, START, people=50) == generate(5, START, people=50)
    assert generate(5, START, people=50).requests != generate(6, START, people=50).requests


def test_weeks_have_what_takes_weeks() -> None:
    """Channels, stages, orders, mails in two variants, costs of what is paid; and nothing after the end."""
    traffic = weeks(1)
    assert traffic == weeks(1) and traffic.requests != weeks(2).requests
    assert all(START - START % DAY <= act.at < START - START % DAY + 28 * DAY for act in traffic.truth.acts)
    leads = [Fold(MODEL).fold(history, START + 28 * DAY) for history in assign(once(traffic))[1].values()]
    assert {lead.stage for lead in leads} >= {"visitor", *(stage.name for stage in MODEL.stages)}
    said = once(traffic)
    assert {each.properties.get("variant") for each in said} >= {"A", "B"}
    assert any(each.type == "order_placed" for each in said)
    came = {lead.sources.first.seen["channel"] for lead in leads if lead.sources.first}
    file = csv.DictReader(season_costs(START - START % DAY, START).splitlines())
    assert {row["channel"] for row in file} < came


def test_it_all_happens_within_its_time() -> None:
    traffic = generate(2, START, people=200)
    assert all(START <= act.at < START + HOUR for act in traffic.truth.acts if not act.request[0].startswith("f/"))
    assert list(traffic.requests) == sorted(traffic.requests, key=lambda request: request.at)


@pytest.mark.parametrize("seed", range(3))
def test_the_example_model_has_something_to_show(seed: int) -> None:
    """A handful hot, funnels with every step, segments that are not empty; and the fold's funnels are the truth's."""
    traffic = generate(seed, START, people=300)
    fold, until = Fold(MODEL), NOON + HOUR
    leads = [fold.fold(history, until) for history in assign(once(traffic))[1].values()]
    assert 5 <= sum(lead.now.hot_since is not None for lead in leads) <= 25
    assert not any(lead.now.hot_since is not None for lead in leads if lead.not_a_lead)
    assert {lead.not_a_lead for lead in leads} >= {None, "employee", "competitor", "student"}
    assert sum(lead.identified for lead in leads) == traffic.truth.identified
    members = {name for lead in leads for name in lead.now.segments}
    assert members >= {"pricing-returners", "ready-for-a-call", "readers", "enterprise-europe"}
    for funnel in MODEL.funnels:
        reached = [lead.funnels[funnel.name].step if funnel.name in lead.funnels else 0 for lead in leads]
        counted = tuple(sum(step >= n for step in reached) for n in range(1, len(funnel.steps) + 1))
        assert counted == traffic.truth.funnel(funnel)
        assert counted[0] > counted[2] > 0 and counted[1] > 0
