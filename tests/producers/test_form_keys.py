"""A form by its key: webhooks come from no site, so a public write key names their source. What it may, and may not."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.producers.collecting import Collecting

SITE = "https://www.example.com"
KEYS = "typeform:public:pub-EXAMPLE-builder,backend:server:srv-EXAMPLE-backend"
FIELDS = {"email": "ada@example.org", "company": "Engines"}
SERVER = {"user-agent": "WordPress/6.8; https://www.example.com", "accept": "*/*"}


@pytest.fixture
def keyed(tmp_path: Path) -> Collecting:
    """A collector with keys and sites, asked from elsewhere."""
    return Collecting(tmp_path, KEYS, SITE, client=("203.0.113.9", 4_000))


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?writeKey=pub-EXAMPLE-builder&utm_source=x", {}),
        ("", {"x-write-key": "pub-EXAMPLE-builder"}),
        ("", basic("pub-EXAMPLE-builder")),
    ],
    ids=["query", "header", "basic"],
)
def test_a_webhook_says_who_it_is_by_a_key_and_needs_no_site(
    keyed: Collecting, query: str, headers: dict[str, str]
) -> None:
    for sent in ({"content": b'{"email": "ada@example.org", "company": "Engines"}'}, {"data": FIELDS}):
        answer = keyed.post(f"/f/contact{query}", headers=SERVER | headers, **sent)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()) == (200, {"success": True}), "many take nothing but 200 for a yes"
    for found in keyed.touchpoints():
        assert (found.source.kind, found.source.name) == ("browser", "typeform"), "what a stranger typed is a claim"
        assert found.profile == FIELDS and found.properties == {**FIELDS, "form": "contact"}
        assert "userAgent" not in found.context, "a webhook's own is nobody's browser"
    assert b"pub-EXAMPLE" not in b"".join(entry.value for entry in keyed.entries("leadline.touchpoints"))


def test_a_person_who_sends_such_a_form_sees_a_page(keyed: Collecting) -> None:
    page = {"accept": "text/html,*/*;q=0.8", "origin": "https://shop.example.net", "user-agent": "Mozilla/5.0"}
    answer = keyed.post("/f/contact?writeKey=pub-EXAMPLE-builder", data=FIELDS, headers=page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/thanks")
    assert keyed.touchpoints()[0].context["userAgent"] == "Mozilla/5.0"


@pytest.mark.parametrize(
    ("query", "headers", "word"),
    [
        ("?writeKey=pub-EXAMPLE-other", {}, "?writeKey="),
        ("", {"x-write-key": "none"}, "?writeKey="),
        ("", basic("none"), "?writeKey="),
        ("?writeKey=srv-EXAMPLE-backend", {}, "public key"),
    ],
)
def test_a_wrong_key_is_told_so_and_nothing_is_kept(
    keyed: Collecting, query: str, headers: dict[str, str], word: str
) -> None:
    answer = keyed.post(f"/f/contact{query}", data=FIELDS, headers=headers)
    assert answer.status_code == 401 and word in answer.json()["detail"] and "EXAMPLE" not in answer.text
    assert keyed.post("/f/contact", data=FIELDS).status_code == 403, "as ever where there is none"
    assert keyed.touchpoints() == [] and keyed.rejected() == []


def test_who_comes_from_an_allowed_site_needs_no_key_and_loses_nothing_by_a_wrong_one(keyed: Collecting) -> None:
    """A site behind a password sends it along to a collector on its own address."""
    keyed.post("/f/contact", data=FIELDS, headers={"origin": SITE} | basic("editor"))
    keyed.post("/f/contact?writeKey=pub-EXAMPLE-builder", data=FIELDS, headers={"origin": SITE})
    assert [found.source.name for found in keyed.touchpoints()] == ["www.example.com", "typeform"]


@pytest.mark.parametrize("query", ["?writeKey=anything", ""])
def test_without_keys_the_site_is_asked_as_ever(tmp_path: Path, query: str) -> None:
    away = Collecting(tmp_path, sites_text=SITE, client=("203.0.113.9", 4_000))
    assert away.post(f"/f/contact{query}", data=FIELDS).status_code == 403
    away.post(f"/f/contact{query}", data=FIELDS, headers={"origin": SITE})
    (found,) = away.touchpoints()
    assert found.source.name == "www.example.com" and "writeKey" not in found.properties


def test_an_address_that_is_tried_without_fields_is_one(keyed: Collecting) -> None:
    for verb in ("GET", "POST"):
        assert keyed.ask(verb, "/f/newsletter?writeKey=pub-EXAMPLE-builder").status_code == 200
    assert keyed.touchpoints() == [] and keyed.rejected() == []


@pytest.mark.parametrize(
    "sent", [{"content": b'{"note": "pub-EXAMPLE-builder"}'}, {"content": b'{"note": "pub-EXAMPLE-builder'}]
)
def test_what_is_refused_is_kept_without_the_key_and_tried_again(keyed: Collecting, sent: dict[str, Any]) -> None:
    answer = keyed.post("/f/contact?writeKey=pub-EXAMPLE-builder", **sent)
    assert answer.status_code in (200, 400)
    (kept,) = keyed.rejected()
    assert b'"***' in kept.value and kept.header("leadline.source") == b"browser:typeform"
    assert "EXAMPLE" not in str(kept)


def test_the_pixel_takes_no_key(keyed: Collecting) -> None:
    assert keyed.ask("GET", "/p.gif?aid=a&writeKey=pub-EXAMPLE-builder").status_code == 403
