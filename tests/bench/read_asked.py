"""What `make bench-read` asks a real `leadline api` process, one request after the other, and how long it took."""

import http.client
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from projections.reports.registry import REPORTS
from tests.bench.read_data import Filled, asked, installation, url_of
from tests.bench.read_play import names_itself, who
from tests.services.kafka import running_kafka
from tests.services.postgres import PostgresServer
from tests.services.service import answers, free_ports

_SEGMENTS: Final = ("pricing-returners", "ready-for-a-call", "gone-quiet", "enterprise-europe", "readers")
ADDRESSES: Final = (
    *("/overview", "/overview/leads?of=new_leads", "/signals", "/model", "/model/edit", "/model/history/1"),
    *("/funnels", "/funnels/signup", "/funnels/signup?by=last_channel", "/funnels/signup/leads?step=1"),
    *(
        "/segments",
        "/segments/pricing-returners",
        "/sources",
        "/sources?by=campaign",
        "/reports/channels/people?number=leads",
    ),
    *("/cohorts", "/paths", "/portrait", "/mail", "/responses", "/reports"),
    *("/health", "/health/findings", "/health/rejected"),
)
"""Pages of the dashboard, without the hot list and a lead."""
_STAGES: Final = ("lead", "qualified", "opportunity", "customer")


@dataclass(frozen=True)
class Times:
    """Milliseconds of one kind of request. `cold`: the first one after PostgreSQL was started anew.

    A page that says that it is being counted is asked until it is there; after that it is kept for a while.
    """

    p50: float
    p99: float
    worst: float
    cold: float | None = None


@dataclass(frozen=True)
class Goal:
    """Milliseconds at most, of one figure of the times: "p50", "p99" or "worst". `requests` of a kind are asked."""

    figure: str
    ms: float
    requests: int

    def met(self, times: Times) -> bool:
        """Whether it is."""
        at_most: float = getattr(times, self.figure)
        return at_most <= self.ms

    def __str__(self) -> str:
        return f"{self.figure} <= {self.ms:.0f}"


ANSWER: Final = Goal("p99", 20.0, 500)
"""What a person opens while they work, as the API answers it."""
REPORT: Final = Goal("worst", 200.0, 30)
"""What counts over many, as the API answers it."""
HOT_PAGE: Final = Goal("p50", 100.0, 20)
PAGE: Final = Goal("p50", 300.0, 10)
"""A page of the dashboard."""


@dataclass(frozen=True)
class Question:
    """One kind of request: `path` makes the next one."""

    name: str
    path: Callable[[random.Random], str]
    goal: Goal


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
        *_pages(lambda dice: f"/leads/{dice.choice(leads)}"),
        Question("hot list", lambda dice: _path("leads", {"limit": str(dice.choice([20, 50, 100]))}), ANSWER),
        Question("hot list, filtered", lambda dice: _path("leads", _filter(dice)), ANSWER),
        Question("lead card", lambda dice: f"/api/leads/{dice.choice(leads)}", ANSWER),
        Question(
            "member page", lambda dice: _path(f"segments/{dice.choice(_SEGMENTS)}/members", {"limit": "50"}), ANSWER
        ),
        Question("search", lambda dice: _path("leads", {"q": search(dice), "limit": "20"}), ANSWER),
        Question("score explanation", lambda dice: f"/api/leads/{dice.choice(leads)}/score", ANSWER),
        Question("funnel, all time", lambda dice: "/api/funnels/signup", REPORT),
        Question("funnel, 31 days", lambda dice: _path("funnels/signup", of_31(dice)), REPORT),
        Question("segment sizes", lambda dice: "/api/segments", REPORT),
        Question("report channels", lambda dice: _path("reports/channels", recent(dice)), REPORT),
        Question("report daily", lambda dice: _path("reports/daily", recent(dice)), REPORT),
    ]


def _pages(lead: Callable[[random.Random], str]) -> Iterator[Question]:
    """The pages of the dashboard, as they open; `/reports` is every report as it opens."""
    yield Question("page: hot list", lambda dice: "/", HOT_PAGE)
    yield Question("page: lead", lead, PAGE)
    addresses = [*ADDRESSES, *(f"/reports/{each.name}" for each in REPORTS)]
    for address in addresses:
        yield Question(f"page: {address}", lambda dice, address=address: address, PAGE)


def measure(server: PostgresServer, data: Sequence[Filled], most: int) -> dict[str, dict[str, Times]]:
    """Times by data set and question; of each kind `most` are asked at most. Several data sets are asked in turn, so
    that they have the same minutes of the machine."""
    every = {each.name: questions(server, each) for each in data}
    server.stop()
    server.start()  # the operating system still has its files in memory: that much is warm
    found: dict[str, dict[str, Times]] = {name: {} for name in every}
    with running_kafka() as broker, ExitStack() as opened:
        asks = {name: opened.enter_context(_api(url_of(server, name), broker.bootstrap)) for name in every}
        cold = {name: [asks[name](each.path(random.Random(0))) for each in of] for name, of in every.items()}
        for nth, kinds in enumerate(zip(*every.values(), strict=True)):
            goal, dice = kinds[0].goal, [random.Random(each.name) for each in kinds]
            spans: dict[str, list[float]] = {name: [] for name in every}
            warming = min(5, goal.requests // 5)
            for _ in range(warming + min(most, goal.requests)):
                for (name, ask), each, die in zip(asks.items(), kinds, dice, strict=True):
                    spans[name].append(ask(each.path(die)))
            for name, of_one in spans.items():
                found[name][kinds[0].name] = _times(sorted(of_one[warming:]), cold[name][nth])
    return found


def answer(server: PostgresServer, data: Filled, path: str) -> Any:
    """The JSON of one request."""
    with _connected(url_of(server, data.name), f"127.0.0.1:{free_ports(1)[0]}") as connection:
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
def _api(url: str, kafka: str) -> Iterator[Callable[[str], float]]:
    """What asks for a path, and gives milliseconds."""
    with _connected(url, kafka) as connection:

        def ask(path: str) -> float:
            start = time.perf_counter()
            _got(connection, path)
            return (time.perf_counter() - start) * 1_000

        yield ask


def _got(connection: http.client.HTTPConnection, path: str) -> bytes:
    """What is there; of a page that is still being counted the answer when it was."""
    while True:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 202:
            break
    if response.status != 200:
        raise SystemExit(f"bench-read: {path} answered {response.status}: {body[:500]!r}")
    return body


@contextmanager
def _connected(url: str, kafka: str) -> Iterator[http.client.HTTPConnection]:
    """A connection to an API on this database."""
    [port] = free_ports(1)
    at = installation(url, {"BIND": f"127.0.0.1:{port}", "KAFKA": kafka})
    with at.running("api") as process:
        while not answers(port):
            process.check()
            time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        try:
            yield connection
        finally:
            connection.close()
