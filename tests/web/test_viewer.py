"""Who asks: what the guard of the private side makes of a request."""

from starlette.requests import Request

from web.private import Private
from web.viewer import Role, Viewer, viewer_of


def asking(**headers: str) -> Request:
    """A request of this machine."""
    raw = [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1:8000", **headers}.items()]
    return Request({"type": "http", "method": "GET", "headers": raw, "client": ("127.0.0.1", 50000)})


def test_who_bears_the_token_of_the_settings_is_an_admin() -> None:
    request = asking(authorization="Bearer sample")
    assert Private("sample").check(request) == Viewer("LEADLINE_API_TOKEN", Role.ADMIN, None) == viewer_of(request)


def test_without_a_token_this_machine_is_an_admin() -> None:
    request = asking()
    assert Private(None).check(request) == Viewer("local", Role.ADMIN, None) == viewer_of(request)


def test_each_role_covers_the_ones_before_it() -> None:
    covered = {role: {needed for needed in Role if role.covers(needed)} for role in Role}
    assert covered == {
        Role.READER: {Role.READER},
        Role.SALES: {Role.READER, Role.SALES},
        Role.ADMIN: {Role.READER, Role.SALES, Role.ADMIN},
    }
