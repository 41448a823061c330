"""The commands: what is refused and what it names; and that merge and unmerge do to leads what they say."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.model.definition import parse_model
from domain.people.walk import assign
from domain.touchpoints.identity import Identity, ordered
from domain.touchpoints.touchpoint import Source, Touchpoint
from producers import commands
from producers.commands import CommandContext, CommandRefused

STAGES = parse_model("""
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
requires = ["profile.company", "profile.email"]
[[stages]]
name = "nurture"
detour = true
[[stages]]
name = "trial"
retired = true
[[stages]]
name = "customer"
won = true
was = ["client"]
[[stages]]
name = "disqualified"
detour = true
""").stages

U1, U2, U5 = (Identity("user_id", f"u-{n}") for n in (1, 2, 5))
E1, E2, E3 = (Identity("email", f"e{n}@example.org") for n in (1, 2, 3))
P1 = Identity("phone", "+491511234567")
C1, C2, C3 = (Identity("anonymous_id", f"anon-{n}") for n in (1, 2, 3))

ASKED = CommandContext(id="ask-1", at=1_780_000_000_000_000, by="sam", reason="spoke with them")


@dataclass(frozen=True)
class Card:
    identities: tuple[Identity, ...]
    stage: str = "lead"
    profile: dict[str, Any] = field(default_factory=dict)
    id: str = "lead-1"


def refused(call: Any, *arguments: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as error:
        call(*arguments)
    return error.value


# ---- stage -------------------------------------------------------------------------------------------------------


def test_a_move_carries_one_identity_of_the_highest_kind() -> None:
    made = commands.stage(Card((C1, E1, U2, U1)), "customer", STAGES, ASKED)
    assert made == Touchpoint(
        id="ask-1",
        source=Source("api", "api"),
        type="stage_changed",
        occurred_at=ASKED.at,
        received_at=ASKED.at,
        identities=(U1,),
        properties={"to": "customer", "by": "sam", "reason": "spoke with them"},
    )


@pytest.mark.parametrize("to", ["qualifed", "visitor", "", None, 3])
def test_an_unknown_stage_lists_the_known(to: object) -> None:
    error = refused(commands.stage, Card((E1,)), to, STAGES, ASKED)
    assert (error.status, error.allowed) == (422, ("lead", "qualified", "nurture", "customer", "disqualified"))
    assert "customer" in error.problem


def test_a_stage_may_be_given_by_a_former_name_and_a_retired_one_not_at_all() -> None:
    assert commands.stage(Card((E1,)), "client", STAGES, ASKED).properties["to"] == "customer"
    assert refused(commands.stage, Card((E1,), stage="customer"), "client", STAGES, ASKED).status == 409
    error = refused(commands.stage, Card((E1,)), "trial", STAGES, ASKED)
    assert (error.status, "trial" in error.allowed) == (422, False)
    assert "retired" in error.problem


def test_an_unknown_stage_is_guessed() -> None:
    assert "(did you mean qualified?)" in refused(commands.stage, Card((E1,)), "qualifed", STAGES, ASKED).problem


def test_what_a_stage_requires_is_named() -> None:
    error = refused(
        commands.stage, Card((E1,), profile={"email": "e1@example.org", "company": ""}), "qualified", STAGES, ASKED
    )
    assert (error.status, error.missing) == (422, ("profile.company",))
    assert error.problem == "stage qualified requires profile.company: the lead has none yet"
    whole = Card((E1,), profile={"email": "e1@example.org", "company": "Acme"})
    assert commands.stage(whole, "qualified", STAGES, ASKED).properties["to"] == "qualified"


def test_the_stage_it_is_in() -> None:
    assert refused(commands.stage, Card((E1,), "customer"), "customer", STAGES, ASKED).status == 409


@pytest.mark.parametrize(
    ("current", "to", "allowed"),
    [
        ("lead", "disqualified", True),
        ("customer", "nurture", True),
        ("customer", "lead", True),
        ("nurture", "lead", True),
        ("nurture", "disqualified", True),
        ("disqualified", "customer", True),
        ("disqualified", "nurture", True),
        ("nurture", "customer", False),
        ("visitor", "customer", True),
        ("a stage of an older model", "customer", True),
    ],
)
def test_a_detour_is_left_to_an_earlier_stage(current: str, to: str, allowed: bool) -> None:
    if allowed:
        assert commands.stage(Card((E1,), current), to, STAGES, ASKED).properties["to"] == to
    else:
        error = refused(commands.stage, Card((E1,), current), to, STAGES, ASKED)
        assert (error.status, error.allowed) == (409, ("lead", "qualified"))


def test_a_lead_whose_identities_are_all_shared() -> None:
    assert refused(commands.reset, Card(()), ASKED).status == 409


def test_reset() -> None:
    made = commands.reset(Card((C1, P1)), CommandContext(id="r", at=5, source="crm"))
    assert (made.type, made.identities, made.properties, made.source.name) == ("score_reset", (P1,), {}, "crm")


def test_what_is_too_long() -> None:
    assert (
        "reason: has 1001 characters"
        in refused(commands.reset, Card((E1,)), CommandContext("r", 5, reason="x" * 1001)).problem
    )
    assert "no valid touchpoint: id" in refused(commands.reset, Card((E1,)), CommandContext("r" * 201, 5)).problem


@pytest.mark.parametrize("name", commands.NOT_BUILT)
def test_what_is_not_built_is_refused_by_name(name: str) -> None:
    error = commands.not_built(name)
    assert error.status == 501 and name in error.problem


# ---- merge and unmerge: what they say, and what `assign` makes of it ---------------------------------------------


def sides(made: Touchpoint) -> tuple[tuple[Identity, ...], tuple[Identity, ...]]:
    return made.identities, tuple(Identity(**pair) for pair in made.properties["with"])


def test_merge_says_the_highest_identities() -> None:
    assert sides(commands.merge(Card((U1, E1)), Card((U5, E2), id="lead-2"), ASKED)) == ((U1,), (U5,))
    assert sides(commands.merge(Card((U1, E1, C1)), Card((E2, C2), id="lead-2"), ASKED)) == ((E2,), (U1, E1))
    assert sides(commands.merge(Card((C1,)), Card((U1, C2), id="lead-2"), ASKED)) == ((C1,), (U1, C2))


def test_merge_of_one_lead() -> None:
    assert refused(commands.merge, Card((E1,)), Card((E2,)), ASKED).status == 409


def test_unmerge_says_the_same_kinds_and_higher() -> None:
    lead = Card((U1, U5, E1, E2, C1))
    assert sides(commands.unmerge(lead, [{"kind": "user_id", "value": "u-5"}], ASKED)) == ((U5,), (U1,))
    assert sides(commands.unmerge(lead, [{"kind": "email", "value": " E2@Example.org"}], ASKED)) == (
        (E2,),
        (U1, U5, E1),
    )
    assert sides(commands.unmerge(lead, [U5, E2], ASKED)) == ((U5, E2), (U1, E1))
    assert sides(commands.unmerge(lead, [C1], ASKED)) == ((C1,), (U1, U5, E1, E2))
    assert sides(commands.unmerge(Card((U1, E1, C1)), [U1], ASKED)) == ((U1,), (E1,))
    assert sides(commands.unmerge(Card((U1, C1)), [U1], ASKED)) == ((U1,), (C1,))


@pytest.mark.parametrize(
    ("taken", "status", "said"),
    [
        ([], 422, "name what to take out"),
        ([E3], 422, "not this lead's: email:e3@example.org; it has user_id:u-1, email:e1@example.org"),
        ([U1, E1], 409, "nothing would be left"),
        ([{"kind": "mail", "value": "x"}], 422, "give a kind (user_id, email, phone, anonymous_id)"),
        ([{"kind": "email", "value": "null"}], 422, "names nobody"),
        (["u-1"], 422, "names nobody"),
    ],
)
def test_what_unmerge_refuses(taken: list[Any], status: int, said: str) -> None:
    error = refused(commands.unmerge, Card((U1, E1)), taken, ASKED)
    assert error.status == status and said in error.problem


class Story:
    """Touchpoints and commands in order; each command is made from the leads as they are then."""

    def __init__(self) -> None:
        self.touchpoints: list[Touchpoint] = []

    def saw(self, *identities: Identity) -> None:
        at = 1_000_000 * (len(self.touchpoints) + 1)
        made = Touchpoint(
            f"t{len(self.touchpoints)}", Source("server", "s"), "page_viewed", at, at, ordered(identities)
        )
        self.touchpoints.append(made)

    def merge(self, one: Identity, two: Identity) -> None:
        self.touchpoints.append(commands.merge(self.card(one), self.card(two), self._asked()))

    def unmerge(self, *taken: Identity) -> None:
        self.touchpoints.append(commands.unmerge(self.card(taken[0]), taken, self._asked()))

    def _asked(self) -> CommandContext:
        return CommandContext(f"t{len(self.touchpoints)}", 1_000_000 * (len(self.touchpoints) + 1))

    def card(self, identity: Identity) -> Card:
        walk, _ = assign(self.touchpoints)
        person = walk.owner[identity]
        return Card(ordered(person.owned), id=str(person.number))

    def leads(self) -> set[frozenset[Identity]]:
        walk, histories = assign(self.touchpoints)
        return {frozenset(walk.people[number].owned) for number in histories}


def test_a_merge_is_taken_back_and_done_again() -> None:
    story = Story()
    story.saw(U1, E1, C1)
    story.saw(U5, E3, C2)
    apart = story.leads()
    assert len(apart) == 2
    story.merge(U1, U5)
    assert story.leads() == {frozenset({U1, E1, C1, U5, E3, C2})}
    story.unmerge(U5)
    assert story.leads() == apart
    story.merge(U5, U1)
    assert len(story.leads()) == 1
    story.unmerge(U1)
    assert story.leads() == apart


def test_a_merge_of_two_mails_is_taken_back_after_a_sign_in() -> None:
    story = Story()
    story.saw(E1, C1)
    story.saw(E2, C2)
    story.merge(E1, E2)
    story.saw(U1, E1)
    assert story.leads() == {frozenset({U1, E1, E2, C1, C2})}
    story.unmerge(E2)
    assert story.leads() == {frozenset({U1, E1, C1}), frozenset({E2, C2})}
    story.merge(U1, E2)
    assert story.leads() == {frozenset({U1, E1, E2, C1, C2})}
    story.unmerge(E2)
    assert story.leads() == {frozenset({U1, E1, C1}), frozenset({E2, C2})}


def test_a_visitor_is_merged_and_taken_out() -> None:
    story = Story()
    story.saw(U1, C1)
    story.saw(C3)
    story.merge(U1, C3)
    assert story.leads() == {frozenset({U1, C1, C3})}
    story.unmerge(C3)
    assert story.leads() == {frozenset({U1, C1}), frozenset({C3})}


def test_a_mail_that_a_colleague_used_is_taken_out() -> None:
    story = Story()
    story.saw(C1, E1)
    story.saw(C1, U1)
    story.saw(U1, P1)
    assert len(story.leads()) == 1
    story.unmerge(E1)
    assert story.leads() == {frozenset({U1, P1, C1}), frozenset({E1})}
