"""What was done arrives, once, whatever the collector, the network, the storage or the page's own rules do."""

from typing import TYPE_CHECKING

import orjson
import pytest

from tests.tracker.given_site import Site, ids, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BLOCKED = """
const blocked = () => { throw new DOMException('blocked', 'SecurityError') };
Object.defineProperty(document, 'cookie', { get: blocked, set: blocked });
Object.defineProperty(window, 'localStorage', { get: blocked });
"""


def test_a_busy_collector_is_asked_again_with_the_same_ids_and_a_new_time(chromium: "Browser", site: Site) -> None:
    """withoneai/cli#190: one thing done is one, however often it is sent."""
    site.page("/busy")
    with visiting(chromium, site) as visit:
        site.refusals += [(503, {"Retry-After": "1"}), (429, {"Retry-After": "1"})]
        before = len(site.came)
        visit.go("/busy")
        visit.comes("page_viewed")
        calls = [orjson.loads(each.body) for each in site.came[before:] if each.path == "/v1/b"]
        assert len(calls) == 3
        assert len({call["batch"][0]["messageId"] for call in calls}) == 1
        assert len({call["batch"][0]["timestamp"] for call in calls}) == 1
        assert len({call["sentAt"] for call in calls}) == 3
        assert visit.stored().keys() == {"_ll"}, "what arrived waits no more"


@pytest.mark.parametrize(("status", "calls"), [(400, 2), (401, 1), (403, 1)])
def test_what_a_collector_will_never_take_is_not_sent_again(
    chromium: "Browser", site: Site, status: int, calls: int
) -> None:
    site.page("/refused")
    with visiting(chromium, site) as visit:
        site.refusals.append((status, {}))
        before = len(site.came)
        visit.go("/refused")
        visit.rest()
        visit.call("track", "Second One")
        visit.rest()
        assert len([each for each in site.came[before:] if each.path == "/v1/b"]) == calls


def test_a_tab_closed_while_the_collector_is_away_loses_nothing(chromium: "Browser", site: Site) -> None:
    site.page("/away")
    with visiting(chromium, site) as visit:
        site.away = True
        visit.go("/away")
        visit.call("track", "Demo Requested", {"plan": "team"})
        visit.rest(0.4)
        visit.call("track", "Last Moment")
        visit.tab.close(run_before_unload=False)
        visit.tab = visit.new_tab()
        visit.context.set_offline(True)
        visit.rest(0.2)
        assert visit.types == []
        visit.context.set_offline(False)
        site.away = False
        visit.go("/away?reopened")
        took = visit.comes("page_viewed", "demo_requested", "last_moment", "page_viewed")
        assert len(ids(took)) == 1
        demo = next(each for each in took if each.type == "demo_requested")
        assert demo.received_at - demo.occurred_at > 300_000, "it happened when it happened"


def test_of_what_waits_the_last_five_hundred_are_kept(chromium: "Browser", site: Site) -> None:
    site.page("/flood")
    with visiting(chromium, site) as visit:
        site.away = True
        visit.go("/flood")
        visit.tab.evaluate("for (let at = 0; at < 510; at++) leadline('track', 'Note Taken', { at })")
        [waiting] = [text for name, text in visit.stored().items() if name.startswith("_llq.")]
        assert [each["properties"]["at"] for each in orjson.loads(waiting)] == [*range(10, 510)]


def test_after_a_minute_without_the_collector_it_is_asked_once_a_minute(chromium: "Browser", site: Site) -> None:
    site.page("/minute")
    with visiting(chromium, site) as visit:
        site.away = True
        visit.tab.clock.install()
        before = len(site.came)
        visit.go("/minute")
        tries = []
        for seconds in (1, 3, 6, 12, 24, 48, 90, 90, 90):
            visit.tab.clock.run_for(seconds * 1000)
            visit.rest(0.15)
            tries.append(len([each for each in site.came[before:] if each.path == "/v1/b"]))
        assert tries == [*range(1, 10)], "2, 4, ... 32, 60, 60 seconds, and up to a third more"
        site.away = False
        visit.tab.clock.run_for(90_000)
        visit.wait(lambda: visit.types == ["page_viewed"])


def test_a_network_that_comes_back_is_noticed_by_an_open_page(chromium: "Browser", site: Site) -> None:
    site.page("/tunnel")
    with visiting(chromium, site) as visit:
        visit.go("/tunnel")
        visit.comes("page_viewed")
        visit.context.set_offline(True)
        visit.call("track", "In The Tunnel")
        visit.rest(0.5)
        visit.context.set_offline(False)
        visit.comes("page_viewed", "in_the_tunnel")


