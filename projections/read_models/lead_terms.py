"""What a lead is found by: terms of its name, its company and its e-mails; and its tags."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from domain.fold.fold import Fold
from domain.fold.names import all_names
from domain.fold.terms import terms_of
from projections.read_models.family import AllRows, Entries, Row, Subject

TAG: Final = "#"
"""Begins a tag among the terms: no term of a text begins so."""
_TEXTS: Final = 0
_TAGS: Final = 1


def _entries(fold: Fold, subject: Subject) -> Entries:
    """The texts as they were said, of which terms are made when they are written; first those that have few terms."""
    texts: list[str] = []
    mails = [value for kind, value in subject.identities if kind == "email"]
    if profile := subject.lead.profile:
        texts = all_names(profile)
        for text in (profile.get("email"), *mails[:1], profile.get("company")):
            if text and isinstance(text, str) and text not in texts:
                texts.append(text)
    for mail in mails:
        if mail not in texts:
            texts.append(mail)
    entries: Entries = {_TEXTS: texts} if texts else {}
    if subject.lead.tags:
        entries[_TAGS] = subject.lead.tags
    return entries


def _rows(id: UUID, entries: Entries) -> list[Row]:
    tags = [(id, TAG + tag) for tag in entries.get(_TAGS, ())]
    return [*((id, term) for term in terms_of(entries.get(_TEXTS, ()))), *tags]


LEAD_TERMS = AllRows(lambda tables: tables.lead_terms, _entries, _rows)


def tag_lines(terms: Iterable[str]) -> str:
    """The tags among a lead's terms, a line each."""
    return "\n".join(term for term in terms if term.startswith(TAG))
