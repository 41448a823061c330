"""Page views as a browser makes them: each once, by its own address and title, and delivered whatever happens."""

from typing import TYPE_CHECKING

import pytest

from tests.tracker.given_site import ID, Site, ids, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOUND = "Object.defineProperty(document, '{name}', {{ configurable: true, get: () => {value} }});"


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


@pytest.mark.parametrize(
    ("name", "hidden", "seen"), [("prerendering", "true", "false"), ("visibilityState", "'hidden'", "'visible'")]
)
def test_what_nobody_sees_is_no_page_view(chromium: "Browser", site: Site, name: str, hidden: str, seen: str) -> None:
    """plausible/analytics#5343: prerendered pages, and tabs opened behind the others."""
    site.page("/unseen")
    with visiting(chromium, site, FOUND.format(name=name, value=hidden)) as visit:
        visit.go("/unseen")
        visit.call("track", "Video Loaded")
        visit.rest()
        assert visit.types == [] and visit.cookies() == {}
        event = "prerenderingchange" if name == "prerendering" else "visibilitychange"
        visit.tab.evaluate(FOUND.format(name=name, value=seen) + f"document.dispatchEvent(new Event('{event}'))")
        visit.comes("page_viewed", "video_loaded")


def test_a_site_may_say_itself_what_is_a_page(chromium: "Browser", site: Site) -> None:
    site.page("/own", pages="no")
    with visiting(chromium, site) as visit:
        visit.go("/own")
        visit.tab.evaluate("history.pushState({}, '', '/own/wizard')")
        visit.call("page")
        [page] = visit.comes("page_viewed")
        assert page.properties["path"] == "/own/wizard"
