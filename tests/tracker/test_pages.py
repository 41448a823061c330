"""Page views as a browser makes them: each once, by its own address and title, and delivered whatever happens."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.files.durations import HOUR
from domain.touchpoints.mail_link import MailLink, MailLinkKeys
from domain.touchpoints.touchpoint import Instant
from producers.mail_links import url_of
from runtime.clock import clock
from tests.services.browser import left_alone
from tests.tracker.given_site import ID, PATIENCE, Site, ids, running_site, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HIDDEN = "Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {} }});"


@pytest.mark.parametrize("readable", [False, True], ids=["minified", "readable"])
def test_a_visit_from_landing_to_form_is_one_person(chromium: "Browser", site: Site, readable: bool) -> None:
    form = '<form data-leadline name="contact"><input name="email"><input name="name"><button>Send</button></form>'
    site.page("/smoke", form, readable=readable)
    with visiting(chromium, site) as visit:
        visit.go("/smoke?utm_source=newsletter&utm_campaign=spring")
        visit.call("track", "Demo Requested", {"plan": "team"})
        visit.tab.fill("[name=email]", "ada@example.com")
        visit.tab.fill("[name=name]", "Ada Example")
        visit.tab.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
        visit.tab.click("button")
        visit.call("identify", "u-1", {"company": "Example Ltd"})
        page, demo, form_sent, identified = visit.comes("page_viewed", "demo_requested", "form_submitted", "identified")
        assert page.properties["path"] == "/smoke" and page.properties["title"] == "Page /smoke"
        assert page.context["campaign"] == {"source": "newsletter", "name": "spring"}
        assert demo.properties["plan"] == "team"
        assert form_sent.properties["form"] == "contact", "though a field is called name"
        assert form_sent.profile == {"email": "ada@example.com", "name": "Ada Example"}
        assert identified.profile == {"company": "Example Ltd"}
        assert {"kind": "user_id", "value": "u-1"}.items() <= {
            "kind": identified.identities[0].kind,
            "value": identified.identities[0].value,
        }.items()
        assert len(ids(visit.took)) == 1 and ID.fullmatch(ids(visit.took).pop())
        assert visit.cookies()["_ll"].split(".")[0] in ids(visit.took)
        calls = [each for each in site.came if each.path == "/v1/b" and visit.host in each.headers.get("origin", "")]
        assert {each.headers["content-type"] for each in calls} == {"text/plain;charset=UTF-8"}
        assert not [each for each in site.came if each.method == "OPTIONS"], "a preflight costs a round trip"


def test_calls_before_the_script_is_there_are_made_when_it_is(chromium: "Browser", site: Site) -> None:
    stub = (
        "<script>window.leadline = window.leadline || function () { (leadline.q = leadline.q || []).push(arguments) };"
    )
    site.pages["/early"] = (
        f"<!doctype html><title>E</title>{stub} leadline('track', 'Early One')</script>{site.line()}",
        {},
    )
    with visiting(chromium, site) as visit:
        visit.go("/early")
        visit.comes("page_viewed", "early_one")


def test_a_framework_moves_on_and_each_page_counts_once_by_its_own_title(chromium: "Browser", site: Site) -> None:
    """plausible-tracker#18, gridfinity-layout-tool#311: replaceState is a page where the path is another."""
    site.page("/app")
    with visiting(chromium, site) as visit:
        visit.go("/app")
        visit.tab.evaluate(
            "history.pushState({}, '', '/app/pricing'); setTimeout(() => (document.title = 'Pricing'), 10)"
        )
        visit.rest(0.2)
        visit.tab.evaluate("history.replaceState({}, '', location.href)")
        visit.tab.evaluate("for (let at = 0; at < 10; at++) history.replaceState({}, '', '/app/pricing?zoom=' + at)")
        visit.rest(0.2)
        visit.tab.evaluate("history.replaceState({}, '', '/app/contact')")
        visit.rest(0.2)
        visit.tab.evaluate("history.pushState({}, '', '/app/a'); history.replaceState({}, '', '/app/b')")
        visit.rest(0.2)
        visit.tab.go_back()
        took = visit.comes(*["page_viewed"] * 5)
        assert [each.properties["path"] for each in took] == [
            "/app",
            "/app/pricing",
            "/app/contact",
            "/app/b",
            "/app/contact",
        ]
        assert took[1].properties["title"] == "Pricing"
        assert took[1].properties["referrer"].endswith("/app")


