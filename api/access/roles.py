"""What each role may ask: one line a route of `/api`. A route that is in no line is an admin's."""

from collections.abc import Mapping
from typing import Final

from fastapi import Request
from starlette.datastructures import QueryParams

from api.access.masking import FINDINGS_OF_THE_MODEL
from domain.fold.names import names_somebody
from domain.phrases import phrase
from domain.touchpoints.identity import KINDS
from web.problems import Problem
from web.viewer import Role, Viewer, viewer_of

_READER: Final = (
    "/leads", "/leads/{lead}", "/leads/{lead}/timeline", "/leads/{lead}/score", "/leads/{lead}/dossier", "/deadlines",
    "/responses", "/overview", "/overview/leads",
    "/segments", "/segments/{name}/members", "/segments/{name}/history", "/funnels", "/funnels/{name}",
    "/funnels/{name}/leads", "/stages", "/stages/{name}/leads", "/reports", "/reports/{name}",
    "/reports/{name}/people", "/signals", "/signals/stream", "/jobs", "/jobs/{id}", "/costs", "/findings", "/model",
    "/model/history", "/model/history/{activation}",
)  # fmt: skip
"""GET of these: lists and reports, which show a reader nobody's name."""
_SALES: Final = (
    "stage", "merge", "unmerge", "reset", "consent", "assign", "accept", "reject", "remind", "note", "log", "profile",
    "tags",
)  # fmt: skip
"""Commands on a lead."""
_ADMIN: Final = (
    "GET /audit", "GET /rejected", "GET /rejected/{id}", "GET /status", "POST /rejected/replay",
    "POST /leads/{lead}/erase", "DELETE /jobs/{id}", "POST /verify", "POST /model/draw",
    "POST /model/diff", "POST /model/activate", "POST /segments/preview", "POST /funnels", "POST /costs",
)  # fmt: skip
"""What reads or changes the whole installation."""

NEEDED: Final[Mapping[str, Role]] = {
    **{f"GET /api{path}": Role.READER for path in _READER},
    **{f"POST /api/leads/{{lead}}/{command}": Role.SALES for command in _SALES},
    "POST /api/links": Role.SALES,
    **{route.replace(" ", " /api", 1): Role.ADMIN for route in _ADMIN},
}
"""By method and path."""

_NAMING: Final = ("q", *KINDS)
"""Parameters that say whom somebody looks for."""


async def check_role(request: Request) -> None:
    """A dependency behind `Private.check`: whether who asks may ask this. Raises Problem 403."""
    route = request.scope["route"]
    require(request, NEEDED.get(f"{request.method} /api{route.path}", Role.ADMIN))
    refuse_search(viewer_of(request), request.query_params)


def require(request: Request, needed: Role) -> Viewer:
    """Who asks, if their role covers the one that is needed. Raises Problem 403."""
    viewer = viewer_of(request)
    if not viewer.role.covers(needed):
        reads = phrase("read, without anybody's name")
        allowed = reads if viewer.role is Role.READER else phrase("read, and command leads")
        detail = phrase(
            "{name} is {role:role}, and this needs {needed:role}: allowed is to {allowed}",
            name=viewer.name,
            role=viewer.role.value,
            needed=needed.value,
            allowed=allowed,
        )
        raise Problem(403, detail, role=viewer.role, needed=needed)
    return viewer


def refuse_search(viewer: Viewer, asked: QueryParams) -> None:
    """Refuse what would find out, by asking for it, what a reader is not shown. Raises Problem 403."""
    if viewer.role is not Role.READER:
        return
    named = next((name for name in _NAMING if asked.get(name)), None)
    if named is None and asked.get("order", "").strip() == "name":
        named = "order=name"
    by = asked.get("by", "")
    field = by.removeprefix("profile.").partition(":")[0]
    if named is None and field != by and names_somebody(field):
        named = f"by={by}"
    if named is None and asked.get("detail") and asked.get("kind") not in {"missing_field", *FINDINGS_OF_THE_MODEL}:
        named = "detail"
    if named is not None:
        detail = phrase(
            "{asked}: {name} is reader, and sees nobody's name: allowed is to ask without it",
            asked=named[:80],
            name=viewer.name,
        )
        raise Problem(403, detail, role=viewer.role, needed=Role.SALES)
