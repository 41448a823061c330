"""A company in whose funnels leads started in two months, from several sources, and came to every step."""

from typing import Final

from domain.files.durations import DAY, HOUR
from domain.touchpoints.touchpoint import Touchpoint
from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import FRIDAY, TEXT, touchpoint

MODEL: Final = (
    TEXT
    + """
[[segments]]
name = "asked"
label = { en = "Asked for a demo", zh = "申请过演示" }
when = { did = "demo_requested" }
[[funnels]]
name = "sale"
label = { en = "From a page to a sale", zh = "从浏览到成交" }
window = "14d"
exclude = [ { on = "email_unsubscribed" } ]
steps = [
  { on = "page_viewed", where = { path = { starts_with = "/p" } } },
  { on = "form_submitted", within = "7d" },
  { on = "demo_requested", label = { en = "Wants a <demo>", zh = "想看演示" } },
  { on = "stage_changed", where = { to = "customer" } },
]
[[funnels]]
name = "any two"
order = "any"
window = "2d"
steps = [ { on = "form_submitted" }, { on = "call_logged" } ]
[[funnels]]
name = "nobody"
window = "1d"
steps = [ { on = "trial_started" } ]
"""
)
CLOCK: Final = FRIDAY
_FAR: Final = 40
"""Days before the clock of the first start."""
SOURCES: Final = ("google", "newsletter", 'a "b" & <c>', None)


def journeys() -> list[Touchpoint]:
    """Sixty people: of each some come further, some begin again, some unsubscribe."""
    told = []
    for n in range(60):
        who, began = f"e:p{n:02}@x.test", CLOCK - _FAR * DAY + n * 16 * HOUR
        source = SOURCES[n % len(SOURCES)]
        campaign = {} if source is None else {"context": {"campaign": {"source": source, "medium": "cpc"}}}
        country = "DE" if n % 3 else "CN"
        profile = {"name": f"Person {n:02}", "company": "K & <S>", "employees": n * 10, "country": country}
        told.append(touchpoint(began, "page_viewed", who, path="/p", profile=profile, kind="server", **campaign))
        further = ("form_submitted", "demo_requested", "stage_changed")[: n % 5 if n % 5 < 4 else 1]
        for step, type in enumerate(further, 1):
            said = {"to": "customer"} if type == "stage_changed" else {}
            if (when := began + step * 26 * HOUR + n * 60_000_000) <= CLOCK:
                told.append(touchpoint(when, type, who, kind="server", **said))
        if n % 7 == 0 and began + 5 * HOUR <= CLOCK:
            told.append(touchpoint(began + 5 * HOUR, "email_unsubscribed", who, kind="server"))
        if n % 4 == 1 and began + 9 * DAY <= CLOCK:
            told.append(touchpoint(began + 9 * DAY, "page_viewed", who, path="/p2", kind="server"))
    return sorted(told, key=lambda each: each.occurred_at)


def filled(pages: Pages) -> None:
    pages.company.tell(journeys(), CLOCK)
