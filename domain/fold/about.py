"""What a touchpoint was about, in the one property that tells people most: the page, the form, the mail, the link."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

LONGEST: Final = 200
"""Characters of the value that are kept."""

_MAIL: Final = ("subject", "mail", "campaign", "link", "url")
_LINK: Final = ("link", "href", "url", "path")
_TELLING: Final[Mapping[str, tuple[str, ...]]] = {
    "page_viewed": ("path", "url", "title", "name"),
    "form_submitted": ("form", "path", "url"),
    "email_clicked": ("link", "href", "url", *_MAIL),
    "link_clicked": _LINK,
    "stage_changed": ("to",),
}
_ANY: Final = (
    "form", "file", "link", "subject", "mail", "title", "name", "event", "order_id", "campaign", "path", "url",
)  # fmt: skip


class About(NamedTuple):
    """A property and its value, as text."""

    property: str
    value: str


def about(type: str, properties: Mapping[str, Any]) -> About | None:
    """The first telling property that has a text or a number; None: there is none."""
    names = _TELLING.get(type) or (_MAIL if type.startswith("email_") else _ANY)
    for name in names:
        value = properties.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return About(name, str(value)[:LONGEST])
    return None
