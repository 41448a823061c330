"""Claims: what public keys, forms and the pixel say about who somebody is, in every order of arrival and happening."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.people.findings import findings
from domain.people.person import FINDINGS
from domain.people.saved import dump_walk
from domain.people.walk import Walk, assign
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.histories import facts_of, law
from tests.domain.stories import at, identity

Said = tuple[str, str, tuple[str, ...], dict[str, Any]]
"""Source kind, type, identities, and what else."""


def server(*names: str, **more: Any) -> Said:
    return "server", "identified", names, more


def provider(*names: str) -> Said:
    return "provider", "email_clicked", names, {}


def claim(*names: str, **more: Any) -> Said:
    return "browser", "identified", names, more


def alias(previous: str, *names: str, source: str = "browser") -> Said:
    return source, "aliased", names, {"previous": previous}


def happened(said: Sequence[Said], seconds: Sequence[int], first: str = "t") -> list[Touchpoint]:
    return [
        at(second, type, *names, source=source, id=f"{first}{number}", **more)
        for number, ((source, type, names, more), second) in enumerate(zip(said, seconds, strict=True))
    ]


def every_order(said: Sequence[Said]) -> Iterator[list[Touchpoint]]:
    """The same in every order of happening."""
    for seconds in itertools.permutations(range(1, len(said) + 1)):
        yield happened(said, seconds)


def whose(touchpoints: Sequence[Touchpoint], ids: frozenset[str]) -> list[list[str]]:
    """Which of the named touchpoints are one lead's."""
    _, histories = assign(touchpoints, facts_of(touchpoints))
    found = ([touchpoint.id for touchpoint in history if touchpoint.id in ids] for history in histories.values())
    return sorted(sorted(mine) for mine in found if mine)


def walked(touchpoints: Sequence[Touchpoint]) -> Walk:
    return assign(touchpoints, facts_of(touchpoints))[0]


def found(walk: Walk, name: str) -> list[tuple[str, str]]:
    """The findings of whoever owns an identity: kinds and details."""
    return [(kind, detail) for kind, detail, _ in findings(walk, walk.owner[identity(name)])]


CEO = [server("u:ceo", "e:ceo@x.de"), provider("e:ceo@x.de"), server("u:ceo")]
ANN = [server("u:ann", "e:ann@x.de"), provider("e:ann@x.de")]
BEN = [server("u:ben", "e:ben@x.de"), provider("e:ben@x.de")]
PHONE, OTHER = "p:+491111111", "p:+492222222"
EVIL = [claim("e:evil@x.de", PHONE), claim("e:evil@x.de")]

