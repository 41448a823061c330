"""What people call somebody, by what is known of them; and by what a list of names is sorted."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol
from unicodedata import category, normalize

from domain.touchpoints.impersonal import reaches_somebody
from domain.touchpoints.text import storable

SORTED_BY: Final = 60
"""Characters of a name that count where names are sorted."""
_WHOLE: Final = ("name", "full_name")
"""Fields that hold a whole name."""
_STANDS_FOR_NAME: Final = ("email", "user_id", "phone", "anonymous_id")
"""Kinds of identities that stand for a name, the first that there is."""
_APART: Final = frozenset({"full_name", "first_name", "last_name"})
"""Fields that may say another name than `name` does; few people have them."""

_NAMES: Final = frozenset(
    {"name", "fullname", "firstname", "lastname", "givenname", "familyname", "middlename", "surname", "nickname",
     "displayname", "contactname", "vorname", "nachname", "nombre", "apellido", "apellidos", "prénom", "prenom", "nom",
     "nome", "cognome", "sobrenome", "姓名", "名字", "姓", "名", "氏名", "名前", "이름", "имя", "фамилия"}
)  # fmt: skip
"""Fields that hold a person's name or a part of it, without case and what joins words."""
_JOINS: Final = re.compile(r"[\s_.:\-]+")
_OF_ONE: Final = frozenset(
    {"username", "userid", "anonymousid", "birthday", "birthdate", "dateofbirth", "address", "street", "postaladdress",
     "homeaddress", "ip", "ipaddress", "avatar", "photo", "linkedin", "linkedinurl", "wechat", "微信", "地址", "生日"}
)  # fmt: skip
"""Fields that hold something else which only one person has."""


def is_a_name(field: str) -> bool:
    """Whether what bears this name is a person's: `first_name`, `lastName`."""
    return _JOINS.sub("", field.casefold()) in _NAMES


class _KindAndValue(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


def names_somebody(field: str) -> bool:
    """Whether what a profile says under this name tells who the person is: a name, an address, what reaches them."""
    return is_a_name(field) or _JOINS.sub("", field.casefold()) in _OF_ONE or reaches_somebody(field)


def full_name(profile: Mapping[str, Any]) -> str | None:
    """The name: whole where somebody said it so, else put together, the family name first where it is Han or Hangul."""
    for field in _WHOLE:
        if name := _text(profile, field):
            return name
    return _put_together(profile)


def name_or_identity(profile: Mapping[str, Any], identities: Iterable[_KindAndValue]) -> str | None:
    """What stands for a lead in a line: the name, else the e-mail, else the highest identity; None: there is none."""
    if name := full_name(profile):
        return name
    values = {identity.kind: identity.value for identity in reversed(list(identities))}
    return next((values[kind] for kind in _STANDS_FOR_NAME if kind in values), None)


def all_names(profile: Mapping[str, Any]) -> list[str]:
    """Every name that somebody said, the one that people are called by first; without what another one holds."""
    if _APART.isdisjoint(profile):
        name = _text(profile, "name")
        return [name] if name else []
    names: list[str] = []
    for name in (*(_text(profile, field) for field in _WHOLE), _put_together(profile)):
        if name and not any(name in other for other in names):
            names.append(name)
    return names


def _put_together(profile: Mapping[str, Any]) -> str | None:
    first, last = _text(profile, "first_name"), _text(profile, "last_name")
    if first and last:
        return f"{last}{first}" if _family_name_first(first) and _family_name_first(last) else f"{first} {last}"
    return first or last


def sorted_by(name: str) -> str | None:
    """What a name is sorted by: letters alone, no case, no width; None where nothing is left of it."""
    folded = normalize("NFKC", normalize("NFKC", storable(name[: 4 * SORTED_BY])).casefold())
    begin = next((place for place, each in enumerate(folded) if category(each)[0] in "LN"), len(folded))
    return folded[begin : begin + SORTED_BY].rstrip() or None


def _text(profile: Mapping[str, Any], field: str) -> str | None:
    text = profile.get(field)
    return text if isinstance(text, str) and text else None


def _family_name_first(text: str) -> bool:
    return "\u2e80" <= text[0] <= "\u9fff" or "\uac00" <= text[0] <= "\ud7ff" or text[0] >= "\U00020000"
