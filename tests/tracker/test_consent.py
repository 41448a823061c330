"""What a visitor decides: nothing before consent, nothing after an objection, nothing of a person in any address.

Absence is proved by reading everything that left the page: addresses, headers, cookies and bodies of every request.
"""

from typing import TYPE_CHECKING

import pytest

from tests.tracker.given_site import Site, Visit, ids, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GPC = "Object.defineProperty(navigator, '{name}', {{ get: () => {value} }});"
SECRETS = (
    "token=s3cret1&access_token=s3cret2&password=s3cret3&reset_code=s3cret4&api_key=s3cret5&email=s3cret6%40example.com"
    "&to=s3cret7@example.com&PHPSESSID=s3cret8&v=eyJhbGciOiJIUzI1NiJ9.s3cret9abc&phone=12345678901s3cret"
    "&utm_content=s3cret10@example.com"
)


def _nothing_left(visit: Visit) -> None:
    visit.rest()
    assert visit.left() == "" and visit.types == []
    assert visit.cookies() == {} and visit.stored() == {}


@pytest.mark.parametrize(("name", "value"), [("globalPrivacyControl", "true"), ("doNotTrack", "'1'")])
def test_who_does_not_want_to_be_tracked_is_not(chromium: "Browser", site: Site, name: str, value: str) -> None:
    """PostHog/posthog-js#4694, umami#4241."""
    form = '<form data-leadline="c" onsubmit="return false"><input name="email"><button>Send</button></form>'
    site.page("/private", form)
    site.page("/respect", respect="no")
    with visiting(chromium, site, GPC.format(name=name, value=value)) as visit:
        visit.go("/private")
        visit.call("track", "Demo Requested")
        visit.call("identify", "u-1", {"email": "ada@example.com"})
        visit.call("grant")
        visit.tab.fill("input", "ada@example.com")
        visit.tab.click("button")
        visit.tab.evaluate("history.pushState({}, '', '/private/2')")
        _nothing_left(visit)
        visit.go("/respect")
        visit.comes("page_viewed")
        visit.go("/private?with the id of a page that did not ask")
        assert visit.call("id") == ""
        visit.call("withdraw")
        assert visit.cookies() == visit.stored() == {"_ll": "no"}
        visit.comes("page_viewed")


@pytest.mark.parametrize("said", ["", "Wait", "required"])
def test_a_page_that_speaks_of_consent_in_another_way_waits(chromium: "Browser", site: Site, said: str) -> None:
    site.page("/misspelt", consent=said)
    with visiting(chromium, site) as visit:
        visit.go("/misspelt")
        _nothing_left(visit)


def test_nothing_is_kept_or_sent_until_consent_and_then_all_of_the_page(chromium: "Browser", site: Site) -> None:
    site.page("/wait", consent="wait")
    with visiting(chromium, site) as visit:
        visit.go("/wait")
        visit.call("track", "Demo Requested")
        visit.call("identify", "u-1", {"company": "Example Ltd"})
        assert visit.call("id") == ""
        _nothing_left(visit)
        visit.tab.reload()
        visit.go("/wait?again")
        _nothing_left(visit)
        visit.call("grant")
        [page] = visit.comes("page_viewed")
        assert page.properties["url"].endswith("/wait?again"), "the pages before are gone with their memory"
        assert visit.cookies()["_ll"] == visit.call("id")
        visit.go("/wait?third")
        visit.comes("page_viewed", "page_viewed")
        assert len(ids(visit.took)) == 1, "the cookie remembers the grant"


@pytest.mark.parametrize("wait", [True, False], ids=["wait", "at once"])
def test_who_withdraws_leaves_nothing_and_is_heard_in_every_tab(chromium: "Browser", site: Site, wait: bool) -> None:
    site.page("/shop", **({"consent": "wait"} if wait else {}))
    with visiting(chromium, site) as visit:
        visit.go("/shop")
        visit.call("grant")
        visit.comes("page_viewed")
        other = visit.new_tab()
        visit.go("/shop?other", other)
        visit.comes("page_viewed", "page_viewed")
        known = ids(visit.took).pop()
        site.away = True
        visit.call("track", "Never Sent")
        visit.rest(0.3)
        visit.call("withdraw")
        site.away = False
        before = len(site.came)
        visit.call("track", "After")
        other.evaluate("leadline('track', 'Other Tab')")
        visit.tab.evaluate("history.pushState({}, '', '/shop/2')")
        visit.go("/shop?again")
        other.close()
        visit.rest(2.5)
        assert [each.path for each in site.came[before:]] == []
        assert visit.types == ["page_viewed", "page_viewed"]
        mark = {} if wait else {"_ll": "no"}
        assert visit.cookies() == mark and visit.stored() == mark
        visit.call("grant")
        visit.comes("page_viewed", "page_viewed", "page_viewed")
        assert visit.call("id") != known and visit.cookies()["_ll"] == visit.call("id")


