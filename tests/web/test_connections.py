"""Connections that are held open: they end by themselves, and leave room for others. Real sockets, a real process."""

import resource
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.runtime.asking import problem
from tests.runtime.serving import Server, eventually, serving
from tests.services.forked import LOADED, PROGRAM

MODEL = '[[stages]]\nname = "lead"\n'
HEAD = b"POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = HEAD + b"Content-Length: 100\r\n\r\n{"


@contextmanager
def server(folder: Path, **settings: str) -> Iterator[Server]:
    (folder / "leadline.toml").write_text(MODEL)
    with serving(folder, **settings) as started:
        yield started


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with little patience."""
    with server(
        tmp_path_factory.mktemp("hurried"), HEAD_SECONDS="0.3", BODY_SECONDS="0.3", HEAD_LIMIT="8KiB"
    ) as started:
        yield started


def connected(to: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", to.port), timeout=60)


def answered(connection: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    found = b""
    try:
        while part := connection.recv(65_536):
            found += part
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(("sent", "what"), [(b"", "head"), (b"\r\n", "head"), (HEAD, "head"), (BODY, "body")])
def test_what_is_sent_by_halves_ends_in_time(hurried: Server, sent: bytes, what: str) -> None:
    with closing(connected(hurried)) as connection:
        connection.sendall(sent)
        assert answered(connection).startswith(b"HTTP/1.1 408 ")
        assert hurried.http.get("/healthz").status_code == 200


def test_a_second_request_of_a_connection_has_its_own_time(hurried: Server) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    for half in (HEAD, BODY, b"\r\n"):
        with closing(connected(hurried)) as connection:
            connection.sendall(whole)
            said = b""
            while not said.endswith(b"}"):
                said += connection.recv(65_536)
            assert said.startswith(b"HTTP/1.1 200 ")
            connection.sendall(half)
            assert answered(connection).startswith(b"HTTP/1.1 408 ")


def test_an_answer_takes_as_long_as_it_takes(hurried: Server) -> None:
    """A request in one piece waits for nothing: a stream of signals is not cut where a head would be late."""
    with closing(connected(hurried)) as connection:
        connection.sendall(b"GET /api/signals/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        said = b""
        while b"retry: " not in said:
            said += connection.recv(65_536)
        connection.settimeout(1.5)
        with pytest.raises(TimeoutError):
            assert connection.recv(65_536), "the server ended it"


def test_a_large_body_that_comes_in_one_piece_is_no_head(hurried: Server) -> None:
    sent = b'{"userId": "u", "event": "Demo", "writeKey": "demo", "properties": {"text": "' + b"x" * 20_000 + b'"}}'
    with closing(connected(hurried)) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(sent) + sent)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_bytes_that_trickle_in_win_no_time(hurried: Server) -> None:
    with closing(connected(hurried)) as connection:
        connection.sendall(HEAD)
        connection.settimeout(0.05)
        said = b""
        while not said:  # one header after the other, for as long as it is heard
            connection.sendall(b"X-More: 1\r\n")
            try:
                said = connection.recv(65_536)
            except TimeoutError:
                continue
        assert said.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_too_large_a_head_is_not_read_on(hurried: Server, end: bytes) -> None:
    with closing(connected(hurried)) as connection:
        connection.sendall(HEAD + b"X-Large: " + b"x" * 9_000 + b"\r\n" + end)
        assert answered(connection).startswith(b"HTTP/1.1 431 ")


def test_who_comes_too_many_is_told_and_the_log_says_so(tmp_path: Path) -> None:
    with server(tmp_path, CONNECTIONS="10") as full, ExitStack() as held:
        for _ in range(12):
            held.enter_context(closing(connected(full))).sendall(HEAD)
        with httpx2.Client(base_url=full.http.base_url) as stranger:
            answer = eventually(lambda: (found := stranger.get("/healthz")).status_code == 503 and found)
            problem(answer, 503, "too many connections")
            assert answer.headers["retry-after"] == "5"
        assert full.said.count("server.full") == 1
        held.close()
        eventually(lambda: full.http.get("/healthz").status_code == 200)


def test_below_the_limit_of_open_files_nobody_is_shut_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "leadline"
    program.write_text(f'#!/bin/sh\nulimit -Sn 128; ulimit -Hn 256\nexec {PROGRAM} "$@"\n')
    program.chmod(0o700)

    def limited(words: Any, folder: Path, environment: Any, out: Any, err: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([program, *words], cwd=folder, env=environment, stdout=out, stderr=err)

    monkeypatch.setattr(LOADED, "start", limited)
    with server(tmp_path) as few, ExitStack() as held:
        assert resource.prlimit(few.popen.pid, resource.RLIMIT_NOFILE) == (256, 256)
        for _ in range(300):
            held.enter_context(closing(connected(few))).sendall(HEAD)
        with httpx2.Client(base_url=few.http.base_url) as stranger:
            problem(stranger.get("/healthz"), 503, "too many connections")
        assert "server.full" in few.said and "out of system resource" not in few.said
        held.close()
        eventually(lambda: few.http.get("/healthz").status_code == 200)
