"""Links, downloads and forms: reported beside what the visitor does, and never in its way; the example pages."""

from typing import TYPE_CHECKING

from tests.tracker.given_site import ID, Site, ids, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_links_go_where_they_went_with_every_button_and_key(chromium: "Browser", site: Site) -> None:
    """plausible/analytics#451, plausible-tracker#12, #38; a slow collector delays nobody."""
    out = f"http://elsewhere.localhost:{site.port}/contact.html"
    shadow = "document.body.attachShadow({mode: 'open'}).innerHTML"
    body = f'<a id="out" href="{out}">out</a> <a id="new" target="_blank" href="{out}?new">new</a>'
    body += ' <a id="in" href="/links?in">in</a>'
    svg = f'<svg width="40" height="20"><a id="svg" href="{out}?svg" target="_blank">'
    svg += '<rect width="40" height="20"/></a></svg>'
    more = '<a id="mail" href="mailto:s3cret@example.com">m</a> <a id="js" href="javascript:void 0">j</a>'
    site.page("/links", body + svg + more)
    with visiting(chromium, site) as visit:
        visit.go("/links")
        for click in ({"modifiers": ["Control"]}, {"button": "middle"}):
            with visit.context.expect_page() as opened:
                visit.tab.click("#out", **click)  # type: ignore[arg-type]
            assert opened.value.url in (out, "about:blank", "")
        for each in ("#new", "#svg rect"):
            with visit.context.expect_page():
                visit.tab.click(each)
        visit.tab.click("#js")
        visit.tab.evaluate(
            "document.getElementById('mail').addEventListener('click', (event) => event.preventDefault())"
        )
        visit.tab.click("#mail")
        visit.tab.evaluate(f"{shadow} = '<a id=deep target=_blank href=\"{out}?deep\">deep</a>'")
        with visit.context.expect_page():
            visit.tab.evaluate("document.body.shadowRoot.getElementById('deep').click()")
        took = [each for each in visit.comes("page_viewed", *["link_clicked"] * 6) if each.type == "link_clicked"]
        assert sorted(each.properties["href"] for each in took) == sorted(
            [out, out, f"{out}?new", f"{out}?svg", f"{out}?deep", "mailto:"]
        )
        assert "s3cret" not in visit.left()


def test_a_click_that_leaves_the_page_is_reported_and_goes_at_once(chromium: "Browser", site: Site) -> None:
    out = f"http://elsewhere.localhost:{site.port}/contact.html"
    site.page("/leaving", f'<a id="out" href="{out}">out</a>')
    with visiting(chromium, site) as visit:
        visit.go("/leaving")
        visit.comes("page_viewed")
        site.silent = True  # who waited for an answer would never get on
        visit.tab.click("#out")
        visit.tab.wait_for_url(out)
        assert visit.types == ["page_viewed"]
        site.silent = False
        visit.go("/leaving")
        visit.comes("page_viewed", "link_clicked", "page_viewed")


def test_another_site_of_ours_takes_the_visitor_over_for_two_minutes(chromium: "Browser", site: Site) -> None:
    """matomo#11243, #11828; never over somebody who is identified there, nor by an address that was passed on."""
    with visiting(chromium, site) as visit:
        there = f"two-{visit.host}"
        site.page(
            "/from", f'<a id="go" href="{visit.address("/to?x=1", there)}">go</a>', link=f"{visit.host}, {there},"
        )
        site.page("/to", link=f"{visit.host}, {there},")
        site.page("/to/alone")
        visit.go("/from")
        visit.tab.click("#go")
        visit.tab.wait_for_url("**/to?x=1&_ll=*")
        handed = visit.tab.url
        visit.wait(lambda: site.touchpoints(there))
        [page] = site.touchpoints(there)
        assert ids([page]) == ids(visit.comes("page_viewed", "link_clicked"))
        assert page.properties["url"] == visit.address("/to?x=1", there)
        assert "_ll=" not in page.properties["referrer"]
        own = ids([page])
        other = handed.replace(own.copy().pop(), "f" * 32)
        from_us, foreign = visit.address("/from"), f"http://elsewhere.localhost:{site.port}/"
        late = str(visit.tab.evaluate("(Date.now() - 130_000).toString(36)"))
        for address, referer in (
            (other.rpartition(".")[0] + "." + late, from_us),
            (visit.address(f"/to?_ll={'x' * 32}", there), from_us),
            (other, foreign),
            (other, None),
            (other.replace("/to?", "/to/alone?"), from_us),
        ):
            visit.tab.goto(address, referer=referer)
            visit.tab.wait_for_function("window.leadline && leadline.loaded")
            assert visit.call("id") in own
        visit.tab.goto(other, referer=from_us)
        visit.tab.wait_for_function("window.leadline && leadline.loaded")
        assert visit.call("id") == "f" * 32
        visit.call("identify", "u-7")
        visit.tab.goto(handed, referer=from_us)
        visit.tab.wait_for_function("window.leadline && leadline.loaded")
        assert visit.call("id") == "f" * 32