def test_an_objection_before_the_script_is_there_counts(chromium: "Browser", site: Site) -> None:
    stub = "<script>leadline = function () { (leadline.q = leadline.q || []).push(arguments) };"
    stub += "leadline('withdraw')</script>"
    site.pages["/early-no"] = (f"<!doctype html>{stub}{site.line()}", {})
    with visiting(chromium, site) as visit:
        visit.go("/early-no")
        visit.rest()
        assert visit.left() == "" and visit.cookies() == {"_ll": "no"}


def test_no_secret_of_an_address_leaves_the_page(chromium: "Browser", site: Site) -> None:
    link = f'<a id="out" target="_blank" href="http://u:s3cret11@elsewhere.localhost:{site.port}/a?{SECRETS}#s3cret12">x</a>'
    site.page("/login", link)
    site.pages["/login/dXNlcjpzM2NyZXQxMzEzMTM/ada@s3cret.example"] = (
        f"<!doctype html><title>L</title>{site.line()}",
        {},
    )
    with visiting(chromium, site) as visit:
        visit.go(
            f"/login?{SECRETS}&plan=team&utm_source=mail&gclid=Cj0KCQjw1234567890abcdefghijkl#access_token=s3cret14"
        )
        visit.tab.click("#out")
        visit.tab.evaluate(
            "(query) => (location.href = '/login/dXNlcjpzM2NyZXQxMzEzMTM/ada@s3cret.example?' + query)", SECRETS
        )
        visit.tab.wait_for_url("**/ada@*")
        first, second = [
            each for each in visit.comes("page_viewed", "link_clicked", "page_viewed") if each.type == "page_viewed"
        ]
        told = "\n".join(each.body.decode() for each in site.came if visit.host in each.body.decode())
        assert "s3cret" not in told and "dXNlcjpz" not in told
        kept = "plan=team&utm_source=mail&gclid=Cj0KCQjw1234567890abcdefghijkl"
        assert first.properties["url"] == visit.address(f"/login?{kept}")
        assert second.properties["path"] == "/login/*/*" and second.properties["referrer"] == first.properties["url"]


def test_no_secret_of_a_form_leaves_the_page(chromium: "Browser", site: Site) -> None:
    form = """<form data-leadline="order" onsubmit="return false">
      <input name="email" value="ada@example.com"><input name="shipping" value="by air">
      <input type="tel" name="phone" value="+44 20 7946 0958">
      <input type="checkbox" name="topics" value="prices" checked>
      <input type="checkbox" name="topics" value="news" checked>
      <input type="password" name="a" value="s3cret1"><input type="hidden" name="b" value="s3cret2">
      <input name="card_no" value="s3cret3"><input name="c" autocomplete="section-x cc-number" value="s3cret4">
      <input name="csrf_token" value="s3cret5"><input name="d" autocomplete="one-time-code" value="s3cret6">
      <input name="note" value="my card is 4111 1111 1111 1111"><input name="e" data-leadline-skip value="s3cret7">
      <input type="file" name="f"><input type="checkbox" name="g" value="s3cret8"><input name="pin" value="s3cret9">
      <textarea name="userPwd">s3cret11</textarea><button name="h" value="s3cret0">Send</button></form>
      <form onsubmit="return false"><input name="x" value="s3cret12"><button>No</button></form>"""
    site.page("/order", form)
    with visiting(chromium, site) as visit:
        visit.go("/order")
        visit.tab.click("text=Send")
        visit.tab.click("text=No")
        _, order = visit.comes("page_viewed", "form_submitted")
        sent = {
            key: order.properties[key] for key in order.properties if key not in ("url", "path", "title", "referrer")
        }
        assert sent == {
            "form": "order",
            "email": "ada@example.com",
            "topics": ["prices", "news"],
            "shipping": "by air",
            "phone": "+44 20 7946 0958",
        }
        assert "s3cret" not in visit.left() and "4111" not in visit.left()


