"""Texts about one lead that come as data, marked for translation: reasons, effects, findings, outcomes of commands."""

from collections.abc import Mapping
from typing import Final

from api.dashboard.words.well_known import N_

KINDS: Final[Mapping[str, str]] = {
    "user_id": N_("User id"),
    "email": N_("E-mail address"),
    "phone": N_("Phone"),
    "anonymous_id": N_("Browser"),
}

SOURCES: Final[Mapping[str, str]] = {
    "browser": N_("a browser said so"),
    "server": N_("a server said so"),
    "provider": N_("a mail provider said so"),
    "import": N_("an import said so"),
    "api": N_("somebody at work said so"),
    "policy": N_("by a rule of the model"),
}

NOT_MOVED: Final[Mapping[str, str]] = {
    "already_there": N_("it is in that stage already"),
    "only_forward": N_("rules only move forward"),
    "in_detour": N_("rules move out of no detour"),
    "unknown_stage": N_("the model has no such stage"),
    "moved_since": N_("it was moved since then"),
    "nothing_withdrawn": N_("there was nothing to take back"),
}

NO_EFFECT: Final[Mapping[str, str]] = {
    "not_theirs": N_("they do not have the lead"),
    "accepted_already": N_("it was accepted already"),
}

GAVE_NOTHING: Final[Mapping[str, str]] = {
    "limit": N_("the rule's limit was reached"),
    "reset": N_("the heat was reset later"),
    "machine": N_("a machine did it"),
}

NEVER: Final[Mapping[str, str]] = {
    "model": N_("Never hot: the model says no threshold."),
    "excluded": N_("Never hot: this is no lead."),
    "stage": N_("Not hot in this stage."),
    "grade": N_("Never hot with this grade."),
}

FINDINGS: Final[Mapping[str, str]] = {
    "unknown_stage": N_("Asked into a stage that the model has not"),
    "retired_stage": N_("Asked into a stage that is retired"),
    "missing_required": N_("Came to a stage without what it requires"),
    "promotion_waits": N_("Is hot, and waits for what the next stage requires"),
    "amount_not_read": N_("An amount is not read"),
    "alias_skipped": N_("Two names were not joined"),
    "claim_not_bound": N_("Somebody claimed an identity that is another's"),
    "claim_joined": N_("Two leads became one by what a browser said"),
    "merge_skipped": N_("Not merged: they were taken apart by hand"),
}

DONE: Final[Mapping[str, str]] = {
    "stage": N_("Moved."),
    "accept": N_("Accepted."),
    "reject": N_("Given back."),
    "assign": N_("Given to the owner."),
    "remind": N_("The reminder is set."),
    "note": N_("The note is kept."),
    "log": N_("Logged."),
    "tags": N_("The tags are changed."),
    "profile": N_("Corrected."),
    "merge": N_("Merged."),
    "unmerge": N_("Taken out."),
    "reset": N_("The heat starts anew."),
}

LOGGED: Final[Mapping[str, str]] = {
    "call_logged": N_("Call"),
    "meeting_held": N_("Meeting"),
    "message_sent": N_("Message sent"),
    "message_received": N_("Wrote a message"),
}

COUNTRIES: Final = ("country", "company_country")
"""Fields of the profile that are countries."""
PROFILE: Final[Mapping[str, str]] = {
    "name": N_("Name"),
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "title": N_("Title"),
    "company": N_("Company"),
    "email": N_("E-mail address"),
    "phone": N_("Phone"),
    "country": N_("Country"),
    "city": N_("City"),
    "industry": N_("Industry"),
    "employees": N_("Employees"),
    "website": N_("Website"),
    "language": N_("Language"),
    "region": N_("Region"),
    "postal_code": N_("Postal code"),
    "department": N_("Department"),
    "revenue": N_("Revenue"),
    "plan": N_("Plan"),
    "company_id": N_("Company id"),
    "company_name": N_("Company name"),
    "company_country": N_("Company country"),
    "company_employees": N_("Company employees"),
    "company_industry": N_("Company industry"),
    "company_size": N_("Company size"),
    "company_plan": N_("Company plan"),
    "company_website": N_("Company website"),
}

INPUTS: Final[Mapping[str, str]] = {
    "at": N_("When"),
    "due": N_("Until when"),
    "note": N_("Note"),
    "reason": N_("Why"),
    "by": N_("Who answers"),
    "outcome": N_("What came of it"),
    "participants": N_("Who took part"),
    "fields": N_("What is corrected"),
    "identities": N_("What is taken out"),
    "from": N_("From"),
    "to": N_("to"),
    "as_of": N_("Look back to"),
}
"""What fields of forms and addresses are called, where a refusal names them."""

ROLES: Final[Mapping[str, str]] = {"reader": N_("reader"), "sales": N_("sales"), "admin": N_("admin")}
