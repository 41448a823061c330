"""What a touchpoint asked for and did not get, as its row keeps it: a JSON list of lists."""

from collections.abc import Iterable

import orjson

from domain.fold.lead import Withheld


def kept(withheld: Iterable[Withheld]) -> dict[tuple[str, str], str]:
    """By the key of each touchpoint that did not get something: [rule, type, points, why, until, about] of each."""
    of_each: dict[tuple[str, str], list[list[object]]] = {}
    for each in withheld:
        said = [each.rule, each.type, each.points, each.why, each.until, each.about]
        of_each.setdefault((each.source, each.touchpoint), []).append(said)
    return {key: orjson.dumps(said).decode() for key, said in of_each.items()}


def read_kept(text: str, source: str, touchpoint: str, at: int) -> list[Withheld]:
    """Of what `kept` gave for a touchpoint."""
    return [
        Withheld(rule, source, touchpoint, type, at, points, why, until, about)
        for rule, type, points, why, until, about in orjson.loads(text)
    ]
