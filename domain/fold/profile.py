"""What is known of a person: put together from what their touchpoints say."""

import json
from collections.abc import Sequence
from typing import Any

from domain.fold.lead import Lead
from domain.touchpoints.touchpoint import Touchpoint


def learn(lead: Lead, group: Sequence[Touchpoint], claims_update: bool = False) -> bool:
    """Put together what the touchpoints say about the person; whether that changed anything.

    A claim fills in what no trusted source said. With `claims_update` it says as much as a trusted source does.
    """
    changed = False
    for touchpoint in group:
        claim = not claims_update and touchpoint.source.kind == "browser"  # `claims`, without a call for every one
        for kind, value in touchpoint.identities:
            if kind != "anonymous_id":
                lead.identified = True
                if kind != "user_id":
                    changed = _hear(lead, kind, value, claim) or changed
        for name, said in touchpoint.profile.items():
            changed = _hear(lead, name, said, claim) or changed
    return changed


def _hear(lead: Lead, name: str, said: Any, claim: bool) -> bool:
    """Take what one touchpoint says of a field; None takes it away. Whether that changed anything."""
    profile, claimed = lead.profile, lead.claimed
    known = profile.get(name)
    if claim and known is not None and name not in claimed:
        return False
    if name in claimed:
        if not claim or said is None:
            claimed.remove(name)
    elif claim and said is not None:
        claimed.append(name)
    if said is None:
        return profile.pop(name, None) is not None
    if same(known, said):
        return False
    profile[name] = said
    return True


def same(known: Any, said: Any) -> bool:
    """Whether two JSON values are the same, at every depth: 1, 1.0 and true are three."""
    if known != said or type(known) is not type(said):
        return False
    return not isinstance(said, list | dict) or json.dumps(known) == json.dumps(said)
