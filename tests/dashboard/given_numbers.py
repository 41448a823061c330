"""Numbers of pages that open lists, and what the lists say."""

import re
from html import unescape

from tests.dashboard.given_pages import Pages, text_of

_LINK = re.compile(r'<a href="(/reports/[a-z_]+/people\?[^"]+)"[^>]*>(?:[^<]*?\s)?([\d,]+)</a>')
_NAME = re.compile(r'<a class="name" href="/leads/([0-9a-f-]{36})">')


def numbers_of(text: str) -> list[tuple[str, int]]:
    """Where each number of a page leads to, and what it says."""
    return [(unescape(link), int(number.replace(",", ""))) for link, number in _LINK.findall(text)]


def numbers_open(pages: Pages, address: str) -> list[str]:
    """The lists that the numbers of a page open: each is as long as its number says, says so, and asks few things."""
    answer = pages.get(address)
    assert answer.status_code == 200, text_of(answer)
    links = numbers_of(answer.text)
    for link, number in links:
        shown = pages.get(link)
        assert shown.status_code == 200, f"{link}: {text_of(shown)}"
        assert pages.queries <= 10, link
        names = _NAME.findall(shown.text)
        assert len(names) == min(number, 50), link
        assert ('rel="next"' in shown.text) == (number > 50), link
        assert number > 50 or re.search(rf"\b{number} (person|people)\b", text_of(shown)), link
    return [link for link, _ in links]
