"""A funnel that is only asked for gives the numbers of the same one in the model, on every engine; nothing changes."""

from typing import Any

import pytest

from domain.errors import Failed, NotFound, Refused
from domain.files.problems import ModelError
from domain.model.definition import parse_model
from domain.model.trial import AD_HOC, read_funnel
from projections.history.engines import INLINE, Engine, Pool
from projections.queries.days import EVER, DayRange
from projections.reports.funnels.asking import AskedFunnelShape, ask, check
from projections.reports.funnels.report import funnel
from projections.reports.funnels.shapes import BadFunnel, FunnelShape
from projections.upkeep import attempting
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.given_history import PLACES
from tests.projections.switching import Switching
from tests.projections.world import World

DAY = 86_400
STEPS = [
    {"on": "page_viewed"},
    {"on": "form_submitted", "where": {"profile.title": {"exists": False}}},
    {"on": "stage_changed", "where": {"to": "customer"}},
]
ASKED: dict[str, dict[str, Any]] = {
    "ordered": {"steps": STEPS, "window": "14d"},
    "strict": {"steps": STEPS, "window": "3d", "order": "strict", "exclude": [{"on": "email_opened"}]},
    "any": {"steps": STEPS, "window": "30d", "order": "any"},
    "within": {"steps": [STEPS[0], {"on": "form_submitted", "within": "2d"}], "window": "9d"},
}
QUESTIONS: list[dict[str, Any]] = [
    {},
    {"days": DayRange(19_675, 19_700), "series": "week", "by": "last_channel"},
    {"days": DayRange(19_680), "by": "stage"},
    {"by": "segment:warm"},
    {"by": "profile.amount:5000"},
]
EVERYWHERE = pytest.mark.parametrize("place", PLACES)
PLACED = pytest.mark.parametrize("place", ["sqlite inline", "postgresql inline"])


def toml(name: str, asked: dict[str, Any]) -> str:
    """The same in a model file."""

    def shown(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f'"{key}" = {shown(part)}' for key, part in value.items()) + " }"
        if isinstance(value, list):
            return "[" + ", ".join(map(shown, value)) + "]"
        return str(value).lower() if isinstance(value, bool) else f'"{value}"'

    return f'\n[[funnels]]\nname = "{name}"\n' + "".join(f"{key} = {shown(value)}\n" for key, value in asked.items())


FUNNELED = MODEL + "".join(toml(name, asked) for name, asked in ASKED.items())


