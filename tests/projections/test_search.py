"""Search: leads by beginnings of their names, companies and e-mails, on both databases; and the only one called so."""

import pytest

from domain.errors import NotFound
from projections.queries.filters import BadSearch, Filters
from projections.queries.leads import find_leads
from projections.queries.one_lead import lead_called
from projections.queries.view import View
from tests.domain.stories import at
from tests.projections.world import World

LONG = "".join(map(chr, range(0x4E00, 0x4E00 + 60)))
"""A company of more pairs of characters than count."""
HISTORY = [
    at(1, "form_submitted", "e:ada@x-corp.de", profile={"name": "Ada Lovelace", "company": "Müller & Söhne"}),
    at(2, "form_submitted", "e:adam@y.example", profile={"first_name": "Adam", "last_name": "Ries"}),
    at(3, "form_submitted", "e:wang@z.example", profile={"name": "王芳", "company": "上海星辰科技有限公司"}),
    at(4, "form_submitted", "e:li@z.example", profile={"last_name": "李", "first_name": "小芳"}),
    at(5, "page_viewed", "c:nobody"),
    at(
        6,
        "identified",
        "u:fang",
        profile={"name": "Fang", "first_name": "芳", "last_name": "钱", "company": "山田 工業"},
    ),
    at(8, "identified", "u:long", "e:zhao@w.example", profile={"name": "赵", "company": LONG}),
]


@pytest.fixture
def world(world_on_each: World) -> World:
    return world_on_each


def found(view: View, q: str) -> list[str]:
    page = find_leads(view, Filters(q=q), order="name", count=True)
    assert page.count == len(page.items)
    return [each.identities[0].value.partition("@")[0] for each in page.items]


def test_who_is_found(world: World) -> None:
    world.play([HISTORY])
    with world.view() as view:
        assert found(view, "ada") == ["ada", "adam"]
        assert found(view, "ada love") == ["ada"]
        assert found(view, "muller") == ["ada"]
        assert found(view, "corp") == ["ada"]
        assert found(view, "ries adam") == ["adam"]
        assert found(view, "王芳") == ["wang"]
        assert sorted(found(view, "芳")) == ["fang", "li", "wang"]
        assert found(view, "李小芳") == ["li"]
        assert found(view, "钱芳") == found(view, "fang") == found(view, "山田工業") == ["fang"]
        assert found(view, "zhao") == found(view, LONG[:9]) == ["long"]
        assert found(view, "科技") == ["wang"]
        assert found(view, "z.exam 王") == ["wang"]
        assert found(view, "nobody") == found(view, "da") == found(view, "芳王") == []


@pytest.mark.parametrize("q", ["", " !? ", "a" * 401, " ".join(f"w{n}" for n in range(17))])
def test_what_is_no_search_is_refused(world: World, q: str) -> None:
    with world.view() as view, pytest.raises(BadSearch, match="is no search: give 1 to 16 words"):
        find_leads(view, Filters(q=q))


def test_the_terms_follow_what_becomes_known(world: World) -> None:
    deliveries = [
        at(1, "page_viewed", "c:1"),
        at(2, "identified", "c:1", "e:a@x.de"),
        at(3, "identified", "e:a@x.de", profile={"name": "Zoe", "company": "Acme"}),
        at(4, "page_viewed", "e:a@x.de"),
        at(5, "identified", "e:a@x.de", profile={"name": "Ada", "company": None}),
    ]
    terms = []
    for each in deliveries:
        world.play([[each]])
        terms.append(sorted(row.term for row in world.rows("lead_terms")))
    assert terms == [
        [], ["a", "de", "x"], ["a", "acme", "de", "x", "zoe"], ["a", "acme", "de", "x", "zoe"], ["a", "ada", "de", "x"]
    ]  # fmt: skip


def test_who_is_called_so(world: World) -> None:
    world.play([HISTORY])
    with world.view() as view:
        ada = lead_called(view, "ada@x-corp.de")
        assert (
            lead_called(view, "love") == lead_called(view, str(ada)) == lead_called(view, "email:ada@x-corp.de") == ada
        )
        with pytest.raises(NotFound, match="no lead 'bob'"):
            lead_called(view, "bob")
        with pytest.raises(NotFound, match=f"2 leads fit 'ada': .*\n(.*\n)?{ada} Ada Lovelace, Müller & Söhne"):
            lead_called(view, "ada")
