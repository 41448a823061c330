"""`make pictures`: pictures of all pages of the dashboard, of demo data, into `build/pictures/`: for human eyes.

Each in English and Chinese, light and dark, and as a phone shows it. `ARGS=leads`: of pages whose name has that.
`ARGS=readme`: the one that README shows, into `docs/pictures/`.
"""

import json
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from runtime.commands.demo import server, tell
from runtime.commands.options import settings_of
from runtime.demo.examples import SOFTWARE
from runtime.waiting import until
from runtime.wiring import Wiring
from tests.services.browser import running_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER: Final = Path("build/pictures")
PEOPLE: Final = 200
PATIENCE: Final = 60.0
"""Seconds until what was refused is kept."""
README: Final = Path("docs/pictures/leads.png")
LONGEST: Final = 3
"""Screens of a picture."""
LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "en": {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}},
    "zh": {"locale": "zh-CN", "viewport": {"width": 1280, "height": 900}},
    "dark": {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {
        "locale": "en-GB",
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
    },
}


class Demo:
    """A server with the story of the demo, asked for what the addresses of pages need."""

    def __init__(self, address: str) -> None:
        self.address = address

    def leads(self) -> list[dict[str, Any]]:
        """The hottest ones."""
        with urllib.request.urlopen(f"{self.address}/api/leads?limit=10&hot=true") as answer:
            items: list[dict[str, Any]] = json.load(answer)["items"]
        return items

    def refused(self) -> str:
        """The page of something that a door refused: a call that says of nobody who it is."""
        call = urllib.request.Request(f"{self.address}/v1/track", b'{"event": "Demo Requested", "writeKey": "demo"}')
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(call).close()
        until(lambda: bool(self._asked("/api/rejected?limit=1")), PATIENCE)
        return f"/health/rejected/{self._asked('/api/rejected?limit=1')[0]['id']}"

    def draft(self) -> str:
        """The page of a comparison, which has ended: the rule with the most points gives one more half."""
        with urllib.request.urlopen(f"{self.address}/model/history/1/file") as answer:
            text = answer.read().decode().replace("points = 50", "points = 75", 1)
        form = urlencode({"kind": "text", "to": "preview", "based_on": "1", "text": text}).encode()
        asked = urllib.request.Request(f"{self.address}/model/edit", form, {"Origin": self.address})
        with urllib.request.urlopen(asked) as answer:
            page = urlsplit(answer.url).path
        until(lambda: self._job(page.rpartition("/")[2])["state"] != "running", PATIENCE)
        return page

    def _job(self, id: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.address}/api/jobs/{id}") as answer:
            job: dict[str, Any] = json.load(answer)
        return job

    def _asked(self, path: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self.address + path) as answer:
            items: list[dict[str, Any]] = json.load(answer)["items"]
        return items


PAGES: Final[Mapping[str, Callable[[Demo], str]]] = {
    "leads": lambda demo: "/",
    "leads-found": lambda demo: "/?q=lu&order=name",
    "leads-none": lambda demo: "/?q=zzz",
    "lead": lambda demo: f"/leads/{demo.leads()[0]['id']}",
    "sources": lambda demo: "/sources?period=91",
    "sources-campaigns": lambda demo: "/sources?period=ever&by=campaign&way=linear&sort=-won",
    "source-people": lambda demo: "/reports/channels/people?row.group=paid_search&number=hot&period=ever",
    "mail": lambda demo: "/mail?period=ever",
    "mail-weekday": lambda demo: "/mail?period=ever&by=weekday",
    "responses": lambda demo: "/responses?period=ever",
    "reports": lambda demo: "/reports",
    "report-stages": lambda demo: "/reports/stages?sort=-entered",
    "report-quality": lambda demo: "/reports/quality",
    "funnels": lambda demo: "/funnels",
    "funnel": lambda demo: "/funnels/signup?by=last_channel&series=day&period=7",
    "funnel-sales": lambda demo: "/funnels/sales",
    "funnel-leads": lambda demo: "/funnels/signup/leads?step=2",
    "segments": lambda demo: "/segments",
    "segment": lambda demo: "/segments/pricing-returners?by=day&period=31",
    "overview": lambda demo: "/overview",
    "overview-leads": lambda demo: "/overview/leads?of=new_leads&period=7",
    "model": lambda demo: "/model",
    "model-activation": lambda demo: "/model/history/1",
    "model-edit": lambda demo: "/model/edit",
    "model-text": lambda demo: "/model/edit?as=text",
    "model-draft": lambda demo: demo.draft(),
    "signals": lambda demo: "/signals",
    "health": lambda demo: "/health",
    "health-findings": lambda demo: "/health/findings",
    "health-findings-kind": lambda demo: "/health/findings?kind=missing_field",
    "health-refused": lambda demo: "/health/rejected",
    "health-refused-one": lambda demo: demo.refused(),
    "journeys-cohorts": lambda demo: "/cohorts?reached=hot",
    "journeys-paths": lambda demo: "/paths?before=stage:qualified",
    "journeys-portrait": lambda demo: "/portrait",
    "report-people": lambda demo: "/reports/mail/people?row.campaign=monthly&number=clicked&period=ever",
    "nothing": lambda demo: "/leads/none",
}


@contextmanager
def played() -> Iterator[Demo]:
    """A server of its own with the story of `leadline demo --keep`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            server(folder, SOFTWARE.model) as (process, bind),
            Wiring(settings_of(data=folder, model=SOFTWARE.model, bind=str(bind))) as wiring,
        ):
            tell(wiring, process, bind, SOFTWARE, folder=folder, seed=1, people=PEOPLE, months=True)
            yield Demo(f"http://{bind}")


def _clip(page: "Page") -> Any:
    """The whole page, where it is not longer than three screens."""
    size = page.viewport_size or {"width": 0, "height": 0}
    whole = int(page.evaluate("document.documentElement.scrollHeight"))
    return {"x": 0, "y": 0, "width": size["width"], "height": min(whole, LONGEST * size["height"])}


def _write_readme() -> None:
    """What a screen shows of the list of leads, in English."""
    README.parent.mkdir(parents=True, exist_ok=True)
    with played() as demo, running_chromium() as browser:
        page = browser.new_context(
            base_url=demo.address, **LOOKS["en"] | {"viewport": {"width": 1280, "height": 780}}
        ).new_page()
        page.goto(PAGES["leads"](demo))
        page.screenshot(path=README)
    print(f"wrote {README}")


def main(wanted: str = "") -> None:
    """Make them."""
    if wanted == "readme":
        _write_readme()
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with played() as demo, running_chromium() as browser:
        for look, settings in LOOKS.items():
            context = browser.new_context(base_url=demo.address, **settings)
            page = context.new_page()
            for name, address in PAGES.items():
                if wanted in name:
                    page.goto(address(demo))
                    page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True, clip=_clip(page))
            context.close()
    print(f"the pictures are in {FOLDER}/")


if __name__ == "__main__":
    main(*sys.argv[1:])
