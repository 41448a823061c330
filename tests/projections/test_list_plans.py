"""Each order of a list of leads walks an index, on both databases: they are asked for their plans."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args
from uuid import UUID

import pytest

from domain.model.definition import parse_model
from projections.queries import searching
from projections.queries.filters import Filters
from projections.queries.leads import find_leads
from projections.queries.lookup import saved_lookup
from projections.queries.orders import OrderName
from projections.queries.view import View
from store.database import bulk
from store.database.database import Database, open_database
from store.database.tables import deadlines, live, open_signals
from store.events.ids import Ids
from store.events.store import EventStore
from tests.given_model import MODEL
from tests.given_plans import indexes, sorts, statements_of

OWNERS = """
[[sales.owners]]
name = "owner 6"
"""
COUNT = 30_000
NOW = 1_700_000_000_000_000
WARM = NOW + 30 * 86_400_000_000
"""z of leads that are warm enough to be hot."""
ORDERS: tuple[OrderName, ...] = get_args(OrderName)
SEGMENTS = {"returners": 500, "warm": 2}
"""Of so many leads one is in it."""
WALKED: dict[OrderName, str] = {
    "heat": "scores_z",
    "last_seen": "leads_last_seen",
    "stage_since": "sort_keys_stage_since",
    "name": "sort_keys_name",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with enough leads that a wrong plan would show."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    folder = tmp_path_factory.mktemp("lists")
    url = f"sqlite:///{folder / 'leadline.db'}" if server is None else server.create()
    database = open_database(url)
    database.migrate()
    leads = [UUID(int=n) for n in range(COUNT)]
    with database.transaction() as conn:
        bulk.insert(conn, live.leads, [_lead(n, lead) for n, lead in enumerate(leads)])
        bulk.insert(conn, live.sort_keys, [
            (lead, NOW + n % 7_919, f"person {n}" if n % 5 else None, NOW, None, None, False, None, "direct")
            for n, lead in enumerate(leads)
            if n % 10
        ])  # fmt: skip
        bulk.insert(conn, live.scores, [
            (
                lead, 1.0, NOW, float(WARM + n) if n % 3 else None, n % 2 == 0, None, None, "A", 0.0, None, "[]",
                _stage(n),
            )
            for n, lead in enumerate(leads)
        ])  # fmt: skip
        bulk.insert(conn, live.segment_members, [
            (segment, lead, NOW) for n, lead in enumerate(leads) for segment, each in SEGMENTS.items() if n % each == 1
        ])  # fmt: skip
        bulk.insert(conn, live.lead_terms, [
            (lead, term) for n, lead in enumerate(leads) for term in (f"w{n}", "person", f"王{chr(0x4E00 + n % 500)}")
        ])  # fmt: skip
        bulk.insert(conn, open_signals, [
            (lead, "lead.hot", "", f"{n}", lead, NOW, "", NOW, None, False) for n, lead in enumerate(leads[::6])
        ])  # fmt: skip
        bulk.insert(conn, deadlines, [
            ("accept", f"{n}", lead, f"owner {n % 300}", None, NOW, NOW + n, "open", None, None, None)
            for n, lead in enumerate(leads[::3])
        ])  # fmt: skip
    if server is not None:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("ANALYZE")  # without VACUUM: an index alone costs more, as right after many writes
    yield database
    database.close()
    if server is not None:
        server.drop(url)


def _stage(n: int) -> str:
    return "customer" if n % 301 == 2 else "lead"


def _lead(n: int, lead: UUID) -> tuple[object, ...]:
    seen = NOW + n if n % 4 else None
    owned = (f"owner {n % 300}", NOW, NOW, None) if n % 3 == 0 else (None, None, None, None)
    return (
        lead, _stage(n), NOW, True, NOW, NOW + n, 1, "[]", "{}", "[]", 0, "direct", "direct", seen, NOW + n, *owned,
        NOW, None,
    )  # fmt: skip


@pytest.fixture
def view(filled: Database) -> Iterator[View]:
    ids = Ids(b"a fixed id key for the tests ...")
    with filled.snapshot() as conn:
        yield View(conn, ids, saved_lookup(EventStore(filled), ids), parse_model(MODEL + OWNERS), 1, NOW)


@pytest.mark.parametrize("order", ORDERS)
def test_each_page_of_each_order_is_read_off_its_index(view: View, order: OrderName) -> None:
    cursor = None
    with statements_of(view.conn) as asked:
        for limit in (50, 1_000):
            following = find_leads(view, order=order, limit=limit, cursor=cursor)
            cursor = following.next
    assert len(asked) == 2
    for statement, parameters in asked:
        assert WALKED[order] in indexes(view.conn, statement, parameters)
        assert not sorts(view.conn, statement, parameters)


@pytest.mark.parametrize("order", ORDERS)
def test_those_without_a_key_come_last_and_are_not_sorted(view: View, order: OrderName) -> None:
    cursor, keys, cursors = None, [], []
    while cursor is not None or not keys:
        page = find_leads(view, order=order, limit=1_000, cursor=cursor)
        keys += [_key(each.id, order) for each in page.items]
        cursors.append(cursor := page.next)
    assert len(keys) == COUNT and keys.index(None) == COUNT - keys.count(None) > 0
    with statements_of(view.conn) as asked:
        find_leads(view, order=order, limit=50, cursor=cursors[-2])
    [(statement, parameters)] = asked
    assert indexes(view.conn, statement, parameters)
    assert not sorts(view.conn, statement, parameters)


def _key(id: str, order: OrderName) -> int | None:
    """Whether the lead of this id has what it is ordered by, as `filled` made it."""
    n = UUID(id).int
    without = {"heat": 3, "last_seen": 4, "stage_since": 10, "name": 5}[order]
    return n if n % without else None


@pytest.mark.parametrize("order", ORDERS)
def test_a_filter_leaves_the_order_to_the_index(view: View, order: OrderName) -> None:
    """SQLite, which keeps no statistics, may sort what a filter leaves where the order stands in a third table."""
    if view.conn.dialect.name == "sqlite" and order in ("stage_since", "name"):
        return
    with statements_of(view.conn) as asked:
        find_leads(view, Filters(stage="lead", hot=True, excluded=False), order=order, limit=50)
    [(statement, parameters)] = asked
    used = indexes(view.conn, statement, parameters)
    assert WALKED[order] in used or (order == "heat" and "scores_stage" in used)
    assert not sorts(view.conn, statement, parameters)


def test_who_is_hot_is_found_without_reading_who_is_not(view: View) -> None:
    with statements_of(view.conn) as asked:
        assert len(find_leads(view, Filters(hot=True), limit=50).items) == 50
        find_leads(replace(view, clock=WARM + 30 * 86_400_000_000), Filters(hot=True), limit=50)
    (statement, parameters), (_, later), *_ = asked
    assert "scores_z" in indexes(view.conn, statement, parameters) and not sorts(view.conn, statement, parameters)
    assert ".z >= " in statement and parameters != later, "what has cooled by then lies below the bound"


@pytest.mark.parametrize("order", ORDERS)
def test_the_leads_of_an_owner_are_read_off_an_index(view: View, order: OrderName) -> None:
    """They are few, and what is found is sorted."""
    with statements_of(view.conn) as asked:
        page = find_leads(view, Filters(owner="owner 6"), order=order, limit=50)
    assert {each.owner and each.owner.name for each in page.items} == {"owner 6"}
    for statement, parameters in asked:
        assert "leads_owner" in indexes(view.conn, statement, parameters)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("q", ["w777", "王丁", "w777 王", "person"])
def test_a_search_reads_the_terms_of_one_index_and_no_table(view: View, q: str, order: OrderName) -> None:
    """Of a rare word, or of one pair of neighbours, what is found is sorted; of a frequent one an order may lead."""
    with statements_of(view.conn) as asked:
        page = find_leads(view, Filters(q=q), order=order, limit=50)
    assert page.items
    for statement, parameters in asked:
        assert any("lead_terms" in index for index in indexes(view.conn, statement, parameters))


@pytest.mark.parametrize("order", ORDERS)
def test_those_of_a_rare_segment_are_all_looked_at_and_of_a_large_one_the_first_of_the_order(
    view: View, order: OrderName
) -> None:
    for segment in SEGMENTS:
        with statements_of(view.conn) as asked:
            assert len(find_leads(view, Filters(segment=segment), order=order, limit=20).items) == 20
        assert len(asked) == 2
        for statement, parameters in asked:
            used = indexes(view.conn, statement, parameters)
            assert any("segment_members" in index for index in used)
        assert segment == "returners" or WALKED[order] in used


@pytest.mark.parametrize("more", [{}, {"grade": "A"}, {"excluded": False, "hot": True}])
def test_those_of_a_rare_stage_are_read_off_an_index_in_the_order_of_heat(view: View, more: dict[str, Any]) -> None:
    with statements_of(view.conn) as asked:
        page = find_leads(view, Filters(stage="customer", **more), limit=10)
        find_leads(view, Filters(stage="customer", **more), limit=10, cursor=page.next)
    assert [UUID(each.id).int % 301 for each in page.items] == [2] * 10
    assert page.items == sorted(page.items, key=lambda each: each.id, reverse=True)
    for statement, parameters in asked:
        assert "scores_stage" in indexes(view.conn, statement, parameters)
        assert not sorts(view.conn, statement, parameters)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("q", ["person", "w"])
def test_a_word_that_many_have_is_looked_for_among_the_first_of_the_order(view: View, order: OrderName, q: str) -> None:
    """SQLite sorts what it finds among them, which is no more than they are.

    Where one word alone begins so, PostgreSQL asks for it where those who have it stand together.
    """
    with statements_of(view.conn) as asked:
        assert len(find_leads(view, Filters(q=q), order=order, limit=50).items) == 50
    [_, (statement, parameters)] = asked  # the first one counts no further than it must
    used = indexes(view.conn, statement, parameters)
    by_word, by_lead = "lead_terms_term" in used, any("lead_terms" in each for each in used - {"lead_terms_term"})
    assert WALKED[order] in used and (by_word or by_lead)
    if view.conn.dialect.name == "postgresql":
        assert not sorts(view.conn, statement, parameters)
        assert by_word if q == "person" else by_lead


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("few", "first", "collected", "walked"),
    [(500, 1_000, 5_000, 10_000), (10, 1_000, 10, 30_000), (10, 500, 10, 2_000), (10, 1, 10, 1), (1, 20_000, 5_000, 1)],
)
@pytest.mark.parametrize("more", [{}, {"excluded": False, "stage": "lead"}])
def test_a_search_finds_the_same_whichever_way_it_goes(
    view: View,
    order: OrderName,
    few: int,
    first: int,
    collected: int,
    walked: int,
    more: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rare term, and two of which one is frequent; page by page, those without a key last."""
    bounds = {"FEW": few, "FIRST_WALKED": first, "MOST_COLLECTED": collected, "MOST_WALKED": walked}
    for name, bound in bounds.items():
        monkeypatch.setattr(searching, name, bound)
    having = [n for n in range(COUNT) if n % 500 == 1]
    known = [n for n in having if _key(str(UUID(int=n)), order) is not None]
    expected = sorted(known, key=lambda n: _rank(n, order), reverse=order != "name")
    expected += sorted(set(having) - set(known), reverse=order != "name")
    for searched in (
        {"q": "王丁"},
        {"q": "person 王丁"},
        {"segment": "returners"},
        {"q": "person", "segment": "returners"},
    ):
        listed, cursor = list[int](), None
        while cursor is not None or not listed:
            page = find_leads(view, Filters(**searched, **more), order=order, limit=25, cursor=cursor)
            listed += [UUID(each.id).int for each in page.items]
            cursor = page.next
        assert listed == expected


def _rank(n: int, order: OrderName) -> tuple[int | str, int]:
    """What `filled` orders a lead by."""
    keys: dict[OrderName, int | str] = {"heat": n, "last_seen": n, "stage_since": n % 7_919, "name": f"person {n}"}
    return keys[order], n


def test_a_page_of_a_hundred_leads_with_their_reasons_is_one_query(view: View) -> None:
    with statements_of(view.conn) as asked:
        assert len(find_leads(view, limit=100).items) == 100
    assert len(asked) == 1
