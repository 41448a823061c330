"""What somebody sends to do harm: it costs us little time and no other client's, and is answered like any mistake."""

import asyncio
import gzip
import json
import time
from pathlib import Path

import httpx2
import pytest

from tests.producers.collecting import HOST, LOOPBACK, Collecting, track

LINES = gzip.compress(b"a=b\n" + b"x\n" * 200_000)
"""A form of one endless field, in 429 bytes."""
MEMBERS = gzip.compress(b"") * 24_000
"""As much gzip around nothing as a body holds."""
NULLS = gzip.compress(b'["\\u0000"' + b",[]" * 160_000 + b"]")


@pytest.mark.parametrize("path", ["/v1/track", "/f/contact"])
@pytest.mark.parametrize("raw", [LINES, MEMBERS, NULLS], ids=["lines", "members", "nulls"])
def test_a_hostile_body_holds_nobody_else_up(door: Collecting, path: str, raw: bytes) -> None:
    async def run() -> bool:
        transport = httpx2.ASGITransport(door.app, client=LOOPBACK)
        async with httpx2.AsyncClient(transport=transport, base_url=HOST) as browser:
            hostile = [asyncio.create_task(browser.post(path, content=raw)) for _ in range(6)]
            assert (await browser.get("/healthz")).status_code == 200
            waiting = not all(each.done() for each in hostile)
            assert {each.status_code for each in await asyncio.gather(*hostile)} <= {200, 303, 400}
            return waiting

    began = time.process_time()
    assert asyncio.run(run()), "somebody else was answered only after all of them"
    assert time.process_time() - began < 10, "seconds of CPU for six of them"


@pytest.mark.parametrize("charset", ["undefined", "punycode", "idna", "unicode_escape", "rot13", "no.such"])
@pytest.mark.parametrize("path", ["/v1/track", "/f/contact"])
def test_a_charset_that_no_page_has_is_gb18030(door: Collecting, path: str, charset: str) -> None:
    raw = "email=a@example.com&anonymousId=a-1&event=张".encode("gbk")
    answer = door.ask("POST", path, content=raw, headers={"content-type": f"text/plain; charset={charset}"})
    assert answer.status_code in (200, 303)
    assert "张" in json.dumps(dict(door.touchpoints()[0].properties), ensure_ascii=False) or path == "/v1/track"


def test_a_form_that_declares_utf8_is_utf8_and_damage_costs_itself_alone(door: Collecting) -> None:
    raw = b"email=ren\xc3\xa9e@example.org&name=Jos\xc3\xa9&company=\xd5\xc5"
    for declared in ("application/x-www-form-urlencoded; charset=utf-8", 'text/plain; charset="UTF8"'):
        assert door.ask("POST", "/f/contact", content=raw, headers={"content-type": declared}).status_code == 303
    for found in door.touchpoints():
        assert found.profile == {"email": "renée@example.org", "name": "José", "company": "\ufffd\ufffd"}


def test_a_damaged_item_costs_its_neighbours_nothing(door: Collecting) -> None:
    whole = {"type": "identify", "userId": "renée", "messageId": "m-1", "traits": {"name": "José Müller"}}
    cut = {"type": "page", "userId": "u", "messageId": "m-2", "properties": {"title": "Preis 100 CUT"}}
    for mark, content_type in (
        (b"\xe2\x82", "application/json; charset=utf-8"),
        (b"\xed\xa0\xbd", ""),
        (b"\xe9", "text/plain"),
    ):
        raw = json.dumps({"batch": [whole, cut]}, ensure_ascii=False).encode().replace(b"CUT", mark)
        answer = door.ask("POST", "/v1/batch", content=raw, headers={"content-type": content_type})
        assert answer.json() == {"success": True}
        first, second = door.touchpoints()[-2:]
        assert str(first.identities[0]) == "user_id:renée" and first.profile == {"name": "José Müller"}
        assert second.properties["title"].startswith("Preis 100 \ufffd")


def test_a_charset_field_and_a_campaign_in_any_charset(door: Collecting) -> None:
    raw = b"_charset_=punycode&email=a@example.com&name=\xd5\xc5"
    assert door.ask("POST", "/f/contact", content=raw).status_code == 303
    page = {"url": "https://www.example.com/?utm_source=%FF&_charset_=undefined"}
    assert (
        door.post("/v1/page", {"anonymousId": "a-1", "messageId": "m-1", "context": {"page": page}}).status_code == 200
    )
    assert len(door.touchpoints()) == 2


def test_a_context_of_any_depth_is_taken_or_refused(door: Collecting) -> None:
    for depth in range(240, 262):
        deep = "[" * depth + "]" * depth
        items = json.dumps([{"type": "track", **track()}, {"type": "track"}])
        answer = door.post("/v1/batch", content=f'{{"context": {{"x": {deep}}}, "batch": {items}}}'.encode())
        assert answer.status_code in (200, 400), (depth, answer.text)


@pytest.mark.parametrize("origin", ["https://\xe9.example", "https://a.example\x01", ""])
def test_an_odd_origin_is_not_named_again(door: Collecting, origin: str) -> None:
    answer = door.post("/v1/track", track(), headers=[("origin", origin.encode("latin-1"))])
    assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers


def test_one_origin_is_named_again_and_several_are_not(door: Collecting) -> None:
    one = ("origin", "https://www.example.com")
    assert door.post("/v1/nothing", {}, headers=[one]).headers["access-control-allow-origin"] == one[1]
    assert door.ask("GET", "/v1/track", headers=[one]).headers["access-control-allow-origin"] == one[1]
    several = door.post("/v1/track", track(), headers=[one, ("origin", "https://b.example")])
    assert "access-control-allow-origin" not in several.headers


def test_a_path_with_a_slash_behind_it_is_none_of_ours(door: Collecting) -> None:
    for path in ("/v1/t/", "/f/contact/", "/healthz/"):
        answer = door.post(path, track())
        assert (answer.status_code, answer.json()["status"]) == (404, 404)


@pytest.mark.parametrize(("host", "status"), [("not an address", 401), ("203.0.113.5", 401), ("::1", 200), ("", 200)])
def test_who_has_no_address_of_this_machine_needs_a_key(tmp_path: Path, host: str, status: int) -> None:
    assert Collecting(tmp_path, client=(host, 1)).post("/v1/track", track()).status_code == status