@pytest.fixture
def full(full_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Cut into many tasks; some weeks of visits, forms and orders, and a clock before some windows end."""
    monkeypatch.setattr(attempting, "_TASK", 11)
    full_world.clock = us(42 * DAY)
    more = [
        at(DAY * n + 3_000 * step, type, f"u:f{n % 17}", id=f"more-{n}-{step}", **said)
        for n in range(40)
        for step, (type, said) in enumerate(
            (
                ("page_viewed", {"utm_source": "news", "utm_medium": "email"}),
                ("form_submitted", {"profile": {"amount": n * 400}}),
                ("stage_changed", {"to": "customer", "source": "api"}),
            )[: 1 + n % 3]
        )
    ]
    full_world.play([more])
    return full_world


def asked_for(world: World, name: str, engine: Engine = INLINE, **question: Any) -> AskedFunnelShape:
    return ask(world.database, world.model, read_funnel(ASKED[name], MODEL), engine=engine, **question)


def numbers(shape: FunnelShape) -> dict[str, Any]:
    """Everything but its name."""
    return {name: getattr(shape, name) for name in FunnelShape.model_fields if name != "funnel"}


@PLACED
def test_it_gives_the_numbers_of_the_same_funnel_in_the_model(full: World) -> None:
    before = full.digest()
    shapes = [[asked_for(full, name, **question) for question in QUESTIONS] for name in ASKED]
    assert full.digest() == before
    Switching(full).to(FUNNELED)
    with full.view() as view:
        for name, answers in zip(ASKED, shapes, strict=True):
            for question, shape in zip(QUESTIONS, answers, strict=True):
                assert numbers(shape) == numbers(funnel(view, name, **question)), (name, question)
                assert (shape.funnel, shape.position, shape.clock) == (AD_HOC, view.position, view.clock)
    whole = {name: answers[0] for name, answers in zip(ASKED, shapes, strict=True)}
    assert all(shape.converted and shape.dropped for shape in whole.values()), whole
    assert sum(shape.pending > 0 for shape in whole.values()) > 1
    assert len({(shape.entered, shape.converted, shape.dropped) for shape in whole.values()}) == len(ASKED)


@EVERYWHERE
def test_every_engine_gives_the_same_whatever_happens_meanwhile(full: World, place_engine: Engine) -> None:
    question = QUESTIONS[1]
    alone, reports = asked_for(full, "strict", **question), list[tuple[int, int]]()

    def live_traffic(done: int, of: int) -> None:
        if not reports:
            full.play([[at(DAY * 5 + n, "page_viewed", f"e:new{n}@x.test", id=f"new-{n}") for n in range(9)]])
        reports.append((done, of))

    assert asked_for(full, "strict", place_engine, report=live_traffic, **question) == alone
    assert len(reports) > 5 and reports[-1] == (alone.touchpoints, alone.position) and alone.failed == []
    assert asked_for(full, "strict", place_engine, **question) == asked_for(full, "strict", **question) != alone


@pytest.mark.parametrize("engine", [INLINE, Pool(2)], ids=["inline", "pool"])
@PLACED
def test_who_reports_may_end_it_and_the_next_one_works(full: World, engine: Engine) -> None:
    def cancelled(done: int, of: int) -> None:
        raise Failed("it was cancelled")

    with pytest.raises(Failed, match="it was cancelled"):
        asked_for(full, "any", engine, report=cancelled)
    for _ in range(2):
        assert asked_for(full, "any", engine).entered
    with full.database.transaction() as conn:
        conn.exec_driver_sql("DELETE FROM jobs")  # a connection that made scratch tables writes as any other


def test_before_anything_is_projected_it_is_refused(migrated_sqlite_url: str) -> None:
    world = World(migrated_sqlite_url, parse_model(MODEL), 1)
    with pytest.raises(Refused, match="nothing is projected yet"):
        asked_for(world, "any")
    world.close()


@pytest.mark.parametrize("place", ["sqlite inline"])
def test_a_cluster_that_cannot_be_folded_is_left_out_and_named(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, fold = asked_for(full, "any"), attempting.Fold.fold

    def fails(self: Any, history: Any, until: int) -> Any:
        if any(touchpoint.id == "more-1-0" for touchpoint in history):
            raise ValueError("a mistake of ours")
        return fold(self, history, until)

    monkeypatch.setattr(attempting.Fold, "fold", fails)
    shape = asked_for(full, "any")
    assert (shape.failed, shape.entered) == (["ValueError: a mistake of ours"], whole.entered - 1)


@pytest.mark.parametrize("place", ["sqlite inline"])
def test_what_cannot_be_reported_is_refused_before_anything_is_folded(full: World) -> None:
    with full.view() as view:
        check(view, DayRange(1, 9), "stage", "day")
        with pytest.raises(NotFound, match="no segment 'tepid'"):
            check(view, EVER, "segment:tepid", None)
        with pytest.raises(BadFunnel, match="series: allowed is with a period alone"):
            check(view, EVER, None, "day")


# ---- what is read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("more", "said"), [
    ({"steps": [{"no": "page_viewed"}]}, "steps[0].no: unknown key"),
    ({"steps": [{"on": "Page Viewed"}]}, "steps[0].on: found"),
    ({"steps": [{"on": "page_viewed", "where": {"path": {"starts": "/"}}}]}, "steps[0].where.path.starts: unknown"),
    ({"steps": []}, "steps: found an empty list, allowed is a list of steps"),
    ({"steps": STEPS, "order": "random"}, "order: found"),
    ({"steps": STEPS, "window": "soon"}, "window: found"),
    ({"steps": [{**STEPS[0], "within": "1d"}]}, "steps[0].within: found within, allowed is none here"),
    ({"steps": STEPS, "exclude": [{"where": {}}]}, "exclude[0].on: missing"),
    ({}, "steps: missing, required is a list of steps"),
    ({"steps": [{"on": "stage_changed", "where": {"to": "buyer"}}]}, 'steps[0].where.to: found "buyer", allowed is'),
])  # fmt: skip
def test_mistakes_bear_the_keys_of_the_model_file(more: dict[str, Any], said: str) -> None:
    text = MODEL.replace('name = "customer"', 'name = "customer"\nwas = ["buyer"]')
    with pytest.raises(ModelError) as raised:
        read_funnel({"window": "14d", **more}, text)
    assert said in "; ".join(raised.value.lines), raised.value.lines
