"""What a touchpoint was about, in the one property that tells people most: the page, the form, the mail, the link."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from domain.touchpoints.text import storable

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
    text = about_text(type, properties)
    return None if text is None else read_about(text)


def read_about(text: str) -> About:
    """Of what `about_text` gave."""
    property, _, value = text.partition(" ")
    return About(property, value)


def about_text(type: str, properties: Mapping[str, Any]) -> str | None:
    """The same as one text: the property, a space, and its value."""
    names = _TELLING.get(type) or (_MAIL if type.startswith("email_") else _ANY)
    for name in names:
        value = properties.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                continue
            value = str(value)
        return f"{name} {storable(value[:LONGEST])}"
    return None