def test_subdomains_share_a_visitor_where_the_site_says_so(chromium: "Browser", site: Site) -> None:
    with visiting(chromium, site) as visit:
        site.page("/sub", domain=visit.host)
        visit.go("/sub")
        known = visit.call("id")
        visit.tab.goto(visit.address("/sub", f"blog.{visit.host}"))
        visit.tab.wait_for_function("window.leadline && leadline.loaded")
        assert visit.call("id") == known and visit.cookies() == {"_ll": known}
        visit.call("withdraw")
        assert visit.cookies() == {"_ll": "no"}


def test_the_example_pages_report_what_they_say(chromium: "Browser", site: Site) -> None:
    with visiting(chromium, site) as visit:
        visit.go("/index.html")
        visit.go("/contact.html")
        visit.tab.fill("[name=email]", "ada@example.com")
        visit.tab.fill("[name=company]", "Example Ltd")
        visit.tab.click("button")
        visit.tab.wait_for_url("**/thanks.html*")
        visit.go("/newsletter.html")
        visit.tab.fill("[name=email]", "ada@example.com")
        visit.tab.click("button")
        visit.tab.wait_for_url("**/thanks")
        visit.go("/trial.html")
        visit.tab.fill("[name=email]", "ada@example.com")
        visit.tab.fill("[name=password]", "s3cret")
        visit.tab.click("button")
        visit.tab.wait_for_selector("#done")
        visit.go("/download.html")
        visit.tab.click("text=White paper (PDF)")
        visit.tab.wait_for_url("**/white-paper.pdf", wait_until="commit")
        visit.go("/cart.html")
        visit.tab.click("#add")
        visit.tab.click("#pay")
        visit.wait(lambda: "checkout_started" in visit.types)
        visit.rest()
        types = visit.types
        assert types.count("page_viewed") == 7 and len(types) == 15
        assert {*types} == {
            "page_viewed",
            "form_submitted",
            "identified",
            "trial_started",
            "file_downloaded",
            "product_added",
            "checkout_started",
        }
        forms = [each for each in visit.took if each.type == "form_submitted"]
        assert {each.properties["form"] for each in forms} == {"contact", "newsletter", "trial"}
        [newsletter] = [each for each in forms if each.properties["form"] == "newsletter"]
        assert newsletter.source.name != "website", "the browser sent it, and not the tracker"
        assert newsletter.profile["email"] == "ada@example.com"
        [download] = [each for each in visit.took if each.type == "file_downloaded"]
        assert download.properties["file"] == "white-paper.pdf"
        assert ID.fullmatch(ids(visit.took).pop()) and len(ids(visit.took)) == 1
        assert "s3cret" not in visit.left()


def test_the_example_pages_work_where_the_tracker_is_blocked(chromium: "Browser", site: Site) -> None:
    with visiting(chromium, site) as visit:
        visit.context.route("**/t.js", lambda route: route.abort())
        visit.tab.goto(visit.address("/trial.html"))
        visit.tab.fill("[name=email]", "ada@example.com")
        visit.tab.fill("[name=password]", "s3cret")
        visit.tab.click("button")
        visit.tab.wait_for_selector("#done")
        visit.tab.goto(visit.address("/cart.html"))
        visit.tab.click("#add")
        assert not visit.faults


def test_the_example_site_gives_a_file_for_an_address(chromium: "Browser", site: Site) -> None:
    with visiting(chromium, site) as visit:
        visit.go("/guide.html")
        visit.tab.fill("[name=email]", "ada@example.com")
        visit.tab.fill("[name=name]", "Ada Example")
        visit.tab.click("button")
        visit.tab.wait_for_url("**/white-paper.pdf", wait_until="commit")
        page, submitted, given = visit.comes("page_viewed", "form_submitted", "file_downloaded")
        assert ids([page]) == ids([submitted]) == ids([given]), "one visitor"
        assert submitted.profile == {"email": "ada@example.com", "name": "Ada Example"}
        assert given.properties["form"] == "guide" and given.properties["file"] == "white-paper.pdf"


