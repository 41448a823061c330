"""What is known of a person: put together from what their touchpoints say."""

import json
from collections.abc import Sequence
from typing import Any

from domain.fold.lead import Lead
from domain.people.constraints import BY_HAND
from domain.touchpoints.acts import OUR_SOURCES
from domain.touchpoints.touchpoint import Touchpoint


def learn(lead: Lead, group: Sequence[Touchpoint], claims_update: bool = False) -> bool:
    """Put together what the touchpoints say about the person; whether that changed anything.

    A claim fills in what no trusted source said. With `claims_update` it says as much as a trusted source does. By an
    e-mail or a phone a command, or a policy, says whom it is about, not how they are reached.
    """
    changed = False
    for touchpoint in group:
        source = touchpoint.source.kind
        claim = not claims_update and source == "browser"  # `claims`, without a call for every one
        for kind, value in touchpoint.identities:
            if kind != "anonymous_id":
                if lead.identified_at is None:
                    lead.identified_at = touchpoint.instant
                if kind != "user_id" and (source not in OUR_SOURCES or _is_theirs_by_hand(lead, touchpoint, kind)):
                    changed = _learn_field(lead, kind, value, claim) or changed
        for name, value in touchpoint.profile.items():
            changed = _learn_field(lead, name, value, claim) or changed
    return changed


def _is_theirs_by_hand(lead: Lead, touchpoint: Touchpoint, kind: str) -> bool:
    """Whether it was said by hand that an e-mail or phone is this person's, of whom none is known."""
    return touchpoint.type in BY_HAND and kind not in lead.profile


def _learn_field(lead: Lead, name: str, value: Any, claim: bool) -> bool:
    """Take what one touchpoint says of a field; None takes it away. Whether that changed anything."""
    profile, claimed = lead.profile, lead.claimed
    current = profile.get(name)
    if claim and current is not None and name not in claimed:
        return False
    if name in claimed:
        if not claim or value is None:
            claimed.remove(name)
    elif claim and value is not None:
        claimed.append(name)
    if value is None:
        return profile.pop(name, None) is not None
    if same(current, value):
        return False
    profile[name] = value
    return True


def same(first: Any, second: Any) -> bool:
    """Whether two JSON values are the same, at every depth: 1, 1.0 and true are three."""
    if first != second or type(first) is not type(second):
        return False
    return not isinstance(second, list | dict) or json.dumps(first) == json.dumps(second)
