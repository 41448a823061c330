"""From a form that was acknowledged to its webhook, with other touchpoints coming in meanwhile, in `leadline serve`.

What is in the figure: collector, log, recorder, fold, ledger, courier, HTTP and a receiver on the same machine; one
form every quarter of a second makes a lead hot.
"""

import json
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx2

from tests.given_receivers import KEY, Answer, Request, receiving
from tests.runtime.serving import Server, serving

RATE = 1_000
"""Touchpoints a second beside the forms."""
SECONDS = 30
_EVERY = 0.25
_PATIENCE = 60.0
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
allow_private = true
"""


class Delays(NamedTuple):
    """Seconds from the acknowledgement of a form to its webhook, and touchpoints a second that came beside."""

    signals: int
    p50: float
    p99: float
    most: float
    beside: float

    def __str__(self) -> str:
        """One line."""
        shown = f"p50 {self.p50:.2f} s, p99 {self.p99:.2f} s, maximum {self.most:.2f} s"
        return f"form to webhook: {shown} ({self.signals} signals, {self.beside:,.0f} touchpoints/s beside)"


def measure(seconds: float = SECONDS, rate: int = RATE) -> Delays:
    """Play, and measure. Raises SystemExit where a signal does not arrive."""
    arrived: dict[str, float] = {}

    def answer(request: Request) -> Answer:
        arrived.setdefault(request.json["data"]["lead"], time.perf_counter())
        return Answer()

    with TemporaryDirectory() as name, receiving() as receiver:
        receiver.answer = answer
        folder = Path(name)
        (folder / "leadline.toml").write_text(_MODEL)
        with serving(folder, "serve", BENCH_URL=receiver.url, BENCH_KEY=KEY) as server:
            return _played(server, arrived, seconds, rate)


def _played(server: Server, arrived: dict[str, float], seconds: float, rate: int) -> Delays:
    stop, beside = threading.Event(), _Beside(server, rate)
    thread = threading.Thread(target=beside.run, args=(stop,), daemon=True)
    thread.start()
    sent: dict[str, float] = {}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        email = f"bench-{len(sent)}@example.org"
        _post(server, email)
        sent[email] = time.perf_counter()
        time.sleep(_EVERY)
    until = time.perf_counter() + _PATIENCE
    while len(arrived) < len(sent) and time.perf_counter() < until:
        time.sleep(0.1)
    stop.set()
    thread.join()
    pace = beside.count / (time.perf_counter() - began)
    if len(arrived) < len(sent):
        raise SystemExit(f"{len(sent) - len(arrived)} of {len(sent)} signals did not arrive in {_PATIENCE:g} s")
    delays = sorted(arrived[_lead(server, email)] - at for email, at in sent.items())
    return Delays(len(delays), _at(delays, 0.5), _at(delays, 0.99), delays[-1], pace)


def _post(server: Server, email: str) -> None:
    answer = server.http.post("/f/contact", data={"email": email})
    if answer.status_code != 303:
        raise SystemExit(f"a form was answered {answer.status_code}: {answer.text}")


def _lead(server: Server, email: str) -> str:
    (lead,) = server.http.get("/api/leads", params={"email": email}).json()["items"]
    return str(lead["id"])


def _at(delays: list[float], share: float) -> float:
    return delays[min(len(delays) - 1, int(len(delays) * share))]


class _Beside:
    """Visitors who view pages meanwhile, a hundred touchpoints a request."""

    def __init__(self, server: Server, rate: int) -> None:
        self._server, self._rate = server, rate
        self.count = 0

    def run(self, stop: threading.Event) -> None:
        """Send at the rate until told to stop."""
        began = time.perf_counter()
        with httpx2.Client(base_url=self._server.http.base_url, auth=("bench", ""), timeout=30) as visitors:
            while not stop.is_set():
                views = [self._view(self.count + place) for place in range(100)]
                visitors.post("/v1/batch", content=json.dumps({"batch": views}))
                self.count += len(views)
                stop.wait(max(0.0, self.count / self._rate - (time.perf_counter() - began)))

    def _view(self, number: int) -> dict[str, object]:
        return {"type": "page", "anonymousId": f"visitor-{number % 5_000}", "messageId": f"view-{number}"}
