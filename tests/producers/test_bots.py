"""Known bots by their user agent: every door that browsers ask writes the reason down, and takes no person for one."""

from pathlib import Path

import pytest

from producers.reading.bots import known_bot
from tests.producers.collecting import Collecting

CHROME = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
)
GOOGLEBOT = f"{CHROME} Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

BOTS = {
    GOOGLEBOT: "Googlebot",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": "bingbot",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)": "Baiduspider",
    "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)": "Sogou",
    "Mozilla/5.0 (compatible; 360Spider)": "360Spider",
    "Mozilla/5.0 (Linux; Android 5.0) (compatible; Bytespider; spider-feedback@bytedance.com)": "Bytespider",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)": "GPTBot",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "facebookexternalhit",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0": "HeadlessChrome",
}  # fmt: skip

PEOPLE = [
    "",
    CHROME,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) MicroMessenger/8.0.49(0x18003130) Language/zh_CN",
    "Mozilla/5.0 (Linux; U; Android 12; zh-cn) AppleWebKit/537.36 Chrome/100.0 MQQBrowser/12.9 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; wv) AppleWebKit/537.36 Chrome/68.0 Mobile Safari/537.36 SogouSearch Android1.0",
    "Mozilla/5.0 (Linux; Android 16; RMX5131 Build/AP3A.240617.008) AppleWebKit/537.36 Chrome/131.0 Mobile Safari",
    "Mozilla/5.0 (Linux; Android 8.1.0; CUBOT_POWER Build/O11019) AppleWebKit/537.36 Chrome/71.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; U; Android 2.3;en-us; ViewSonic-ViewPad7e build/ERE27) AppleWebKit/533.1 Mobile Safari/533.1",
    "Mozilla/5.0 (Linux; Android 16; SM-F966N; wv) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36 Viber/27.4",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
]  # fmt: skip

LIBRARIES = ["curl/8.10.1", "python-requests/2.32", "okhttp/4.12.0", "Go-http-client/1.1", "node-fetch", "axios/1.7.9"]


@pytest.fixture
def door(tmp_path: Path) -> Collecting:
    return Collecting(tmp_path, "web:public:pub,shop:server:secret")


@pytest.mark.parametrize(("user_agent", "name"), BOTS.items())
def test_a_bot_that_says_so_is_known(user_agent: str, name: str) -> None:
    assert known_bot(user_agent) == name


@pytest.mark.parametrize("user_agent", [*PEOPLE, *LIBRARIES])
def test_browsers_readers_of_mail_and_libraries_of_http_are_none(user_agent: str) -> None:
    assert known_bot(user_agent) == ""


def test_every_door_of_browsers_writes_down_that_a_known_bot_asked(door: Collecting) -> None:
    headers = {"user-agent": GOOGLEBOT}
    assert door.ask("GET", "/p.gif?aid=a", headers=headers).status_code == 200
    assert door.post("/f/contact", data={"email": "a@x.example"}, headers=headers).status_code == 303
    page = {"anonymousId": "a", "messageId": "m", "type": "page"}
    assert door.post("/v1/p?writeKey=pub", page, headers=headers).status_code == 200
    assert door.post("/v1/batch?writeKey=pub", {"batch": [page]}, headers=headers).status_code == 200
    assert [each.context["machine"] for each in door.touchpoints()] == ["known bot Googlebot"] * 4
    assert all(each.by_machine for each in door.touchpoints())


def test_what_a_call_says_of_the_user_agent_counts_from_every_key(door: Collecting) -> None:
    page = {"anonymousId": "a", "context": {"userAgent": GOOGLEBOT}}
    for key in ("pub", "secret"):
        assert door.post(f"/v1/page?writeKey={key}", page, headers={"user-agent": CHROME}).status_code == 200
    assert [each.context.get("machine") for each in door.touchpoints()] == ["known bot Googlebot"] * 2


def test_who_asks_with_a_server_key_is_a_server_whatever_its_user_agent(door: Collecting) -> None:
    for context in ({}, {"userAgent": CHROME}, {"userAgent": 7}):
        page = {"userId": "u", "context": context}
        assert door.post("/v1/page?writeKey=secret", page, headers={"user-agent": GOOGLEBOT}).status_code == 200
    assert [each.context.get("machine") for each in door.touchpoints()] == [None] * 3


def test_a_honeypot_and_what_a_source_says_itself_come_before_the_user_agent(door: Collecting) -> None:
    headers = {"user-agent": GOOGLEBOT}
    door.post("/f/contact", data={"email": "a@x.example", "_gotcha": "x"}, headers=headers)
    door.post("/v1/page?writeKey=pub", {"anonymousId": "a", "properties": {"bot": True}}, headers=headers)
    assert [each.context["machine"] for each in door.touchpoints()] == ["honeypot", "reported"]
