"""The garbage collector: what a process has loaded is not searched again, and new objects seldom."""

import gc
from collections.abc import Iterator

import pytest

from store.garbage import search_seldom


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # a test before may have worked with parts that set it
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_there_is_searched_no_more_and_what_is_new_seldom() -> None:
    gc.unfreeze()
    search_seldom(20_000)
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == 20_000


def test_a_part_that_works_with_more_objects_is_not_overruled_by_one_with_fewer() -> None:
    search_seldom(200_000)
    search_seldom(50_000)
    assert gc.get_threshold()[0] == 200_000
