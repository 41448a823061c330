"""Identities: one spelling each for ever, or refused with the reason."""

import unicodedata

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.touchpoints.email import email
from domain.touchpoints.identity import KINDS, Identity, NoIdentity, canonical, named
from domain.touchpoints.text import bare

# ---- e-mails ----


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        (" Ada@Example.ORG ", "ada@example.org"),
        ("\u200bada@example.org", "ada@example.org"),
        ("\ufeffada@example.org", "ada@example.org"),
        ("ada\u00ad@exam\u200bple.org", "ada@example.org"),
        ("\u202aada@example.org\u202c", "ada@example.org"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("MAILTO:ada%40example.org?subject=Hi", "ada@example.org"),
        ("ada@example.org.", "ada@example.org"),
        ("ada@example.org;", "ada@example.org"),
        ("ada@example.org，", "ada@example.org"),
        ('"c@example.org"', "c@example.org"),
        ("'c@example.org'", "c@example.org"),
        ("<c@example.org>", "c@example.org"),
        ("(c@example.org)", "c@example.org"),
        ("Ada <a@x.example>", "a@x.example"),
        ('"Lovelace, Ada" <a@x.example>,', "a@x.example"),
        ("ada@bücher.example", "ada@bücher.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ada@BÜCHER.example", "ada@bücher.example"),
        ("ada@例え。テスト", "ada@例え.テスト"),
        ("ada@straße.example", "ada@straße.example"),
        ("zoe\u0308@example.org", "zoë@example.org"),
        ("ZOË@example.org", "zoë@example.org"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ada@example.org"),
        ("o'neil+tag@mail.intra.local", "o'neil+tag@mail.intra.local"),
        ("a@x.test", "a@x.test"),
        ("Info@example.org", "info@example.org"),
    ],
)
def test_an_email_has_one_spelling(raw: str, address: str) -> None:
    assert canonical("email", raw) == Identity("email", address) == canonical("email", address)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("a@b", "should have a period"),
        ("a..b@x.example", "two periods"),
        ("a@x..example", "two periods"),
        ("a@x.org, b@y.org", "invalid characters"),
        ("a b@x.org", "invalid characters"),
        ("a@1.2.3.4", "top-level domain"),
        ('"a b"@x.org', "Quoting"),
        ("a@[127.0.0.1]", "bracketed IP"),
        ("@x.org", "before the @-sign"),
        ("ada", "@-sign"),
        ("null", "@-sign"),
        ("", "@-sign"),
        (None, "no text"),
        (["a@x.org"], "no text"),
        ("ren\ufffde@x.org", "damaged"),
        ("x" * 300 + "@x.org", "too long"),
        ("a@" + "x." * 600 + "org", "at most"),
    ],
)
def test_what_is_no_email_is_refused_with_the_reason(raw: object, reason: str) -> None:
    with pytest.raises(NoIdentity, match=reason):
        named("email", raw)
    assert canonical("email", raw) is None


addresses = (
    st.emails()
    | st.from_regex(r"[a-zA-Z0-9'.+_-]{1,8}@([a-z0-9-]{1,6}\.){1,3}[a-zA-Z0-9]{1,6}", fullmatch=True)
    | st.text("aAéßσςΣſK\u0130\u0301\u200b\u00ad.@x'\"<>(): ü例", max_size=14).map(lambda text: text + "@ü.example")
)


@given(addresses)
def test_what_is_taken_fast_is_what_the_library_takes(raw: str) -> None:
    try:
        checked = email_validator.validate_email(raw, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return
    local = unicodedata.normalize("NFC", checked.local_part.lower())
    assert email(raw) == f"{local}@{checked.domain}" or raw[:1] in "'" or raw[-1:] == "."


@given(addresses)
def test_what_is_taken_fast_the_library_takes(raw: str) -> None:
    if (found := canonical("email", raw)) is not None:
        checked = email_validator.validate_email(found.value, check_deliverability=False)
        assert f"{checked.local_part.lower()}@{checked.domain}" == found.value


def seen(address: str) -> str:
    """What a reader tells addresses apart by: visible characters, without case; the domain as DNS knows it."""
    local, _, domain = bare(address).partition("@")
    return f"{unicodedata.normalize('NFC', local.lower())}@{domain.encode().decode('utf-8').casefold()}"


@given(
    st.text("abAB.é\u0301\u0307ıiİ\u200b\u2060", min_size=1, max_size=8),
    st.text("abAB.é\u0301\u0307ıiİ\u200b\u2060", min_size=1, max_size=8),
)
def test_two_visibly_different_emails_are_never_one(one: str, other: str) -> None:
    first, second = canonical("email", f"{one}@x.example"), canonical("email", f"{other}@x.example")
    if first is not None and first == second:
        assert seen(f"{one}@x.example") == seen(f"{other}@x.example")


# ---- phones ----


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("+44 (0)20 7946 0958", "", "+442079460958"),
        ("+44(0) 20 7946 0958", "", "+442079460958"),
        ("0044 (0)20 7946 0958", "", "+442079460958"),
        ("+49 (0)30 1234567", "", "+49301234567"),
        ("＋４９ １７１ １２３４５６７", "", "+491711234567"),
        ("００４９１７１１２３４５６７", "", "+491711234567"),
        ("tel:+49-171-1234567", "", "+491711234567"),
        ("\u202a+49 171 1234567\u202c", "", "+491711234567"),
        ("Tel.: +49 171 1234567", "", "+491711234567"),
        ("+٤٩ ١٧١ ١٢٣٤٥٦٧", "", "+491711234567"),
        ("0171 1234567", "DE", "+491711234567"),
        ("+49 171 1234567", "DE", "+491711234567"),
        ("+39 06 698 12345", "", "+390669812345"),
        ("+39 (0)6 698 12345", "", "+390669812345"),
        ("06 698 12345", "IT", "+390669812345"),
        ("138 0000 0000", "CN", "+8613800000000"),
        ("+86 138-0000-0000", "", "+8613800000000"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
    ],
)
def test_a_phone_has_one_spelling(raw: object, region: str, number: str) -> None:
    assert canonical("phone", raw, region) == Identity("phone", number) == canonical("phone", number)


