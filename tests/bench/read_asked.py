"""What `make bench-read` asks a real `leadline api` process, one request after the other, and how long it took."""

import http.client
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from tests.bench.read_data import Filled, asked, installation, url_of
from tests.bench.read_play import names_itself, who
from tests.services.postgres import PostgresServer
from tests.services.service import answers, free_ports

PAGE_MS: Final = 20.0
"""p99 at most, of what a person opens while they work."""
REPORT_MS: Final = 200.0
"""The slowest at most, of what counts over many."""
_SEGMENTS: Final = ("pricing-returners", "ready-for-a-call", "gone-quiet", "enterprise-europe", "readers")
_STAGES: Final = ("lead", "qualified", "opportunity", "customer")


@dataclass(frozen=True)
class Question:
    """One kind of request: `path` makes the next one."""

    name: str
    path: Callable[[random.Random], str]
    page: bool
    """Whether it is of those with a p99, and not of the reports."""


@dataclass(frozen=True)
class Times:
    """Milliseconds of one kind of request. `cold`: the first one after PostgreSQL was started anew."""

    p50: float
    p99: float
    worst: float
    cold: float | None = None

    def ok(self, page: bool) -> bool:
        """Whether the target is met."""
        return self.p99 <= PAGE_MS if page else self.worst <= REPORT_MS


def questions(server: PostgresServer, data: Filled) -> list[Question]:
    """Everything that is asked of one data set."""
    found = asked(url_of(server, data.name), "SELECT lead FROM leads TABLESAMPLE SYSTEM (20) LIMIT 5000")
    leads = [str(lead) for (lead,) in found]
    named = [n for n in range(0, data.leads, max(1, data.leads // 5_000)) if names_itself(n)]

    def period(longest: int, least: int) -> Callable[[random.Random], Mapping[str, str]]:
        def days(dice: random.Random) -> Mapping[str, str]:
            to = data.ended - timedelta(days=dice.randrange(5))
            return {"from": f"{to - timedelta(days=dice.randint(least, longest)):%Y-%m-%d}", "to": f"{to:%Y-%m-%d}"}

        return days

    def search(dice: random.Random) -> str:
        given, family, company, email = who(dice.choice(named))
        return dice.choice([given, family, f"{given} {family[:4]}", company, company.split()[0], email, email[:9]])

    of_31, recent = period(31, 31), period(30, 7)
    return [
        Question("hot list", lambda dice: _path("leads", {"limit": str(dice.choice([20, 50, 100]))}), True),
        Question("hot list, filtered", lambda dice: _path("leads", _filter(dice)), True),
        Question("lead card", lambda dice: f"/api/leads/{dice.choice(leads)}", True),
        Question(
            "member page", lambda dice: _path(f"segments/{dice.choice(_SEGMENTS)}/members", {"limit": "50"}), True
        ),
        Question("search", lambda dice: _path("leads", {"q": search(dice), "limit": "20"}), True),
        Question("score explanation", lambda dice: f"/api/leads/{dice.choice(leads)}/score", True),
        Question("funnel, all time", lambda dice: "/api/funnels/signup", False),
        Question("funnel, 31 days", lambda dice: _path("funnels/signup", of_31(dice)), False),
        Question("segment sizes", lambda dice: "/api/segments", False),
        Question("report channels", lambda dice: _path("reports/channels", recent(dice)), False),
        Question("report daily", lambda dice: _path("reports/daily", recent(dice)), False),
    ]


def measure(server: PostgresServer, data: Filled, pages: int, reports: int) -> dict[str, Times]:
    """Times of each question by its name; how many of each kind are asked."""
    every = questions(server, data)
    server.stop()
    server.start()  # the operating system still has its files in memory: that much is warm
    found = {}
    with _api(url_of(server, data.name)) as ask:
        cold = {}
        for each in every:
            cold[each.name] = ask(each.path(random.Random(0)))
        for each in every:
            dice = random.Random(each.name)
            for _ in range(5):
                ask(each.path(dice))
            spans = sorted(ask(each.path(dice)) for _ in range(pages if each.page else reports))
            found[each.name] = _times(spans, cold[each.name])
    return found


def answer(server: PostgresServer, data: Filled, path: str) -> Any:
    """The JSON of one request."""
    with _connected(url_of(server, data.name)) as connection:
        return json.loads(_got(connection, path))


def _times(spans: Sequence[float], cold: float) -> Times:
    return Times(statistics.median(spans), spans[min(len(spans) - 1, len(spans) * 99 // 100)], spans[-1], cold)


def _filter(dice: random.Random) -> Mapping[str, str]:
    return dice.choice(
        [
            {"stage": dice.choice(_STAGES)},
            {"segment": dice.choice(_SEGMENTS)},
            {"grade": dice.choice("ABC"), "stage": dice.choice(_STAGES)},
            {"segment": dice.choice(_SEGMENTS), "stage": "lead"},
        ]
    )


def _path(of: str, parameters: Mapping[str, str]) -> str:
    return f"/api/{of}?{urlencode(parameters)}"


@contextmanager
def _api(url: str) -> Iterator[Callable[[str], float]]:
    """What asks for a path, and gives milliseconds."""
    with _connected(url) as connection:

        def ask(path: str) -> float:
            start = time.perf_counter()
            _got(connection, path)
            return (time.perf_counter() - start) * 1_000

        yield ask


def _got(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise SystemExit(f"bench-read: {path} answered {response.status}: {body[:500]!r}")
    return body


@contextmanager
def _connected(url: str) -> Iterator[http.client.HTTPConnection]:
    """A connection to an API on this database. Its commands would go to a Kafka that is not there: none is given."""
    [port, nobody] = free_ports(2)
    at = installation(url, {"BIND": f"127.0.0.1:{port}", "KAFKA": f"127.0.0.1:{nobody}"})
    with at.running("api") as process:
        while not answers(port):
            process.check()
            time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        try:
            yield connection
        finally:
            connection.close()
