"""What the collector's price is told by: `python -m tests.bench.doors collector|bare` serves one of two applications.

`collector` is Leadline's own, in a process as `leadline collect` is one: without Kafka its log is the file of the
embedded mode. `bare` is the least that takes the same requests and does the same durable write: an ASGI application
under the same uvicorn (uvloop, httptools, the same settings, the garbage collector as seldom), with the same log, and
before it the same queue, in which requests share an append and an fsync.

It reads the body, decodes the JSON and appends a row for each item under the same key, with the same headers and the
same fields in its value, put together as they came; then it answers 200. It knows one path and one shape of a body, and
has no limits of bodies, connections or time. It asks for no write key, validates nothing, knows no bot and no bad
clock, makes no e-mail, phone, id or name of a type canonical, keeps no refusal, counts nothing, and tells a page of
another origin nothing of the answer.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson
import uvicorn
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.touchpoints.touchpoint import rfc3339
from producers.collector.queue import AppendQueue
from runtime.applications import collector_app, private
from runtime.clock import clock
from runtime.processes import OBJECTS, Process
from runtime.settings import read_settings
from runtime.sockets import listen
from runtime.wiring import Wiring
from store.garbage import search_seldom
from store.log.port import Log, Record
from web.health import Health

SOURCE: Final = "site"
"""The name of the key's source."""
_TYPES: Final = {"page": "page_viewed", "identify": "identified"}
_EVENTS: Final = {
    "Link Clicked": "link_clicked",
    "File Downloaded": "file_downloaded",
    "Form Submitted": "form_submitted",
    "Demo Requested": "demo_requested",
}
"""What the benchmark sends; a bare application knows no others."""
_IDS: Final = (("user_id", "userId"), ("anonymous_id", "anonymousId"))
_ANSWER: Final = b'{"success":true}'
_HEAD: Final = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]


def bare(log: Log, now: Callable[[], int]) -> ASGIApp:
    """The bare application. `now` gives microseconds since 1970."""
    queue = AppendQueue(log)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        sender = "browser" if scope["path"] == "/v1/b" else "server"
        await queue.put(list(_rows(sender, orjson.loads(body), agent.decode("latin-1"), rfc3339(now()))), ())
        await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
        await send({"type": "http.response.body", "body": _ANSWER})

    return app


def _rows(sender: str, body: Mapping[str, Any], agent: str, received: str) -> Iterator[Record]:
    """The rows of a batch."""
    for place, item in enumerate(body["batch"]):
        type_ = _TYPES.get(item["type"]) or _EVENTS[item["event"]]
        page = item["context"].get("page", {})
        wire = {
            "v": 1,
            "id": item["messageId"],
            "source": {"kind": sender, "name": SOURCE},
            "type": type_,
            "occurred_at": item["timestamp"],
            "received_at": received,
            "identities": [{"kind": kind, "value": item[name]} for kind, name in _IDS if name in item],
            "sent_at": body["sentAt"],
        }
        if place:
            wire["seq"] = place
        wire["properties"] = {**item.get("properties", {}), **page}
        if "form" in item:
            wire["properties"]["form"] = item["form"]
        wire["context"] = {**item["context"], "userAgent": agent} if sender == "browser" else item["context"]
        yield Record(
            f"anonymous_id:{item['anonymousId']}".encode(),
            orjson.dumps(wire),
            (
                ("ce_specversion", b"1.0"),
                ("ce_id", item["messageId"].encode()),
                ("ce_source", f"/leadline/sources/{sender}/{SOURCE}".encode()),
                ("ce_type", type_.encode()),
                ("ce_time", item["timestamp"].encode()),
                ("content-type", b"application/json"),
            ),
        )


def main(which: str) -> None:
    """Serve until SIGTERM."""
    with Wiring(read_settings()) as wiring:
        bound = listen(wiring.settings.bind)
        if which == "collector":
            health = Health(private(wiring.settings), CollectorRegistry(), wiring.collector_refuses)
            Process(wiring).serve_http(collector_app(wiring, health), bound)
            return
        config = uvicorn.Config(
            bare(wiring.collector_log, clock), log_config=None, access_log=False, lifespan="off", server_header=False,
            proxy_headers=False, ws="none", timeout_graceful_shutdown=5, timeout_keep_alive=30,
        )  # fmt: skip
        search_seldom(OBJECTS)
        uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    main(sys.argv[1])
