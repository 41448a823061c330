"""Where a lead comes from: what touchpoints bear, first and last, and at its stages; in every order of arrival."""

from hashlib import sha256
from itertools import groupby, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.fold.origin import Origin, reader
from domain.fold.sites import site_of_host, site_of_name, text
from domain.model.definition import parse_model
from domain.people.walk import assign
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.histories import TYPES, facts_of, histories, in_order, law, side
from tests.domain.stories import at, us
from tests.given_model import MODEL

SHOP = "https://www.shop.example"
IGNORES = '\n[channels]\nignore = ["pay.example"]\n'


@pytest.fixture(scope="module")
def fold() -> Fold:
    return Fold(parse_model(MODEL + IGNORES))


def page(second: float, *who: str, url: str = "/", referrer: str = "", **more: Any) -> Touchpoint:
    return at(second, "page_viewed", *who, source="browser", url=SHOP + url, referrer=referrer, **more)


def lead_of(fold: Fold, *history: Touchpoint) -> Lead:
    ordered = in_order(history)
    return fold.fold(ordered, ordered[-1].instant)


def shown(lead: Lead) -> tuple[Any, Any]:
    """First and last source, as (channel, source)."""
    first, last = (each and (each.seen["channel"], each.seen.get("source")) for each in
                   (lead.sources.first, lead.sources.last))  # fmt: skip
    return first, last


STORY = (
    page(1, "c:k", url="/?bd_vid=77", referrer="https://www.baidu.com/link?url=x"),
    page(2, "c:k", url="/prices", referrer=f"{SHOP}/?bd_vid=77"),
    page(3, "c:k", url="/thanks", referrer="https://secure.pay.example/done"),
    page(4, "c:k"),
    page(4.2, "c:k", url="/account", referrer="https://login.microsoftonline.com/"),
    page(4.4, "c:k", url="/paid", referrer="https://www.paypal.com/checkoutnow"),
    page(5, "c:k", url="/?utm_source=news&utm_medium=email&utm_campaign=May"),
    at(6, "form_submitted", "c:k", "e:a@x.example", source="browser", url=f"{SHOP}/contact", referrer=f"{SHOP}/"),
)


# ---- a lead's ----------------------------------------------------------------------------------------------------


def test_first_is_the_advertisement_and_last_the_newsletter_in_every_order_of_arrival(fold: Fold) -> None:
    for arrived in permutations(STORY):
        _, histories = assign(arrived, facts_of(arrived))
        (history,) = histories.values()
        lead = fold.fold(in_order(history), us(10))
        assert shown(lead) == (("paid_search", "baidu"), ("email", "news"))
        assert lead.sources.last is not None
        assert (lead.sources.last.at, lead.sources.last.seen["campaign"]) == (us(5), "May")


def test_after_a_merge_the_first_source_is_the_earlier_persons(fold: Fold) -> None:
    story = [
        at(3, "form_submitted", "u:1", url=f"{SHOP}/?utm_source=google&utm_medium=cpc"),
        at(1, "event_attended", "u:2", campaign="Hannover 2026", medium="trade fair"),
        at(5, "merged", "u:1", source="api", **side("u:2")),
    ]
    _, histories = assign(story, facts_of(story))
    (history,) = histories.values()
    assert shown(fold.fold(in_order(history), us(9))) == (("event", None), ("paid_search", "google"))


def test_direct_is_what_is_missing_and_never_replaces_a_source(fold: Fold) -> None:
    assert shown(lead_of(fold, page(1, "c:k"))) == (None, None)
    came = page(2, "c:k", referrer="https://news.example/list")
    lead = lead_of(fold, page(1, "c:k"), came, page(90_000, "c:k"))
    assert shown(lead) == (("referral", "news.example"), ("referral", "news.example"))