def test_history_keeps_its_this_and_its_answer(chromium: "Browser", site: Site) -> None:
    """fusionaly-oss#26: a framework calls through its own object."""
    site.page("/app")
    with visiting(chromium, site) as visit:
        visit.go("/app")
        visit.tab.evaluate("const push = history.pushState; push.call(history, { kept: 1 }, '', '/app/next')")
        assert visit.tab.evaluate("history.state") == {"kept": 1}
        wrong = "try { const push = history.pushState; push({}, '', '/x'); 'taken' } catch (fault) { fault.name }"
        assert visit.tab.evaluate(wrong) == "TypeError", "as without a tracker"
        visit.comes("page_viewed", "page_viewed")


def test_addresses_behind_a_hash_are_pages_where_the_site_says_so(chromium: "Browser", site: Site) -> None:
    """plausible/analytics#173."""
    site.page("/hash", hash="yes")
    site.page("/plain")
    with visiting(chromium, site) as visit:
        visit.go("/hash")
        visit.tab.evaluate("location.hash = '#/pricing?utm_source=x&token=s3cret'")
        visit.rest(0.2)
        visit.go("/plain")
        visit.tab.evaluate("location.hash = '#section'")
        took = visit.comes(*["page_viewed"] * 3)
        assert [each.properties["path"] for each in took] == ["/hash", "/hash#/pricing", "/plain"]
        assert "s3cret" not in visit.left()


def test_a_page_that_comes_back_from_the_cache_counts(chromium: "Browser", site: Site) -> None:
    """plausible/analytics#5082, #4656: the same path, and yet another view."""
    site.page("/one", '<a href="/two">two</a>')
    site.page("/two")
    with visiting(chromium, site) as visit:
        visit.go("/one")
        visit.tab.evaluate("window.kept = true")
        visit.rest(0.4)
        visit.go("/two")
        visit.rest(0.4)
        visit.tab.go_back(wait_until="commit")
        visit.tab.wait_for_function("location.pathname == '/one'")
        assert visit.tab.evaluate("window.kept") is True, "it did not come from the cache"
        took = visit.comes(*["page_viewed"] * 3)
        assert [each.properties["path"] for each in took] == ["/one", "/two", "/one"]


def test_a_tab_that_nobody_looked_at_is_no_page_view(chromium: "Browser", site: Site) -> None:
    """plausible/analytics#5343; and who has no id yet is not called by a number."""
    site.page("/unseen")
    with visiting(chromium, site, HIDDEN.format("true")) as visit:
        visit.go("/unseen")
        assert visit.call("id") == ""
        visit.call("track", "Video Loaded")
        visit.rest()
        assert visit.types == [] and visit.cookies() == {}
        visit.tab.evaluate(HIDDEN.format("false") + "document.dispatchEvent(new Event('visibilitychange'))")
        visit.comes("page_viewed", "video_loaded")


def test_a_prerendered_page_counts_when_it_is_shown(chromium: "Browser", site: Site, tmp_path: Path) -> None:
    """The same. A browser that is driven prerenders nothing, so this one is left alone."""
    rules = '{"prerender": [{"urls": ["/pre/two"], "eagerness": "immediate"}]}'
    later = "location.search || setTimeout(() => (location.href = '/pre/two'), 1500)"
    site.page("/pre/one", f'<script type="speculationrules">{rules}</script><script>{later}</script>')
    how = "performance.getEntriesByType('navigation')[0].activationStart > 0"
    begun = "leadline('track', 'Two Begun', { prerendering: document.prerendering });"
    shown = f"leadline('track', 'Two Shown', {{ prerendered: {how} }})"
    stub = "leadline = window.leadline || function () { (leadline.q = leadline.q || []).push(arguments) };"
    site.page(
        "/pre/two", f"<script>{stub}{begun} addEventListener('load', () => setTimeout(() => {shown}, 2000))</script>"
    )
    host = f"pre{next(site.hosts)}.localhost"
    with left_alone(tmp_path, f"http://{host}:{site.port}/pre/one"):
        until = time.monotonic() + PATIENCE
        while len(took := site.touchpoints(host)) < 4 and time.monotonic() < until:
            time.sleep(0.1)
    assert [each.type for each in took] == ["page_viewed", "page_viewed", "two_begun", "two_shown"]
    assert took[2].properties["prerendering"] is True and took[3].properties["prerendered"] is True
    assert took[1].occurred_at - took[0].occurred_at > 1_000_000, "when it was shown"


