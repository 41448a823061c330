"""Tags of a lead: what people put on it and take away, in the order in which that happened, whoever tells it when."""

from typing import Any

import pytest

from domain.fold.fold import Fold
from domain.fold.tags import MOST, tags_after
from domain.model.definition import parse_model
from tests.domain.stories import at, us

FOLD = Fold(parse_model('[[stages]]\nname = "lead"\n'))


def tagged(second: float, on: list[str], off: list[str] | None = None) -> Any:
    return at(second, "tagged", "e:a@x.de", source="api", set=on, unset=off or [])


def test_a_tag_stays_until_it_is_taken_away() -> None:
    history = [tagged(1, ["vip", "price"]), at(2, "page_viewed", "e:a@x.de"), tagged(3, ["new", "vip"], ["price"])]
    seen = [FOLD.fold(history, us(second)).tags for second in range(4)]
    assert seen == [None, ["vip", "price"], ["vip", "price"], ["vip", "new"]]
    assert FOLD.fold([*history, tagged(4, [], ["vip", "new", "never"])], us(9)).tags is None


def test_it_is_no_act_gives_nothing_and_needs_no_offer() -> None:
    lead = FOLD.fold([tagged(1, ["whatever"])], us(9))
    assert (lead.tags, lead.last_seen, lead.touches, lead.contacts) == (["whatever"], None, 1, None)


@pytest.mark.parametrize("said", [{}, {"set": "vip"}, {"set": [1, None, ""]}, {"unset": {"vip": 1}}])
def test_what_is_no_list_of_names_says_nothing(said: dict[str, Any]) -> None:
    assert tags_after(["a"], said) == ["a"] and tags_after(None, said) is None


def test_a_lead_has_a_hundred_at_most() -> None:
    assert tags_after(None, {"set": [str(n) for n in range(200)]}) == [str(n) for n in range(MOST)]
