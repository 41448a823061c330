"""The sites that forms and pixels may stand on, and where a form may send its visitor afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.touchpoints.claims import OWN_SOURCES
from domain.touchpoints.text import header
from producers.collector.keys import WrongSetting
from producers.reading import origins
from producers.reading.origins import origin_of


@dataclass(frozen=True, slots=True)
class Sites:
    """The allowed origins (`https://www.example.com`). None: any, on loopback only."""

    origins: frozenset[str]

    @property
    def open(self) -> bool:
        """Whether any site counts."""
        return not self.origins

    @property
    def hosts(self) -> frozenset[str]:
        """Their hosts."""
        return frozenset(host for origin in self.origins if (host := urlsplit(origin).hostname))

    def allows(self, origin: str | None) -> bool:
        """Whether this origin is one of ours."""
        return self.open or (origin is not None and origin in self.origins)

    def target(self, address: object, referer: str) -> str | None:
        """The address that a form may send its visitor to, or None. A relative one is the referring site's own."""
        return origins.target(address, referer, self.origins)


def parse(text: str) -> Sites:
    """The sites of `LEADLINE_SITES`: comma-separated origins. Raises WrongSetting."""
    allowed = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        origin = origin_of(part)
        if origin is None or urlsplit(part).path not in ("", "/") or urlsplit(part).query:
            raise WrongSetting(f"LEADLINE_SITES: found {part!r}, allowed are origins such as https://www.example.com")
        if source_name(origin) is None:
            raise WrongSetting(
                f"LEADLINE_SITES: found {part!r}: a site's source bears its host's name, and Leadline's own names are "
                f"{', '.join(sorted(OWN_SOURCES))}"
            )
        allowed.add(origin)
    return Sites(frozenset(allowed))


def origin_in(headers: Mapping[str, str]) -> str | None:
    """The site that a browser's request comes from: its Origin, else its Referer. None: it does not say."""
    origin = headers.get("origin", "")
    if origin:
        return origin_of(header(origin))
    return origin_of(header(headers.get("referer", "")))


def source_name(origin: str | None) -> str | None:
    """The name of a site's source: its host's. None where that is one of Leadline's own names, or there is no site."""
    host = (urlsplit(origin).hostname or "")[:100] if origin else ""
    return host if host and host not in OWN_SOURCES else None