def test_whatever_a_framework_moves_on_with_is_noticed(chromium: "Browser", site: Site) -> None:
    """The Navigation API, a router behind # that replaces, and pages that differ by what is cut from addresses."""
    site.page("/hashed", hash="yes")
    site.page("/off", hash="no")
    with visiting(chromium, site) as visit:
        visit.go("/hashed")
        moves = [
            "history.replaceState(null, '', '#/home')",
            "history.replaceState(null, '', '#/home?sort=name')",
            "history.pushState(null, '', '?zip_code=1#/home')",
            "history.pushState(null, '', '?zip_code=2#/home')",
        ]
        for move in moves:
            visit.tab.evaluate(move)
            visit.rest(0.2)
        visit.go("/off")
        visit.tab.evaluate("location.hash = '/nowhere'")
        visit.tab.evaluate(
            "navigation.addEventListener('navigate', (event) => event.intercept({ handler() {} }));"
            "navigation.navigate('/off/next')"
        )
        took = visit.comes(*["page_viewed"] * 6)
        home = "/hashed#/home"
        assert [each.properties["path"] for each in took] == ["/hashed", home, home, home, "/off", "/off/next"]
        assert "zip_code" not in visit.left()


def test_what_happens_at_once_on_a_page_is_behind_its_view(chromium: "Browser", site: Site) -> None:
    """Though the view waits for its title."""
    site.page("/app")
    with visiting(chromium, site) as visit:
        visit.go("/app")
        visit.tab.evaluate(
            "history.pushState({}, '', '/app/next'); setTimeout(() => leadline('track', 'At Once'), 5);"
            "setTimeout(() => (document.title = 'Next'), 20)"
        )
        took = sorted(visit.comes("page_viewed", "page_viewed", "at_once"), key=lambda each: each.occurred_at)
        assert [each.type for each in took] == ["page_viewed", "page_viewed", "at_once"]
        assert took[1].properties["title"] == "Next"


def test_what_has_no_address_is_no_page(chromium: "Browser", site: Site) -> None:
    """A frame that bears its own text."""
    site.page("/frame", f"<iframe srcdoc='<title>In</title>{site.line()}'></iframe>")
    with visiting(chromium, site) as visit:
        visit.go("/frame")
        visit.comes("page_viewed")
        assert not [each for each in site.came if b'"about:"' in each.body]


def test_an_address_of_any_length_is_a_page(chromium: "Browser", site: Site) -> None:
    site.page("/long")
    with visiting(chromium, site) as visit:
        visit.go(f"/long?state_of_map={'a,' * 20_000}&utm_source=letter")
        visit.tab.evaluate("history.pushState(null, '', '/long/' + 'word+'.repeat(20_000))")
        visit.rest(0.2)
        first, second = visit.comes("page_viewed", "page_viewed")
        assert first.properties["url"] == visit.address("/long?utm_source=letter")
        assert first.context["campaign"] == {"source": "letter"}
        assert len(second.properties["url"]) == 2_000


def test_a_prefetch_takes_no_click_in_a_mail_away(chromium: "Browser", tmp_path: Path) -> None:
    """A browser that fetched a link ahead serves the click from that, where it got an answer that it can use."""
    keys = MailLinkKeys(["a key of the tests for mails"])
    with running_site(tmp_path, keys) as site:
        site.page("/offer")
        offer = f"http://offer.localhost:{site.port}/offer"
        link = MailLink("spring", "email", "ada@example.org", Instant(clock() + HOUR), target=offer)
        url = url_of(site.collector, link.door, keys.seal(link))
        rules = f'{{"prefetch": [{{"urls": ["{url}"], "eagerness": "immediate"}}]}}'
        click = f"setTimeout(() => (location.href = '{url}'), 1500)"
        site.page("/mail", f"<script type=speculationrules>{rules}</script><script>{click}</script>")
        with left_alone(tmp_path / "profile", f"http://mail.localhost:{site.port}/mail"):
            until = time.monotonic() + PATIENCE
            while not site.touchpoints("offer.localhost") and time.monotonic() < until:
                time.sleep(0.1)
        followed = [each.headers.get("sec-purpose") for each in site.came if each.path.startswith("/c/")]
        assert followed == ["prefetch", None]
        assert [each.type for each in site.collecting.touchpoints()].count("email_clicked") == 1


def test_a_site_may_say_itself_what_is_a_page(chromium: "Browser", site: Site) -> None:
    site.page("/own", pages="no")
    with visiting(chromium, site) as visit:
        visit.go("/own")
        visit.tab.evaluate("history.pushState({}, '', '/own/wizard')")
        visit.call("page")
        [page] = visit.comes("page_viewed")
        assert page.properties["path"] == "/own/wizard"
