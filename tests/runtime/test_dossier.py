"""`GET /api/leads/{id}/dossier`: of a lead by any of its ids, of now or as of an instant."""

from collections.abc import Iterator

import pytest

from api.app import Readers, create_api
from domain.model.definition import parse_model
from tests.domain.stories import at, identity, us
from tests.given_model import MODEL
from tests.projections.world import World
from tests.runtime.asking import Asker, problem
from web.private import Private

TOKEN = "sample-token"


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), us(600))
    yield world
    world.close()


def test_of_a_former_id_and_as_of_an_instant(world: World) -> None:
    world.play([[at(1, "page_viewed", "c:1")], [at(30, "form_submitted", "c:1", "e:ada@example.org")]])
    api = Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)
    lead, former = world.ids.of(identity("e:ada@example.org")), world.ids.of(identity("c:1"))
    now = api.get(f"/api/leads/{former}/dossier").json()
    assert now["lead"] == str(lead)
    assert [each["kind"] for each in now["identities"]] == ["email", "anonymous_id"]
    assert now["identities"][1]["learnt_at"] == "2023-11-14T22:13:21.000000Z"
    then = api.get(f"/api/leads/{lead}/dossier?as_of=2023-11-14T22:13:30Z&knowing=now").json()
    assert (then["lead"], then["as_of"]) == (str(former), "2023-11-14T22:13:30.000000Z")
    assert [each["kind"] for each in then["identities"]] == ["anonymous_id"]
    problem(api.get(f"/api/leads/{former}/dossier?limit=3"), 400, "limit: is not known here")
