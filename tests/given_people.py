"""People with names like no other text, and what they do: whatever shows one of these names, shows who somebody is."""

from collections.abc import Iterator

from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at
from tests.projections.given_sales import TEXT

MODEL = (
    TEXT
    + """
[[segments]]
name = "asked"
when = { did = "demo_requested" }
[[funnels]]
name = "demo"
window = "90d"
steps = [ { on = "page_viewed" }, { on = "demo_requested" } ]
"""
)
NAMES = (
    "zerlinde", "quastenflosser", "zq@engines.example", "49301234567", "user-zq-77", "cookie-zq-1", "secret-note",
    "王小明明", "xiaoming", "ming-2", "claimed-by",
)  # fmt: skip
ASKED = {"name": "Zerlinde Quastenflosser", "first_name": "Zerlinde", "last_name": "Quastenflosser",
         "email": "zq@engines.example", "phone": "+49301234567", "company": "Engines Ltd", "title": "CTO",
         "birthday": "1990-05-05", "street": "Quastenflosser Weg 1"}  # fmt: skip


def story() -> Iterator[Touchpoint]:
    zq = ("u:user-zq-77", "e:zq@engines.example", "p:+49301234567", "c:cookie-zq-1")
    page = {"path": "/hello/zq@engines.example", "url": "https://a.example/?mail=zq%40engines.example",
            "title": "Hello Zerlinde Quastenflosser!", "referrer": "https://b.example/user-zq-77"}  # fmt: skip
    yield at(1, "page_viewed", "c:cookie-zq-1", **page, context={"page": page})
    yield at(2, "demo_requested", *zq, profile=ASKED, form="demo", message="I am Zerlinde, call +49 30 1234567",
             email="zq@engines.example", contact={"name": "Zerlinde Quastenflosser"})  # fmt: skip
    yield at(3, "call_logged", "u:user-zq-77", note="secret-note of Zerlinde", participants=["Quastenflosser"])
    yield at(4, "noted", "u:user-zq-77", source="api", note="secret-note")
    ming = {"name": "王小明明", "email": "xiaoming@x.example"}
    yield at(4, "merged", *zq[:2], source="api", reason="claimed-by said so")
    yield at(5, "page_viewed", "c:ming-2", path="/p", title="你好王小明明，欢迎")
    yield at(6, "demo_requested", "e:xiaoming@x.example", "c:ming-2", profile=ming, text="我是王小明明")
    yield at(7, "form_submitted", "u:claimed-by", "e:zq@engines.example", source="browser")
    yield at(8, "reminder_set", "e:xiaoming@x.example", source="api", at="9000-01-01T00:00:00Z", note="secret-note")


def named(text: str) -> list[str]:
    """Whoever is named in a body, whatever spells them in it."""
    folded = text.casefold().replace("%40", "@").replace("%2b", "+").replace(" ", "")
    return [name for name in NAMES if name.replace(" ", "") in folded]
