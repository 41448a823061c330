"""Each company of `examples/`: its model is checked without a warning, and its demo ends with something to see."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from domain.files.durations import HOUR
from domain.fold.fold import Fold
from domain.model.definition import Model, parse_model
from domain.people.walk import assign
from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Instant
from producers.imports.costs import costs_of, read_cost_rows
from producers.imports.importer import import_file
from runtime.commands.options import mapping_of
from runtime.demo.examples import EXAMPLES, FOLDER, SHOP, DemoCompany, example_of
from runtime.demo.generator import generate
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.producers.collecting import NOON
from tests.runtime.serving import run

examples = pytest.mark.parametrize("example", EXAMPLES.values(), ids=list(EXAMPLES))


def test_every_company_of_the_folder_can_be_played() -> None:
    assert {file.parent.name for file in FOLDER.glob("*/leadline.toml")} == set(EXAMPLES)
    assert all(example_of(str(each.model)) is each is example_of(name) for name, each in EXAMPLES.items())


@examples
def test_the_model_is_checked_without_a_warning(example: DemoCompany, tmp_path: Path) -> None:
    checked = run(tmp_path, "model", "check", str(example.model))
    assert (checked.returncode, checked.stderr) == (0, "")
    model = parse_model(example.model.read_text(encoding="utf-8"))
    segments = [each for each in model.segments if not each.name.startswith(("rfm ", "engagement "))]
    labelled: list[Any] = [
        *model.stages,
        *model.score.rules,
        *model.fit.rules,
        *model.not_a_lead,
        *segments,
        *model.funnels,
    ]
    assert [each for each in [*labelled, *model.tags] if not _in_both_languages(each.label)] == []


def test_the_demo_of_the_shop_ends_with_something_to_see(tmp_path: Path) -> None:
    """That of the software company: `test_demo.py`."""
    ended = run(tmp_path, "demo", "--model", SHOP.name, "--people", "120", "--json")
    assert ended.returncode == 0, ended.stderr
    shown = json.loads(ended.stdout)
    assert sum(lead["hot"] for lead in shown["hottest"]) > 0
    purchase = [step["leads"] for step in shown["funnels"][0]["steps"]]
    assert tuple(purchase) == generate(1, 0, 120, crowd=SHOP.crowd).truth.funnel(_model().funnels[0])
    assert purchase == sorted(purchase, reverse=True) and purchase[-1] > 0
    assert sum(segment["size"] > 0 for segment in shown["segments"]) >= 6


def test_another_model_is_refused_with_those_that_can_be_played(tmp_path: Path) -> None:
    refused = run(tmp_path, "demo", "--model", "other.toml")
    assert refused.returncode == 2 and "allowed are b2b-software, web-shop" in refused.stderr


def test_the_orders_of_the_shop_are_taken_whole_and_class_its_customers(tmp_path: Path) -> None:
    hour = generate(2, NOON - HOUR, 200, crowd=SHOP.crowd)
    history = SHOP.history(tmp_path, 2, NOON, hour)
    again = tmp_path / "again"
    again.mkdir()
    assert SHOP.history(again, 2, NOON, hour).files[0].path.read_bytes() == history.files[0].path.read_bytes()
    log = SqlLog(tmp_path / "log.db")
    [file] = history.files
    rules = mapping_of(SHOP.model.parent / file.mapping)
    result = import_file(file.path, rules, log, clock=lambda: Instant(NOON))
    assert (result.rejected, result.skipped) == (0, 0) and result.appended > 1_000
    subscription = log.subscribe([TOUCHPOINTS], "orders")
    imported = [decode(e.value) for e in subscription.poll(dict.fromkeys(subscription.assigned()), 100_000, 0)]
    subscription.close()
    log.close()
    histories = assign(imported)[1].values()
    leads = [Fold(_model()).fold(each, Instant(NOON)) for each in histories]
    assert {lead.stage for lead in leads} == {"customer"}
    channels = {lead.sources.first.seen["channel"] for lead in leads if lead.sources.first}
    assert channels == {"paid_search", "paid_social", "influencers", "email"}
    costs = costs_of(read_cost_rows(history.costs), _model())
    assert {cost.key.channel for cost in costs} < channels
    members = {name for lead in leads for name in lead.now.segments}
    assert members >= {"bought-again", "rfm money A", "rfm frequency B"}
    regulars = {person.email for person in hour.truth.people.values() if person.kind == "regular"}
    assert regulars and regulars <= {lead.profile.get("email") for lead in leads}


def _in_both_languages(label: object) -> bool:
    return isinstance(label, Mapping) and {"en", "zh"} <= set(label)


def _model() -> Model:
    return parse_model(SHOP.model.read_text(encoding="utf-8"))
