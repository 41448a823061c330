"""A company with a web site, Leadline on Kafka and PostgreSQL, and somebody's hands: by mouse, or by keyboard alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from api.dashboard.texts import Texts

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MODEL: Final = """# What this company calls a good lead.
timezone = "Asia/Shanghai"

[[stages]]
name = "lead"
label = { en = "New lead", zh = "新线索" }
[[stages]]
name = "customer"  # pays
label = { en = "Customer", zh = "客户" }
won = true

[score]
hot_at = 20
rearm_at = 10

[[score.rules]]
name = "form"
label = { en = "sent a form", zh = "提交表单" }
on = "form_submitted"
points = 12  # two forms make a hot lead

[[segments]]
name = "interested"
label = { en = "Interested", zh = "有兴趣" }
when = { did = "form_submitted", at_least = 2 }

[[funnels]]
name = "deal"
label = { en = "To the deal", zh = "成交" }
window = "30d"
steps = [ { on = "page_viewed" }, { on = "form_submitted" }, { on = "stage_changed", where = { to = "customer" } } ]

[[sales.owners]]
name = "ana"
"""

_SITE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Granite</title><body>
<h1>Granite</h1><img src="{collector}/p.gif?aid={who}&amp;url={url}" alt="">
<form method="post" action="{collector}/f/contact"><input type="hidden" name="_aid" value="{who}">
<label>Name <input name="name"></label> <label>E-mail <input name="email" type="email"></label>
<button>Send</button></form></body></html>"""


@contextmanager
def web_site() -> Iterator["WebSite"]:
    """A site of one page, on a port of its own: a pixel and a form."""
    site = WebSite()
    thread = threading.Thread(target=site.server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join()


class WebSite:
    """`collector`: where pixel and form go, set before the first visit."""

    def __init__(self) -> None:
        self.collector = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                who = self.path.partition("who=")[2].partition("&")[0]
                page = _SITE.format(collector=site.collector, who=who, url=quote(site.address + self.path))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """Of the site, without a path."""
        return f"http://127.0.0.1:{self.server.server_port}"


@dataclass(frozen=True)
class Hands:
    """Somebody at a page of the dashboard, in a language; `keyboard`: without a mouse."""

    page: "Page"
    tag: str
    keyboard: bool

    def text(self, english: str) -> str:
        """What the dashboard says in their language."""
        return Texts().languages[self.tag].translations.ugettext(english)

    def press(self, role: str, name: str, within: "Locator | None" = None) -> None:
        """A link, a button or a summary of this English name: with the mouse, else by Tab and Enter."""
        self.act(self._found(role, self.text(name), within))

    def act(self, wanted: "Locator") -> None:
        """Press what is found."""
        if not self.keyboard:
            wanted.click()
            return
        self.reach(wanted)
        self.page.keyboard.press("Enter")

    def reach(self, wanted: "Locator") -> None:
        """By Tab from where the focus is. Fails where Tab does not come there."""
        wanted.wait_for()
        for _ in range(300):
            if wanted.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {wanted}")

    def fill(self, field: "Locator", value: str) -> None:
        """Write into a field, whatever is in it."""
        if not self.keyboard:
            field.fill(value)
            return
        self.reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(value)

    def choose(self, field: "Locator", value: str) -> None:
        """Choose in a select: by its arrows, until it has the value."""
        if not self.keyboard:
            field.select_option(value)
            return
        self.reach(field)
        count = field.evaluate("each => each.options.length")
        self.page.keyboard.press("Home")
        for _ in range(count):
            if field.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no option {value!r}")

    def _found(self, role: str, name: str, within: "Locator | None") -> "Locator":
        place = within or self.page.locator("body")
        if role == "summary":
            return place.locator("summary").filter(has_text=name).first
        return place.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