def test_a_lead_keeps_where_it_came_from_when_it_became_something(fold: Fold) -> None:
    lead = lead_of(
        fold,
        at(1, "identified", "u:1"),
        at(2, "stage_changed", "u:1", source="api", to="qualified"),
        at(3, "page_viewed", "u:1", url=f"{SHOP}/?gclid=1"),
        at(4, "stage_changed", "u:1", source="api", to="customer"),
        at(5, "page_viewed", "u:1", url=f"{SHOP}/?utm_source=x&utm_medium=email"),
        at(6, "stage_changed", "u:1", source="api", to="qualified"),
    )
    assert {became: (each.at, each.seen["channel"]) for became, each in lead.sources.then.items()} == {
        "customer": (us(4), "paid_search")
    }, "direct at the first two; qualified again is not for the first time"
    lead = lead_of(fold, page(1, "c:k", url="/?gclid=1"), at(2, "identified", "c:k", "u:1"))
    assert set(lead.sources.then) == {"", "lead"}


def test_what_a_machine_did_bears_no_source(fold: Fold) -> None:
    machine = page(1, "c:k", url="/?gclid=1", context={"machine": "reported"})
    assert shown(lead_of(fold, machine, page(2, "c:k"))) == (None, None)


def stepped(fold: Fold, history: list[Touchpoint]) -> Lead:
    """Instant by instant, saved and loaded before each."""
    lead = Lead()
    for instant, group in groupby(history, lambda touchpoint: touchpoint.instant):
        lead = msgpack.decode(msgpack.encode(lead), type=Lead)
        fold.step(lead, tuple(group), instant)
    return lead


@law(60)
@given(st.data())
def test_sources_are_the_same_in_every_order_and_step_by_step(fold: Fold, data: st.DataObject) -> None:
    bare = data.draw(histories(types=(*TYPES, "merged", "unmerged")))
    bears = st.sampled_from([{}, {"url": f"{SHOP}/?gclid=1"}, {"referrer": "https://zhihu.com/q"}, {"medium": "qr"}])
    history = [each._replace(properties={**each.properties, **data.draw(bears)}) for each in bare]
    shuffled = data.draw(st.permutations(history))
    facts = facts_of(history)
    for arrived in (history, shuffled):
        walk, ordered = assign(arrived, facts)
        leads = {str(walk.people[n].name()): fold.fold(each, us(10**6)) for n, each in ordered.items()}
        assert leads == {str(walk.people[n].name()): stepped(fold, each) for n, each in ordered.items()}
        if arrived is history:
            expected = leads
    assert leads == expected
    for lead in leads.values():
        first, last = lead.sources.first, lead.sources.last
        assert (first is None) == (last is None)
        assert first is None or last is None or first.at <= last.at


# ---- a touchpoint's ----------------------------------------------------------------------------------------------


