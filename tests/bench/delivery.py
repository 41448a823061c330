"""From a form that was acknowledged to who hears of the hot lead, with other touchpoints coming in meanwhile.

Twice: `leadline serve` on SQLite, where a webhook hears of it; and collect, consume, project and notify on Kafka and
PostgreSQL, where a consumer of the hot topic does too. Everything in between is in the figures, and runs on this
machine: collector, log, recorder, fold, ledger, publisher, broker, courier, HTTP, receiver, and who sends.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import httpx2
from kafka import KafkaConsumer, TopicPartition

from domain.signals.kinds import Topic
from tests.given_receivers import KEY, Answer, Request, receiving
from tests.runtime.serving import Process, serving

RATE = 1_000
"""Touchpoints a second beside the forms."""
SECONDS = 60
_EVERY = 0.13
"""Seconds between two forms: no multiple of the seconds between two looks of those who wait."""
_PATIENCE = 60.0
_WEBHOOK: Final = "form to webhook"
_TOPIC: Final = "form to hot topic"
_MODEL = """
[[stages]]
name = "lead"
[score]
hot_at = 20
[[score.rules]]
name = "form"
on = "form_submitted"
points = 25
[[destinations]]
name = "bench"
type = "webhook"
url = { env = "LEADLINE_BENCH_URL" }
secret = { env = "LEADLINE_BENCH_KEY" }
fields = ["email"]
allow_private = true
"""


class Delays(NamedTuple):
    """Seconds from the acknowledgement of a form to its arrival."""

    signals: int
    p50: float
    p99: float
    most: float


@dataclass(frozen=True)
class Delivery:
    """One installation: delays by where the signals arrived, and touchpoints a second that came beside."""

    mode: str
    delays: Mapping[str, Delays]
    beside: float

    def __str__(self) -> str:
        """A line for each place of arrival."""
        return "\n".join(
            f"{self.mode}, {way}: p50 {each.p50:.2f} s, p99 {each.p99:.2f} s, maximum {each.most:.2f} s "
            f"({each.signals} signals, {self.beside:,.0f} touchpoints/s beside)"
            for way, each in self.delays.items()
        )

    @property
    def values(self) -> dict[str, float]:
        """The figures by name, for machines."""
        figures = {
            f"{way}, {name}": value for way, each in self.delays.items() for name, value in each._asdict().items()
        }
        return {**figures, "touchpoints/s beside": self.beside}


@dataclass
class _Arrivals:
    """When the signal of each e-mail arrived first, by place of arrival."""

    places: dict[str, dict[str, float]] = field(default_factory=dict)

    def note(self, place: str, data: Mapping[str, Mapping[str, str]]) -> None:
        """A hot lead arrived just now."""
        self.places[place].setdefault(data["person"]["email"], time.perf_counter())

    def wait_for(self, count: int) -> None:
        """Until so many are everywhere. Raises SystemExit where they are not in time."""
        until = time.perf_counter() + _PATIENCE
        for way, arrived in self.places.items():
            while len(arrived) < count:
                if time.perf_counter() > until:
                    raise SystemExit(f"{way}: {count - len(arrived)} of {count} signals missing after {_PATIENCE:g} s")
                time.sleep(0.1)


def embedded(seconds: float = SECONDS, rate: int = RATE) -> Delivery:
    """Measure `leadline serve` on SQLite. Raises SystemExit where a signal does not arrive."""
    with _folder() as folder, _receiving() as (arrivals, settings), serving(folder, "serve", **settings) as server:
        return _played("embedded", server.http.base_url, arrivals, seconds, rate)


def kafka(postgres_url: str, bootstrap: str, seconds: float = SECONDS, rate: int = RATE) -> Delivery:
    """Measure the processes on an empty database and an empty Kafka. Raises SystemExit likewise."""
    with _folder() as folder, _receiving() as (arrivals, settings), ExitStack() as stack:
        settings |= {"DATABASE": postgres_url, "KAFKA": bootstrap}
        for word in ("project", "consume", "notify"):
            stack.enter_context(_running(folder, word, settings))
        server = stack.enter_context(serving(folder, "collect", **settings))
        stack.enter_context(_consuming(bootstrap, arrivals))
        return _played("Kafka and PostgreSQL", server.http.base_url, arrivals, seconds, rate)


# ---- the installation --------------------------------------------------------------------------------------------


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="leadline-bench-") as name:
        (Path(name) / "leadline.toml").write_text(_MODEL)
        yield Path(name)


@contextmanager
def _running(folder: Path, word: str, settings: Mapping[str, str]) -> Iterator[None]:
    process = Process(folder, (word,), settings)
    try:
        yield
    finally:
        process.stop()


@contextmanager
def _receiving() -> Iterator[tuple[_Arrivals, dict[str, str]]]:
    """A receiver of webhooks that notes what arrives, and the settings by which the destination finds it."""
    arrivals = _Arrivals({_WEBHOOK: {}})

    def answer(request: Request) -> Answer:
        arrivals.note(_WEBHOOK, request.json["data"])
        return Answer()

    with receiving() as receiver:
        receiver.answer = answer
        yield arrivals, {"BENCH_URL": receiver.url, "BENCH_KEY": KEY}


@contextmanager
def _consuming(bootstrap: str, arrivals: _Arrivals) -> Iterator[None]:
    """A plain consumer of the hot topic that notes what arrives."""
    arrivals.places[_TOPIC] = {}
    stop = threading.Event()
    with _thread(lambda: _consume(bootstrap, arrivals, stop), stop):
        yield


def _consume(bootstrap: str, arrivals: _Arrivals, stop: threading.Event) -> None:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        while not (numbers := consumer.partitions_for_topic(Topic.HOT_LEADS)):
            if stop.wait(0.1):
                return
        places = [TopicPartition(Topic.HOT_LEADS, number) for number in numbers]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        while not stop.is_set():
            for messages in consumer.poll(timeout_ms=100).values():
                for message in messages:
                    arrivals.note(_TOPIC, json.loads(message.value))
    finally:
        consumer.close()


@contextmanager
def _thread(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


# ---- the play ----------------------------------------------------------------------------------------------------


def _played(mode: str, url: httpx2.URL, arrivals: _Arrivals, seconds: float, rate: int) -> Delivery:
    """Send forms, with visitors beside; the first form is only there so that everything has started."""
    sent: dict[str, float] = {}
    with httpx2.Client(base_url=url, timeout=30) as forms:
        _post(forms, "first@example.org")
        arrivals.wait_for(1)
        stop, beside = threading.Event(), _Beside(url, rate)
        with _thread(lambda: beside.run(stop), stop):
            began = time.perf_counter()
            while time.perf_counter() - began < seconds:
                email = f"bench-{len(sent)}@example.org"
                _post(forms, email)
                sent[email] = time.perf_counter()
                time.sleep(_EVERY)
            pace = beside.count / (time.perf_counter() - began)
            arrivals.wait_for(len(sent) + 1)
    return Delivery(mode, {way: _delays(sent, arrived) for way, arrived in arrivals.places.items()}, pace)


def _post(forms: httpx2.Client, email: str) -> None:
    answer = forms.post("/f/contact", data={"email": email})
    if answer.status_code != 303:
        raise SystemExit(f"a form was answered {answer.status_code}: {answer.text}")


def _delays(sent: Mapping[str, float], arrived: Mapping[str, float]) -> Delays:
    delays = sorted(arrived[email] - at for email, at in sent.items())
    return Delays(len(delays), _at(delays, 0.5), _at(delays, 0.99), delays[-1])


def _at(delays: list[float], share: float) -> float:
    return delays[min(len(delays) - 1, int(len(delays) * share))]


class _Beside:
    """Visitors who view pages meanwhile, a hundred touchpoints a request."""

    def __init__(self, url: httpx2.URL, rate: int) -> None:
        self._url, self._rate = url, rate
        self.count = 0

    def run(self, stop: threading.Event) -> None:
        """Send at the rate until told to stop. What is not taken is not counted."""
        began = time.perf_counter()
        number = 0
        with httpx2.Client(base_url=self._url, auth=("bench", ""), timeout=30) as visitors:
            while not stop.is_set():
                views = [self._view(number + place) for place in range(100)]
                number += len(views)
                if visitors.post("/v1/batch", content=json.dumps({"batch": views})).status_code == 200:
                    self.count += len(views)
                stop.wait(max(0.0, number / self._rate - (time.perf_counter() - began)))

    def _view(self, number: int) -> dict[str, object]:
        return {"type": "page", "anonymousId": f"visitor-{number % 5_000}", "messageId": f"view-{number}"}
