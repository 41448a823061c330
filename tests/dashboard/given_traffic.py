"""A company with origins, orders, costs and mail: what reports, Sources and Mail are about."""

from typing import Any

from domain.files.durations import HOUR
from domain.fold.days import ZoneDays
from store.costs import Cost, CostKey, import_costs
from tests.dashboard.given_leads import MODEL as LEADS
from tests.dashboard.given_leads import PEOPLE
from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import FRIDAY, MINUTE, touchpoint

MODEL = (
    LEADS.replace('name = "customer"', 'name = "customer"\nlabel = { en = "Buyer", zh = "买家" }')
    + """
[money]
currency = "EUR"
revenue = [{ on = "order_placed" }]
"""
)
ORIGINS = {
    "search": "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=spring",
    "mail": "https://shop.example/?utm_source=news&utm_medium=email&utm_campaign=june",
    "fair": "https://shop.example/?utm_source=hannover&utm_medium=fair",
}
CAME = {"wang": "search", "li": "search", "cold": "mail", "won": "mail", "paid": "search", "visitor": "fair"}
"""Who came from where; all but the visitor are leads, `won` and `paid` buyers."""


def bought(pages: Pages) -> None:
    """Six people of three origins: two are hot, two bought, one in dollars too; search and mail cost something."""
    told = []
    for minute, (who, origin) in enumerate(CAME.items()):
        name = "c:visitor" if who == "visitor" else f"e:{who}@x.test"
        told.append(_at(minute, "page_viewed", name, kind="server", url=ORIGINS[origin], path="/pricing"))
        type, profile = PEOPLE.get(who, ("page_viewed", {"name": "Paid Twice", "company": "Gold"}))
        if who != "visitor":
            told.append(_at(10 + minute, type, name, kind="server", profile={**profile, "company": "Ice"}))
    told.append(_at(30, "page_viewed", "e:won@x.test", url=ORIGINS["search"]))
    for minute, (who, amount, currency) in enumerate([("won", 1200, "EUR"), ("paid", 300, "EUR"), ("paid", 50, "USD")]):
        told.append(_at(40 + minute, "order_placed", f"e:{who}@x.test", amount=amount, currency=currency))
    told += [_at(50, "stage_changed", f"e:{who}@x.test", to="customer") for who in ("won", "paid")]
    pages.company.tell(told, FRIDAY + HOUR)
    today = ZoneDays("Asia/Shanghai").of(FRIDAY)
    spent = [("paid_search", "spring", 80, "EUR"), ("email", "june", 20, "EUR"), ("affiliates", "", 10, "USD")]
    costs = [Cost(CostKey(today, *key, currency), amount * 1_000_000) for *key, amount, currency in spent]
    import_costs(pages.company.world.database, costs)


def mailed(pages: Pages, people: int = 12) -> None:
    """Campaign `june` in two variants, and `old` in none: of A a quarter clicked, of B three quarters."""
    told = []
    for n in range(2 * people):
        variant, who = "AB"[n % 2], f"e:m{n}@mail.test"
        said = {"campaign": "june", "variant": variant, "kind": "provider"}
        told += [_at(n, "email_sent", who, **said), _at(n + 1, "email_delivered", who, **said)]
        if n // 2 < people * (0.75 if variant == "B" else 0.25):
            told += [_at(60 + n, "email_opened", who, **said), _at(61 + n, "email_clicked", who, **said)]
    told.append(_at(5, "email_sent", "e:m0@mail.test", campaign="old", kind="provider"))
    pages.company.tell(told, FRIDAY + 3 * HOUR)


def _at(minute: int, type: str, name: str, **said: Any) -> Any:
    return touchpoint(FRIDAY + minute * MINUTE, type, name, **said)
