"""`model draw`: limits of classes, drawn over all leads."""

from api.drawing import described
from domain.model.drawn import FEWEST
from projections.upkeep.drawing import redraw
from runtime.commands.options import AsJson, Data, DatabaseUrl, wiring_of
from runtime.terminal.judged import say_moves
from runtime.terminal.show import print_json, progress


def draw(*, as_json: AsJson = False, data: Data = None, database: DatabaseUrl = None) -> None:
    """Draw the limits of classes (`quantiles` of [rfm]) over all leads now, and activate the model with them."""
    with wiring_of(data=data, database=database) as wiring, progress("draw") as show_progress:
        redrawn = redraw(wiring.existing, wiring.ids, show_progress, wiring.engine)
    if as_json:
        print_json(described(redrawn))
    elif redrawn.drawn is None or redrawn.activated is None:
        print(f"too few leads with an order: limits are drawn of {FEWEST} or more, and stay as they are")
    else:
        for name, limits in redrawn.drawn.limits.items():
            print(f"{name}: {', '.join(map(str, limits))} (drawn over {redrawn.drawn.leads:,} leads)")
        say_moves(redrawn.activated)
