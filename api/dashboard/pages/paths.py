"""`/paths`: what people did most often before they were won or lost, or from a start on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.dashboard.charts.funnel_bars import FunnelSplit, lying_bar
from api.dashboard.reports.journeys import Journey, journey
from api.dashboard.reports.values import path_steps
from api.dashboard.resources import Resources
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording

_ONWARDS: Final = N_("The most frequent sequences of what people did from a first act on.")
_ENDS: Final[Mapping[str, str]] = {"won": N_("Won"), "lost": N_("Lost")}


@dataclass(frozen=True, slots=True)
class PathRow:
    """A path as the page shows it. `steps`: none where they did nothing."""

    steps: Sequence[str]
    leads: int
    address: str | None
    share: float
    took: float | None
    bar: Markup


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def paths(request: Request) -> Response:
        with resources.reader.view() as view:
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            asked = journey(request, view, "paths", without=("start", "before"))
            values = asked.values(view, wording) | _values(asked, wording)
        return resources.shell.render(request, "paths.html", 400 if asked.refusal else 200, **values)

    counted = resources.counted
    return [Route("/paths", counted(paths))]


def _values(asked: Journey, wording: PageWording) -> dict[str, Any]:
    options, items = asked.choice.options, asked.items
    most = max((item["leads"] for item in items), default=0)
    said: Mapping[str, Callable[[str], str]] = {"type": wording.touchpoint, "channel": wording.channel}
    step = said.get(options.get("step", "type"), str)
    rows = [
        PathRow(
            steps=[step(each) for each in path_steps(str(item["path"] or "…"))],
            leads=item["leads"],
            address=asked.choice.people("leads", item),
            share=item["share"],
            took=item["took_median"],
            bar=lying_bar(FunnelSplit(item["leads"], 0, 0), most),
        )
        for item in items
    ]
    onwards = "start" in options
    about = {"about": wording.text(_ONWARDS)} if onwards else {}
    return about | {
        "rows": rows,
        "onwards": onwards,
        "end": None if onwards else _end(options.get("before", "won"), wording),
        "listed_share": sum(row.share for row in rows),
    }


def _end(before: str, wording: PageWording) -> str:
    """What the paths lead to."""
    return wording.text(_ENDS[before]) if before in _ENDS else wording.stage(before.removeprefix("stage:"))