@pytest.mark.parametrize(
    ("raw", "region", "reason"),
    [
        ("0171 1234567", "", "LEADLINE_REGION"),
        ("+49 171 1234567 ext. 7", "", "extension"),
        ("+49 171 1234567 x7", "DE", "extension"),
        ("+49 171 1234567;ext=7", "", "extension"),
        ("+49 171 12 34 abc", "", "letters"),
        ("+1 555", "", "length"),
        ("+49 171 1234567 / +49 30 1234567", "", "phone number"),
        ("+999 1234567", "", "plus"),
        ("0", "DE", "null"),
        ("call me", "DE", "phone number"),
        ("1" * 200, "DE", "15 digits"),
        (True, "", "no text"),
    ],
)
def test_what_is_no_phone_is_refused_with_the_reason(raw: object, region: str, reason: str) -> None:
    with pytest.raises(NoIdentity, match=reason):
        named("phone", raw, region)


# ---- ids ----


@pytest.mark.parametrize(
    "raw",
    [
        "(null)",
        "<nil>",
        "<null>",
        '"null"',
        "'NULL'",
        "0.0",
        "0,0",
        0.0,
        "-0",
        "-1",
        "-1.0",
        "(not set)",
        "not set",
        "{{user_id}}",
        "{{ user.id }}",
        "%userid%",
        "%%user_id%%",
        "${userId}",
        "#{user_id}",
        "<%= user.id %>",
        "{% user %}",
        "*|EMAIL|*",
        "[[user_id]]",
        "[user_id]",
        "{user_id}",
        "<user-id>",
        "(User ID)",
        "__USERID__",
        "%7B%7Buser_id%7D%7D",
        "ｎｕｌｌ",
        "NaN",
        "#N/A",
        "\\N",
        "<NA>",
        "[object Object]",
        "[object Undefined]",
        "{}",
        "[]",
        "()",
        '""',
        "---",
        "?",
        "…",
        "null\u200b",
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "0x0",
        "未登录",
        "匿名",
        "[null]",
        "((null))",
        None,
        True,
        12.5,
        float("nan"),
        [],
        {},
        "ren\ufffde",
        "\x00",
    ],
)
@pytest.mark.parametrize("kind", ["user_id", "anonymous_id"])
def test_every_spelling_of_null_names_nobody(kind: str, raw: object) -> None:
    assert canonical(kind, raw) is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (12.0, "12"),
        (12, "12"),
        ("12.0", "12.0"),
        ("007", "007"),
        (" u-1\u200b", "u-1"),
        ("a\u00adb", "ab"),
        ("{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"),
        ("<alice>", "<alice>"),
        ("Guesthouse", "Guesthouse"),
        ("zoe\u0308", "zoë"),
        ("张三", "张三"),
        ("0a", "0a"),
        ("😀", "😀"),
        ("100%", "100%"),
        ("{{a}} b", "{{a}} b"),
        (2.0**53 - 1, str(2**53 - 1)),
    ],
)
def test_what_names_somebody_keeps_doing_so(raw: object, value: str) -> None:
    assert canonical("user_id", raw) == Identity("user_id", value)


def test_an_identity_of_any_length_counts_whole() -> None:
    one, other = (canonical("user_id", "x" * 600 + last) for last in "ab")
    assert one is not None and other is not None and one != other
    assert canonical("user_id", one.value) == one


values = (
    st.text(st.characters(codec="utf-8"))
    | st.text("+0123456789 ()-/.tel:ext", max_size=24)
    | addresses
    | st.integers()
    | st.floats()
)


@given(st.sampled_from(KINDS), values, st.sampled_from(["", "DE", "US", "IT", "AR", "BR", "MX", "CN"]))
def test_an_identity_is_its_own_spelling_in_nfc_whatever_the_region(kind: str, raw: object, region: str) -> None:
    found = canonical(kind, raw, region)
    if found is not None:
        assert canonical(kind, found.value) == found == canonical(kind, found.value, region)
        assert found.value == bare(found.value) and unicodedata.is_normalized("NFC", found.value)


def test_what_only_looks_long_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    monkeypatch.setattr("domain.touchpoints.email._unusual", lambda text: kept.append(text) or text)
    for long in ("(" * 16_000 + "a@b.cd" + ")" * 16_000, "mailto:" * 4_000, "'" * 30_000):
        assert canonical("email", long) is None
    assert kept == []