BAIDU = "https://www.baidu.com/s?wd=x"
CASES: list[tuple[Touchpoint, Origin | None]] = [
    (page(1, "c:k", referrer="https://shop.example/a"), None),
    (page(1, "c:k", referrer="https://help.shop.example/a", context={"own_referrer": True}), None),
    (page(1, "c:k", referrer="https://help.shop.example/a"), Origin("help.shop.example", "referral")),
    (page(1, "c:k", referrer=BAIDU), Origin("baidu", "organic")),
    (page(1, "c:k", referrer="https://tieba.baidu.com/p/1"), Origin("tieba", "referral")),
    (page(1, "c:k", referrer="https://l.facebook.com/"), Origin("facebook", "referral")),
    (page(1, "c:k", referrer="android-app://com.x/"), Origin("com.x", "referral")),
    (page(1, "c:k", referrer="no address"), None),
    (page(1, "c:k", url="/?msclkid=1"), Origin("bing", "cpc")),
    (page(1, "c:k", url="/?fbclid=1", referrer=BAIDU), Origin("facebook", "social")),
    (page(1, "c:k", url="/?GCLID=1&utm_campaign=Sale"), Origin("google", "cpc", "Sale")),
    (page(1, "c:k", url="/?gclid=1&utm_source=partner"), Origin("partner")),
    (page(1, "c:k", url="/?utm_source=Weixin&utm_medium=post&utm_term=t&utm_content=c"),
     Origin("wechat", "post", "", "c", "t")),
    (page(1, "c:k", url="/?utm_content=only"), None),
    (page(1, "c:k", url=f"/?a={'x' * 30_000}&gclid=1", referrer=f"https://{'y' * 30_000}/"),
     Origin("y" * 200, "referral")),
    (page(1, "c:k", url="/?" + "&".join(["a=1"] * 500)), None),
    (page(1, "c:k", context={"campaign": {"name": "A", "source": "b"}}), Origin("b", "", "A")),
    (page(1, "c:k", context={"campaign": {"name": 7}}, referrer=BAIDU), Origin("baidu", "organic")),
    (page(1, "c:k", context={"campaign": "x", "page": "y"}), None),
    (page(1, "c:k", medium="qr"), None),
    (at(1, "identified", "u:1", context={"page": {"url": SHOP, "referrer": BAIDU}}), Origin("baidu", "organic")),
    (at(1, "order_placed", "u:1", source="import", source_name="crm", medium="seminar"),
     Origin("", "seminar", itself=True)),
    (at(1, "order_placed", "u:1", source_name="crm", campaign=7), None),
    (at(1, "email_clicked", "u:1", source_name="mailer", campaign="spring"),
     Origin("", "email", "spring", itself=True)),
    (at(1, "email_clicked", "u:1", source_name="mailer", campaign="spring", medium="newsletter"),
     Origin("", "newsletter", "spring", itself=True)),
    (page(1, "c:k", referrer="https://accounts.google.com/o"), None),
    (page(1, "c:k", referrer="https://tenant.b2clogin.com/"), None),
    (page(1, "c:k", referrer="https://open.weixin.qq.com/connect/qrconnect"), None),
    (page(1, "c:k", referrer="https://www.paypal.com/checkoutnow"), None),
    (page(1, "c:k", referrer="https://checkout.stripe.com/c/pay"), None),
    (page(1, "c:k", referrer="https://stripe.com/partners"), Origin("stripe.com", "referral")),
    (page(1, "c:k", url="/?gclid=1", referrer="https://www.paypal.com/"), Origin("google", "cpc")),
    (page(1, "c:k", url="/?utm_source=alipay&utm_medium=partner", referrer="https://cashier.alipay.com/"),
     Origin("alipay", "partner")),
    (page(1, "c:k", referrer="https://mail.google.com/"), Origin("mail.google.com", "referral")),
    (at(1, "email_opened", "u:1", context={"campaign": {"name": "A"}}), None),
    (at(1, "stage_changed", "u:1", source="policy", campaign="A"), None),
]  # fmt: skip


@pytest.mark.parametrize(("touchpoint", "origin"), CASES)
def test_a_touchpoint_bears_a_source_only_if_it_says_one(touchpoint: Touchpoint, origin: Origin | None) -> None:
    assert reader(())(touchpoint) == origin


def test_known_sites_are_told_by_host_and_by_what_campaigns_call_them() -> None:
    hosts = ("google.co.uk", "m.google.de", "m.baidu.com", "so.com", "m.sm.cn", "yandex.ru", "search.naver.com", "t.cn")
    names = ["google", "google", "baidu", "360", "shenma", "yandex", "naver", "weibo"]
    assert [site and site.name for site in map(site_of_host, hosts)] == names
    assert [site_of_host(host) for host in ("mail.google.com", "a.docs.google.com", "open.weixin.qq.com")] == [None] * 3
    assert site_of_host("mail.google.evil.example") is None and site_of_name("accounts.google.com") is None
    assert site_of_host("notgoogle.com") is site_of_host("google.evil.example") is site_of_host("localhost") is None
    kinds = {"Douyin": "video", "xhs": "social", "JD": "shopping", "amazon.de": "shopping", "Sogou": "search"}
    assert {name: site and site.kind for name in kinds if (site := site_of_name(name))} == kinds


def test_another_list_of_sites_is_another_format_of_the_saved_state() -> None:
    """Derived rows depend on the list: who changes it counts `FORMAT` on (projections/projecting/saved.py)."""
    assert sha256(text().encode()).hexdigest()[:16] == "9564a757673cf441"
