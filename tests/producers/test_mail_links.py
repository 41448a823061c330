"""The doors of links in mails: one touchpoint a click, on to what was signed and nowhere else, nothing of machines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.touchpoints.identity import Identity
from domain.touchpoints.mail_link import MailDoor, MailLink, MailLinkKeys
from domain.touchpoints.touchpoint import Instant, Source
from producers.collector.mail_doors import MOMENT
from producers.commands import CommandRefused
from producers.mail_links import mailing, target, tokens, url_of
from producers.protocols.pixel import GIF
from store.log.port import LogAway
from store.log.sql import SqlLog
from tests.producers.collecting import NOON, Collecting

KEY = "a key of the tests for mails"
KEYS = MailLinkKeys([KEY])
DAY = 24 * 3_600_000_000
OFFER = "https://www.example.com/offer?utm_source=letter&utm_campaign=other#top"
CLICK = MailLink("spring", "email", "ada@example.org", Instant(NOON + DAY), "A", "m-1", OFFER)
OPEN = replace(CLICK, target="")
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@dataclass(frozen=True)
class Ada:
    """A lead."""

    id: str = "lead-1"
    identities: tuple[Identity, ...] = (Identity("email", "ada@example.org"), Identity("anonymous_id", "c-1"))
    profile: Any = None
    stage: str = "lead"


@pytest.fixture
def door(tmp_path: Path) -> Collecting:
    return Collecting(tmp_path, mail_keys=KEYS)


def path_of(link: MailLink, keys: MailLinkKeys = KEYS) -> str:
    return url_of("", link.door, keys.seal(link))


def follow(door: Collecting, link: MailLink, method: str = "GET", **headers: str) -> httpx2.Response:
    return door.ask(method, path_of(link), headers={"user-agent": CHROME, **headers})


def counted(door: Collecting, name: MailDoor, outcome: str) -> float:
    return door.registry.get_sample_value(
        "leadline_collector_mail_links_total", {"door": str(name), "outcome": outcome}
    ) or 0.0  # fmt: skip


def test_a_click_goes_on_and_says_whose_mail_it_was(door: Collecting) -> None:
    answer = follow(door, CLICK, cookie="_aid=somebody-elses")
    assert (answer.status_code, answer.headers["location"]) == (302, OFFER)
    assert answer.headers["cache-control"] == "no-store" and "set-cookie" not in answer.headers
    [clicked] = door.touchpoints()
    assert (clicked.type, clicked.source) == ("email_clicked", Source("provider", "mail_links"))
    assert clicked.identities == (Identity("email", "ada@example.org"),)
    assert clicked.properties == {"campaign": "spring", "variant": "A", "message": "m-1", "url": OFFER}
    assert clicked.context == {
        "campaign": {"medium": "email", "source": "letter", "name": "spring"}, "userAgent": CHROME
    }  # fmt: skip
    assert clicked.occurred_at == clicked.received_at == NOON
    assert counted(door, MailDoor.CLICK, "taken") == 1


def test_an_open_is_a_dot_that_no_cache_keeps(door: Collecting) -> None:
    answer = follow(door, replace(OPEN, variant="", message=""))
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, GIF, "image/gif")
    assert answer.headers["cache-control"] == "no-store"
    [opened] = door.touchpoints()
    assert (opened.type, opened.properties) == ("email_opened", {"campaign": "spring"})
    assert opened.context == {"userAgent": CHROME}


def test_what_is_no_link_of_ours_is_one_404_and_records_nothing(door: Collecting) -> None:
    path, dot = path_of(CLICK), path_of(OPEN)
    ended, foreign = replace(CLICK, ends=Instant(NOON)), MailLinkKeys(["another key of the tests"])
    clicks = [path[:-1], path + "A", "/c/x", "/c/%F0%9F%92%A9", path_of(ended), path_of(CLICK, foreign),
              "/c/" + "A" * 9_000, dot.replace("/o/", "/c/").removesuffix(".gif")]  # fmt: skip
    opens = ["/o/x.gif", path_of(replace(OPEN, ends=Instant(NOON))), path_of(OPEN, foreign),
             path.replace("/c/", "/o/") + ".gif"]  # fmt: skip
    answers = door.ask_all([("GET", each, {}) for each in (*clicks, *opens)])
    told = {(each.status_code, each.content, each.headers["cache-control"]) for each in answers}
    assert len(told) == 2 and {status for status, _, _ in told} == {404} and {how for _, _, how in told} == {"no-store"}
    assert "This link is not valid" in answers[0].text and answers[-1].content == GIF
    assert all("location" not in each.headers for each in answers)
    assert door.touchpoints() == [] and door.rejected() == []
    assert counted(door, MailDoor.CLICK, "refused") == len(clicks) and counted(door, MailDoor.OPEN, "refused") == len(
        opens
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_link_altered_in_any_byte_is_a_404(door: Collecting, data: st.DataObject) -> None:
    token = KEYS.seal(CLICK)
    place = data.draw(st.integers(0, len(token) - 1))
    altered = data.draw(st.sampled_from([each for each in "AZaz09-_" if each != token[place]]))
    answer = door.ask("GET", f"/c/{token[:place]}{altered}{token[place + 1 :]}")
    assert answer.status_code == 404 and "location" not in answer.headers


addresses = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["http://", "https://", "HTTPS://", "//", "javascript:", "https:/\\", "http://u:p@", "ftp://"]),
        st.sampled_from(["example.com", "例子.测试", "[::1]:80", "a.example:99999", "exa<m\"ple.com", "127.0.0.1", ""]),
        st.text(max_size=40).map("/".__add__) | st.sampled_from(["", "?q", "#f", "//evil.example", "/a%zz|"]),
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=addresses)
def test_every_redirect_goes_where_was_signed(door: Collecting, address: str) -> None:
    try:
        mail = mailing(Instant(NOON), "spring", targets=[address])
    except CommandRefused as refused:
        assert "allowed is" in refused.problem
        return
    [(to, token)] = tokens(Ada(), mail, KEYS).clicked
    assert to.isascii() and to.isprintable() and not set(' "<>\\') & set(to)
    parts = urlsplit(to)
    assert parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    assert target(to) == to
    answer = door.ask("GET", f"/c/{token}")
    assert (answer.status_code, answer.headers["location"]) == (302, to)


@pytest.mark.parametrize(("address", "to"), [
    ("https://www.example.com", "https://www.example.com/"),
    ("HTTPS://WWW.Example.com:443/A?b=c&d=%20#e", "https://www.example.com/A?b=c&d=%20#e"),
    ("http://例子.测试/价格?问=答", "http://xn--fsqu00a.xn--0zwm56d/%E4%BB%B7%E6%A0%BC?%E9%97%AE=%E7%AD%94"),
    ("https://example.com/%0d%0aSet-Cookie:%20x?to=//evil.example", "https://example.com/%0d%0aSet-Cookie:%20x?to=//evil.example"),
    ("https://example\u3002com", "https://example.com/"),  # a full stop to browsers: of the whole address, as signed
    ("https://example.com//evil.example/{{x}}", "https://example.com//evil.example/%7B%7Bx%7D%7D"),
])  # fmt: skip
def test_a_target_has_one_spelling(address: str, to: str) -> None:
    assert target(address) == to


@pytest.mark.parametrize("address", [
    "", "www.example.com", "//example.com", "javascript:alert(1)", "data:text/html,x", "ftp://example.com/x",
    "https://ann:secret-word@example.com/", "https://ann@example.com", "https://example.com\\@evil.example",
    "https://example.com/a\r\nSet-Cookie: x", "https://example.com/a b", "https://example.com:99999/", "https:///x",
    "https://example.com/" + "x" * 2_000, "\\\\evil.example", "https:/evil.example", "https:evil.example",
    "https://www.example.com%2F@evil.example", "https://www.example.com%2eevil.example@x", "data:text/html;base64,PHg+",
    "https://www.example.com%00.evil.example", "https://www.example.com\t.evil.example", "https://example.com\uff0fx",
    "java\nscript:alert(1)", " javascript:alert(1)", "vbscript:x", "file:///etc/passwd", "blob:https://example.com/x",
    "https://example.com/a\x85b",
])  # fmt: skip
def test_other_targets_are_refused_without_their_passwords(address: str) -> None:
    with pytest.raises(CommandRefused) as refused:
        mailing(Instant(NOON), "spring", targets=[address])
    assert refused.value.status == 422 and "allowed" in refused.value.problem
    assert "secret-word" not in refused.value.problem


@pytest.mark.parametrize("more", [
    {"campaign": " \u200b"}, {"campaign": "x" * 201}, {"variant": "x" * 201}, {"message": "x" * 201},
    {"lasts": "forever"}, {"lasts": "0d"}, {"targets": [f"https://example.com/{n}" for n in range(101)]},
])  # fmt: skip
def test_what_cannot_be_a_mail_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(CommandRefused, match="allowed"):
        mailing(Instant(NOON), **{"campaign": "spring", **more})


def test_a_token_that_would_not_open_is_refused_where_it_is_made() -> None:
    mail = mailing(Instant(NOON), "价" * 200, "格" * 200, "件" * 200, ["https://example.com/" + "x" * 1_900])
    with pytest.raises(CommandRefused, match="allowed are 4000"):
        tokens(Ada(), mail, KEYS)


@pytest.mark.parametrize(("method", "headers"), [
    ("HEAD", {}), ("GET", {"purpose": "prefetch"}), ("GET", {"sec-purpose": "prefetch;prerender"}),
    ("GET", {"x-moz": "prefetch"}), ("GET", {"X-Purpose": "preview"}),
])  # fmt: skip
@pytest.mark.parametrize("link", [CLICK, OPEN])
def test_what_is_fetched_ahead_is_answered_and_counts_nothing(
    door: Collecting, link: MailLink, method: str, headers: dict[str, str]
) -> None:
    answer = follow(door, link, method, **headers)
    given = (200, None) if link is OPEN else (302, OFFER) if method == "HEAD" else (503, None)
    assert (answer.status_code, answer.headers.get("location")) == given
    assert door.touchpoints() == [] and counted(door, link.door, "ahead") == 1
    assert follow(door, replace(link, ends=Instant(NOON)), method, **headers).status_code == 404


@pytest.mark.parametrize("behind", [
    "=", "%3D%3D", ".", "%3E", ")", ",", "%22", "/", "%E2%80%8B", "&amp;", ".gif", "%0A", "?utm_source=x",
])  # fmt: skip
def test_what_a_mail_program_puts_behind_an_address_is_none_of_it(door: Collecting, behind: str) -> None:
    answer = door.ask("GET", path_of(CLICK) + behind, headers={"user-agent": CHROME})
    assert (answer.status_code, answer.headers["location"]) == (302, OFFER)
    follow(door, CLICK)
    assert len({each.id for each in door.touchpoints()}) == 1, "the same click, however it is spelt"


@pytest.mark.parametrize("fold", ["%3D%0D%0A", "%0A", "%20", "%E2%80%8B", "%C2%AD"])
def test_an_address_that_was_folded_is_whole_again(door: Collecting, fold: str) -> None:
    for link, place in ((CLICK, 20), (OPEN, 70)):
        path = path_of(link)
        assert door.ask("GET", path[:place] + fold + path[place:], headers={"user-agent": CHROME}).status_code < 400
    assert [each.type for each in door.touchpoints()] == ["email_clicked", "email_opened"]


def test_a_click_that_is_tried_again_within_a_moment_is_one(door: Collecting) -> None:
    for door.now in (NOON + MOMENT - 1, NOON + MOMENT, NOON + 2 * MOMENT - 2):  # across a border of the clock's tens
        follow(door, CLICK)
    follow(door, OPEN)
    follow(door, replace(CLICK, variant="B"))
    door.now = Instant(NOON + 2 * MOMENT - 1)
    follow(door, CLICK)
    ids = [each.id for each in door.touchpoints()]
    assert len(set(ids[:3])) == 1 and len(set(ids)) == 4


def test_a_person_who_clicks_behind_a_scanner_is_nobodys_copy(door: Collecting) -> None:
    for agent in ("curl/8.5.0", CHROME, "curl/8.5.0", CHROME):
        follow(door, CLICK, **{"user-agent": agent})
        door.now += MOMENT // 10
    by_id = {each.id: each.by_machine for each in door.touchpoints()}
    assert sorted(by_id.values()) == [False, True]


def test_another_process_names_the_same_click_alike(door: Collecting, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Collecting(tmp_path / "other", mail_keys=MailLinkKeys(["the next key of the tests", KEY]))
    other.now = NOON + MOMENT - 1
    follow(door, CLICK)
    follow(other, CLICK)
    assert [each.key for each in door.touchpoints()] == [each.key for each in other.touchpoints()]


def test_a_machine_is_flagged_and_what_fetches_for_a_person_is_none(door: Collecting) -> None:
    follow(door, CLICK, **{"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"})
    follow(
        door,
        OPEN,
        **{"user-agent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"},
    )
    follow(door, CLICK, **{"user-agent": "Mozilla/5.0"})
    follow(door, OPEN, **{"user-agent": "Mozilla/5.0"})  # Apple's Mail Privacy Protection: it loads whatever comes
    for agent in ("", "curl/8.5.0", "python-requests/2.32", "Go-http-client/1.1"):
        follow(door, replace(CLICK, variant=agent), **{"user-agent": agent})
    machine, person, clicked, apple, *others = door.touchpoints()
    assert {each.context.get("machine") for each in (clicked, *others)} == {"no browser"}, "people click in browsers"
    assert machine.by_machine and machine.context["machine"].startswith("known bot Googlebot")
    assert not person.by_machine
    assert apple.by_machine and apple.context["machine"] == "known bot Mail Privacy Protection"


class Away(SqlLog):
    """A log that takes nothing."""

    def append(self, *_: Any) -> Any:
        raise LogAway("the broker is away", 3)


def test_nobody_waits_for_a_log_that_is_away(tmp_path: Path) -> None:
    door = Collecting(tmp_path, mail_keys=KEYS, log=Away(tmp_path / "away.db"))
    clicked, opened = follow(door, CLICK), follow(door, OPEN)
    assert (clicked.status_code, clicked.headers["location"]) == (302, OFFER)
    assert (opened.status_code, opened.content, opened.headers["retry-after"]) == (503, GIF, "3")
    assert counted(door, MailDoor.CLICK, "lost") == counted(door, MailDoor.OPEN, "lost") == 1
    assert counted(door, MailDoor.CLICK, "taken") == 0


def test_without_keys_the_doors_say_which_setting_they_need(tmp_path: Path) -> None:
    door = Collecting(tmp_path)
    for path in (path_of(CLICK), path_of(OPEN)):
        answer = door.ask("GET", path)
        assert answer.status_code == 501 and "LEADLINE_LINK_KEY" in answer.json()["detail"]
