"""The registry of protocols: what is written beside it stands in it, and its parts fit together."""

import pkgutil
from collections import Counter
from pathlib import Path

import pytest

from domain.touchpoints.claims import OWN_SOURCES
from producers import protocols
from producers.collector import sites
from producers.collector.keys import WrongSetting
from producers.protocols.registry import PROTOCOLS, protocol_of
from producers.reading.origins import origin_of
from producers.reading.protocol import Protocol, Sender
from tests.producers.collecting import Collecting

SHARED = {"registry", "retry"}


def test_every_protocol_is_registered() -> None:
    written = {module.name for module in pkgutil.iter_modules(protocols.__path__)} - SHARED
    assert {protocol.read.__module__.split(".")[2] for protocol in PROTOCOLS} == written


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_what_a_door_refuses_finds_its_protocol_again(protocol: Protocol) -> None:
    for path in protocol.paths:
        assert protocol_of(path.pattern[1:]) is protocol
    assert protocol.sender is Sender.WRITE_KEY or protocol.name in OWN_SOURCES


def test_no_path_is_spoken_twice() -> None:
    paths = Counter((path.pattern, method) for each in PROTOCOLS for path in each.paths for method in path.methods)
    assert max(paths.values()) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_a_method_that_no_path_knows_is_no_door(tmp_path: Path, protocol: Protocol) -> None:
    collecting = Collecting(tmp_path)
    for path in protocol.paths:
        assert collecting.ask("DELETE", path.pattern.replace("{form}", "contact")).status_code == 405


@pytest.mark.parametrize("own", sorted(OWN_SOURCES))
def test_a_site_never_gets_a_name_of_leadlines_own(tmp_path: Path, own: str) -> None:
    collecting = Collecting(tmp_path)
    origin = {"origin": f"http://{own}"}
    collecting.post("/f/contact", data={"email": "ada@example.org"}, headers=origin)
    collecting.ask("GET", "/p.gif?aid=cookie", headers=origin)
    assert [each.source.name for each in collecting.touchpoints()] == ["forms", "pixel"]


def test_a_site_never_gets_the_name_of_a_servers_key(tmp_path: Path) -> None:
    collecting = Collecting(tmp_path, write_keys="shop:server:secret, web:public:known")
    for name in ("shop", "web"):
        collecting.post("/f/contact", data={"email": "ada@example.org"}, headers={"origin": f"http://{name}"})
    assert [each.source.name for each in collecting.touchpoints()] == ["forms", "web"]


def test_a_site_with_such_a_name_is_refused_in_the_settings() -> None:
    with pytest.raises(WrongSetting, match=r"LEADLINE_SITES: found 'https://api:8443'"):
        sites.parse("https://www.example.com, https://api:8443")


@pytest.mark.parametrize("site", ["https://例え.example", "https://xn--r8jz45g.example", "HTTPS://例え。EXAMPLE"])
@pytest.mark.parametrize("origin", ["https://xn--r8jz45g.example", "https://例え.example"])
def test_a_site_in_any_spelling_is_the_browsers(tmp_path: Path, site: str, origin: str) -> None:
    collecting = Collecting(tmp_path, sites_text=site)
    raw = origin.encode()
    for headers in ({"origin": raw}, {"referer": raw + b"/kontakt"}):
        answer = collecting.post(
            "/f/contact", data={"email": "ada@example.org", "_redirect": "/danke"}, headers=headers
        )
        assert answer.status_code == 303
    assert {each.source.name for each in collecting.touchpoints()} == {"xn--r8jz45g.example"}


def test_a_site_with_a_sharp_s_is_the_browsers() -> None:
    assert origin_of("https://straße.example") == "https://xn--strae-oqa.example"
    assert origin_of("https://café.example/a") == "https://xn--caf-dma.example"
    assert origin_of("https://a_b.example") == "https://a_b.example"
    assert origin_of("https://\ufffd.example") is None
