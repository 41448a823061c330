"""What pages in every charset send through the doors, and what a damaged character costs: itself."""

from urllib.parse import quote_from_bytes

import pytest

from tests.producers.collecting import Collecting

MAIL = b"ada@example.org"


def urlencoded(fields: dict[bytes, bytes]) -> bytes:
    return b"&".join(name + b"=" + quote_from_bytes(value).encode() for name, value in fields.items())


def multipart(fields: dict[bytes, bytes]) -> bytes:
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
        for name, value in fields.items()
    ]
    return b"".join(parts) + b"--edge--\r\n"


def plain(fields: dict[bytes, bytes]) -> bytes:
    return b"".join(name + b"=" + value + b"\r\n" for name, value in fields.items())


@pytest.mark.parametrize("body", [urlencoded, multipart, plain], ids=lambda body: body.__name__)
@pytest.mark.parametrize(
    ("charset", "raw", "company"),
    [
        (b"Shift_JIS", "㈱テスト商事".encode("cp932"), "㈱テスト商事"),
        (b"Shift_JIS", "髙橋".encode("cp932"), "髙橋"),
        (b"EUC-KR", "펲시콜라".encode("cp949"), "펲시콜라"),
        (b"Big5", "栢力".encode("big5hkscs"), "栢力"),
        (b"ISO-8859-1", b"5 \x80", "5 €"),
        (b"gbk", b"5 \x80", "5 €"),
        (b"gb2312", b"\xfe\x9f &#128512;", "䶮 😀"),
        (b"koi8-r", b"&#8364;", "€"),
        (b"UTF-8", b"cut \xe2\x82", "cut \ufffd"),
    ],
)
def test_a_form_is_in_the_charset_that_its_browser_names(
    door: Collecting, body: object, charset: bytes, raw: bytes, company: str
) -> None:
    assert callable(body)
    door.post("/f/contact", content=body({b"_charset_": charset, b"email": MAIL, b"company": raw}))
    (found,) = door.touchpoints()
    assert found.profile == {"email": "ada@example.org", "company": company} and "_charset_" not in found.properties


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded; charset=utf-8", "multipart/form-data; boundary=edge; charset=UTF-8", ""],
)
@pytest.mark.parametrize("damage", [b"\xe2\x82", b"\xed\xa0\xbd", b"\xe9"])
def test_a_damaged_field_costs_its_neighbours_nothing(door: Collecting, content_type: str, damage: bytes) -> None:
    body = multipart if content_type.startswith("multipart") else urlencoded
    fields = {b"email": "renée@example.org".encode(), b"name": "José Müller".encode(), b"note": b"100 " + damage}
    door.post("/f/contact", content=body(fields), headers={"content-type": content_type})
    (found,) = door.touchpoints()
    assert found.profile == {"email": "renée@example.org", "name": "José Müller"}
    assert found.properties["note"].startswith("100 \ufffd")


def test_a_damaged_id_names_nobody_rather_than_two(door: Collecting) -> None:
    for damaged in (b"ren\xe9e", b"ren\xe8e"):
        raw = b'{"userId": "' + damaged + b'", "event": "x", "messageId": "m"}'
        answer = door.post("/v1/track", content=raw)
        assert "damaged" in answer.text
    assert door.touchpoints() == [] and len(door.rejected()) == 2
