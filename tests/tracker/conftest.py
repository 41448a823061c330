"""One site and one collector for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.tracker.given_site import Site, running_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web site with a real collector."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site
