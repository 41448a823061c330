"""`leadline demo`: an hour of traffic through a real server; what it shows is what was played."""

import json
from pathlib import Path

from domain.model.definition import parse_model
from runtime.demo.generator import generate
from tests.projections.world import World
from tests.runtime.serving import run

MODEL = parse_model(
    (Path(__file__).parents[2] / "examples" / "b2b-software" / "leadline.toml").read_text(encoding="utf-8")
)


def test_what_it_shows_is_what_was_played(tmp_path: Path) -> None:
    ended = run(tmp_path, "demo", "--people", "40", "--seed", "4", "--json")
    assert ended.returncode == 0, ended.stderr
    shown, truth = json.loads(ended.stdout), generate(4, 0, 40).truth
    assert shown["people"] == truth.leads
    promoted = [lead for lead in shown["hottest"] if lead["hot"] and lead["stage"] != MODEL.stages[0].name]
    assert len(promoted) == sum(lead["hot"] for lead in shown["hottest"]) > 0
    assert all(lead["reasons"] for lead in shown["hottest"])
    for funnel, said in zip(MODEL.funnels, shown["funnels"], strict=True):
        if all(step.on != "stage_changed" for step in funnel.steps):  # what the policy asked for is no part of it
            assert tuple(step["leads"] for step in said["steps"]) == truth.funnel(funnel)
    assert shown["signals"]["lead.hot"] == sum(lead["hot"] for lead in shown["hottest"])
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_when_the_projector_looks_changes_what_is_announced_on_the_way_and_no_row(tmp_path: Path) -> None:
    """Why two demos of one seed may count other numbers of signals."""
    hour = 3_600_000_000
    traffic = {(each.source.name, each.id): each for each in generate(3, hour, 60).touchpoints()}
    touchpoints, worlds = [*traffic.values()], []
    for size in (7, len(touchpoints)):
        (tmp_path / str(size)).mkdir()
        world = World.on_sqlite(tmp_path / str(size), MODEL, 3 * hour)
        world.play([touchpoints[first : first + size] for first in range(0, len(touchpoints), size)])
        worlds.append((world.digest(), world.opens(), len(world.signals())))
        world.close()
    (rows, opens, often), (same_rows, same_opens, once) = worlds
    assert (rows, opens) == (same_rows, same_opens)
    assert often > once


def test_tables_for_people_say_where_the_api_is(tmp_path: Path) -> None:
    ended = run(tmp_path, "demo", "--people", "30")
    assert ended.returncode == 0, ended.stderr
    for part in ("The hottest leads", "Funnel From the site to a form", "Segments", "Signals", "/api/docs"):
        assert part in ended.stdout
