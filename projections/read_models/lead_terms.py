"""What a lead is found by: terms of its name, its company and its e-mails."""

from uuid import UUID

from domain.fold.fold import Fold
from domain.fold.names import all_names
from domain.fold.terms import terms_of
from projections.read_models.family import AllRows, Entries, Row, Subject


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
    return {0: texts} if texts else {}


def _rows(id: UUID, entries: Entries) -> list[Row]:
    return [(id, term) for texts in entries.values() for term in terms_of(texts)]


LEAD_TERMS = AllRows(lambda tables: tables.lead_terms, _entries, _rows)
