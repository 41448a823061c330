"""A new user's story on Kafka and PostgreSQL, in a real browser: from a form on a web page to a changed rule."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.dashboard.given_story import MODEL, Hands, WebSite, web_site
from tests.runtime.given_installation import Installation
from tests.runtime.serving import eventually, run
from tests.services.browser import opened
from tests.services.kafka import KafkaBroker
from tests.services.postgres import PostgresServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

API_TOKEN = "sample-token"


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with web_site() as site:
        yield site


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer, kafka_session: KafkaBroker, site: WebSite
) -> Iterator[Installation]:
    kafka_session.clear()
    folder, url = tmp_path_factory.mktemp("story"), postgres_server.create()
    (folder / "leadline.toml").write_text(MODEL, encoding="utf-8")
    settings = {"DATABASE": url, "KAFKA": kafka_session.bootstrap, "API_TOKEN": API_TOKEN, "SITES": site.address}
    company = Installation(folder, settings)
    try:
        for name in ("project", "consume", "api", "collect"):
            company.start(name)
        company.ready()
        site.collector = f"http://127.0.0.1:{company.port('collect')}"
        first = {"data": {"email": "first@granite.example"}, "headers": {"Origin": site.address}}
        assert company.collect.post("/f/contact", **first).status_code == 303
        eventually(lambda: company.api.get("/api/leads?email=first@granite.example").json()["items"])  # all are at work
        yield company
    finally:
        company.close()
        postgres_server.drop(url)


@pytest.fixture(scope="module")
def secret(company: Installation) -> str:
    words = ("token", "make", "ana@example.com", "--role", "admin", "--owner", "ana")
    made = run(company.folder, *words, **company.settings)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.mark.parametrize(("tag", "keyboard"), [("en", False), ("zh-CN", True)])
def test_from_a_form_on_a_page_to_a_changed_rule(
    chromium: "Browser", company: Installation, site: WebSite, secret: str, tag: str, keyboard: bool
) -> None:
    who, campaign = uuid4().hex[:10], f"spring {tag}"
    name, api = f"Ida {who}", company.api
    with opened(chromium, f"127.0.0.1:{company.port('api')}", locale=tag) as page:
        page.set_default_timeout(90_000)  # four processes and a broker share a machine with other tests
        ana = Hands(page, tag, keyboard)
        page.goto("/?hot=1")
        ana.fill(page.locator("input[name=token]"), secret)
        page.keyboard.press("Enter")
        page.wait_for_url("**/?hot=1")
        page.evaluate("window.kept = true")

        _visit(chromium, site, who, name, campaign)
        row = page.locator("table.leads tr[id]").filter(has_text=name)
        row.wait_for()
        assert page.evaluate("window.kept"), "it appeared without loading the page anew"

        ana.press("button", "Accept", row)
        page.wait_for_url("**done=accept*")
        ana.act(page.get_by_role("link", name=name, exact=True))
        page.wait_for_url("**/leads/*")
        ana.press("summary", "Move to another stage")
        ana.choose(page.locator("#do-stage select[name=to]"), "customer")
        ana.press("button", "Move", page.locator("#do-stage"))
        page.get_by_role("status").wait_for()
        [lead] = eventually(lambda: _leads(api, campaign, stage="customer"))
        assert lead["owner"]["accepted_at"] is not None

        _the_funnel_agrees(ana, api, name, campaign)
        _the_source_agrees(ana, api, name, campaign)
        _a_rule_is_changed(ana, api, lead["id"], name)
        for link in page.locator(".top nav a").all():
            answer = page.request.get(link.get_attribute("href") or "")
            assert answer.status == 200, answer.url


def _the_funnel_agrees(ana: Hands, api: Any, name: str, campaign: str) -> None:
    """By campaign: one started, one took all steps, and it is this lead."""
    page = ana.page
    ana.press("link", "Funnels", page.get_by_role("navigation").first)
    ana.act(page.get_by_role("link", name={"en": "To the deal", "zh-CN": "成交"}[ana.tag]).first)
    page.wait_for_url("**/funnels/deal*")
    ana.choose(page.locator("select[name=by]"), "first_campaign")
    ana.press("button", "Show")
    page.wait_for_url("**by=first_campaign*")
    row = page.get_by_role("row").filter(has_text=campaign)
    counted = row.get_by_role("link").all_inner_texts()
    report = api.get("/api/funnels/deal", params={"by": "first_campaign"}).json()
    [group] = [each for each in report["groups"] if each["group"] == campaign]
    assert (group["entered"], group["converted"], [each["leads"] for each in group["steps"]]) == (1, 1, [1, 1, 1])
    assert counted and set(counted) == {"1"}
    ana.act(row.get_by_role("link").last)
    page.wait_for_url("**/funnels/deal/leads*")
    assert page.locator("table.leads .name").all_inner_texts() == [name]


def _the_source_agrees(ana: Hands, api: Any, name: str, campaign: str) -> None:
    """The campaign brought one lead, which was hot and won."""
    page = ana.page
    ana.press("link", "Sources", page.get_by_role("navigation").first)
    page.wait_for_url("**/sources")
    ana.press("link", "Campaign", page.locator(".tabs"))
    page.wait_for_url("**by=campaign*")
    row = page.get_by_role("row").filter(has_text=campaign)
    assert set(row.get_by_role("link").all_inner_texts()) == {"1"}
    report = api.get("/api/reports/channels", params={"by": "campaign"}).json()
    [told] = [each for each in report["items"] if each["group"] == campaign]
    assert (told["visitors"], told["leads"], told["hot"], told["won"]) == (1, 1, 1, 1)
    ana.act(row.get_by_role("link").last)
    page.locator("table.leads").wait_for()
    assert page.locator("table.leads .name").all_inner_texts() == [name]


def _a_rule_is_changed(ana: Hands, api: Any, lead: str, name: str) -> None:
    """A form gives three points more: compared, activated, and told on the page of the model and of the lead."""
    page = ana.page
    [before] = _rules(api)
    heat = api.get(f"/api/leads/{lead}").json()["heat"]
    points = before["points"] + 3
    ana.press("link", "Model", page.get_by_role("navigation").first)
    page.wait_for_url("**/model")
    ana.press("link", "Change it")
    ana.fill(page.locator('input[name="score.rules[0].points"]'), f"{points:g}")
    ana.press("button", "See what it would change")
    page.wait_for_url("**/model/drafts/*")
    page.get_by_role("heading", name=ana.text("What becomes of leads")).wait_for()
    becomes = page.locator('section[aria-labelledby="leads"]').inner_text()
    assert name.rpartition(" ")[2] in becomes, "whose heat it would change"
    assert [each["points"] for each in _rules(api)] == [before["points"]], "nothing is changed yet"
    ana.press("button", "Activate it")
    page.get_by_role("heading", name=ana.text("The model is active")).wait_for()
    ana.press("link", "To the model")
    page.wait_for_url("**/model")
    shown = page.get_by_role("row").filter(has_text={"en": "sent a form", "zh-CN": "提交表单"}[ana.tag]).first
    assert f"+{points:g}" in shown.inner_text()
    [after] = _rules(api)
    assert (after["points"], after["fired"]) == (points, before["fired"])
    assert 5.5 < api.get(f"/api/leads/{lead}").json()["heat"] - heat <= 6


def _rules(api: Any) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = api.get("/api/model").json()["score"]["rules"]
    return rules


def _visit(browser: "Browser", site: WebSite, who: str, name: str, campaign: str) -> None:
    """Somebody comes by a campaign and sends the form, twice."""
    context = browser.new_context()
    page = context.new_page()
    for _ in range(2):
        page.goto(f"{site.address}/?who={who}&utm_source=newsletter&utm_medium=email&utm_campaign={campaign}")
        page.get_by_label("Name").fill(name)
        page.get_by_label("E-mail").fill(f"{who}@granite.example")
        with page.expect_response("**/f/contact") as sent:
            page.get_by_role("button", name="Send").click()
        assert sent.value.status == 303
        page.wait_for_load_state()
    context.close()


def _leads(api: Any, campaign: str, **narrowed: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/api/leads", params={"campaign": campaign, **narrowed}).json()["items"]
    return items
