"""What is known of a person: put together from what their touchpoints say."""

import json
from collections.abc import Sequence
from typing import Any

from domain.fold.lead import Lead
from domain.touchpoints.touchpoint import Touchpoint


def learn(lead: Lead, group: Sequence[Touchpoint]) -> bool:
    """Put together what the touchpoints say about the person; whether that changed anything."""
    changed = False
    profile = lead.profile
    for touchpoint in group:
        for kind, value in touchpoint.identities:
            if kind != "anonymous_id":
                lead.identified = True
                if kind != "user_id" and profile.get(kind) != value:
                    profile[kind] = value
                    changed = True
        for name, said in touchpoint.profile.items():
            if said is None:
                changed = profile.pop(name, None) is not None or changed
            elif not same(profile.get(name), said):
                profile[name] = said
                changed = True
    return changed


def same(known: Any, said: Any) -> bool:
    """Whether two JSON values are the same, at every depth: 1, 1.0 and true are three."""
    if known != said or type(known) is not type(said):
        return False
    return not isinstance(said, list | dict) or json.dumps(known) == json.dumps(said)
