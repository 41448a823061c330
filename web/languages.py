"""Which languages a browser asks for."""

import re
from collections.abc import Iterator
from typing import Final

_WEIGHT: Final = re.compile(r"q=([01](?:\.\d{0,3})?)")


def preferred(header: str) -> Iterator[str]:
    """The languages of an Accept-Language, the most wanted first; those it does not want are not among them."""
    weighed: list[tuple[float, int, str]] = []
    for part in header.split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = _WEIGHT.fullmatch(parameters.strip() or "q=1")
        if tag and weight is not None and float(weight[1]) > 0:
            weighed.append((-float(weight[1]), len(weighed), tag.strip()))
    return (tag for _, _, tag in sorted(weighed))