def test_what_is_done_as_the_page_is_left_arrives(chromium: "Browser", site: Site) -> None:
    """umami-software/umami#1470, #3354."""
    site.page("/leave")
    with visiting(chromium, site) as visit:
        visit.go("/leave")
        visit.comes("page_viewed")
        visit.tab.evaluate("leadline('track', 'Just Before'); location.href = 'about:blank'")
        visit.comes("page_viewed", "just_before")


def test_what_is_done_as_the_page_is_left_goes_beside_what_is_under_way(chromium: "Browser", site: Site) -> None:
    """One request at a time, but for a beacon."""
    site.page("/under-way")
    with visiting(chromium, site) as visit:
        visit.go("/under-way")
        visit.comes("page_viewed")
        site.silent = True
        visit.call("track", "Under Way")
        visit.rest(0.3)
        visit.tab.evaluate("leadline('track', 'Just Before'); location.href = 'about:blank'")
        visit.tab.wait_for_url("about:blank")
        site.silent = False
        visit.comes("page_viewed", "under_way", "just_before")


def test_more_than_a_closing_page_may_send_arrives_all_the_same(chromium: "Browser", site: Site) -> None:
    """grafana/faro-web-sdk#1898, PostHog/posthog-js#1416: 64 KiB are the sum of all requests, in bytes."""
    site.page("/much")
    with visiting(chromium, site) as visit:
        visit.go("/much")
        visit.tab.evaluate(
            "for (let at = 0; at < 12; at++) leadline('track', 'Note Taken', { text: '线索'.repeat(1500), at })"
        )
        visit.wait(lambda: visit.types.count("note_taken") == 12)
        visit.comes("page_viewed", *["note_taken"] * 12)
        assert all(len(each.body) < 32_000 for each in site.came if visit.host.encode() in each.body)
        visit.tab.evaluate(
            "for (let at = 0; at < 12; at++) leadline('track', 'Left With', { text: '线索'.repeat(1500), at });"
            "location.href = '/much?next'"
        )
        visit.tab.wait_for_url("**next")
        visit.wait(lambda: visit.types.count("left_with") == 12)


def test_blocked_storage_costs_the_visitor_nothing_and_us_only_the_memory(chromium: "Browser", site: Site) -> None:
    """segmentio/analytics-next#317, analytics.js#421, #478."""
    site.page("/blocked")
    with visiting(chromium, site, BLOCKED) as visit:
        visit.go("/blocked")
        visit.comes("page_viewed")
        visit.tab.evaluate("leadline('identify', 'u-9'); leadline('withdraw'); leadline('grant')")
        visit.call("track", "Second One")
        visit.comes("page_viewed", "page_viewed", "second_one")


def test_a_page_whose_policy_forbids_us_works_as_before(chromium: "Browser", site: Site) -> None:
    """matomo-org/matomo#16935, analytics.js#578; and the two lines of the documentation are enough."""
    ours = f"script-src {site.collector}"
    site.page("/strict", headers={"Content-Security-Policy": f"default-src 'none'; {ours}; connect-src 'self'"})
    site.page(
        "/allowed", headers={"Content-Security-Policy": f"default-src 'none'; {ours}; connect-src {site.collector}"}
    )
    with visiting(chromium, site, bypass_csp=False) as visit:
        visit.go("/strict")
        visit.rest()
        assert visit.types == []
        visit.go("/allowed")
        visit.comes("page_viewed", "page_viewed")


def test_the_strictest_policy_that_the_documentation_names_is_enough(chromium: "Browser", site: Site) -> None:
    """Nonces, Trusted Types, and `form-action` of a form that the collector takes."""
    policy = (
        "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; require-trusted-types-for 'script';"
        f"trusted-types 'none'; connect-src {site.collector}; form-action {site.collector}"
    )
    form = f'<form data-leadline action="{site.collector}/f/letter" method="post"><input name="email"><button>Send'
    script = site.line().replace("<script", '<script nonce="abc"')
    site.pages["/trusted"] = (
        f"<!doctype html><title>T</title>{script}{form}</button></form>",
        {"Content-Security-Policy": policy},
    )
    with visiting(chromium, site) as visit:
        visit.go("/trusted")
        known = visit.call("id")
        visit.tab.fill("input", "ada@example.com")
        visit.tab.click("button")
        visit.tab.wait_for_url("**/thanks")
        took = visit.comes("page_viewed", "form_submitted")
        assert ids(took) == {known}


