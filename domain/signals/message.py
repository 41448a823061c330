"""What a signal says beside what was decided: who it is about, how they stand, why they are hot. Pure."""

from collections.abc import Sequence
from typing import Any

from domain.fold.explain import Explanation, reasons
from domain.fold.fold import Fold
from domain.fold.lead import Attribution, Lead
from domain.fold.names import full_name
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import rfc3339


def person_of(lead: Lead, identities: Sequence[Identity]) -> dict[str, Any]:
    """Who it is, as far as known: what the profile lacks are the identities, the first of a kind."""
    known = {identity.kind: identity.value for identity in reversed(identities)}
    profile = lead.profile
    return {
        "name": full_name(profile),
        "company": _text(profile.get("company")),
        "title": _text(profile.get("title")),
        "email": _text(profile.get("email")) or known.get("email"),
        "phone": _text(profile.get("phone")) or known.get("phone"),
        "unsubscribed": None if lead.unsubscribed_at is None else rfc3339(lead.unsubscribed_at),
    }


def standing(fold: Fold, lead: Lead, identities: Sequence[Identity]) -> dict[str, Any]:
    """What a signal of any kind says of a lead that is there: who, where from, stage, grade, and by which model."""
    sources = lead.sources
    first = _source(sources.first)
    return {
        "person": person_of(lead, identities),
        "first_source": first,
        "last_source": first if sources.last == sources.first else _source(sources.last),
        "stage": lead.stage,
        "grade": lead.grade,
        "model": fold.model.hash,
    }


def hot_message(fold: Fold, explanation: Explanation, clock: int, identities: Sequence[Identity]) -> dict[str, Any]:
    """What is said of a lead that becomes hot. Instants as text; what is not known, or given to nobody yet, is None."""
    lead = explanation.lead
    labels = {rule.name: rule.label for rule in fold.model.score.rules}
    cools_at = fold.at(lead, clock).cools_at
    return {
        **standing(fold, lead, identities),
        "heat": explanation.heat,
        "hot_at": fold.threshold(lead.grade),
        "cools_at": None if cools_at is None else rfc3339(cools_at),
        "reasons": [
            {**reason, "last": rfc3339(reason["last"]), "label": labels.get(reason["rule"])}
            for reason in reasons(explanation)
        ],
        "owner": None,
        "due": None,
    }


def _source(attribution: Attribution | None) -> dict[str, str] | None:
    return None if attribution is None else {**attribution.seen, "since": rfc3339(attribution.at)}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
