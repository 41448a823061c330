"""Kafka and PostgreSQL mode as real processes in one folder."""

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.runtime.serving import Process, Server, run


@dataclass
class Installation:
    """The processes of an installation: collect, api, consume, project."""

    folder: Path
    settings: dict[str, str]
    processes: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str) -> None:
        made = Server if name in ("collect", "api") else Process
        self.processes[name] = made(self.folder, (name,), self.settings)

    def ready(self) -> None:
        for process in self.processes.values():
            if isinstance(process, Server):
                process.wait()

    @property
    def collect(self) -> httpx2.Client:
        return self._http("collect")

    @property
    def api(self) -> httpx2.Client:
        return self._http("api")

    def _http(self, name: str) -> httpx2.Client:
        server = self.processes[name]
        assert isinstance(server, Server)
        return server.http

    def port(self, name: str) -> int:
        """Of a process that listens."""
        server = self.processes[name]
        assert isinstance(server, Server)
        return server.port

    def kill(self, name: str) -> None:
        process = self.processes[name]
        assert process.popen.poll() is None, process.said
        process.stop(signal.SIGKILL)

    def run(self, *words: str) -> Any:
        done = run(self.folder, *words, "--json", **self.settings)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def close(self) -> None:
        """End what is left."""
        for process in self.processes.values():
            process.popen.kill()
            process.popen.wait()
