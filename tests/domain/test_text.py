"""Text from outside: charsets as browsers know them, damage that costs itself alone, and what nobody sees."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.touchpoints.claims import snake_case
from domain.touchpoints.text import STRICT, bare, charset, decoded, header, shortened, storable, tidy

# ---- charsets ----


@pytest.mark.parametrize(
    ("label", "raw", "text"),
    [
        ("Shift_JIS", "㈱テスト商事".encode("cp932"), "㈱テスト商事"),
        ("shift_jis", "髙橋".encode("cp932"), "髙橋"),
        ("x-sjis", "①～".encode("cp932"), "①～"),
        ("EUC-JP", b"\xad\xea\xa5\xc6 \xfc\xe2\xb6\xb6", "㈱テ 髙橋"),
        ("iso-2022-jp", b"\x1b$B-j%F\x1b(B x", "㈱テ x"),
        ("EUC-KR", "펲시콜라".encode("cp949"), "펲시콜라"),
        ("Big5", "栢力".encode("big5hkscs"), "栢力"),
        ("ISO-8859-1", b"5 \x80", "5 €"),
        ("latin1", b"\x93a\x94", "“a”"),
        ("us-ascii", b"\xe9", "é"),
        ("iso-8859-9", b"\x80\xfd", "€ı"),
        ("tis-620", b"\x80\xa1", "€ก"),
        ("gbk", b"5 \x80", "5 €"),
        ("GB2312", b"\xfe\x9f", "䶮"),
        ("gb_2312-80", b"\xa6\xd9", "︐"),
        ("chinese", "镕".encode("gbk"), "镕"),
        ("gb18030", "😀".encode("gb18030"), "😀"),
        ("macintosh", b"\x8e", "é"),
        ("koi8-u", b"\xa4", "є"),
        ("windows-1251", b"\xdf", "Я"),
        ("utf-8", b"Preis 100 \xe2\x82", "Preis 100 \ufffd"),
        ("utf8", "张".encode("gbk"), "\ufffd\ufffd"),
        ("utf-16", "é".encode(), "é"),
        ("iso-2022-kr", "é".encode(), "é"),
        ("latin1", "é".encode(), "é"),  # HTTP libraries declare it unasked
    ],
)
def test_a_declared_charset_is_the_webs(label: str, raw: bytes, text: str) -> None:
    assert decoded([raw], label) == [text]


def test_what_a_browser_declares_itself_is_certain() -> None:
    assert decoded(["é".encode()], "latin1", certain=True) == ["Ã©"]


@pytest.mark.parametrize(
    ("parts", "texts"),
    [
        (["示例".encode("gbk")], ["示例"]),
        (["示例".encode("gbk") + b"\xb0"], ["示例\ufffd"]),
        ([b"caf\xe9"], ["caf\ufffd"]),
        (["renée".encode(), b"Preis 100 \xe2\x82"], ["renée", "Preis 100 \ufffd"]),
        (["renée".encode(), b"\xed\xa0\xbd"], ["renée", "\ufffd\ufffd\ufffd"]),
        (["José Müller".encode(), b"caf\xe9"], ["José Müller", "caf\ufffd"]),
        ([b"Preis 100 \xe2\x82"], ["Preis 100 \ufffd"]),
        ([b"plain"], ["plain"]),
    ],
)
def test_an_undeclared_form_is_utf8_or_gbk(parts: list[bytes], texts: list[str]) -> None:
    assert decoded(parts) == texts == decoded(parts, "no.such")


def test_what_the_pages_charset_lacks_comes_as_an_entity() -> None:
    assert decoded([b"5 &#8364; &#128512; &#60;b&#62; &#55296; &amp;"], "koi8-r") == [
        "5 € 😀 &#60;b&#62; &#55296; &amp;"
    ]
    assert decoded(["示例 &#128512;".encode("gbk")]) == ["示例 😀"]
    assert decoded([b"&#8364;"], "utf-8") == ["&#8364;"]


def test_files_are_read_strictly_in_the_same_charsets() -> None:
    assert b"5 \x80".decode(str(charset("gbk")), STRICT) == "5 €"
    assert b"\xfc\xe2".decode(str(charset("euc-jp")), STRICT) == "髙"
    for raw, label in ((b"\xff\xff", "gbk"), (b"\xfe\xfe", "euc-jp"), (b"\xff", "utf-8")):
        with pytest.raises(UnicodeDecodeError):
            raw.decode(str(charset(label)), STRICT)
    assert charset("no.such") is None


def test_a_header_of_raw_utf8_is_read_as_such() -> None:
    assert header("https://www.example.com/café".encode().decode("latin-1")) == "https://www.example.com/café"
    assert header("plain") == "plain"


@given(
    st.lists(st.binary(max_size=30), max_size=4), st.sampled_from(["", "gbk", "utf-8", "euc-jp", "iso-2022-jp", "big5"])
)
def test_decoding_ends_and_gives_storable_text(parts: list[bytes], label: str) -> None:
    texts = decoded(parts, label)
    assert len(texts) == len(parts)
    for text in texts:
        storable(tidy(text)).encode()


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=4))
def test_utf8_is_read_as_it_was_written(texts: list[str]) -> None:
    written = [text.encode() for text in texts]
    assert decoded(written) == texts == decoded(written, "UTF-8")


@given(
    st.text(st.characters(codec="gb18030")).filter(lambda text: not any("\ue000" <= each <= "\uf8ff" for each in text))
)
def test_a_declared_gbk_page_is_read_as_it_was_written(text: str) -> None:
    assert decoded([text.replace("&", "").encode("gb18030")], "gbk") == [text.replace("&", "")]


# ---- what nobody sees ----


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (" CEO+\u200b", "CEO+"),
        ("\u00a0 \u200b\t", ""),
        ("\ufeffa\u202c", "a"),
        ("\u3000示例\u3000", "示例"),
        ("❤\ufe0f ", "❤\ufe0f"),
        ("\u2800", ""),
        ("\ufe0f", ""),
        ("e\u0301", "é"),
        ("a\u00adb", "a\u00adb"),
        ("\x7fa\x1b", "a"),
        ("a\nb\n", "a\nb"),
    ],
)
def test_tidy(raw: str, text: str) -> None:
    assert tidy(raw) == text


def test_bare_text_has_no_invisible_character_at_all() -> None:
    assert bare("\u202aa\u00add\u200ba\u2060 b\ufe0f\u202c") == "ada b"
    assert bare("e\u200b\u0301") == "é"


def test_an_id_of_any_length_counts_whole() -> None:
    long = ["x" * 200 + last for last in ("a", "b")]
    assert shortened(long[0], 200) != shortened(long[1], 200) and len(shortened(long[0], 200)) == 69
    assert shortened("x" * 200, 200) == "x" * 200


texts = st.text(st.characters(codec="utf-8")) | st.text(
    "aé\u0301 \u200b\ufeff\u00ad\u0939\u093f\ufe0f\u202a.@Ａ1", max_size=12
)


@given(texts)
def test_tidy_and_bare_change_nothing_twice_and_give_nfc(raw: str) -> None:
    for clean in (tidy, bare):
        text = clean(raw)
        assert clean(text) == text == unicodedata.normalize("NFC", text)
        assert text == text.strip()


@given(texts)
def test_tidy_keeps_every_visible_character(raw: str) -> None:
    def letters(text: str) -> str:
        decomposed = unicodedata.normalize("NFD", text)
        return "".join(each for each in decomposed if unicodedata.category(each)[0] in "LNPSM" and bare(each))

    assert letters(tidy(raw)) == letters(raw) == letters(bare(raw))


# ---- names of events and fields ----


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("Démo demandée", "démo_demandée"),
        (unicodedata.normalize("NFD", "Démo demandée"), "démo_demandée"),
        ("डेमो अनुरोध", "डेमो_अनुरोध"),
        ("ขอข้อมูล", "ขอข้อมูล"),
        ("示例 提交", "示例_提交"),
        ("طلب عرض", "طلب_عرض"),
        ("demoRequested", "demo_requested"),
        ("HTTPProxyUsed", "http_proxy_used"),
        ("caféOuvert", "café_ouvert"),
        ("Demo\u00adReq\u200buested", "demo_requested"),
        ("-- ", ""),
        ("x" * 99 + "_é", "x" * 99),
    ],
)
def test_names_keep_letters_and_marks_of_every_script(name: str, type: str) -> None:
    assert snake_case(name) == type


@given(texts)
def test_a_name_is_its_own_name(raw: str) -> None:
    name = snake_case(raw)
    assert snake_case(name) == name == unicodedata.normalize("NFC", name)
