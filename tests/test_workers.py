"""Files that need a service go to one worker, begin first, and their service ends with the last of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workers import DASK, KAFKA, TESTS, Services, in_turn


def item(file: str, *fixtures: str) -> Any:
    return SimpleNamespace(nodeid=f"tests/{file}::test", path=TESTS / file, fixturenames=fixtures)


def test_a_service_runs_from_the_first_who_asks_to_the_last_test_of_its_files() -> None:
    said = []

    @contextmanager
    def service() -> Iterator[str]:
        said.append("begins")
        yield "the service"
        said.append("ends")

    services = Services()
    assert [services.started("Kafka", service()) for _ in "ab"] == ["the service"] * 2
    between = services.pytest_runtest_teardown(item(KAFKA[0]), item(KAFKA[1]))
    list(between)
    assert said == ["begins"]
    for after in (item(DASK[0]), item("test_files.py"), None):
        list(services.pytest_runtest_teardown(item(KAFKA[-1]), after))
        assert said == ["begins", "ends"]
    assert services.started("Kafka", service()) == "the service"
    services.pytest_sessionfinish()
    assert said == ["begins", "ends"] * 2


def test_the_files_of_a_service_begin_first_and_a_file_that_is_not_named_among_them_is_refused() -> None:
    files = ["test_files.py", DASK[0], "test_site.py", KAFKA[0]]
    assert [each.path for each in in_turn(map(item, files))] == [
        TESTS / name for name in (KAFKA[0], DASK[0], "test_files.py", "test_site.py")
    ]
    with pytest.raises(pytest.UsageError, match=r"test_site\.py: needs a broker"):
        in_turn([item("test_site.py", "kafka_session")])