def test_two_people_at_one_browser_are_two(chromium: "Browser", site: Site) -> None:
    """PostHog/posthog#381."""
    site.page("/desk")
    with visiting(chromium, site) as visit:
        visit.go("/desk")
        visit.call("identify", "u-ada")
        visit.call("identify", "u-ada", {"company": "Example Ltd"})
        visit.call("identify", "u-ben")
        visit.go("/desk?later")
        visit.call("identify", "u-ada")
        visit.call("reset")
        visit.call("track", "Somebody Else")
        took = visit.comes("page_viewed", *["identified"] * 3, "page_viewed", "identified", "somebody_else")
        people = [next(iter(ids([each]))) for each in took]
        assert people[0] == people[1] == people[2] and people[3] == people[4]
        assert len(set(people)) == 4, "ada, ben, ada again, and whoever came after the reset"
        assert "u-ada" not in str(visit.cookies()) + str(visit.stored()), "a user id stays with the page"


def test_what_a_page_says_is_said_as_it_was_then_and_harms_nothing_else(chromium: "Browser", site: Site) -> None:
    """What JSON cannot hold is not sent, and stops nothing."""
    site.page("/objects")
    with visiting(chromium, site) as visit:
        visit.go("/objects")
        visit.tab.evaluate(
            "const cart = { count: 1 }; leadline('track', 'Cart Seen', cart); cart.count = 2;"
            "cart.self = cart; leadline('track', 'Round', cart); leadline('track', 'Large', { price: 10n })"
        )
        visit.call("track", "After")
        seen = visit.comes("page_viewed", "cart_seen", "after")[1]
        assert seen.properties["count"] == 1


def test_a_page_that_answers_for_the_network_stops_nothing(chromium: "Browser", site: Site) -> None:
    """A wrapper around fetch that throws; a Retry-After that no clock can keep; a queue that something else wrote."""
    site.page("/wrapped")
    with visiting(chromium, site) as visit:
        visit.go("/wrapped")
        visit.comes("page_viewed")
        visit.tab.evaluate("window.whole = fetch; window.fetch = () => { throw new Error('wrapper') }; 0")
        visit.call("track", "First One")
        visit.rest(0.3)
        visit.tab.evaluate("window.fetch = window.whole; 0")
        visit.call("track", "Second One")
        visit.comes("page_viewed", "first_one", "second_one")
        for wrong in ("-1", "3000000"):
            site.refusals += [(503, {"Retry-After": wrong})] * 50
            before = len(site.came)
            visit.call("track", "Third One")
            visit.rest(1)
            assert len(site.came) - before <= 1, "it asked again and again"
            site.refusals.clear()
        visit.tab.evaluate("localStorage['_llq.other'] = '{}'")
        visit.go("/wrapped?again")
        visit.rest()
        visit.call("track", "Fourth One")
        visit.wait(lambda: "fourth_one" in visit.types)


def test_who_one_tab_says_it_is_all_tabs_know(chromium: "Browser", site: Site) -> None:
    """Also one that comes back from the browser's cache after a log-out."""
    site.page("/tab")
    with visiting(chromium, site) as visit:
        visit.go("/tab")
        other = visit.new_tab()
        visit.go("/tab?other", other)
        visit.call("identify", "ada")
        ada = visit.call("id")
        other.evaluate("leadline('identify', 'ben')")
        ben = visit.call("id")
        visit.tab.evaluate("window.kept = true")
        visit.go("/tab?next")
        visit.call("reset")
        nobody = visit.call("id")
        other.evaluate("leadline('track', 'In The Other Tab')")
        visit.tab.go_back(wait_until="commit")
        visit.tab.wait_for_function("location.search == ''")
        assert visit.tab.evaluate("window.kept") is True, "it did not come from the cache"
        visit.call("track", "Back Again")
        took = visit.comes(
            *["page_viewed"] * 4, "identified", "identified", "in_the_other_tab", "back_again",
        )  # fmt: skip
        assert len({ada, ben, nobody}) == 3
        whose = {each.type: ids([each]).pop() for each in took}
        assert whose["in_the_other_tab"] == whose["back_again"] == nobody == ids([took[-2]]).pop()
