"""A segment that is tried is what the tables say of one that is in the model, on every engine, and changes nothing."""

from typing import Any

import pytest

from domain.conditions.tree import Condition
from domain.conditions.words import in_words
from domain.errors import Failed, Refused
from domain.files.problems import ModelError
from domain.model.definition import Model, parse_model
from domain.model.file import read_toml
from domain.model.trial import TRIED, read_when, trying_segment
from projections.history.engines import INLINE, Engine, Pool
from projections.queries.days import DayRange
from projections.queries.view import View
from projections.reports.segments.history import history
from projections.reports.segments.members import members_of, segments
from projections.reports.segments.preview import preview
from projections.reports.segments.shapes import SegmentPreviewShape
from projections.upkeep import previewing
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.given_history import PLACES
from tests.projections.given_history import history as told
from tests.projections.switching import Switching
from tests.projections.world import World

MORE = """
[[segments]]
name = "neither"
when = { not = { segment = ["warm", "quiet"] } }
[[segments]]
name = "known and silent"
when = { stage = ["lead", "qualified"], not = { did = ["page_viewed", "form_submitted"], within = "22h" } }
[[segments]]
name = "hot once"
when = { heat = { gt = 9 }, grade = ["C", "D"], segment = "neither" }
"""
SEGMENTED = parse_model(MODEL + MORE)


def of(model: Model, name: str) -> Condition:
    return next(segment.when for segment in model.segments if segment.name == name)


DAY = 86_400
PAST = DayRange(19_716 - 7 * 25)
"""From the Monday of the clock's week, 2023-12-25, 25 weeks back."""
EVERYWHERE = pytest.mark.parametrize("place", PLACES)
PLACED = pytest.mark.parametrize("place", ["sqlite inline", "postgresql inline"])


