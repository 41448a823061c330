"""Ids count whole, null is nobody in every spelling, and all of a campaign is kept."""

from typing import Any

import pytest

from producers.reading.ids import given_id
from tests.producers.collecting import Collecting

LONG = "x" * 200


def test_ids_that_differ_late_are_different(door: Collecting) -> None:
    for last in ("a", "b", "c"):
        door.post("/f/contact", data={"email": "ada@example.org", "_id": LONG + last})
        door.ask("GET", f"/p.gif?aid=cookie&id={LONG}{last}")
        door.post("/v1/page", {"anonymousId": "cookie", "messageId": LONG + last})
    ids = [(found.source.name, found.id) for found in door.touchpoints()]
    assert len(ids) == len(set(ids)) == 9 and all(len(id) <= 200 for _, id in ids)


def test_a_numeric_id_is_a_text(door: Collecting) -> None:
    for _ in range(2):
        door.post("/f/contact", {"email": "ada@example.org", "_id": 12})
        door.post("/v1/page", {"anonymousId": "cookie", "messageId": 12.0})
    assert [found.id for found in door.touchpoints()] == ["12"] * 4


@pytest.mark.parametrize(
    ("value", "id"),
    [(12.0, "12"), (" a\u200b", "a"), ("e\u0301", "é"), (True, ""), (1.5, ""), (None, ""), ([], ""), ("\u00a0", "")],
)
def test_what_is_an_id(value: Any, id: str) -> None:
    assert given_id(value) == id


@pytest.mark.parametrize("user", [12.0, 12, "12"])
def test_a_whole_number_is_its_digits(door: Collecting, user: Any) -> None:
    door.post("/v1/track", {"event": "x", "userId": user, "anonymousId": "cookie", "messageId": "m"})
    assert str(door.touchpoints()[0].identities[0]) == "user_id:12"


@pytest.mark.parametrize("null", ["(null)", "<nil>", "<null>", '"null"', "0.0", "(not set)", "{{user_id}}", "%userid%"])
def test_strangers_with_a_null_stay_strangers(door: Collecting, null: str) -> None:
    for cookie in ("a", "b", "c"):
        door.post("/v1/page", {"userId": null, "anonymousId": cookie, "messageId": cookie})
        door.ask("GET", "/p.gif", params={"uid": null, "aid": cookie})
        door.post("/f/contact", data={"user_id": null, "_aid": cookie})
    assert {len(found.identities) for found in door.touchpoints()} == {1}
    assert {str(found.identities[0]) for found in door.touchpoints()} == {f"anonymous_id:{each}" for each in "abc"}


UTM = "utm_source=a&utm_campaign=b&utm_id=c&utm_source_platform=d&utm_creative_format=e"
CAMPAIGN = {"source": "a", "name": "b", "id": "c", "source_platform": "d", "creative_format": "e"}


def test_every_utm_field_is_kept(door: Collecting) -> None:
    page = f"https://www.example.com/a?{UTM}"
    door.post(f"/f/contact?{UTM}", data={"email": "ada@example.org"})
    door.post("/f/contact", data={"email": "ada@example.org"}, headers={"referer": page})
    door.ask("GET", f"/p.gif?aid=cookie&{UTM}")
    door.ask("GET", "/p.gif", params={"aid": "cookie", "url": page})
    door.post("/v1/page", {"anonymousId": "cookie", "messageId": "m", "context": {"page": {"url": page}}})
    assert [found.context["campaign"] for found in door.touchpoints()] == [CAMPAIGN] * 5


def test_a_cookie_beside_a_cut_title_is_read_as_utf8(door: Collecting) -> None:
    door.ask("GET", "/p.gif?aid=ren%C3%A9e&t=Preis%20100%20%E2%82&e=D%C3%A9mo")
    (found,) = door.touchpoints()
    assert (str(found.identities[0]), found.type) == ("anonymous_id:renée", "démo")
    assert found.properties["title"] == "Preis 100 \ufffd"


def test_names_in_nfc_and_nfd_are_one(door: Collecting) -> None:
    for name, key in (("Démo demandée", "prénom"), ("De\u0301mo demande\u0301e", "pre\u0301nom")):
        door.post(
            "/v1/track", {"event": name, "anonymousId": "a", "messageId": name, "context": {"traits": {key: "Zoé"}}}
        )
    first, second = door.touchpoints()
    assert first.type == second.type == "démo_demandée" and first.profile == second.profile == {"prénom": "Zoé"}
