"""What claims say of a person: they fill in, and overwrite what a trusted source said only where the model says so."""

from typing import Any

import pytest

from domain.fold.fold import Fold
from domain.model.definition import ModelError, parse_model
from domain.people.walk import assign
from tests.domain.histories import facts_of
from tests.domain.stories import at, us

STAGES = '[[stages]]\nname = "lead"\n'


def learnt(text: str, *said: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    touchpoints = [
        at(second, "identified", "u:1", source=source, profile=profile, id=f"t{second}")
        for second, (source, profile) in enumerate(said)
    ]
    _, histories = assign(touchpoints, facts_of(touchpoints))
    [history] = histories.values()
    return dict(Fold(parse_model(text)).fold(history, us(100)).profile)


def test_a_claim_fills_in_and_a_later_claim_changes_that() -> None:
    said = ("browser", {"title": "CTO", "city": "Bonn"}), ("browser", {"title": "CEO", "city": None})
    assert learnt(STAGES, *said) == {"title": "CEO"}


@pytest.mark.parametrize("source", ["server", "provider", "import", "api"])
def test_a_claim_overwrites_nothing_that_a_trusted_source_said_whichever_came_first(source: str) -> None:
    trusted, claim = (source, {"title": "CTO"}), ("browser", {"title": "CEO", "city": "Bonn"})
    assert learnt(STAGES, trusted, claim) == {"title": "CTO", "city": "Bonn"}
    assert learnt(STAGES, claim, trusted) == {"title": "CTO", "city": "Bonn"}
    assert learnt(STAGES, trusted, ("browser", {"title": None})) == {"title": "CTO"}
    assert learnt(STAGES, claim, trusted, claim) == {"title": "CTO", "city": "Bonn"}


def test_what_a_trusted_source_took_away_a_claim_may_fill_in() -> None:
    assert learnt(STAGES, ("server", {"title": "CTO"}), ("server", {"title": None}), ("browser", {"title": "CEO"})) == {
        "title": "CEO"
    }


def test_with_update_a_claim_says_as_much_as_anyone() -> None:
    text = STAGES + '[profile]\nclaims = "update"\n'
    said = ("server", {"title": "CTO", "city": "Bonn"}), ("browser", {"title": "CEO", "city": None})
    assert learnt(text, *said) == {"title": "CEO"}


def test_a_new_e_mail_that_a_claim_binds_leaves_the_one_that_the_server_said() -> None:
    touchpoints = [at(1, "identified", "u:1", "e:old@x.de"), at(2, "identified", "u:1", "e:new@x.de", source="browser")]
    walk, histories = assign(touchpoints, facts_of(touchpoints))
    [history] = histories.values()
    assert Fold(parse_model(STAGES)).fold(history, us(9)).profile == {"email": "old@x.de"}
    assert len(walk.owner) == 3


def test_only_fill_and_update_are_known_and_fill_is_what_is_meant_without_it() -> None:
    with pytest.raises(ModelError, match=r'profile\.claims: found "yes", allowed is "fill" or "update"'):
        parse_model(STAGES + '[profile]\nclaims = "yes"\n')
    assert parse_model(STAGES + '[profile]\nclaims = "fill"\n').hash == parse_model(STAGES).hash
    assert parse_model(STAGES + '[profile]\nclaims = "update"\n').hash != parse_model(STAGES).hash


# ---- what staff corrects -------------------------------------------------------------------------------------------


def of_story(*touchpoints: Any) -> dict[str, Any]:
    """The profile of the only person, after all that was told of them in any order."""
    _, histories = assign(touchpoints, facts_of(touchpoints))
    [history] = histories.values()
    return dict(Fold(parse_model(STAGES)).fold(history, us(100)).profile)


def test_a_correction_wins_over_what_was_said_before_and_loses_to_what_is_said_later() -> None:
    said = at(1, "identified", "e:a@x.de", profile={"title": "CTO", "city": "Bonn"})
    corrected = at(2, "profile_corrected", "e:a@x.de", source="api", profile={"title": "CEO", "city": None})
    claimed = at(3, "form_submitted", "e:a@x.de", source="browser", profile={"title": "Dr", "city": "Köln"})
    assert of_story(said, corrected) == {"email": "a@x.de", "title": "CEO"}
    assert of_story(said, corrected, claimed) == {"email": "a@x.de", "title": "CEO", "city": "Köln"}
    later = at(4, "identified", "e:a@x.de", profile={"title": "Chair"})
    assert of_story(said, corrected, claimed, later)["title"] == "Chair"
    assert of_story(later._replace(occurred_at=us(0)), corrected)["title"] == "CEO", "told later, but said before"


@pytest.mark.parametrize("type", ["noted", "stage_changed", "call_logged", "owner_assigned", "merged"])
@pytest.mark.parametrize("source", ["api", "policy"])
def test_a_command_says_whom_it_is_about_not_how_they_are_reached(type: str, source: str) -> None:
    said = at(1, "identified", "e:a@x.de")
    corrected = at(2, "profile_corrected", "e:a@x.de", source="api", profile={"email": "b@x.de"})
    command = at(3, type, "e:a@x.de", source=source)
    assert of_story(said, corrected, command) == {"email": "b@x.de"}
    assert of_story(said, corrected, command, at(4, "page_viewed", "e:a@x.de")) == {"email": "a@x.de"}


def test_whom_an_unmerge_alone_knows_has_the_e_mail_that_it_names() -> None:
    pair = [{"kind": "user_id", "value": "1"}]
    unmerged = at(2, "unmerged", "e:a@x.de", source="api", **{"with": pair})
    touchpoints = [at(1, "identified", "u:1", "e:a@x.de"), unmerged]
    _, histories = assign(touchpoints, facts_of(touchpoints))
    profiles = [Fold(parse_model(STAGES)).fold(history, us(9)).profile for history in histories.values()]
    assert {"email": "a@x.de"} in profiles
