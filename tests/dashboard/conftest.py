"""A dashboard over a company of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import FRIDAY, TEXT, Company

Open = Callable[..., Pages]


@pytest.fixture
def dashboard_of(tmp_path: Path) -> Iterator[Open]:
    """Opens a dashboard of a company with a model (by default one with owners and deadlines)."""
    opened: list[Pages] = []

    def open(text: str = TEXT, clock: int = FRIDAY, **more: Any) -> Pages:
        opened.append(Pages(tmp_path, Company(tmp_path, clock, text), **more))
        return opened[-1]

    yield open
    for pages in opened:
        pages.close()


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    return dashboard_of()
