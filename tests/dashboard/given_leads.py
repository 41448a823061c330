"""Leads of a company with two owners and a team, of every kind that the list tells apart."""

from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import FRIDAY, MINUTE, TEXT

LABELS = TEXT.replace('name = "much"', 'name = "much"\nlabel = { en = "asked for a demo", zh = "申请了演示" }')
MODEL = (
    LABELS.replace(
        "[[sales.reasons]]",
        """[[sales.owners]]
name = "field"
weight = 0
members = ["ana"]
[[sales.reasons]]""",
        1,
    )
    + """
[[not_a_lead]]
reason = "employee"
label = { en = "works here", zh = "本公司员工" }
where = { "profile.email" = { ends_with = "@us.test" } }
[[segments]]
name = "fans"
label = { en = "Fans", zh = "粉丝" }
when = { heat = { gte = 80 } }
"""
)
PEOPLE = {
    "wang": ("demo_requested", {"name": "王伟", "company": "云帆科技", "title": "CTO", "phone": "+8613800000001"}),
    "li": ("demo_requested", {"first_name": "Li", "last_name": "Na"}),
    "cold": ("page_viewed", {"name": "Cold Fish", "company": "Ice & <Snow>"}),
    "won": ("demo_requested", {"name": "Won Already"}),
}


def filled(pages: Pages) -> None:
    """Wang and Li are hot and have each an owner (ana, bo); others are not hot, won, or no lead."""
    company = pages.company
    for minute, (name, (type, profile)) in enumerate(PEOPLE.items()):
        company.touch(FRIDAY + minute * MINUTE, type, f"e:{name}@x.test", profile=profile, kind="server")
    company.touch(FRIDAY + 5 * MINUTE, "stage_changed", "e:won@x.test", to="customer")
    company.touch(FRIDAY + 6 * MINUTE, "demo_requested", "e:me@us.test", profile={"email": "me@us.test"}, kind="server")
    company.touch(FRIDAY + 7 * MINUTE, "page_viewed", "c:visitor", kind="browser")
