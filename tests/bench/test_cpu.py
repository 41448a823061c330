"""CPU time is read right: of a process with its threads, of children that ended, of PostgreSQL's backends."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from tests.bench import cpu
from tests.bench.meter import Meter, looking

pytestmark = pytest.mark.skipif(not cpu.AVAILABLE, reason="CPU time of other processes is read on Linux only")

MILLISECOND = 1_000_000

BUSY = """
import subprocess, sys, threading, time
def work(share):
    until = time.thread_time() + share
    while time.thread_time() < until:
        pass
thread = threading.Thread(target=work, args=(0.2,))
thread.start()
thread.join()
work(0.1)
if len(sys.argv) > 1:
    subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.3: pass"], check=True)
print(time.process_time_ns(), flush=True)
sys.stdin.read()
"""


@contextmanager
def busy(*words: str) -> Iterator[tuple[int, int]]:
    """A process that has worked and now waits: its id, and the nanoseconds that it says it spent."""
    command = [sys.executable, "-c", BUSY, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield child.pid, int(child.stdout.readline())
        child.communicate()


def test_a_process_is_read_with_threads_that_ended() -> None:
    with busy() as (pid, said):
        assert said >= 300 * MILLISECOND
        assert said <= cpu.process(pid) < said + 100 * MILLISECOND


def test_children_that_ended_count_with_their_parent() -> None:
    with busy("child") as (pid, said):
        assert cpu.reaped(pid) >= 290 * MILLISECOND  # in clock ticks
        found = cpu.tree(pid)
        assert set(found) == {pid} and found[pid] >= said + 290 * MILLISECOND


def test_a_family_is_a_process_with_its_descendants() -> None:
    with busy() as (pid, said):
        found = cpu.tree(os.getpid())
        assert found[pid] >= said and os.getpid() in found


def test_a_process_that_is_gone_is_an_error() -> None:
    with busy() as (pid, _):
        pass
    with pytest.raises(ProcessLookupError):
        cpu.process(pid)
    with pytest.raises(ProcessLookupError):
        cpu.tree(pid)


def test_who_listens_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert cpu.listening(port) == os.getpid()
    assert cpu.listening(port) is None


def test_a_name_may_hold_brackets_and_blanks() -> None:
    stat = cpu.parse_stat("4711 (a) b (c) S 42 1 1 0 -1 4194560 9 8 7 6 150 25 30 5 20 0 9 0 100 1 1")
    assert stat == cpu.Stat("a) b (c", parent=42, own=175, reaped=35)


def test_backends_are_counted_and_the_one_that_looks_is_not(postgres_url: str) -> None:
    port = re.search(r":([0-9]+)/", postgres_url)
    assert port is not None
    postmaster = cpu.listening(int(port[1]))
    if postmaster is None:
        pytest.skip("PostgreSQL is not of this machine")
    work = "SELECT count(*) FROM generate_series(1, 300000) AS n WHERE n % 7 = 0"
    with looking(postgres_url, postmaster) as database:
        meter = Meter(database.parts())
        before = meter.read()
        assert database.ask(work) == 42_857
        looked = meter.read()
        connection = psycopg2.connect(postgres_url)
        with connection.cursor() as cursor:
            cursor.execute(work)
        working = meter.read()
        connection.close()
        spent = meter.cost(before, working, 1).cpu
        assert spent["postgres"] > 5_000  # microseconds
        assert meter.cost(before, looked, 1).cpu["postgres"] < spent["postgres"]
        assert spent["postgres background"] >= 0
