"""What another model would change: right against an independent recount of 90 days, and nothing is touched."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import ColumnElement, select, update

from domain.files.durations import DAY
from domain.fold.fold import Fold
from domain.judging.backtest import Numbers, TrackRecord
from domain.model.definition import parse_model
from domain.model.variant import Variant
from domain.touchpoints.touchpoint import Touchpoint
from projections.upkeep.comparing import Bounds, ModelDiff, diff, judge
from projections.upkeep.track_record import track_record
from store.database.tables import live, metadata
from tests.domain.oracle import Expected, Oracle
from tests.domain.stories import START, at, identity, us
from tests.given_model import MODEL
from tests.projections.switching import HOT_AT, Switching
from tests.projections.world import World

DAYS = 90
CLOCK = us(DAYS * 86_400)
OTHER = (
    MODEL.replace(HOT_AT, "hot_at = { A = 40, C = 14 }")
    .replace("points = 12", "points = 14")
    .replace('half_life = "1d"', 'half_life = "3d"')
    .replace('"profile.title" = "CEO"', '"profile.title" = { in = ["CEO", "clerk"] }')
    .replace("gte = 4", "gte = 9")
    .replace('window = "2d"', 'window = "5d"')
    .replace('name = "customer"', 'name = "customer"\nenter = [ { on = "form_submitted", where = { big = true } } ]')
)


def histories() -> dict[str, list[Touchpoint]]:
    """Of 120 people whom nothing links, in the order of the fold."""
    dice, leads = random.Random(11), {}
    for number in range(120):
        name = f"e:p{number}@{'us.example' if number % 17 == 0 else 'x.test'}" if number % 6 else f"c:k{number}"
        last = dice.sample(range((DAYS - 1) * 86_400, DAYS * 86_400), dice.choice([0, 0, 2, 3]))
        seconds = sorted({*dice.sample(range(DAYS * 86_400), dice.randint(1, 14)), *last})
        leads[name] = [thing(name, second, number, dice) for second in seconds]
    return leads


def thing(name: str, second: int, number: int, dice: random.Random) -> Touchpoint:
    type = dice.choice(["page_viewed", "page_viewed", "form_submitted", "form_submitted", "email_opened", "identified"])
    more: dict[str, Any] = {"big": True} if dice.random() < 0.03 else {}
    if dice.random() < 0.06 and name.startswith("e:"):
        type, more = "stage_changed", {"to": dice.choice(["customer", "qualified", "lead"])}
    profile = {"title": dice.choice(["CEO", "clerk", "student"])} if dice.random() < 0.3 else {}
    return at(second, type, name, id=f"{number}-{second}", profile=profile, **more)


@dataclass
class Ninety:
    """Ninety days of a world, and who did what in them."""

    world: World
    leads: dict[str, list[Touchpoint]]

    def diff(self, text: str, span: Bounds | None = None) -> ModelDiff:
        return diff(self.world.database, Variant(text), span)

    def told(self, text: str, until: int = CLOCK) -> dict[str, Expected]:
        """Each lead, as the reference has it."""
        oracle = Oracle(text, START)
        return {name: oracle.lead(history, until) for name, history in self.leads.items()}

    def everything(self) -> dict[str, list[Any]]:
        """Every row of the database."""
        with self.world.database.snapshot() as conn:
            names = metadata.sorted_tables
            return {each.name: [*conn.execute(select(each).order_by(*each.primary_key))] for each in names}


@pytest.fixture
def ninety(world: World) -> Ninety:
    return played(world)


@pytest.fixture
def ninety_on_each(world_on_each: World) -> Ninety:
    """On each database in turn."""
    return played(world_on_each)


def played(world: World) -> Ninety:
    leads = histories()
    world.clock = CLOCK
    delivered = [each for history in leads.values() for each in history]
    random.Random(5).shuffle(delivered)
    world.play([delivered[place : place + 200] for place in range(0, len(delivered), 200)])
    return Ninety(world, leads)


def moves(before: dict[str, Expected], now: dict[str, Expected]) -> Counter[tuple[str, str, str]]:
    counted: Counter[tuple[str, str, str]] = Counter()
    for name, was in before.items():
        is_ = now[name]
        if was.identified_at is None:
            continue
        pairs = [("stages", was.stage, is_.stage), ("grades", was.grade, is_.grade)]
        pairs.append(("hot", "hot" if was.hot else "", "hot" if is_.hot else ""))
        for segment in was.segments.keys() ^ is_.segments.keys():
            inside = segment in was.segments
            pairs.append(("segments", segment if inside else "", "" if inside else segment))
        counted.update(pair for pair in pairs if pair[1] != pair[2])
    return counted


def test_moves_and_totals_are_those_of_an_independent_recount(ninety: Ninety) -> None:
    found = ninety.diff(OTHER)
    before, now = ninety.told(MODEL), ninety.told(OTHER)
    wanted = moves(before, now)
    assert {kind for kind, *_ in wanted} == {"hot", "stages", "grades", "segments"}
    assert {key: movers.leads for key, movers in found.differences.moves.items()} == wanted
    assert found.differences.leads == sum(lead.identified_at is not None for lead in before.values())
    for place, leads in enumerate((before, now)):
        known = [lead for lead in leads.values() if lead.identified_at is not None]
        totals = {key: pair[place] for key, pair in found.differences.totals.items() if pair[place]}
        counted = Counter(("stages", lead.stage, 0) for lead in known)
        counted.update(("grades", lead.grade, 0) for lead in known)
        counted.update(("hot", "hot", 0) for lead in known if lead.hot)
        counted.update(("segments", name, 0) for lead in leads.values() for name in lead.segments)
        for lead in leads.values():
            for name, attempt in lead.funnels.items():
                counted.update(("funnels", name, step) for step in range(1, len(attempt.row.reached) + 1))
        assert totals == counted
    assert found.touchpoints == sum(map(len, ninety.leads.values()))


def test_the_largest_changes_are_of_who_becomes_hot_or_no_longer_is_and_say_by_which_rules(ninety: Ninety) -> None:
    found = ninety.diff(OTHER)
    before, now = ninety.told(MODEL), ninety.told(OTHER)
    turned = {
        name
        for name, lead in before.items()
        if lead.identified_at is not None and bool(lead.hot) != bool(now[name].hot)
    }
    first = found.differences.largest[: len(turned)]
    assert {change.lead for change in first} == {ninety.world.ids.of(identity(name)) for name in turned} != set()
    for change in first:
        name = next(each for each in turned if ninety.world.ids.of(identity(each)) == change.lead)
        heats = [lead.heat[0] * 2 ** ((lead.heat[1] - CLOCK) / half) for lead, half in
                 ((before[name], 1 * DAY), (now[name], 3 * DAY))]  # fmt: skip
        assert change.heat == pytest.approx(heats, abs=0.006)
        assert found.names[change.lead] == f"email {name[2:]}"
        assert sum(each.now for each in change.why) == pytest.approx(heats[1], abs=0.03)


def test_nothing_is_written_and_an_activation_does_what_was_said_and_tells_nobody_else(ninety_on_each: Ninety) -> None:
    ninety = ninety_on_each
    there = ninety.everything()
    found = ninety.diff(OTHER)
    assert ninety.everything() == there
    switching = Switching(ninety.world)
    position = switching.end
    activated = switching.to(OTHER)
    assert activated.moved == found.moved()
    said = switching.said(position)
    memberships = sum(move.leads for kind in ("stages", "segments") for move in getattr(found.moved(), kind))
    withdrawn = sum(move.leads for move in found.moved().hot if move.before == "hot")
    kinds = Counter(kind for kind, _ in said)
    assert kinds.pop("lead.hot.retracted", 0) == withdrawn > 0
    assert sum(kinds.values()) == memberships and "lead.hot" not in kinds
    assert {data["reason"] for _, data in said} == {"model"}
    ninety.world.project()
    assert len(switching.said(position)) == len(said)
    again = ninety.diff(MODEL).moved()
    assert [(move.now, move.before, move.leads) for move in again.grades] != []


def won(lead: Expected) -> int | None:
    return next((at for stage, at, *_ in lead.stages if stage == "customer"), None)


def recount(leads: dict[str, Expected], start: int, end: int, within: int, clock: int) -> Numbers:
    """How rules did, by the definitions of the documentation."""
    numbers = Numbers()
    for lead in leads.values():
        if lead.identified_at is None:
            continue
        known_at, won_at = lead.stages[0][1], won(lead)
        spans = [*lead.episodes, *([lead.hot] if lead.hot else [])]
        began = [max(span[0], known_at) for span in spans if span[1] is None or span[1] > known_at]
        began = [each for each in began if won_at is None or each < won_at]
        if won_at is not None and start <= won_at < end:
            numbers.won += 1
            numbers.won_hot += bool(began)
            numbers.waits += [won_at - began[-1]] if began else []
        became = [each for each in began if start <= each < end]
        if became and became[0] + within > clock:
            numbers.pending += 1
        elif became:
            numbers.hot += 1
            numbers.hot_won += won_at is not None and won_at <= became[0] + within
    return numbers


@pytest.mark.parametrize(
    "span", [Bounds(), Bounds(us(20 * 86_400), us(70 * 86_400), 14 * DAY), Bounds(us(80 * 86_400))]
)
def test_how_the_rules_would_have_done_is_that_of_an_independent_recount(ninety: Ninety, span: Bounds) -> None:
    found = ninety.diff(OTHER, span)
    end = CLOCK + 1 if span.end is None else span.end
    for text, record in zip((MODEL, OTHER), found.records, strict=True):
        wanted = recount(ninety.told(text), span.start, end, span.within, CLOCK)
        assert_equal(record.all, wanted)
        assert sum(each.won for each in record.grades.values()) == wanted.won
        assert sum(each.hot for each in record.channels.values()) == wanted.hot
    assert found.records[0].all.won > 0


def assert_equal(numbers: Numbers, wanted: Numbers) -> None:
    for each in (numbers, wanted):
        each.waits.sort()
    assert numbers == wanted


def test_the_active_rules_record_is_read_from_the_tables_without_a_fold(ninety: Ninety) -> None:
    """The read model of episodes says the same as folding everything."""
    span = Bounds(us(10 * 86_400), None, 7 * DAY)
    for text in (MODEL, OTHER):
        if text is OTHER:
            Switching(ninety.world).to(OTHER)
        with ninety.world.database.snapshot() as conn:
            read = track_record(conn, parse_model(text), span.until(CLOCK))
        judged = judge(ninety.world.database, [Variant(text)], span)
        [folded] = judged.records
        assert (judged.period, judged.failed) == (span.until(CLOCK), ())
        assert sorted_record(read) == sorted_record(folded)
        assert folded.all.won > 0 and folded.all.hot > 0


def sorted_record(record: TrackRecord) -> TrackRecord:
    for numbers in (record.all, *record.grades.values(), *record.channels.values()):
        numbers.waits.sort()
    return record


def test_a_sweep_gives_each_threshold_what_a_file_with_it_would(ninety: Ninety) -> None:
    thresholds = (12.0, 20.0, 40.0)
    variants = [Variant(MODEL, hot_at=each) for each in thresholds]
    records = judge(ninety.world.database, variants).records
    recalls = []
    for hot_at, record in zip(thresholds, records, strict=True):
        text = MODEL.replace(HOT_AT, f"hot_at = {hot_at}").replace("rearm_at = 5", f"rearm_at = {hot_at / 2}")
        assert_equal(record.all, recount(ninety.told(text), 0, CLOCK + 1, 30 * DAY, CLOCK))
        recalls.append(record.all.recall)
    assert recalls == sorted(recalls, key=lambda recall: -recall.part)
    assert recalls[0] != recalls[-1]


def test_a_file_in_which_only_other_things_differ_changes_nothing_and_is_not_folded(
    ninety: Ninety, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.upkeep.comparing.people_in", None)
    mail = '\n[[destinations]]\nname = "x"\ntype = "slack"\nurl = { env = "LEADLINE_X_URL" }\n'
    text = MODEL + mail
    found = ninety.diff(text)
    assert found.same_fold and found.differences.moves == {} and found.moved() == type(found.moved())()
    assert found.records[0] == found.records[1] and found.records[0].all.won > 0


def test_a_model_that_would_be_refused_says_so(ninety: Ninety) -> None:
    found = ninety.diff(MODEL.replace('name = "customer"', 'name = "client"'))
    assert found.refused is not None and "'customer', which" in found.refused
    assert ninety.diff(OTHER).refused is None


def test_who_cannot_be_folded_is_left_out_and_said(ninety: Ninety, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, or before by the projector: that put the cluster aside."""
    name, other = list(ninety.leads)[1:3]
    with ninety.world.database.transaction() as conn:
        conn.execute(update(live.clusters).where(is_of(ninety.world, other)).values(aside="KeyError: then"))

    def failing(self: Any, history: list[Touchpoint], until: int, trace: Any = None) -> Any:
        if history[0] in ninety.leads[name]:
            raise ValueError("no")
        return real(self, history, until, trace)

    real = Fold.fold
    monkeypatch.setattr(Fold, "fold", failing)
    found = ninety.diff(OTHER)
    assert found.failed == ("KeyError: then", "ValueError: no")
    assert found.differences.leads == sum(each.startswith("e:") for each in ninety.leads) - 2
    with ninety.world.database.transaction() as conn:
        conn.execute(update(live.clusters).values(aside=None))


def is_of(world: World, name: str) -> ColumnElement[bool]:
    """Whether a row of `clusters` is that of an identity."""
    known = live.identities
    mine = select(known.c.cluster).where(known.c.id == world.ids.of(identity(name)))
    return live.clusters.c.cluster == mine.scalar_subquery()
