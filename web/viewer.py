"""Who asks: a name, what they may, and which owner of leads they are."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from starlette.requests import Request


@unique
class Role(StrEnum):
    """What somebody may; each role may what the ones before it may."""

    READER = "reader"
    SALES = "sales"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may what that one may."""
        return _RANKS[self] >= _RANKS[needed]


_RANKS: Final = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `owner` is the owner in the model's `[sales]` that they are."""

    name: str
    role: Role
    owner: str | None = None


def viewer_of(request: Request) -> Viewer:
    """Who makes this request, after `Private.check` let it in."""
    viewer = request.state.viewer
    assert isinstance(viewer, Viewer)
    return viewer
