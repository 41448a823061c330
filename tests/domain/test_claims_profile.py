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
