"""A real Dask cluster for tests: a scheduler and two workers, each a process of its own, on loopback."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from tests.services.service import Guarded, ServiceUnavailable, answers, free_ports

ROOT = Path(__file__).parents[2]
WORKERS = 2


@dataclass(frozen=True)
class DaskCluster:
    """A running cluster."""

    address: str


@contextmanager
def running_dask() -> Iterator[DaskCluster]:
    """Start the cluster, stop it at the end. Raises ServiceUnavailable."""
    if find_spec("distributed") is None:
        raise ServiceUnavailable("Dask is not installed: `uv sync --group dask`")
    from distributed import Client

    [port] = free_ports(1)
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        scheduler = _started(stack, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        scheduler.wait_until(lambda: answers(port), "Dask scheduler")
        worker = ("worker", address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        for number in range(WORKERS):
            _started(stack, *worker, "--name", f"worker-{number}")
        with Client(address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=60)
        yield DaskCluster(address)


def _started(stack: ExitStack, command: str, *options: str) -> Guarded:
    folder = Path(mkdtemp(prefix=f"leadline-dask-{command}-"))
    words = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "dask", command, *options]
    service = Guarded(words, folder, "SIGTERM")
    stack.callback(service.stop)
    return service
