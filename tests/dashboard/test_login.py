"""Signing in and out: sessions that last as their tokens do, and what others try with them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import httpx2
import pytest
from starlette.types import ASGIApp

from api.dashboard.dashboard import dashboard
from api.dashboard.pages.login import own_path
from store.log.sql import SqlLog
from tests.dashboard.given_pages import resources_of
from tests.given_tokens import Book
from tests.projections.given_sales import FRIDAY, Company
from web.guesses import MOST
from web.login import COOKIE
from web.private import Private
from web.viewer import Role, Viewer

ANN = Viewer("ann@example.com", Role.SALES, "ann")
SECRET = "leadline_ann"
HOST = "leads.example.com"
ORIGIN = {"origin": f"https://{HOST}"}


class Browser:
    """Somebody with cookies, who follows no redirect."""

    def __init__(self, app: ASGIApp, scheme: str = "https") -> None:
        self._app = app
        self._base = f"{scheme}://{HOST}"
        self.cookies = httpx2.Cookies()

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self._ask("GET", path, headers)

    def post(self, path: str, headers: dict[str, str], **fields: str) -> httpx2.Response:
        return self._ask("POST", path, headers, fields)

    def signs_in(self, token: str = SECRET, **fields: str) -> httpx2.Response:
        return self.post("/login", ORIGIN, token=token, **fields)

    def _ask(
        self, method: str, path: str, headers: dict[str, str], data: dict[str, str] | None = None
    ) -> httpx2.Response:
        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url=self._base, cookies=self.cookies) as client:
                answer = await client.request(method, path, headers=headers, data=data)
                self.cookies = client.cookies
                return answer

        return anyio.run(ask)


@pytest.fixture
def book() -> Book:
    return Book(ANN, Viewer("rob", Role.READER, "rob"))


@pytest.fixture
def opens(tmp_path: Path, book: Book) -> Iterator[Callable[..., Browser]]:
    company = Company(tmp_path, FRIDAY)
    log = SqlLog(tmp_path / "log.db")
    app = dashboard(resources_of(company, log), Private("of-settings; ä", book))
    yield lambda **how: Browser(app, **how)
    log.close()
    company.close()


@pytest.fixture
def browser(opens: Callable[..., Browser]) -> Browser:
    return opens()


def test_who_is_not_signed_in_comes_back_to_what_they_asked_for(browser: Browser) -> None:
    asked = browser.get("/leads/x?type=a&cursor=b")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2Fleads%2Fx%3Ftype%3Da%26cursor%3Db")
    page = browser.get(asked.headers["location"])
    assert page.status_code == 200 and 'value="/leads/x?type=a&amp;cursor=b"' in page.text
    assert (
        page.headers["cache-control"] == "no-store" and "form-action 'self'" in page.headers["content-security-policy"]
    )
    done = browser.signs_in(next="/leads/x?type=a&cursor=b")
    assert (done.status_code, done.headers["location"]) == (303, "/leads/x?type=a&cursor=b")
    home = browser.get("/")
    assert home.status_code == 200 and ANN.name in home.text and "/logout" in home.text
    assert browser.get("/login?next=/leads/x").headers["location"] == "/leads/x"


def test_the_cookie_is_for_this_site_alone(opens: Callable[..., Browser]) -> None:
    for scheme, secure in (("https", True), ("http", False)):
        browser = opens(scheme=scheme)
        cookie = browser.post("/login", {"origin": f"{scheme}://{HOST}"}, token=SECRET).headers["set-cookie"].lower()
        assert cookie.startswith(f"{COOKIE}={SECRET}") and "httponly" in cookie and "samesite=lax" in cookie
        assert ("secure" in cookie) is secure and "domain" not in cookie and "path=/" in cookie


def test_the_token_of_the_settings_signs_in_whatever_it_is_made_of(browser: Browser) -> None:
    assert browser.signs_in("of-settings; ä").status_code == 303
    assert "LEADLINE_API_TOKEN" in browser.get("/").text


def test_signing_out_ends_the_session(browser: Browser) -> None:
    browser.signs_in()
    out = browser.post("/logout", ORIGIN)
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert COOKIE not in browser.cookies and browser.get("/").headers["location"] == "/login"


def test_a_withdrawn_token_ends_its_sessions_at_once(browser: Browser, book: Book) -> None:
    browser.signs_in()
    assert browser.get("/").status_code == 200
    del book.viewers[SECRET]
    assert browser.get("/").headers["location"] == "/login" and COOKIE not in browser.cookies
    assert browser.post("/logout", ORIGIN).status_code == 303


def test_a_database_that_is_away_lets_nobody_in(browser: Browser, book: Book) -> None:
    browser.signs_in()
    book.away = True
    assert browser.get("/").status_code == 503
    assert browser.signs_in().status_code == 503


def test_who_guesses_beside_somebody_signs_them_not_out(browser: Browser, opens: Callable[..., Browser]) -> None:
    browser.signs_in("of-settings; ä")
    for number in range(MOST):
        opens().signs_in(f"guess-{number}")
    waiting = browser.get("/")
    assert waiting.headers["location"] == "/login" and COOKIE in browser.cookies
    assert browser.get("/login").status_code == 429


def test_behind_a_proxy_with_a_password_people_sign_in_all_the_same(browser: Browser) -> None:
    basic = {"authorization": "Basic cHJveHk6cGFzc3dvcmQ="}
    assert browser.get("/", **basic).headers["location"] == "/login"
    browser.signs_in()
    assert browser.get("/", **basic).status_code == 200


def test_a_wrong_token_is_told_and_many_are_waited_out(browser: Browser) -> None:
    for number in range(MOST):
        answer = browser.signs_in(f"guess-{number}", next="/leads/x")
        assert answer.status_code == 401 and 'role="alert"' in answer.text and "guess" not in answer.text
        assert 'value="/leads/x"' in answer.text and COOKIE not in answer.headers.get("set-cookie", "")
    assert browser.signs_in("another").status_code == browser.signs_in("of-settings; ä").status_code == 429
    assert browser.signs_in("").status_code == 401
    assert browser.signs_in().status_code == 303  # nobody guesses it


@pytest.mark.parametrize("headers", [
    {}, {"origin": "https://evil.example"}, {"origin": "null"}, {**ORIGIN, "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
])  # fmt: skip
def test_a_page_of_another_site_signs_nobody_in_or_out_and_commands_nothing(
    browser: Browser, headers: dict[str, str]
) -> None:
    assert browser.post("/login", headers, token=SECRET).status_code == 403 and not browser.cookies
    browser.signs_in()
    for path in ("/logout", "/leads/x/note", "/leads/x/stage"):
        assert browser.post(path, headers).status_code == 403
    assert COOKIE in browser.cookies


def test_a_reader_commands_nothing_and_looks_for_nobody(browser: Browser) -> None:
    assert browser.signs_in("leadline_rob").status_code == 303
    refused = browser.post("/leads/x/note", ORIGIN, note="n")
    assert refused.status_code == 403 and "needs sales" in refused.text
    assert browser.get("/?q=ada").status_code == 403 and browser.get("/?hot=true").status_code == 200


@pytest.mark.parametrize("asked", [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/\n/evil.example", "javascript:alert(1)", "leads", "", None, "/ä", "/login", "/logout?x", "/" + "a" * 3_000,
    "/%5c/../\\evil.example",
])  # fmt: skip
def test_nobody_is_sent_to_another_host(asked: object) -> None:
    assert own_path(asked) == "/"


@pytest.mark.parametrize("asked", ["/", "/leads/x?type=a", "/?next=https://evil.example", "/leads/%2F%2Fevil.example"])
def test_paths_of_this_server_are_kept(asked: str) -> None:
    assert own_path(asked) == asked
