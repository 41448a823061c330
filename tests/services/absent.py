"""What a test does where its service cannot run: CI fails, other machines skip it and say so."""

from typing import NoReturn

import pytest

from tests.services.service import ServiceUnavailable, in_ci


def without(reason: ServiceUnavailable) -> NoReturn:
    """End the test: failed in CI, which must run every service, skipped elsewhere."""
    if in_ci():
        pytest.fail(f"CI must run every service. {reason}", pytrace=False)
    pytest.skip(f"NOT TESTED HERE: {reason}")
