"""What a walk says of a person beside their touchpoints: what a data steward should know, and what was said by hand."""

from typing import Any

from domain.people.person import FINDINGS, Finding, Person
from domain.people.walk import Walk


def findings(walk: Walk, person: Person) -> list[list[Any]]:
    """Of one person of a walk: [kind, detail, instant]. First the merges that a standing unmerge forbids."""
    if not walk.skipped and not walk.facts.disputed and not person.findings:  # nearly always
        return []
    skipped: list[Finding] = [
        ("merge_skipped", f"{identity} with {other}: they were unmerged", instant)
        for instant, identity, other in walk.skipped
        if person in (walk.owner.get(identity), walk.owner.get(other))
    ]
    return [list(finding) for finding in (*skipped, *_of_claims(walk, person))]


def parted_at(walk: Walk, person: Person) -> int:
    """When it was last said by hand that the person is not another one, or in vain that they are; 0: never."""
    if not walk.apart and not walk.skipped:  # nearly always
        return 0
    owner = walk.owner
    parted = [instant for pair, instant in walk.apart.items() if any(owner.get(each) is person for each in pair)]
    parted += [instant for instant, *pair in walk.skipped if any(owner.get(each) is person for each in pair)]
    return max(parted, default=0)


def _of_claims(walk: Walk, person: Person) -> list[Finding]:
    """What the walk kept, and what others claimed of the person's and trusted links contradict: each pair once."""
    if not walk.facts.disputed:
        return person.findings
    disputed = [
        ("claim_not_bound", f"{identity} with {name}", instant)
        for identity in person.owned
        for instant, name in walk.facts.disputed.get(identity, ())
        if walk.owner.get(name) is not person
    ]
    if not disputed:
        return person.findings
    first: dict[tuple[str, str], Finding] = {}
    for finding in sorted({*person.findings, *disputed}, key=lambda finding: (finding[2], finding)):
        first.setdefault(finding[:2], finding)
    return list(first.values())[:FINDINGS]
