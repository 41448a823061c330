"""The web site of `examples/site/`, served on this machine, with the tracker of a collector in its pages."""

import mimetypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from runtime.demo.examples import FOLDER

SITE: Final = FOLDER / "site"
COLLECTOR: Final = "https://collect.example.com"
"""What its pages call the collector."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of the site as a browser gets it."""

    content: bytes
    media_type: str


def site_files(collector: str) -> Mapping[str, SiteFile]:
    """The files by their path; the pages load the tracker of that collector."""
    found = {f"/{file.name}": _file(file.read_bytes(), file.name, collector) for file in sorted(SITE.iterdir())}
    return {**found, "/": found["/index.html"]}


def _file(content: bytes, name: str, collector: str) -> SiteFile:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type != "text/html":
        return SiteFile(content, media_type)
    return SiteFile(content.replace(COLLECTOR.encode(), collector.encode()), "text/html; charset=utf-8")


@contextmanager
def served_site(collector: str) -> Iterator[str]:
    """Serve the site on a free port of loopback, in a thread. Gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(site_files(collector))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            # By its name: cookies know no ports, and those of the dashboard on 127.0.0.1 are none of the site's.
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _handler(files: Mapping[str, SiteFile]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers one browser."""

        timeout = 30

        def do_GET(self) -> None:
            """A file."""
            path = urlsplit(self.path).path
            file = files.get(path)
            self.send_response(404 if file is None else 200)
            file = file or SiteFile(b"not found", "text/plain")
            self.send_header("Content-Type", file.media_type)
            self.send_header("Content-Length", str(len(file.content)))
            self.end_headers()
            self.wfile.write(file.content)

        def do_POST(self) -> None:
            """A form that the site takes: here it only leads on."""
            self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 20))
            self.send_response(303)
            self.send_header("Location", urlsplit(self.path).path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: a person reads the demo's own lines."""

    return Handler
