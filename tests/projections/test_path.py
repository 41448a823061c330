"""From the log to the signal, whatever the order and however often: real log, recorder and projector, real restarts."""

import pytest

from tests.projections.paths import CASES, FIVE, MILLISECOND, Case, RealPath, check, delivered, model, spread
from tests.projections.shelf import Shelf
from tests.services.postgres import PostgresServer

SENT = 5


@pytest.fixture(scope="module")
def expected(shelf: Shelf) -> dict[str, dict[str, str]]:
    """Of each case the digests after one delivery, in the order in which it happened, to one world."""
    found = {}
    for name, case in CASES.items():
        with shelf.place(model()) as folder:
            world = RealPath(folder)
            world.play([case.touchpoints])
            check(world, case, world.digest())
            found[name] = world.digest()
            world.close()
    return found


def test_five_touchpoints_in_all_120_orders_give_the_same_bytes(
    shelf: Shelf, expected: dict[str, dict[str, str]]
) -> None:
    for order in spread(FIVE.touchpoints, 120):
        with shelf.place(model()) as folder:
            world = RealPath(folder)
            world.play([[touchpoint] for touchpoint in order])
            assert world.digest() == expected["five"]
            assert world.opens().count(("lead.hot", "")) == 1
            world.close()


@pytest.mark.parametrize("name", CASES)
def test_each_sent_five_times_with_a_restart_between(
    shelf: Shelf, expected: dict[str, dict[str, str]], name: str
) -> None:
    case = CASES[name]
    orders = spread(case.touchpoints, 24 if len(case.touchpoints) < 5 else 8)  # all of three or four, some of more
    worlds = 0
    for world in delivered(shelf, orders, SENT):
        check(world, case, expected[name])
        worlds += 1
    assert worlds == len(orders)


def test_a_page_a_form_and_an_identify_of_one_millisecond_complete_the_funnel(shelf: Shelf) -> None:
    for world in delivered(shelf, spread(MILLISECOND.touchpoints, 6), 1):
        assert [row.step for row in world.rows("funnel_leads")] == [3]


@pytest.mark.parametrize("name", CASES)
def test_on_postgresql_too(
    shelf: Shelf, postgres_server: PostgresServer, expected: dict[str, dict[str, str]], name: str
) -> None:
    case: Case = CASES[name]
    for order in (case.touchpoints, case.touchpoints[::-1]):
        with shelf.place(model()) as folder, shelf.on(postgres_server, model()) as url:
            world = RealPath(folder, url)
            for touchpoint in order:
                world.send(touchpoint, 2)
                world.restart()
            check(world, case, expected[name])
            world.close()
