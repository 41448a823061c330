"""What each role may ask of `/api`: a line for every route, and the answers to whoever asks for more."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.access.roles import NEEDED
from runtime.applications import inside
from runtime.settings import read_settings
from runtime.wiring import Wiring
from runtime.workers import Workers
from tests.given_tokens import Book
from tests.runtime.asking import Asker, problem
from web.private import Private
from web.viewer import Role, Viewer

SECRETS = {role: f"leadline_{role}" for role in Role}
NOWHERE = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    settings = read_settings({}, data=tmp_path_factory.mktemp("roles"))
    workers = Workers()
    with Wiring(settings) as wiring:
        wiring.database.migrate()
        book = Book(*(Viewer(f"{role}@example.com", role, role.value) for role in Role))
        yield inside(wiring, wiring.log, workers, Private(None, book)).api
        workers.stop.set()
        workers.join(20)


def routes(app: FastAPI) -> set[str]:
    return {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}


def test_every_route_has_a_rule(app: FastAPI) -> None:
    assert routes(app) - set(NEEDED) == set(), "api/access/roles.py lacks them, and they are an admin's"
    assert set(NEEDED) - routes(app) == set(), "api/access/roles.py has them, the application has not"


def test_what_changes_something_is_no_readers(app: FastAPI) -> None:
    assert {route for route, role in NEEDED.items() if role is Role.READER and not route.startswith("GET ")} == set()


@pytest.mark.parametrize("role", Role)
def test_a_role_is_refused_what_needs_another(app: FastAPI, role: Role) -> None:
    asker = Asker(app, SECRETS[role])
    for route, needed in NEEDED.items():
        method, path = route.split(" ")
        path = path.replace("{lead}", NOWHERE).replace("{id}", "1").replace("{name}", "x").replace("{activation}", "1")
        if path.endswith("/stream"):
            continue
        ask = {"GET": asker.get, "POST": asker.post, "DELETE": asker.delete}[method]
        answer = ask(path)
        if role.covers(needed):
            assert answer.status_code not in (401, 403), (route, answer.text)
            continue
        told = problem(answer, 403, f"{role}@example.com is {role}", "allowed is to")
        assert (told["role"], told["needed"]) == (role, needed)


@pytest.mark.parametrize("query", [
    "q=ada", "email=a%40x.example", "phone=%2B49301234567", "user_id=u-1", "anonymous_id=c", "order=name",
    "hot=true&q=ada",
])  # fmt: skip
def test_a_reader_looks_for_nobody(app: FastAPI, query: str) -> None:
    problem(Asker(app, SECRETS[Role.READER]).get(f"/api/leads?{query}"), 403, "sees nobody's name")
    assert Asker(app, SECRETS[Role.SALES]).get(f"/api/leads?{query}").status_code != 403


@pytest.mark.parametrize("field", ["email", "name", "firstName", "work_phone", "姓名", "birthday", "email:1,2"])
def test_a_reader_tells_nobody_apart_by_name(app: FastAPI, field: str) -> None:
    asker = Asker(app, SECRETS[Role.READER])
    for path in ("/api/reports/portrait", "/api/funnels/sales", "/api/funnels/sales/leads"):
        problem(asker.get(f"{path}?by=profile.{field}"), 403, "sees nobody's name")
        assert asker.get(f"{path}?by=profile.country").status_code != 403
