"""Hand-over as a lead remembers it: who takes care of it, and that an owner rejected it. Needs nothing of `[sales]`."""

from msgspec import Struct

from domain.model.sales import NOT_READY


class Handover(Struct, array_like=True, gc=False):
    """Who takes care of a lead since an instant, and until when they must have accepted (None: nobody said)."""

    owner: str
    since: int
    due: int | None
    assigned: str
    """The id of the signal that announced it; "" where a person assigned it."""
    accepted_at: int | None = None
    by: str = ""
    """Who accepted: of a team a member."""


class LeadRejection(Struct, array_like=True, gc=False):
    """An owner rejected the lead: its hot episode is over. `earned`: points above 0 since then, opens left out."""

    at: int
    owner: str
    reason: str
    earned: float = 0.0
    over: bool = False
    """The lead was hot again since, or a person moved it on."""

    @property
    def final(self) -> bool:
        """Whether it holds until a person moves the lead."""
        return self.reason != NOT_READY