ATTACKS: dict[str, tuple[list[Said], list[Said]]] = {
    "identify with a foreign e-mail": (CEO, [claim("u:evil", "e:ceo@x.de"), claim("u:evil")]),
    "an alias of a known user": (CEO, [alias("ceo", "u:evil"), claim("u:evil")]),
    "a form, then a log-in that the browser reports": (CEO, [claim("e:ceo@x.de", "c:k"), claim("u:evil", "c:k")]),
    "a form, then a log-in that the server reports": (CEO, [claim("e:ceo@x.de", "c:k"), server("u:evil", "c:k")]),
    "one user id, two e-mails": (ANN + BEN, [claim("u:x9", "e:ann@x.de"), claim("u:x9", "e:ben@x.de")]),
    "a known user id beside a foreign e-mail": (ANN + BEN, [claim("u:ann", "e:ben@x.de")]),
    "own e-mail, foreign phone": ([server("e:ceo@x.de", PHONE), provider(PHONE)], EVIL),
    "own e-mail, phone of a user": ([server("u:ceo", PHONE), provider(PHONE)], EVIL),
    "the e-mail of one and the phone of another": (
        [server("e:ann@x.de", PHONE), server("e:ben@x.de", OTHER), provider("e:ann@x.de")],
        [claim("e:ann@x.de", OTHER)],
    ),
    "the same, of users": ([server("u:ann", PHONE), *BEN, provider(PHONE)], [claim("e:ben@x.de", PHONE)]),
    "two forms on one cookie": (ANN + BEN, [claim("e:ann@x.de", "c:k"), claim("e:ben@x.de", "c:k")]),
    "a phone and an e-mail on one cookie": (
        [server("u:ann", PHONE), *BEN], [claim(PHONE, "c:k"), claim("e:ben@x.de", "c:k")],
    ),
    "phone, e-mail and log-in on one cookie": (
        [server("e:ann@x.de", PHONE), provider("e:ann@x.de")],
        [claim(PHONE, "c:k"), claim("e:evil@x.de", "c:k"), claim("u:evil", "c:k")],
    ),
    "a made-up phone between the two": (ANN, [claim("u:evil", OTHER), claim("e:ann@x.de", OTHER)]),
    "a cookie and a made-up phone": (ANN, [claim(OTHER, "c:k"), claim("e:ann@x.de", OTHER), claim("u:evil", "c:k")]),
    "an alias of a cookie": (ANN, [claim("e:ann@x.de", "c:k"), alias("k", "u:evil")]),
    "an alias of a cookie, by a server": (ANN, [claim("e:ann@x.de", "c:k"), alias("k", "u:evil", source="server")]),
    "two user ids at once": (ANN + BEN, [claim("u:ann", "u:ben")]),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_claims_take_nothing_away_and_join_nobody_whom_a_trusted_link_tells_apart(name: str) -> None:
    reported, claimed = ATTACKS[name]
    ids = frozenset(f"t{number}" for number in range(len(reported)))
    for touchpoints in every_order(reported + claimed):
        alone = [each for each in touchpoints if each.id in ids]
        assert whose(touchpoints, ids) == whose(alone, ids), [(t.id, t.instant) for t in touchpoints]


LEGIT: dict[str, list[Said]] = {
    "newsletter on a phone, log-in on a laptop, then both": [
        claim("e:a@x.de", "c:phone"), claim("u:1", "c:laptop"), claim("u:1", "e:a@x.de", "c:laptop"),
        provider("e:a@x.de"),
    ],
    "the server knows user ids only": [
        claim("c:k"), claim("u:1", "e:a@x.de", "c:k"), server("u:1"), claim("e:a@x.de", "c:k"),
    ],
    "the provider knows e-mails only": [
        claim("c:k"), claim("u:1", "e:a@x.de", "c:k"), provider("e:a@x.de"), claim("c:k"),
    ],
    "the browser is the only link": [server("u:1"), provider("e:a@x.de"), claim("u:1", "e:a@x.de"), server("u:1")],
    "form, log-in, and the server says so too": [
        claim("e:a@x.de", "c:k"), claim("u:1", "c:k"), server("u:1", "e:a@x.de"), claim("u:1", "e:a@x.de", "c:k"),
    ],
    "CRM with e-mail and phone, then form, then log-in": [
        ("import", "identified", ("e:a@x.de", PHONE), {}), claim("e:a@x.de", "c:k"), claim("u:1", "c:k"),
    ],
    "CRM, form with both, log-in with the e-mail": [
        ("import", "identified", ("e:a@x.de", PHONE), {}), claim("e:a@x.de", PHONE, "c:k"),
        claim("u:1", "e:a@x.de", "c:k"),
    ],
    "an alias of a cookie": [claim("c:k"), claim("u:1", "c:k"), alias("k", "u:1")],
}  # fmt: skip


@pytest.mark.parametrize("name", LEGIT)
def test_who_is_one_person_ends_in_one_lead(name: str) -> None:
    said = LEGIT[name]
    ids = frozenset(f"t{number}" for number in range(len(said)))
    for touchpoints in every_order(said):
        assert whose(touchpoints, ids) == [sorted(ids)], [(t.id, t.instant) for t in touchpoints]


def test_a_kiosk_of_two_stays_two() -> None:
    for touchpoints in every_order(
        [claim("u:1", "e:a@x.de", "c:k"), claim("u:2", "e:b@x.de", "c:k"), server("u:1"), server("u:2")]
    ):
        assert whose(touchpoints, frozenset({"t0", "t2"})) == [["t0", "t2"]]
        assert whose(touchpoints, frozenset({"t1", "t3"})) == [["t1", "t3"]]
        assert len(walked(touchpoints).people) == 2


@pytest.mark.parametrize("name", [*ATTACKS, *LEGIT])
def test_the_order_of_arrival_does_not_matter(name: str) -> None:
    said = LEGIT.get(name) or [each for part in ATTACKS[name] for each in part]
    touchpoints = happened(said, range(len(said)))
    expected = dump_walk(walked(touchpoints))
    for order in itertools.permutations(touchpoints):
        assert dump_walk(walked(order)) == expected


# ---- what a claim may, and what is said of it ---------------------------------------------------------------------


def test_an_e_mail_that_nobody_owns_or_that_has_nothing_above_it_is_bound() -> None:
    walk = walked(happened([claim("u:1", "e:a@x.de"), claim("e:b@x.de", "c:k"), claim("u:2", "e:b@x.de")], [1, 2, 3]))
    assert walk.owner[identity("e:a@x.de")] is walk.owner[identity("u:1")]
    assert walk.owner[identity("e:b@x.de")] is walk.owner[identity("u:2")] is walk.owner[identity("c:k")]


def test_a_second_e_mail_that_had_a_lead_of_its_own_stays_one_and_both_leads_say_so() -> None:
    walk = walked(happened([claim("u:1", "e:a@x.de"), claim("e:b@x.de", "c:k"), claim("u:1", "e:b@x.de")], [1, 2, 3]))
    assert walk.owner[identity("e:b@x.de")] is not walk.owner[identity("u:1")]
    said = [("claim_not_bound", "email:b@x.de with user_id:1")]
    assert found(walk, "u:1") == found(walk, "e:b@x.de") == said


def test_the_first_claim_of_an_e_mail_wins_while_no_trusted_source_links_it() -> None:
    said = [claim("u:evil", "e:a@x.de"), claim("u:1", "e:a@x.de"), claim("u:1", "e:a@x.de")]
    walk = walked(happened(said, [1, 2, 3]))
    assert walk.owner[identity("e:a@x.de")] is walk.owner[identity("u:evil")]
    assert found(walk, "u:1") == found(walk, "u:evil") == [("claim_not_bound", "email:a@x.de with user_id:1")]
    trusted = walked(happened([*said, server("u:1", "e:a@x.de")], [1, 2, 3, 4]))
    assert trusted.owner[identity("e:a@x.de")] is trusted.owner[identity("u:1")]


def test_two_leads_that_a_claim_made_one_say_so_and_can_be_parted() -> None:
    said = [claim("e:a@x.test"), server("u:1"), claim("u:1", "e:a@x.test")]
    walk = walked(happened(said, [1, 2, 3]))
    assert found(walk, "u:1") == [("claim_joined", "email:a@x.test with user_id:1")]
    parted = ("api", "unmerged", ("u:1",), {"with": [{"kind": "email", "value": "a@x.test"}]})
    walk = walked(happened([*said, parted], [1, 2, 3, 4]))
    assert walk.owner[identity("e:a@x.test")] is not walk.owner[identity("u:1")]


def test_a_visitor_who_says_who_they_are_is_no_finding() -> None:
    walk = walked(
        happened([claim("c:k"), claim("e:a@x.de", "c:k"), claim("u:1", "c:k"), claim("u:1", "e:a@x.de")], [1, 2, 3, 4])
    )
    assert found(walk, "u:1") == []


def test_what_a_claim_could_not_bind_is_not_learnt() -> None:
    claims = {"profile": {"email": "ceo@x.de", "email_address": "ceo@x.de", "title": "CEO"}}
    touchpoints = happened([server("u:ceo", "e:ceo@x.de"), claim("u:evil", "e:ceo@x.de", **claims)], [1, 2])
    _, histories = assign(touchpoints, facts_of(touchpoints))
    [evil] = [each for history in histories.values() for each in history if each.id == "t1"]
    assert evil.identities == (identity("u:evil"),)
    assert evil.profile == {"title": "CEO"}


def test_an_alias_by_a_public_key_adds_a_known_cookie_and_joins_no_users() -> None:
    said = [claim("c:k"), server("u:bob"), alias("bob", "u:x"), alias("k", "u:x"), alias("bob", "u:x")]
    walk = walked(happened(said, [1, 2, 3, 4, 5]))
    assert walk.owner[identity("c:k")] is walk.owner[identity("u:x")]
    assert walk.owner[identity("u:bob")] is not walk.owner[identity("u:x")]
    [(kind, detail)] = found(walk, "u:x")
    assert kind == "alias_skipped" and detail.startswith("bob: ")
    before = walked(happened([alias("bob", "u:x"), server("u:bob")], [1, 2]))
    assert before.owner[identity("u:bob")] is not before.owner[identity("u:x")]


def test_findings_are_said_once_a_pair_and_twenty_a_lead() -> None:
    two = ("e:a@x.de", "e:b@x.de")
    many = [claim(f"u:{n}", mail) for mail in two for n in range(15)]
    walk = walked(happened([*(claim("u:first", mail) for mail in two), *many, *many], range(62)))
    assert len(found(walk, "u:first")) == len(set(found(walk, "u:first"))) == FINDINGS
    assert len(found(walk, "u:7")) == 2


CONTRADICTED: dict[str, tuple[list[Said], str, str, str]] = {
    "an e-mail of another user": (
        [server("u:1", "e:a@x.de"), claim("u:9", "e:a@x.de")], "u:1", "u:9", "email:a@x.de with user_id:9",
    ),
    "the phone of another user": (
        [server("u:1", PHONE), claim("u:9", PHONE)], "u:1", "u:9", "phone:+491111111 with user_id:9",
    ),
    "the phone of another e-mail": (
        [server("e:a@x.de", PHONE), claim("e:b@x.de", PHONE)],
        "e:a@x.de", "e:b@x.de", "phone:+491111111 with email:b@x.de",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRADICTED)
def test_a_claim_that_a_trusted_link_contradicts_is_a_finding_of_both_leads(name: str) -> None:
    said, owner, claimer, pair = CONTRADICTED[name]
    for touchpoints in every_order([*said, said[1]]):
        walk = walked(touchpoints)
        assert walk.owner[identity(owner)] is not walk.owner[identity(claimer)]
        assert found(walk, owner) == found(walk, claimer) == [("claim_not_bound", pair)]


def test_what_somebody_claims_of_what_is_theirs_is_no_finding_of_others_claims() -> None:
    said = [server("u:1", "e:a@x.de", PHONE), claim("u:1", "e:new@x.de"), claim("u:1", "e:new@x.de", PHONE)]
    assert found(walked(happened(said, [1, 2, 3])), "u:1") == [("claim_not_bound", "phone:+491111111 with user_id:1")]


def test_of_many_that_a_trusted_link_contradicts_the_first_twenty_are_the_owner_s() -> None:
    many = [claim(f"u:{n}", "e:a@x.de") for n in range(10, 40)]
    walk = walked(happened([server("u:1", "e:a@x.de"), *many, *many], range(61)))
    assert found(walk, "u:1") == [("claim_not_bound", f"email:a@x.de with user_id:{n}") for n in range(10, 30)]


def test_claims_make_no_e_mail_shared_and_trusted_reports_do() -> None:
    claims = [claim(f"u:{n}", "e:a@x.de") for n in range(30)]
    assert not facts_of(happened(claims, range(30))).shared
    reports = [server(f"u:{n}", "e:a@x.de") for n in range(30)]
    assert list(facts_of(happened(reports, range(30))).shared) == [identity("e:a@x.de")]


def test_who_comes_after_too_many_that_claimed_an_e_mail_claims_it_in_vain_unless_a_trusted_source_says_so() -> None:
    many = [claim(f"u:{n}", "e:a@x.de") for n in range(30)]
    form, mine = claim("e:a@x.de", "c:k"), claim("u:me", "e:a@x.de")
    touchpoints = happened([*many, form, mine], range(32))
    facts = facts_of(touchpoints)
    assert [len(facts.bound(touchpoint)) for touchpoint in touchpoints] == [2] * 20 + [1] * 10 + [2, 1]
    walk = walked(touchpoints)
    assert walk.owner[identity("c:k")] is walk.owner[identity("u:0")], "a form is nobody else's"
    assert found(walk, "u:25") == [("claim_not_bound", "email:a@x.de with user_id:25")]
    trusted = happened([*many, form, mine, server("u:me", "e:a@x.de")], range(33))
    assert len(facts_of(trusted).bound(trusted[31])) == 2
    walk = walked(trusted)
    assert walk.owner[identity("e:a@x.de")] is walk.owner[identity("u:me")]


# ---- laws --------------------------------------------------------------------------------------------------------

_PEOPLE = [(f"u:{n}", f"e:{n}@x.de", f"p:+49111111{n}") for n in (1, 2, 3)]
_ANYTHING = [*itertools.chain(*_PEOPLE), "u:8", "u:9", "e:8@x.de", "e:9@x.de", "p:+491111118", "c:1", "c:2", "c:3"]
_SECONDS = st.integers(1, 30)
_OWN = [names for size in (1, 2) for one in _PEOPLE for names in itertools.combinations(one, size)]
_CLAIMED = st.lists(st.sampled_from(_ANYTHING), min_size=2, max_size=4)
_CLAIMS = st.lists(st.tuples(_SECONDS, _CLAIMED), min_size=1, max_size=8)
_REPORTS = st.lists(st.tuples(_SECONDS, st.sampled_from(_OWN)), max_size=8)
_LOGIN = st.tuples(st.sampled_from(["u:1", "u:8"]), st.sampled_from(["c:1", "c:2", "c:3"]))
_LOGINS = st.lists(st.tuples(_SECONDS, _LOGIN), max_size=2)


def told(source: str, first: str, said: Sequence[tuple[int, Sequence[str]]]) -> list[Touchpoint]:
    return [at(n, "identified", *names, source=source, id=f"{first}{i}") for i, (n, names) in enumerate(said)]


@law(200)
@given(st.tuples(_SECONDS, _SECONDS, _SECONDS), _REPORTS, _CLAIMS, _LOGINS)
def test_nobody_whose_identities_trusted_sources_link_is_harmed_by_claims(
    links: tuple[int, int, int],
    reports: list[tuple[int, tuple[str, ...]]],
    claims: list[tuple[int, list[str]]],
    logins: list[tuple[int, tuple[str, str]]],
) -> None:
    reported = told("server", "l", list(zip(links, _PEOPLE, strict=True))) + told("provider", "r", reports)
    claimed = told("browser", "c", claims) + told("server", "s", logins)
    ids = frozenset(each.id for each in reported)
    assert whose(reported + claimed, ids) == whose(reported, ids)
