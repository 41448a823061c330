"""What grows with history, whatever is done between batches: another model, a rebuild, a later clock."""

from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from projections.upkeep.activation import activate
from projections.upkeep.rebuild import rebuild
from tests.domain.histories import histories, in_order, law
from tests.domain.stories import us
from tests.projections.shelf import Shelf
from tests.projections.world import World

TEXT = """
timezone = "Asia/Shanghai"
stages = [{ name = "lead" }, { name = "customer" }]
[score]
half_life = "1d"
hot_at = 10
rules = [{name="v", on="page_viewed", points=4}, {name="f", on="form_submitted", points=7}]
[[segments]]
name = "asleep"
when = { did = "page_viewed", at_least = 0, at_most = 0, within = "2h" }
[[segments]]
name = "readers"
when = { did = ["page_viewed","form_submitted"], at_least = 2, within = "23h" }
[[segments]]
name = "lately"
when = { did = "form_submitted", first = { within_last = "1d" } }
[[segments]]
name = "not lately"
when = { not = { segment = ["lately", "readers"] } }
[[segments]]
name = "warm"
when = { heat = { gte = 3 } }
[[segments]]
name = "cool"
when = { heat = { lt = 3 } }
[[segments]]
name = "days"
when = { did = ["page_viewed","email_opened"], days = true, at_least = 2, within = "25h" }
[[funnels]]
name = "o"
window = "22h"
steps = [{ on = "page_viewed" }, { on = "form_submitted", within="1h" }, { on = "identified" }]
[[funnels]]
name = "a"
order = "any"
window = "12h"
steps = [{ on = "page_viewed" }, { on = "form_submitted" },{ on = "identified" }]
exclude = [{ on = "email_opened" }]
[[funnels]]
name = "s"
order = "strict"
window = "25h"
steps = [{ on = "page_viewed" }, { on = "page_viewed" },{ on = "form_submitted" }]
"""
NEWSLETTER = """
[[channels.rules]]
name = "newsletter"
where = { "source.source" = "news" }
"""
MODEL = parse_model(TEXT)
OTHERS = (
    MODEL,
    parse_model(
        TEXT.replace("Asia/Shanghai", "America/New_York").replace('"o"', '"renamed"').replace('"12h"', '"30h"')
    ),
    parse_model(TEXT.split("[[funnels]]", maxsplit=1)[0]),
    parse_model(TEXT.replace("points=4", 'points=5, limit="2 per 1d"') + NEWSLETTER),
)


@law(25)
@given(st.data())
def test_whatever_is_done_between_batches_the_rows_are_those_of_the_history(shelf: Shelf, data: st.DataObject) -> None:
    history = data.draw(histories())
    left = in_order(history) if data.draw(st.booleans()) else history
    with shelf.place(MODEL) as folder:
        world = World.on_sqlite(folder, MODEL, us(0), ready=True)
        while left:
            size = data.draw(st.integers(1, 5))
            batch, left = left[:size], left[size:]
            later = data.draw(st.sampled_from([0, 0, 3, 7_200, 90_000])) * 1_000_000
            world.clock = max(world.clock, *(each.instant for each in batch)) + later
            world.play([batch])
            match data.draw(st.sampled_from(["nothing", "activate", "rebuild"])):
                case "activate":
                    world.model = data.draw(st.sampled_from(OTHERS))
                    activate(world.database, world.ids, world.model)
                    world.restart()
                case "rebuild":
                    rebuild(world.database, world.ids, world.model)
                    world.restart()
            world.project()
            verified = world.verify()
            assert verified.differing == 0, verified.differences[:3]
        world.clock += us(200_000) - us(0)
        world.project()
        verified = world.verify()
        assert verified.differing == 0, verified.differences[:3]
        world.close()
