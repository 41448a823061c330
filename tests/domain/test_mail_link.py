"""Laws of the links in mails: what was sealed comes out, at its door alone, and nothing that was altered opens."""

import base64
import string

from hypothesis import given
from hypothesis import strategies as st

from domain.touchpoints.mail_link import LONGEST_TOKEN, MailDoor, MailLink, MailLinkKeys
from domain.touchpoints.touchpoint import Instant

KEYS = MailLinkKeys(["a key of the tests for mails"])
NEXT = MailLinkKeys(["the next key of the tests", "a key of the tests for mails"])
LINK = MailLink(
    "spring",
    "email",
    "ada@example.org",
    Instant(2_000_000_000_000_000),
    "A",
    "m-1",
    "https://www.example.com/offer?a=1",
)
TOKEN = KEYS.seal(LINK)
URL_SAFE = string.ascii_letters + string.digits + "-_"

texts = st.text(max_size=40)
links = st.builds(
    MailLink, campaign=texts, kind=st.sampled_from(["user_id", "email", "phone"]), value=texts,
    ends=st.integers(0, 2**53).map(Instant), variant=texts, message=texts, target=texts,
)  # fmt: skip


@given(links)
def test_what_was_sealed_comes_out_at_its_door_alone(link: MailLink) -> None:
    token = KEYS.seal(link)
    [other] = set(MailDoor) - {link.door}
    assert KEYS.opened(token, link.door) == link == NEXT.opened(token, link.door)
    assert KEYS.opened(token, other) is None
    assert set(token) <= set(URL_SAFE) and token == KEYS.seal(link)


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(URL_SAFE))
def test_a_token_altered_in_any_character_does_not_open(place: int, character: str) -> None:
    altered = TOKEN[:place] + character + TOKEN[place + 1 :]
    assert (NEXT.opened(altered, MailDoor.CLICK) == LINK) is (altered == TOKEN)


@given(st.data())
def test_a_token_altered_in_any_byte_does_not_open(data: st.DataObject) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    assert KEYS.opened(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), MailDoor.CLICK) is None


@given(st.one_of(st.text(max_size=300), st.text(URL_SAFE, max_size=300)))
def test_no_other_text_opens(text: str) -> None:
    assert all(NEXT.opened(text, door) is None for door in MailDoor)


def test_every_spelling_of_the_bits_behind_the_last_byte_but_one_is_refused() -> None:
    """Else each would be another click."""
    for length in range(1, 4):
        token = KEYS.seal(MailLink("c" * length, "email", "a@b.example", Instant(1), target="https://example.com"))
        spellings = [token[:-1] + last for last in URL_SAFE]
        assert [each for each in spellings if KEYS.opened(each, MailDoor.CLICK)] == [token]
        assert KEYS.opened(token + "=", MailDoor.CLICK) is None


def test_nobody_reads_an_address_in_a_token_and_a_key_that_was_taken_away_opens_nothing() -> None:
    raw = base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))
    assert b"ada" not in raw and b"example" not in raw and b"spring" not in raw
    assert MailLinkKeys(["the next key of the tests"]).opened(TOKEN, MailDoor.CLICK) is None
    assert NEXT.seal(LINK)[:4] != TOKEN[:4] and len(TOKEN) < 200
    assert KEYS.opened("A" * (LONGEST_TOKEN + 1), MailDoor.OPEN) is None