def test_a_filled_honeypot_is_a_machines(chromium: "Browser", site: Site) -> None:
    fields = '<input name="email" value="a@example.com"><input name="_gotcha"><button>Send</button>'
    form = f'<form data-leadline="c" onsubmit="return false">{fields}</form>'
    site.page("/trap", form)
    with visiting(chromium, site) as visit:
        visit.go("/trap")
        visit.tab.fill("input[name=_gotcha]", "bot")
        visit.tab.click("button")
        _, sent = visit.comes("page_viewed", "form_submitted")
        assert sent.context["machine"] == "reported"


ADDRESSES = {
    "/a?dXNlcjpzM2NyZXQxMzEzMTM0": "/a",
    "/a?s3cret@example.com": "/a",
    "/a?x=1=s3cret@example.com": "/a",
    "/a?x=s3cret%2540example.com": "/a",
    "/a?next=%2Freset%3Ftoken%3Ds3cret&b=1": "/a?b=1",
    "/a?next=https%253A%252F%252Fx.example%252F%253Fcode%253Ds3cret%2526b%253D1": "/a",
    "/a?redirect=/login?token=s3cret": "/a",
    "/a?user%5Bpin%5D=s3cret": "/a",
    "/a?q=100%&%74oken=s3cret": "/a?q=100%",
    "/a?b=1;token=s3cret": "/a",
    "/a?pass=s3cret&user_pass=s3cret&passwd=s3cret&passenger=Ada": "/a?passenger=Ada",
    "/a?s=aGVsbG8gczNjcmV0IHRoaXMgaXMgYSB0ZXN0IDEyMw%3D%3D": "/a",
    "/a?s=czNj+cmV0IDEyM%2FTQ1Njc4OTB6%3D": "/a",
    "/a?q=oak-table-for-6-or-8-persons&page=2": "/a?q=oak-table-for-6-or-8-persons&page=2",
    "/a/550e8400-e29b-41d4-a716-446655440000": "/a/*",
    "/a/MQ/c1q2w3-5f3c0d2a7e6b4a8c9d0e1f2a3b4c5d6e/": "/a/MQ/*/",
    "/a/Ab3-dE_f9Kx2-mQ7rT8uV-w1Xy4Zz5-A6bC7d": "/a/*",
    "/a/SRGtOBfm-8bfoOZYPCXaZQ": "/a/*",
    "/a/rGv3nJ_hEnePN_ycfT-Yf": "/a/*",
    "/a?s=dQliWiikrAmK2nDiEkQuPtQ%2Bfgjh%2Fh9ffpplLofsqg0%3D": "/a",
    "/a/iphone-15pro-vs-14pro-vs-13pro-max": "/a/iphone-15pro-vs-14pro-vs-13pro-max",
    "/a/FrequentlyAskedQuestionsAboutPricing.aspx": "/a/FrequentlyAskedQuestionsAboutPricing.aspx",
    "/a/ProductBrochure2026English.pdf": "/a/ProductBrochure2026English.pdf",
    "/a/b;jsessionid=1A2B3C4D5E6F7A8B9C0D1A2B3C4D5E6F": "/a/*",
    "/a/s3cret%2540example.com": "/a/*",
    "/a/top-10-guides-for-2026-and-the-years-after": "/a/top-10-guides-for-2026-and-the-years-after",
    "/a/whitepaper2026edition.pdf": "/a/whitepaper2026edition.pdf",
}
"""What an address of a page becomes: secrets go, however they are written, and the rest is there."""


def test_a_secret_is_seen_however_an_address_writes_it(chromium: "Browser", site: Site) -> None:
    site.page("/many")
    with visiting(chromium, site) as visit:
        visit.go("/many")
        visit.tab.evaluate(
            """async (addresses) => {
                for (const each of addresses) {
                    history.pushState(null, "", each)
                    leadline("track", "Seen")
                    await new Promise((go) => setTimeout(go, 60))
                }
            }""",
            list(ADDRESSES),
        )
        visit.wait(lambda: visit.types.count("seen") == len(ADDRESSES))
        told = [each.properties["url"] for each in visit.took if each.type == "seen"]
        assert dict(zip(ADDRESSES, told, strict=True)) == {
            given: visit.address(cleaned) for given, cleaned in ADDRESSES.items()
        }
        assert "s3cret" not in visit.left()