def test_a_download_has_the_name_that_the_page_gives_it(chromium: "Browser", site: Site) -> None:
    body = '<base href="/de/"><a id="made" download="report.csv">x</a><a id="there" href="a.pdf">y</a>'
    site.page("/downloads", body)
    with visiting(chromium, site) as visit:
        visit.go("/downloads")
        visit.tab.evaluate("made.href = URL.createObjectURL(new Blob(['1,2']))")
        visit.tab.click("#made")
        visit.tab.evaluate("there.addEventListener('click', (event) => event.preventDefault())")
        visit.tab.click("#there")
        took = visit.comes("page_viewed", "file_downloaded", "file_downloaded")[1:]
        assert [(each.properties["file"], each.properties["href"]) for each in took] == [
            ("report.csv", "blob:"),
            ("a.pdf", visit.address("/de/a.pdf")),
        ]


def test_a_form_is_read_as_a_browser_sends_it(chromium: "Browser", site: Site) -> None:
    """Whatever its fields are called, and wherever they stand."""
    form = """<form data-leadline id="offer" onsubmit="return false">
      <input name="id" value="7"><input name="name" value="Ada"><input name="elements" value="many">
      <input name="action" value="a"><input name="submit" value="s"><input name="email" value="ada@example.com">
      <fieldset disabled><input name="inside" value="no"></fieldset>
      <fieldset data-leadline-skip><input name="skipped" value="no"></fieldset>
      <select multiple name="topics"><option selected>prices<option selected>news<option>jobs</select>
      <select name="size"><option value="">choose<option selected>large</select>
      <input type="radio" name="when" value="now"><input type="radio" name="when" value="later" checked>
      <output name="total">12</output><button name="kind" value="quote">Send</button></form>
      <input form="offer" name="outside" value="yes">"""
    site.page("/odd", form)
    with visiting(chromium, site) as visit:
        visit.go("/odd")
        visit.tab.click("button")
        _, offer = visit.comes("page_viewed", "form_submitted")
        said = {key: value for key, value in offer.properties.items() if key not in ("url", "path", "title")}
        assert said == {
            "form": "offer", "id": "7", "name": "Ada", "elements": "many", "action": "a", "submit": "s",
            "email": "ada@example.com", "topics": ["prices", "news"], "size": "large", "when": "later",
            "outside": "yes",
        }  # fmt: skip


def test_a_button_that_is_pressed_twice_sends_one_form(chromium: "Browser", site: Site) -> None:
    form = '<form data-leadline="{}" onsubmit="return false"><input name="email"><button>Send</button></form>'
    site.page("/twice", form.format("top") + form.format("bottom"))
    with visiting(chromium, site) as visit:
        visit.go("/twice")
        for place in (0, 1):
            visit.tab.locator("input").nth(place).fill("ada@example.com")
            visit.tab.locator("button").nth(place).dblclick()
        visit.tab.locator("input").nth(1).fill("ada@example.org")
        visit.tab.locator("button").nth(1).click()
        took = visit.comes("page_viewed", *["form_submitted"] * 3)[1:]
        assert [(each.properties["form"], each.profile["email"]) for each in took] == [
            ("top", "ada@example.com"), ("bottom", "ada@example.com"), ("bottom", "ada@example.org"),
        ]  # fmt: skip


def test_a_form_of_the_collectors_bears_the_visitor_however_it_is_sent(chromium: "Browser", site: Site) -> None:
    """By a script too, as captchas do; and nobody after an objection."""
    action = f"{site.collector}/f/letter"
    site.page(
        "/script",
        f'<form data-leadline action="{action}" method="post" target="into"><input name="email" value="a@example.com">'
        '</form><iframe name="into"></iframe>',
    )
    with visiting(chromium, site) as visit:
        visit.go("/script")
        visit.comes("page_viewed")
        known = visit.call("id")

        def sent(how: str) -> str:
            before = len(site.came)
            visit.tab.evaluate(how)
            visit.wait(lambda: any(each.path == "/f/letter" for each in site.came[before:]))
            return next(each.body.decode() for each in site.came[before:] if each.path == "/f/letter")

        own = f"email=a%40example.com&_aid={known}"
        assert sent("document.forms[0].submit()") == own == sent("document.forms[0].requestSubmit()")
        body = "new URLSearchParams(new FormData(document.forms[0]))"
        by_fetch = f"fetch(document.forms[0].action, {{method: 'POST', body: {body}}}).catch(() => 0)"
        assert sent(by_fetch) == own
        visit.call("withdraw")
        assert sent("document.forms[0].submit()") == "email=a%40example.com" == sent(by_fetch)
