"""`/login` and `/logout`: a token in, a session in a cookie out, and its end."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.dashboard.shell import Shell
from api.dashboard.words.well_known import N_
from domain.errors import Retry
from web.login import begin_session, end_session, refuse_foreign_form
from web.private import Private
from web.problems import Problem

_HOME: Final = "/"
_NO_STORE: Final = {"Cache-Control": "no-store"}
_LONGEST: Final = 2_000
"""Characters of an address that one is sent back to."""
_UNKNOWN: Final = N_("This token lets nobody in: it is another one, or it was withdrawn.")
_TOO_MANY: Final = N_("Too many wrong tokens came from here. Try again in a minute.")
_AWAY: Final = N_("Nobody can be let in just now. Try again in a moment.")


def routes(shell: Shell, private: Private) -> Sequence[Route]:
    """Where people sign in and out."""

    async def ask(request: Request) -> Response:
        onward = own_path(request.query_params.get("next"))
        try:
            await run_in_threadpool(private.check, request)
        except Problem as problem:
            if problem.status not in (401, 429):
                raise
            wrong = _TOO_MANY if problem.status == 429 else None
            return shell.render(request, "login.html", 200 if wrong is None else 429, onward=onward, wrong=wrong)
        return RedirectResponse(onward, 303, _NO_STORE)  # who needs no token, or has a session

    async def sign_in(request: Request) -> Response:
        refuse_foreign_form(request)
        form = await request.form()
        onward, secret = own_path(form.get("next")), str(form.get("token") or "").strip()
        status, wrong = await run_in_threadpool(_judge, private, request, secret)
        if wrong is not None:
            return shell.render(request, "login.html", status, onward=onward, wrong=wrong)
        response = RedirectResponse(onward, 303, _NO_STORE)
        begin_session(request, response, secret)
        return response

    async def sign_out(request: Request) -> Response:
        refuse_foreign_form(request)
        response = RedirectResponse("/login", 303, _NO_STORE)
        end_session(request, response)
        return response

    return [
        Route("/login", ask, methods=["GET"]),
        Route("/login", sign_in, methods=["POST"]),
        Route("/logout", sign_out, methods=["POST"]),
    ]


def to_sign_in(request: Request, *, unknown: bool) -> Response:
    """Where somebody is sent who is not signed in: they come back to what they asked for.

    `unknown`: what their browser keeps lets nobody in; else they wait, for what somebody else may have done.
    """
    query = request.url.query
    asked = request.url.path + (f"?{query}" if query else "")
    address = "/login" if asked == _HOME else f"/login?{urlencode({'next': asked})}"
    response = RedirectResponse(address, 303, _NO_STORE)
    if unknown:
        end_session(request, response)  # else each page would count as another wrong token
    return response


def own_path(asked: object) -> str:
    """A path of this server that somebody is sent on to; anything else is the first page.

    Browsers read `//host`, `/\\host` and what has a tab or a line end within as an address of another host.
    """
    if not isinstance(asked, str) or not 0 < len(asked) <= _LONGEST or not asked.isascii() or not asked.isprintable():
        return _HOME
    own = asked[0] == "/" and asked[1:2] not in ("/", "\\") and "\\" not in asked
    path = asked.partition("?")[0].partition("#")[0]
    return asked if own and path not in ("/login", "/logout") else _HOME


def _judge(private: Private, request: Request, secret: str) -> tuple[int, str | None]:
    """Whether the secret lets in: the status, and what is wrong with it."""
    try:
        viewer = private.holder(request, secret) if secret else None
    except Retry:
        return 503, _AWAY
    except Problem as problem:
        return problem.status, _TOO_MANY
    return (200, None) if viewer is not None else (401, _UNKNOWN)
