"""A company's model with a part of everything, and another activation of it."""

from domain.model.definition import parse_model
from projections.upkeep.activation import activate
from tests.dashboard.given_leads import MODEL
from tests.dashboard.given_pages import Pages

MORE = """
[fit]
grades = { A = 10 }
[[fit.rules]]
name = "boss"
label = { en = "Decides", zh = "决策者" }
where = { "profile.title" = "CTO" }
points = 10
enabled = false
[[funnels]]
name = "signup"
window = "14d"
steps = [{ on = "page_viewed", label = "Looks" }, { on = "form_submitted", where = { form = "demo" } }]
[[channels.rules]]
name = "fair"
where = { "source.campaign" = "fair" }
[[tags]]
name = "vip"
"""
FILE = (
    MODEL.replace("points = 10\n", 'points = 10\nlimit = "3 per 24h"\n').replace(
        'name = "customer"\n', 'name = "customer"\nrequires = ["profile.company"]\nenter = [{ on = "order_placed" }]\n'
    )
    + MORE
)


def again(pages: Pages, before: str, now: str, by: str | None = None) -> None:
    """Another activation: the active file with something else."""
    world = pages.company.world
    world.model = parse_model(world.model.text.replace(before, now))
    activate(world.database, world.ids, world.model, by=by)
    world.restart()
