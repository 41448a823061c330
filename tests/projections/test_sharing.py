"""Identities that too many people use, one step after another and after restarts: the rows are those of a refold."""

import orjson
import pytest

from projections.queries.leads import find_leads
from projections.queries.lookup import saved_lookup
from projections.queries.one_lead import lead_detail
from projections.queries.view import Reader
from tests.domain.stories import at, identity, us
from tests.projections.world import World


def test_who_used_it_is_remembered_though_the_lead_is_touched_from_cold(world: World) -> None:
    twenty = [at(n, "identified", "e:a@x.de", f"u:{n}") for n in range(1, 21)]
    world.play([[at(0, "form_submitted", "c:k", "e:a@x.de"), *twenty]], restart=True)
    world.play([[at(30, "page_viewed", "c:k")]], restart=True)
    world.play([[at(40, "identified", "e:a@x.de", "u:21")], [at(50, "page_viewed", "e:a@x.de")]])


def test_one_who_comes_late_moves_the_instant_from_which_it_is_shared(world: World) -> None:
    world.play([[at(n, "identified", "c:k", f"u:{n}") for n in range(1, 6)], [at(10, "page_viewed", "c:k")]])
    world.play([[at(20, "identified", "c:k", "u:6")], [at(25, "page_viewed", "c:k")]])
    world.play([[at(8, "identified", "c:k", "u:7")]])
    [visitor] = [row for row in world.rows("leads") if row.identities == "[]"]
    assert visitor.touches == 2, "the pages at 10 and at 25 are nobody's"


@pytest.mark.parametrize("late", [True, False])
def test_what_was_shared_from_its_first_instant_stays_so_after_a_restart(world: World, late: bool) -> None:
    world.play([[at(1, "identified", f"u:{n}", "p:+4912345") for n in range(1, 22)]], restart=True)
    if late:
        world.play([[at(0.5, "page_viewed", "u:1")]])
    else:
        world.play([[at(5, "identified", "u:30", "p:+4912345"), at(6, "call_logged", "p:+4912345")]])


def test_it_leaves_the_card_at_the_instant_though_nothing_happens_to_the_lead(world: World) -> None:
    world.play([[at(n, "identified", "c:k", f"u:{n}") for n in range(1, 6)], [at(2000, "identified", "c:k", "u:6")]])
    assert any("anonymous_id" in row.identities for row in world.rows("leads"))
    world.clock = us(3000)
    world.project()
    assert not any("anonymous_id" in row.identities for row in world.rows("leads"))


def test_it_names_nobody_and_is_looked_up_in_vain(world: World) -> None:
    world.play([[at(n, "identified", "e:info@x.de", f"u:{n}") for n in range(1, 22)]])
    world.play([[at(30, "form_submitted", "e:info@x.de"), at(31, "form_submitted", "e:info@x.de")]])
    [nobody] = [row for row in world.rows("leads") if row.touches == 2]
    assert (nobody.stage, nobody.identified, nobody.identities) == ("visitor", False, "[]")
    assert "lead.hot" not in [kind for kind, _ in world.signals()]
    with world.database.snapshot() as conn:
        assert saved_lookup(world.events, world.ids).holder(conn, world.ids.of(identity("e:info@x.de"))) is None
        assert saved_lookup(world.events, world.ids).holder(conn, world.ids.of(identity("u:3"))) is not None


def test_of_many_identities_a_row_has_the_first_twenty_and_one_lead_says_all(world: World) -> None:
    cookies = [f"c:{n:03}" for n in range(60)]
    world.play([[at(n, "identified", "u:1", cookie) for n, cookie in enumerate(cookies)]])
    with Reader(world.database, world.events, world.ids).view() as view:
        [listed] = find_leads(view).items
        whole = lead_detail(view, world.ids.of(identity("u:1")))
    assert (len(listed.identities), listed.identity_count) == (20, 61)
    assert listed.identities == whole.identities[:20]
    assert {f"c:{each.value}" for each in whole.identities[1:]} == set(cookies)
    assert (whole.identities[0].kind, whole.identity_count) == ("user_id", 61)


def test_the_timeline_shows_what_was_reported_all_the_same(world: World) -> None:
    world.play([[at(n, "identified", "c:k", f"u:{n}") for n in range(1, 8)]])
    with world.database.snapshot() as conn:
        lookup = saved_lookup(world.events, world.ids)
        [touchpoint] = lookup.history(conn, world.ids.of(identity("u:7")))
    assert touchpoint.identities == (identity("u:7"), identity("c:k"))