@pytest.fixture
def full(full_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Cut into many tasks, weeks after the last touchpoint."""
    monkeypatch.setattr(previewing, "_TASK", 7)
    full_world.clock = us(42 * DAY)
    full_world.play([[at(DAY * n, "page_viewed", f"e:later{n % 5}@x.test", id=f"later-{n}") for n in range(40)]])
    return full_world


def tried(world: World, name: str, engine: Engine = INLINE) -> SegmentPreviewShape:
    return preview(world.database, SEGMENTED, of(SEGMENTED, name), None, engine, name=name)


def check(view: View, shape: SegmentPreviewShape, name: str) -> None:
    """Against the tables of a model that has the segment."""
    assert shape.size == {each.name: each.size for each in segments(view).items}[name]
    members = {each.id: each for each in members_of(view, name, limit=1000).items}
    assert shape.identified == sum(each.identified for each in members.values())
    assert [each.id for each in shape.sample] == sorted(members)[:20]
    for each in shape.sample:
        lead = members[each.id]
        assert (each.stage, each.grade, each.since) == (lead.stage, lead.grade, lead.entered_at)
        assert each.name in (lead.profile.get("name"), *(identity.value for identity in lead.identities))
    said = history(view, name, "week", PAST)
    assert (shape.by, shape.clock, shape.from_, shape.to) == ("week", view.clock, said.from_, said.to)
    assert (shape.size_before, shape.series) == (said.size_before, said.series)


@PLACED
def test_it_says_of_a_segment_what_the_tables_say_when_the_model_has_it(full: World) -> None:
    before = full.digest()
    shapes = {segment.name: tried(full, segment.name) for segment in SEGMENTED.segments}
    assert full.digest() == before
    Switching(full).to(MODEL + MORE)
    assert sum(each.entered + each.left > 0 for shape in shapes.values() for each in shape.series) > 8
    with full.view() as view:
        for name, shape in shapes.items():
            check(view, shape, name)
    assert len({shape.size for shape in shapes.values()}) == 3 and len(shapes["quiet"].sample) == 20


@EVERYWHERE
def test_every_engine_gives_the_same_whatever_happens_meanwhile(full: World, place_engine: Engine) -> None:
    alone, reports = tried(full, "neither"), list[tuple[int, int]]()

    def live_traffic(done: int, of: int) -> None:
        if not reports:
            full.play([[at(500 + n, "page_viewed", f"e:new{n}@x.test", id=f"new-{n}") for n in range(9)]])
        reports.append((done, of))

    condition = of(SEGMENTED, "neither")
    shape = preview(full.database, SEGMENTED, condition, live_traffic, place_engine, name="neither")
    assert shape == alone and shape.failed == []
    assert len(reports) > 5 and reports[-1] == (len(told()) + 40, len(told()) + 40)
    assert tried(full, "neither", place_engine) == tried(full, "neither") != alone


@pytest.mark.parametrize("engine", [INLINE, Pool(2)], ids=["inline", "pool"])
@pytest.mark.parametrize("place", ["sqlite inline"])
def test_who_reports_may_end_it(full: World, engine: Engine) -> None:
    def cancelled(done: int, of: int) -> None:
        raise Failed("it was cancelled")

    with pytest.raises(Failed, match="it was cancelled"):
        preview(full.database, SEGMENTED, of(SEGMENTED, "warm"), cancelled, engine)


def test_before_anything_is_projected_it_is_refused(migrated_sqlite_url: str) -> None:
    world = World(migrated_sqlite_url, SEGMENTED, 1)
    with pytest.raises(Refused, match="nothing is projected yet"):
        tried(world, "warm")
    world.close()


@pytest.mark.parametrize("place", ["sqlite inline"])
def test_a_cluster_that_cannot_be_folded_is_left_out_and_named(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tried(full, "quiet")
    fold = previewing.Fold.fold

    def fails(self: Any, history: Any, until: int) -> Any:
        if any(touchpoint.id == "later-3" for touchpoint in history):
            raise ValueError("a mistake of ours")
        return fold(self, history, until)

    monkeypatch.setattr(previewing.Fold, "fold", fails)
    shape = tried(full, "quiet")
    assert shape.failed == ["ValueError: a mistake of ours"]
    assert shape.size == whole.size - 1


# ---- what is read ------------------------------------------------------------------------------------------------


def when(text: str) -> Condition:
    return read_when(read_toml(f"when = {text}")["when"], MODEL + MORE)


@pytest.mark.parametrize(("text", "said"), [
    ('{ did = "page_viewed", at_laest = 3 }', "when.at_laest: unknown key"),
    ('{ all = [ { heat = { gt = 1 } }, { segment = "tepid" } ] }', "when.all[1].segment: unknown segment"),
    ('{ stage = "leed" }', "when.stage: unknown stage"),
    ('{ "source.channel" = "paid_serach" }', "(did you mean paid_search?)"),
    ("{ }", "when: found an empty table"),
])  # fmt: skip
def test_mistakes_bear_the_keys_of_the_model_file(text: str, said: str) -> None:
    with pytest.raises(ModelError) as raised:
        when(text)
    assert said in "; ".join(raised.value.lines), raised.value.lines


@pytest.mark.parametrize(("text", "said"), [
    ('{ did = "page_viewed" }', "did page_viewed"),
    ('{ did = ["a", "b"], within = "7d" }', "did a or b within 7d"),
    ('{ did = "page_viewed", at_least = 2, at_most = 3, within = "7d" }',
     "did page_viewed at least 2 and at most 3 times within 7d"),
    ('{ did = "page_viewed", at_least = 0, at_most = 1 }', "did page_viewed at most once"),
    ('{ did = "page_viewed", same = "path", at_least = 2 }', "did page_viewed at least 2 times with the same path"),
    ('{ did = "page_viewed", days = true, at_least = 4 }', "did page_viewed on at least 4 days"),
    ('{ did = "page_viewed", values = "path", at_least = 4 }',
     "did page_viewed with at least 4 different values of path"),
    ('{ did = "order_placed", sum = "amount", at_least = 9.5, within = "7d" }',
     "did order_placed with sum of amount at least 9.5 within 7d"),
    ('{ all = [ { heat = { gte = 4 } }, { any = [ { grade = "A" }, { segment = "warm" } ] } ] }',
     "(grade is A or segment is warm) and heat is at least 4"),
])  # fmt: skip
def test_a_condition_is_said_in_words(text: str, said: str) -> None:
    assert in_words(when(text)) == said


def test_only_what_it_asks_for_is_folded_with_it() -> None:
    trial = trying_segment(SEGMENTED, when('{ segment = "hot once" }'))
    assert [segment.name for segment in trial.segments] == ["quiet", "warm", "neither", "hot once", TRIED]
    assert trial.funnels == () and trial.hash != SEGMENTED.hash
    assert [segment.name for segment in trying_segment(SEGMENTED, when('{ stage = "lead" }')).segments] == [TRIED]


def test_a_chain_that_a_model_file_may_not_have_is_refused() -> None:
    chain = "".join(
        f'[[segments]]\nname = "c{n}"\nwhen = {{ segment = "c{n + 1}" }}\n' if n < 15 else
        f'[[segments]]\nname = "c{n}"\nwhen = {{ stage = "lead" }}\n'
        for n in range(16)
    )  # fmt: skip
    model = parse_model(f'[[stages]]\nname = "lead"\n{chain}')
    with pytest.raises(ModelError, match="when: found the first of a chain of 17 segments"):
        trying_segment(model, read_when({"segment": "c0"}, model.text))
