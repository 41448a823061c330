"""How an installation reads what its sources leave open: national phone numbers, its own fields, and past claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from domain.files.durations import HOUR
from domain.touchpoints.claims import snake_case

ANY_FORM: Final = "*"
_NOT_SAID_BY_A_FORM: Final = frozenset({"user_id", "anonymous_id"})

Fields = Mapping[str, str]
"""What a form's fields (in snake_case) say of the person: the names of the profile."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """`region` is the one whose national phone numbers are read ("": none); `forms` are the fields of forms by name.

    `claims_back` is how far back, in microseconds, a claim may say that something happened. `sites` are the hosts of
    the installation's own sites, `origins` their origins (none: any is allowed).
    """

    region: str = ""
    forms: Mapping[str, Fields] = field(default_factory=lambda: MappingProxyType({}))
    claims_back: int = 48 * HOUR
    sites: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def fields(self, form: object) -> Fields:
        """What the fields of a form mean, by its name; those of every form stand behind its own."""
        if not self.forms:
            return {}
        own = self.forms.get(form, {}) if isinstance(form, str) else {}
        return {**self.forms.get(ANY_FORM, {}), **own}


NONE: Final = Conventions()
"""Of an installation that says nothing."""


def parse_forms(texts: list[str]) -> Mapping[str, Fields]:
    """The mapping in texts `FORM:FIELD:NAME`. Raises ValueError."""
    forms: dict[str, dict[str, str]] = {}
    for text in texts:
        form, _, rest = text.partition(":")
        field, _, name = rest.rpartition(":")
        form, field, name = form.strip(), snake_case(field), name.strip()
        if not form or not field or not name or name != snake_case(name):
            raise ValueError(f"{text!r}: allowed is FORM:FIELD:NAME, such as contact:field_7:email (FORM * is any)")
        if name in _NOT_SAID_BY_A_FORM:
            raise ValueError(f"{text!r}: a form says no {name}; allowed are email, phone and names of the profile")
        forms.setdefault(form, {})[field] = name
    return MappingProxyType(forms)
