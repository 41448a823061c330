"""Which files of tests one worker of a run executes together, and which begin first; their service ends with them."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.scheduler import LoadFileScheduling

TESTS: Final = Path(__file__).parent

KAFKA: Final = (
    "runtime/test_four_processes.py", "dashboard/test_story.py", "store/test_log_kafka.py", "store/test_log_spool.py",
    "store/test_log_contract.py", "store/test_log_kafka_records.py", "consumers/test_publish.py",
    "consumers/test_publish_hot.py", "consumers/test_publish_killed.py", "consumers/test_publish_turns.py",
    "consumers/test_record_kafka.py", "projections/test_two_partitions.py", "bench/test_delivery.py",
    "runtime/test_serve.py", "runtime/test_loans.py", "runtime/test_answering_processes.py",
    "test_samples_servers.py", "test_services.py",
)  # fmt: skip
"""The files that need a broker are one worker's: another broker costs ten seconds of CPU, and two a minute idle."""

DASK: Final = (
    "projections/test_verify_engines.py", "projections/test_rebuild_shared.py", "projections/test_asked_funnels.py",
    "projections/test_model_diff_engines.py", "projections/test_segment_preview.py", "projections/test_engines.py",
    "projections/test_history_ranges.py", "projections/test_past_views.py",
)  # fmt: skip
"""The files that need a Dask cluster are one worker's too: its three processes take a tenth of a core while idle."""

LONGEST: Final = (
    *KAFKA, *DASK,
    "test_notebook.py", "dashboard/test_browser.py", "dashboard/test_model_in_browser.py", "projections/test_path.py",
    "runtime/test_backup.py", "projections/test_activation_laws.py", "projections/test_handing_over_laws.py",
    "projections/test_list_plans.py",
    "test_samples_files.py", "runtime/test_export.py", "runtime/test_upgrade.py", "runtime/test_handing_over.py",
    "runtime/test_notify.py", "runtime/test_stopping.py", "runtime/test_cli.py", "test_compose.py", "test_tutorial.py",
    "bench/test_history.py", "runtime/test_write_keys_unsaid.py", "runtime/test_clock.py", "test_readme.py",
)  # fmt: skip
"""The files that take longest begin first, so that no worker is alone with one of them at the end."""

_TOGETHER: Final = {
    f"tests/{name}": service for service, names in {"Kafka": KAFKA, "Dask": DASK}.items() for name in names
}


class Scheduling(LoadFileScheduling):
    """A file is one worker's, and all that need a broker are of one; so with Dask."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return _TOGETHER.get(file, file)


class Services:
    """Services that run for the files of a group, each from when a test asks until the last of these."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Any, ExitStack]] = {}

    def started(self, name: str, service: AbstractContextManager[Any]) -> Any:
        """The service of that group, which runs already or is started now. Raises ServiceUnavailable."""
        if name not in self._running:
            with ExitStack() as stack:
                found = stack.enter_context(service)
                self._running[name] = (found, stack.pop_all())
        return self._running[name][0]

    def end(self) -> None:
        """End what runs."""
        for name in [*self._running]:
            self._running.pop(name)[1].close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Any:
        """After the last test of a group nobody needs its service any more."""
        try:
            return (yield)
        finally:
            if nextitem is None or _group(item.nodeid) != _group(nextitem.nodeid):
                self.end()

    def pytest_sessionfinish(self) -> None:
        """Also where a run is given up."""
        self.end()


def _group(nodeid: str) -> str | None:
    return _TOGETHER.get(nodeid.split("::", 1)[0])


def in_turn(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The longest files first. Raises UsageError where a test needs a broker and its file is not in KAFKA."""
    turns = {TESTS / name: turn for turn, name in enumerate(LONGEST)}
    sorted_items = sorted(items, key=lambda item: turns.get(item.path, len(turns)))
    kafka = {TESTS / name for name in KAFKA}
    for item in sorted_items:
        if "kafka_session" in getattr(item, "fixturenames", ()) and item.path not in kafka:
            raise pytest.UsageError(f"{item.path}: needs a broker, so name it in KAFKA of tests/workers.py")
    return sorted_items
