"""The tracker in a WebKit, of whose family Safari is. `make webkit` runs this; CI has no WebKit, and does not."""

import time
from collections.abc import Iterator

import pytest

from tests.runtime.serving import eventually
from tests.services.absent import without
from tests.services.service import ServiceUnavailable
from tests.services.webkit import WebKitTab, running_webkit
from tests.tracker.given_site import QUIET, Site, ids

HOST = "localhost"


@pytest.fixture(scope="module")
def tab() -> Iterator[WebKitTab]:
    running = running_webkit()
    try:
        started = running.__enter__()
    except ServiceUnavailable as reason:
        without(reason)
    print(f"WebKit: {started.version}")
    try:
        yield started
    finally:
        running.__exit__(None, None, None)


def test_a_visit_arrives_and_an_objection_ends_it(site: Site, tab: WebKitTab) -> None:
    form = '<form data-leadline="contact" action="/thanks.html"><input name="email"><button>Send</button></form>'
    site.page("/visit", form)
    tab.go(f"http://{HOST}:{site.port}/visit?utm_source=newsletter&token=s3cret")
    _comes(site, "page_viewed")

    tab.fill("[name=email]", "ada@example.com")
    tab.click("button")  # the page is left at once: what it says goes as a beacon
    _comes(site, "page_viewed", "form_submitted", "page_viewed")
    form_sent = next(each for each in site.touchpoints(HOST) if each.type == "form_submitted")
    assert form_sent.profile["email"] == "ada@example.com"

    tab.run("leadline('track', 'Just Before'); location.href = 'about:blank'")  # where no page could say it later
    _comes(site, "page_viewed", "form_submitted", "page_viewed", "just_before")
    tab.go(f"http://{HOST}:{site.port}/index.html")
    took = _comes(site, "page_viewed", "form_submitted", "page_viewed", "just_before", "page_viewed")
    assert len(ids(site.touchpoints(HOST))) == 1
    assert ids(site.touchpoints(HOST)) == {tab.cookies()["_ll"]}
    assert "s3cret" not in "".join(each.body.decode() for each in site.came)

    before = len(site.came)
    tab.run("leadline('track', 'Never Sent'); leadline('withdraw')")
    tab.run("leadline('track', 'After')")
    tab.run("history.pushState({}, '', '/other')")
    tab.go(f"http://{HOST}:{site.port}/visit?again")
    time.sleep(QUIET)
    assert site.came[before:] == [] and _types(site) == took
    assert tab.cookies() == {"_ll": "no"} and tab.run("return {...localStorage}") == {"_ll": "no"}


def _types(site: Site) -> list[str]:
    return sorted(each.type for each in site.touchpoints(HOST))


def _comes(site: Site, *types: str) -> list[str]:
    """Wait until these types are there, and nothing else comes."""
    eventually(lambda: len(_types(site)) >= len(types))
    time.sleep(QUIET)
    assert _types(site) == sorted(types)
    return sorted(types)
