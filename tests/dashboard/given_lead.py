"""A lead with a story worth a page: a model with labels, and what happened."""

from collections.abc import Sequence
from typing import Any, Final

from domain.touchpoints.touchpoint import Instant
from tests.dashboard.given_pages import Pages
from tests.domain.stories import at
from tests.projections.given_sales import FRIDAY, TEXT

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
WANG: Final = "e:wang@x.test"
MODEL: Final = (
    TEXT.replace('half_life = "3650d"', 'half_life = "7d"')
    .replace('name = "ten"', 'name = "ten"\nlabel = { en = "Viewed a page", zh = "看了页面" }\nlimit = "3 per 24h"')
    .replace(
        'name = "customer"',
        'name = "customer"\nlabel = { en = "Customer", zh = "客户" }\nrequires = ["profile.company"]',
    )
    + """
[money]
currency = "CNY"
revenue = [{ on = "order_placed" }]
[[tags]]
name = "budget"
label = { en = "Has a budget", zh = "有预算" }
[[segments]]
name = "active"
label = { zh = "活跃" }
when = { did = "page_viewed", at_least = 1, within = "30d" }
[fit]
grades = { A = 20, B = 10, C = 0 }
[[fit.rules]]
name = "decides"
where = { "profile.title" = "CTO" }
points = 20
"""
)
"""Of the company of `given_sales`, whose time zone is Shanghai's."""


def told(pages: Pages, ago: int, type: str, *names: str, by: str = "server", **said: Any) -> None:
    """Something happens so long before Friday evening; `by` is the kind of the source, and its name."""
    happened(pages, [(ago, type, {"by": by, **said})], *names)


def happened(pages: Pages, acts: Sequence[tuple[int, str, dict[str, Any]]], *names: str) -> None:
    """Several such things, recorded with the last one."""
    touchpoints = []
    for n, (ago, type, said) in enumerate(acts):
        source, properties = said.get("by", "server"), {name: each for name, each in said.items() if name != "by"}
        id = f"{type}-{ago}-{n}"
        touchpoint = at(0, type, *(names or (WANG,)), source=source, source_name=source, id=id, **properties)
        instant = Instant(FRIDAY - ago)
        touchpoints.append(touchpoint._replace(occurred_at=instant, received_at=instant))
    pages.company.tell(touchpoints, touchpoints[-1].occurred_at)


def story(pages: Pages) -> str:
    """Wang looks around, comes back, buys, and asks for a demo: hot now. The lead's id."""
    about_him = {"name": "王小明", "title": "CTO", "city": "<b>"}
    happened(pages, [
        (28 * DAY, "form_submitted", {"form": "contact", "profile": about_him}),
        *((20 * DAY - n * HOUR, "page_viewed", {"path": f"/docs/{n}"}) for n in range(5)),
        (12 * DAY, "score_reset", {"by": "api", "reason": "it was her brother", "owner": "ana"}),
        (5 * DAY, "page_viewed", {"path": "/pricing"}),
        (3 * DAY, "call_logged", {"by": "api", "note": "An offer by Friday", "tags": ["budget"]}),
        (2 * DAY, "order_placed", {"total": 1290.5, "order_id": "A-17"}),
        (1 * DAY, "email_clicked", {"context": {"machine": "a scanner"}, "subject": "May"}),
    ])  # fmt: skip
    told(pages, 2 * HOUR, "demo_requested")
    [lead] = pages.company.world.leads()
    return str(lead.lead)
