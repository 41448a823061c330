"""Texts about signals that come as data, marked for translation: what they say, and what became of them."""

from collections.abc import Mapping
from typing import Final

from api.dashboard.words.well_known import N_

DELIVERIES: Final[Mapping[str, str]] = {
    "waiting": N_("waits"),
    "delivered": N_("delivered"),
    "canceled": N_("not sent"),
    "dead": N_("given up"),
}
"""What became of a signal at a destination."""

HELD_BACK: Final[Mapping[str, str]] = {
    "model": N_("by a change of the model"),
    "merged": N_("its lead became one with another"),
    "gone": N_("nobody is left whom it was about"),
    "rejected": N_("the owner gave it back"),
    "missed": N_("the one before did not accept in time"),
    "by_hand": N_("by hand"),
    "history": N_("by a merge or its undoing"),
    "hot": N_("it was their turn"),
    "the destination was taken out of the model file": N_("the destination was taken out of the model"),
    "its end was delivered before": N_("its end was delivered before"),
    "it had ended before": N_("it had ended before"),
}
"""Reasons that signals and deliveries give."""

WHY: Final[Mapping[str, str]] = {
    "from": N_("from {value}"),
    "to": N_("to {value}"),
    "segment": N_("{value}"),
    "deadline": N_("{value}"),
    "owner": N_("for {value}"),
    "before": N_("before: {value}"),
    "promote_to": N_("asks for {value}"),
    "heat": N_("heat {value}"),
    "activity": N_("{value}"),
    "reason": N_("{value}"),
    "rejected": N_("given back: {value}"),
}
"""What a signal's data say, in the order of the page."""
