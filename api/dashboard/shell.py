"""What every page has: the frame around it, the reader's language, and headers that let nothing foreign in."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.dashboard.assets import Assets
from api.dashboard.texts import COOKIE, PARAMETER, Language, Texts
from api.dashboard.words.phrasing import say
from api.dashboard.words.well_known import N_
from web.login import session_of
from web.problems import Problem

TEMPLATES: Final = Path(__file__).with_name("templates")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with less a form's Origin would be null, and the guard refuse it
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Cookie, Accept-Language",
}
_YEAR: Final = 365 * 86_400
_ERRORS: Final[Mapping[int, str]] = {
    400: N_("This address is not right"),
    401: N_("Please sign in"),
    403: N_("This is not for you"),
    404: N_("Nothing is here"),
    405: N_("This address is not right"),
    409: N_("That was not done"),
    413: N_("That was not done"),
    422: N_("That was not done"),
    429: N_("Not available just now"),
    503: N_("Not available just now"),
}
_UNEXPECTED: Final = N_("Something went wrong")


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A page in the navigation, which a module of pages has as NAVIGATION. `text` is marked for translation."""

    path: str
    text: str


class Shell:
    """Makes pages of templates."""

    def __init__(self, texts: Texts | None = None, assets: Assets | None = None) -> None:
        self.texts = texts or Texts()
        self.assets = assets or Assets()
        self._environments = {tag: self._environment(each) for tag, each in self.texts.languages.items()}

    def language(self, request: Request) -> Language:
        """The language of whoever asks."""
        return self.texts.language(request)

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page in the language of whoever asks. `values` are what the template shows."""
        language = self.language(request)
        page = self._environments[language.tag].get_template(template)
        content = page.render(
            language=language,
            languages=[(each, _with_language(request, each)) for each in self.texts.languages.values()],
            here=request.url.path,
            navigation=request.app.state.navigation,
            viewer=getattr(request.state, "viewer", None),
            in_session=session_of(request) is not None,
            **values,
        )
        response = HTMLResponse(content, status, _HEADERS)
        if (asked := self.texts.asked(request)) is not None:
            response.set_cookie(COOKIE, asked.tag, max_age=_YEAR, samesite="lax", httponly=True)
        return response

    def problem(self, request: Request, problem: Problem) -> HTMLResponse:
        """The page of an error."""
        title = _ERRORS.get(problem.status, _UNEXPECTED if problem.status >= 500 else HTTPStatus(problem.status).phrase)
        values = {"status": problem.status, "title": title, "detail": say(problem.detail, self.language(request))}
        anew = request.url.path if problem.status == 400 and request.url.query and request.method == "GET" else None
        response = self.render(request, "problem.html", problem.status, problem=values, anew=anew)
        response.headers.update(problem.headers)
        return response

    def _environment(self, language: Language) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            extensions=["jinja2.ext.i18n"],
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
        environment.filters["mail_address"] = _mail_address
        environment.globals.update(static=self.assets.address)
        return environment


def _mail_address(address: str) -> str:
    """An address as it stands behind `mailto:`: nothing in it is a subject, a text or another receiver."""
    return quote(address, "@")


def _with_language(request: Request, language: Language) -> str:
    """The address of this very page in another language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != PARAMETER]
    return f"{request.url.path}?{urlencode([*kept, (PARAMETER, language.tag)])}"
