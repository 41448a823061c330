"""Random histories for the laws: Hypothesis strategies, and how many examples a law is tried with."""

import os
from collections.abc import Iterable
from itertools import combinations, permutations
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.people.facts import Disputes, Facts, Links
from domain.people.sharing import LIMITS, Limits, claimings, sightings
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, us

MORE = float(os.environ.get("LEADLINE_TEST_LAWS", "0.5"))
"""Environment variable: how many times the number of examples that a law names. Half of them in each run of all tests,
as laws overlap; `make laws` tries ten times as many."""

FEW: tuple[Limits, ...] = tuple({"anonymous_id": most, "email": most, "phone": most} for most in (1, 2, 3))
"""Limits that a short history reaches, of all kinds."""

NAMED = ("u:1", "u:2", "u:3", "e:a@x.test", "e:b@x.test", "p:+4930123456")
COOKIES = ("c:k", "c:l", "c:m")
SECONDS = (0, 0, 1, 1, 2, 3, 5, 3_600, 80_000, 90_000)
"""Few, so that many touchpoints share an instant, and days, so that windows end between them."""

TYPES = ("page_viewed", "page_viewed", "form_submitted", "email_opened", "identified", "score_reset", "stage_changed")
BY_HAND = ("merged", "unmerged", "aliased")


def law(examples: int) -> settings:
    """How a law is tried: a failure prints what reproduces it."""
    return settings(
        max_examples=max(1, int(examples * MORE)),
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def facts_of(history: Iterable[Touchpoint], limits: Limits = LIMITS) -> Facts:
    """What a history says of identities, by brute force: who is shared and since when, and the trusted links."""
    seen: _First = {}
    claimed: _First = {}
    for touchpoint in sorted(history, key=lambda each: each.instant):
        for low, high in sightings(touchpoint):
            seen.setdefault(low, {}).setdefault(high.kind, {}).setdefault(high, touchpoint.instant)
        for low, high in claimings(touchpoint):
            claimed.setdefault(low, {}).setdefault(high.kind, {}).setdefault(high, touchpoint.instant)
    trusted: dict[Identity, Links] = {}
    for low, kinds in seen.items():
        if low.kind != "anonymous_id":
            ranked = {
                kind: sorted((instant, str(high)) for high, instant in first.items()) for kind, first in kinds.items()
            }
            most = limits[low.kind] + 1
            trusted[low] = {kind: sorted(name for _, name in ranked[kind][:most]) for kind in sorted(ranked)}
    disputed = {low: _disputes(claimed.get(low, {}), links, limits[low.kind] + 1) for low, links in trusted.items()}
    return Facts(str, _crowded(seen, limits), trusted, _crowded(claimed, limits), disputed)


def _disputes(claimed: dict[str, dict[Identity, int]], links: Links, most: int) -> Disputes:
    names = [
        (instant, high)
        for kind in claimed.keys() & links.keys()
        for instant, high in sorted((instant, high) for high, instant in claimed[kind].items())[:most]
    ]
    return sorted((instant, high) for instant, high in names if str(high) not in links[high.kind])


_First = dict[Identity, dict[str, dict[Identity, int]]]


def _earliest(first: dict[Identity, int], count: int) -> list[str]:
    ranked = sorted((instant, str(high)) for high, instant in first.items())
    return sorted(name for _, name in ranked[:count])


def _crowded(first: _First, limits: Limits) -> dict[Identity, int]:
    crowded = {}
    for low, kinds in first.items():
        limit = limits[low.kind]
        if since := [sorted(seen.values())[limit] for seen in kinds.values() if len(seen) > limit]:
            crowded[low] = min(since)
    return crowded


def side(short: str) -> dict[str, Any]:
    """The other side of a merge: its `with`."""
    kind = {"u": "user_id", "e": "email", "p": "phone", "c": "anonymous_id"}[short[0]]
    return {"with": [{"kind": kind, "value": short[2:]}]}


_SETS = [
    (names, source)
    for size in (1, 2, 3)
    for names in combinations(COOKIES + NAMED, size)
    for source in ("server", "browser", "browser")
]
_PAIRS = list(permutations(NAMED, 2))
_WHEN = [(second, seq, late) for second in SECONDS for seq in (0, 1) for late in (0, 0, 5_000)]
_STAGES = [
    {"source": source, **change}
    for source in ("api", "policy")
    for change in (*({"to": name} for name in ("lead", "qualified", "customer", "disqualified", "nowhere")),
                   {"withdraws": "t0"}, {"withdraws": "t1"})
]  # fmt: skip
_SAYS: list[dict[str, Any]] = [
    {},
    {},
    {"profile": {"title": "CEO"}},
    {"profile": {"title": None}},
    {"profile": {"company": "x"}},
    {"profile": {"email": "me@us.example"}},
    {"amount": 7.5},
    {"amount": "-2", "profile": {"ends": "2023-11-16"}},
    {"context": {"machine": "honeypot"}},
    {
        "url": "https://us.example/p?utm_source=news&utm_medium=email&utm_campaign=may",
        "path": "/p",
        "note": " A@x.test",
    },
]


@st.composite
def touchpoints(draw: st.DrawFn, number: int, types: tuple[str, ...] = TYPES + BY_HAND) -> Touchpoint:
    """One touchpoint; `number` makes its id. Few draws: they are what a law takes its time for."""
    type = draw(st.sampled_from(types))
    names: tuple[str, ...]
    more: dict[str, Any]
    if type in ("merged", "unmerged"):
        one, two = draw(st.sampled_from(_PAIRS))
        names, more = (one,), {"source": "api", **side(two)}
    elif type == "aliased":
        names = (draw(st.sampled_from(NAMED[:3])),)
        more = {"source": draw(st.sampled_from(["server", "browser"])), "previous": draw(st.sampled_from("123k"))}
    else:
        names, source = draw(st.sampled_from(_SETS))
        more = {"source": "api"} if type == "score_reset" else {
            "source": source, **draw(st.sampled_from(_STAGES if type == "stage_changed" else _SAYS))
        }  # fmt: skip
    second, seq, late = draw(st.sampled_from(_WHEN))
    return at(second, type, *names, id=f"t{number}", seq=seq, received=us(second + late), **more)


@st.composite
def histories(
    draw: st.DrawFn, most: int = 12, types: tuple[str, ...] = TYPES + BY_HAND, least: int = 1
) -> list[Touchpoint]:
    """Touchpoints of a few people, with different ids, in the order in which they were thought of."""
    return [draw(touchpoints(number, types)) for number in range(draw(st.integers(least, most)))]


def in_order(history: Iterable[Touchpoint]) -> list[Touchpoint]:
    return sorted(history, key=lambda touchpoint: touchpoint.order)
