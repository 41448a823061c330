"""Tokens of a real server: made, used and withdrawn while it works; what the command line and the doctor say."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.runtime.asking import problem
from tests.runtime.given_server import MODEL, OWNERS
from tests.runtime.serving import Server, eventually, here, run, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "leadline.toml").write_text(MODEL + OWNERS)
    with serving(folder, LOGIN_HEADER="X-Forwarded-Email", PROXIES="127.0.0.1") as server:
        yield server


def folder_of(server: Server) -> Path:
    return server.lines.parent


def made(server: Server, name: str, *more: str) -> str:
    done = here(folder_of(server), "token", "make", name, *more)
    assert done.returncode == 0, done.stderr
    secret = done.stdout.strip()
    assert secret.startswith("leadline_") and secret not in done.stderr
    return secret


def asked(server: Server, path: str = "/api/segments", **headers: str) -> httpx2.Response:
    return server.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_token_lets_in_until_it_is_withdrawn(server: Server) -> None:
    secret = made(server, "ann", "--role", "sales", "--owner", "berlin")
    bearer = f"Bearer {secret}"
    assert asked(server, authorization=bearer).status_code == 200
    assert asked(server, "/metrics", authorization=bearer).status_code == 200
    problem(asked(server, authorization=bearer + "x"), 401, "no other that lets in")
    assert here(folder_of(server), "token", "withdraw", "ann").returncode == 0
    problem(asked(server, authorization=bearer), 401)
    assert asked(server, "/metrics", authorization=bearer).status_code == 401
    assert here(folder_of(server), "token", "withdraw", "ann").returncode == 2


def test_a_proxys_header_names_who_has_a_token(server: Server) -> None:
    made(server, "cy@example.com", "--role", "reader")
    assert asked(server, x_forwarded_email="cy@example.com", x_forwarded_for="192.0.2.1").status_code == 200
    problem(asked(server, x_forwarded_email="eve@example.com"), 403, "leadline token make")
    assert here(folder_of(server), "token", "withdraw", "cy@example.com").returncode == 0
    problem(asked(server, x_forwarded_email="cy@example.com"), 403)


def test_what_the_list_says(server: Server) -> None:
    made(server, "bo", "--role", "admin", "--expires", "30d")
    done = here(folder_of(server), "token", "list", "--json")
    listed = {each["name"]: each for each in json.loads(done.stdout) if each["holds"]}
    assert (listed["bo"]["role"], listed["bo"]["used_at"]) == ("admin", None) and listed["bo"]["expires_at"]
    assert "leadline_" not in done.stdout
    shown = run(folder_of(server), "token", "list").stdout.splitlines()
    assert shown[0].split("\t") == ["name", "role", "owner", "state", "made at", "used at"]


@pytest.mark.parametrize(("words", "why"), [
    (("bo2", "--role", "boss"), "boss"),
    (("bo2", "--role", "sales", "--owner", "paris"), "berlin"),
    (("bo2", "--role", "sales", "--expires", "soon"), "--expires"),
    (("a,b", "--role", "sales"), "commas"),
    ((" ", "--role", "sales"), "NAME"),
])  # fmt: skip
def test_what_is_refused(server: Server, words: tuple[str, ...], why: str) -> None:
    done = here(folder_of(server), "token", "make", *words)
    assert done.returncode == 2 and why in done.stderr and not done.stdout


def test_who_made_and_withdrew_is_in_the_audit(server: Server) -> None:
    made(server, "dee", "--role", "reader")
    here(folder_of(server), "token", "withdraw", "dee")
    lines = json.loads(here(folder_of(server), "audit", "--json", "--limit", "2").stdout)
    assert [(line["act"], line["what"]) for line in lines["items"]] == [
        ("token withdrawn", "dee (reader)"), ("token made", "dee (reader)"),
    ]  # fmt: skip
    assert all(line["who"].startswith("command line: ") for line in lines["items"]) and lines["next"]


def test_a_server_that_others_reach_starts_closed_and_the_doctor_says_so(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path) as server:
        pass
    open_bind = {"BIND": "0.0.0.0:0", "WRITE_KEYS": "web:public:sample-key", "SITES": "https://a.example"}
    found = here(tmp_path, "doctor", **open_bind)
    assert found.returncode == 1 and "leadline token make" in found.stderr, found.stderr
    made(server, "ann", "--role", "admin")
    assert "leadline token make" not in here(tmp_path, "doctor", **open_bind).stderr


def test_the_last_use_is_written(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path) as server:
        secret = made(server, "ann", "--role", "admin")
        assert asked(server, authorization=f"Bearer {secret}").status_code == 200
        assert server.stop() == 0
    [listed] = json.loads(eventually(lambda: here(tmp_path, "token", "list", "--json").stdout))
    assert listed["used_at"] > listed["made_at"]


def test_each_export_is_in_the_audit(server: Server, tmp_path: Path) -> None:
    folder = folder_of(server)
    admin, reader = made(server, "root", "--role", "admin"), made(server, "rob", "--role", "reader")
    rows = here(folder, "export", "report_leads").stdout.splitlines()[1:]
    growing = ("export", "touchpoints", "--follow", "--once", "--out", str(tmp_path))
    for more in ((), ("--with-personal-data",)):
        assert run(folder, *growing, *more).returncode == 0
    csv = asked(server, "/api/reports/daily?format=csv", authorization=f"Bearer {reader}")
    answer = asked(server, "/api/audit?limit=3", authorization=f"Bearer {admin}")
    assert [(line["act"], line["what"], line["rows"]) for line in answer.json()["items"]] == [
        ("export", "report daily (csv)", len(csv.text.splitlines()) - 1),
        ("export", "touchpoints (csv, with personal data)", None),
        ("export", "report_leads (csv)", len(rows)),
    ]  # fmt: skip
    assert answer.json()["items"][0]["who"] == "rob" and answer.json()["next"]
    problem(asked(server, "/api/audit", authorization=f"Bearer {reader}"), 403, "needs admin")