def test_no_code_and_no_card_leaves_a_form_under_any_name(chromium: "Browser", site: Site) -> None:
    form = """<form data-leadline="pay" onsubmit="return false"><input name="email" value="ada@example.com">
      <input name="pass" id="login" value="s3cret1"><input name="code" value="s3cret2">
      <input name="verification_code" value="s3cret3"><input name="sms-code" value="s3cret4">
      <input name="x" autocomplete="current-password" value="s3cret5">
      <input type="tel" name="number" value="4111.1111.1111.1111"><input name="n2" value="4111 1111 1111 1111">
      <input type="tel" name="phone" value="0049 1512 3456789"><input name="postal_code" value="10115">
      <input name="country_code" value="DE"><input name="passengers" value="2"><button>Send</button></form>"""
    site.page("/pay", form)
    with visiting(chromium, site) as visit:
        visit.go("/pay")
        visit.tab.click("button")
        _, pay = visit.comes("page_viewed", "form_submitted")
        assert {key: value for key, value in pay.properties.items() if key not in ("url", "path", "title")} == {
            "form": "pay", "email": "ada@example.com", "phone": "0049 1512 3456789", "postal_code": "10115",
            "country_code": "DE", "passengers": "2",
        }  # fmt: skip
        assert "s3cret" not in visit.left() and "1111" not in visit.left()


def test_a_withdrawal_is_heard_on_all_hosts_that_share_the_cookie(chromium: "Browser", site: Site) -> None:
    """In their open tabs and in what they kept; and the cookie of before the site named a domain goes, too."""
    with visiting(chromium, site) as visit:
        site.page("/alone", consent="wait")
        site.page("/shared", consent="wait", domain=visit.host)
        visit.go("/alone")
        visit.call("grant")
        visit.go("/shared")
        known = visit.call("id")
        blog = visit.new_tab()
        blog.goto(visit.address("/shared", f"blog.{visit.host}"))
        blog.wait_for_function("window.leadline && leadline.loaded")
        assert blog.evaluate("leadline('id')") == known and visit.cookies() == {"_ll": known}
        visit.rest()
        blog.evaluate("localStorage['_llq.before'] = '[{\"type\":\"page\"}]'")
        before = len(site.came)
        visit.call("withdraw")
        assert visit.cookies() == {}
        blog.evaluate("leadline('track', 'After')")
        visit.rest(0.3)
        blog.reload()
        blog.wait_for_function("window.leadline && leadline.loaded")
        visit.rest(0.3)
        assert [each.path for each in site.came[before:]] == []
        assert blog.evaluate("Object.keys(localStorage)") == []
        blog.evaluate("leadline('grant')")
        visit.rest()
        assert blog.evaluate("leadline('id')") not in ("", known)
        assert "before" not in visit.left() and visit.cookies()["_ll"] == blog.evaluate("leadline('id')")


def test_a_domain_that_may_keep_no_cookie_costs_nobody_theirs(chromium: "Browser", site: Site) -> None:
    """As `co.uk` may not, nor another site's."""
    site.page("/elsewhere", domain="example.org", consent="wait")
    with visiting(chromium, site) as visit:
        visit.go("/elsewhere")
        visit.call("grant")
        known = visit.call("id")
        assert visit.cookies() == {"_ll": known}
        visit.go("/elsewhere?again")
        assert visit.call("id") == known


def test_what_another_tab_withdrew_a_grant_does_not_bring_back(chromium: "Browser", site: Site) -> None:
    site.page("/regret")
    with visiting(chromium, site) as visit:
        visit.go("/regret")
        known = visit.call("id")
        other = visit.new_tab()
        visit.go("/regret?other", other)
        visit.call("withdraw")
        other.evaluate("leadline('grant')")
        assert other.evaluate("leadline('id')") not in ("", known)
        assert known not in str(visit.cookies()) + str(visit.stored())
