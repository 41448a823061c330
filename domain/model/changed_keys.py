"""What two texts of a model file declare otherwise, key by key; comments and layout are no difference."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from domain.files.places import NAMES
from domain.files.problems import show_key
from domain.model.file import read_toml


class ChangedKey(NamedTuple):
    """A key, and its value as a file writes it; None: it is not there. An entry of a list is called by its name:
    `score.rules "viewed pricing" points`."""

    key: str
    before: str | None
    now: str | None


def changed_keys(before: str, now: str) -> list[ChangedKey]:
    """Every key that is otherwise, in the order of the text before, then what is new. Raises ModelError: no TOML."""
    return list(_of_tables(read_toml(before), read_toml(now), ""))


def _of_tables(before: Mapping[str, Any], now: Mapping[str, Any], place: str) -> Iterator[ChangedKey]:
    for key in dict.fromkeys((*before, *now)):
        path = f"{place}{'' if not place else ' ' if place.endswith(chr(34)) else '.'}{show_key(key)}"
        yield from _of_values(before.get(key), now.get(key), path)


def _of_values(before: Any, now: Any, path: str) -> Iterator[ChangedKey]:
    if before == now and isinstance(before, bool) == isinstance(now, bool):
        return
    if isinstance(before, dict) and isinstance(now, dict):
        yield from _of_tables(before, now, path)
        return
    old, new = _by_name(before), _by_name(now)
    if old is None or new is None or not (old or new):
        yield ChangedKey(path, written(before), written(now))
        return
    kept = [[name for name in each if name in other] for each, other in ((old, new), (new, old))]
    for name in dict.fromkeys((*old, *new)):
        yield from _of_values(old.get(name), new.get(name), f"{path} {json.dumps(name, ensure_ascii=False)}")
    if kept[0] != kept[1]:
        yield ChangedKey(path, ", ".join(kept[0]), ", ".join(kept[1]))


def _by_name(entries: Any) -> dict[str, Any] | None:
    """The tables of a list by their names, none where there is no list; None: they have none of their own."""
    if entries is None:
        return {}
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        return None
    names = [next((each[key] for key in NAMES if isinstance(each.get(key), str)), None) for each in entries]
    if None in names or len(set(names)) < len(names):
        return None
    return {str(name): each for name, each in zip(names, entries, strict=True)}


def written(value: Any) -> str | None:
    """A value on one line, as a file writes it; None of nothing."""
    match value:
        case None:
            return None
        case dict():
            pairs = (f"{show_key(key)} = {written(each)}" for key, each in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
        case list():
            return f"[{', '.join(str(written(each)) for each in value)}]"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case bool():
            return str(value).lower()
        case _:
            return str(value)