def test_what_loses_its_last_bond_lies_with_its_highest_identity_from_then_on(world: World) -> None:
    world.play([[at(n, "identified", f"u:m{n}", "e:info@x.de") for n in range(1, 23)]])
    world.play([[at(200, "page_viewed", "e:info@x.de", "c:k")]])
    world.play([[at(100 + n, "identified", f"u:k{n}", "c:k") for n in range(1, 8)]], restart=True)
    [nobody] = [row for row in world.leads() if row.identities == "[]"]
    assert (nobody.touches, nobody.first_touch) == (1, us(200))


@pytest.mark.parametrize("restart", [True, False])
def test_of_two_cookies_the_second_is_found_to_be_shared_from_before(world: World, restart: bool) -> None:
    world.play([[at(n, "identified", f"u:{n}", "c:a") for n in range(1, 8)]], restart=restart)
    world.play([[at(50, "page_viewed", "c:a", "c:b")]], restart=restart)
    world.play([[at(20 + n, "identified", f"u:b{n}", "c:b") for n in range(1, 8)]], restart=restart)
    assert [row.touches for row in world.leads() if row.first_touch == us(50)] == [1]


def test_a_couple_keeps_the_cookie_of_their_home(world: World) -> None:
    two = [[f"u:{one}", f"e:{one}@x.de", f"p:+4912345{one}"] for one in (1, 2)]
    world.play(
        [[at(n + 10 * m, "identified", "c:home", name) for m, one in enumerate(two) for n, name in enumerate(one)]]
    )
    world.play([[at(n, "identified", "c:home", "u:1", f"e:{n}@work.example") for n in range(50, 56)]])
    world.play([[at(60, "page_viewed", "c:home")]])
    [last] = [row for row in world.leads() if row.last_touch == us(60)]
    assert ["user_id", "1"] in orjson.loads(last.identities)
    assert ["anonymous_id", "home"] in orjson.loads(last.identities)


def test_it_leaves_the_card_of_one_who_is_not_touched_when_it_is_shared_by_others(world: World) -> None:
    world.play([[at(1, "identified", "c:k", "u:1")], [at(n, "identified", f"u:{n}") for n in range(2, 8)]])
    world.play([[at(50 + n, "identified", "c:k", f"u:{n}")] for n in range(2, 7)], restart=True)
    assert not any("anonymous_id" in row.identities for row in world.leads())


@pytest.mark.parametrize("restart", [True, False])
@pytest.mark.parametrize("order", ["the link first", "the claim first", "at once"])
def test_a_claim_that_a_trusted_link_contradicts_is_a_finding_of_both_until_a_link_agrees(
    world: World, order: str, restart: bool
) -> None:
    link, claim = at(1, "identified", "u:1", "e:a@x.test"), at(2, "identified", "u:9", "e:a@x.test", source="browser")
    batches = {"the link first": [[link], [claim]], "the claim first": [[claim], [link]], "at once": [[claim, link]]}
    world.play(batches[order], restart=restart)
    said = ["claim_not_bound", "email:a@x.test with user_id:9", us(2)]
    assert [orjson.loads(row.findings) for row in world.rows("leads")] == [[said], [said]]
    world.play([[at(3, "page_viewed", "u:1")], [at(1.5, "identified", "u:9", "e:a@x.test")]], restart=restart)
    assert [orjson.loads(row.findings) for row in world.rows("leads")] == [[], []]


@pytest.mark.parametrize("together", [True, False])
def test_trusted_links_that_come_together_decide_against_each_other(world: World, together: bool) -> None:
    """A cookie made one person of a phone and an e-mail; then each turns out to be somebody else's."""
    world.play([[at(0, "page_viewed", "e:b@x.test", "c:k"), at(1, "page_viewed", "p:+4930123456", "c:k")]])
    links = [at(2, "page_viewed", "u:3", "p:+4930123456"), at(2, "page_viewed", "u:2", "e:b@x.test")]
    world.play([links] if together else [[each] for each in links])
    assert sorted(row.identities for row in world.rows("leads")) == [
        '[["user_id","2"],["email","b@x.test"]]', '[["user_id","3"],["phone","+4930123456"],["anonymous_id","k"]]',
    ]  # fmt: skip
    assert not world.verify().differences
