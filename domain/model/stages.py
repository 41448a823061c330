"""The stages of a model file before anything else is read: their names, also former ones, and what is ahead."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from domain.files.problems import Mistake, Path, not_allowed, show_path
from domain.model.file import tables

_EQUAL: Final = ("eq", "ne", "in", "not_in")
_CHANGE: Final = ("to", "from")


class Declared(NamedTuple):
    """The stages' names, those that a promotion may ask for, and which present name a former one has."""

    names: tuple[str, ...]
    ahead: tuple[str, ...]
    former: Mapping[str, str]


def declared(raw: Mapping[str, Any]) -> Declared:
    """What the tables of a file declare, as far as it can be read."""
    stages = [stage for stage in tables(raw, ("stages",)) if isinstance(stage.get("name"), str)]
    in_use = [stage for stage in stages if stage.get("retired") is not True]
    ahead = tuple(stage["name"] for stage in in_use[1:] if stage.get("detour") is not True)
    former = {name: stage["name"] for stage in stages for name in _was(stage)}
    return Declared(tuple(stage["name"] for stage in stages), ahead, former)


def former_names(raw: Mapping[str, Any], former: Mapping[str, str]) -> Iterator[Mistake]:
    """What is wrong with former names: two stages have one, or a change of stage is asked for by one."""
    stages = tables(raw, ("stages",))
    taken: dict[Any, Path] = {stage.get("name"): ("stages", place, "name") for place, stage in enumerate(stages)}
    for place, stage in enumerate(stages):
        for number, name in enumerate(_was(stage)):
            path = ("stages", place, "was", number)
            if name in taken:
                yield Mistake(path, not_allowed(name, f"a name of its own ({show_path(taken[name])} has this one)"))
            elif name == "visitor":
                yield Mistake(
                    path, not_allowed(name, "any other name: visitor is the stage of whom nothing identifies yet")
                )
            else:
                taken[name] = path
    if former:
        yield from _former_in_tables(raw, (), former)


def _was(stage: Mapping[str, Any]) -> list[str]:
    was = stage.get("was")
    return [name for name in was if isinstance(name, str)] if isinstance(was, list) else []


def _former_in_tables(raw: Any, path: Path, former: Mapping[str, str]) -> Iterator[Mistake]:
    """Every table that asks for touchpoints `stage_changed` may not name a former stage in `to` or `from`."""
    if isinstance(raw, list):
        for place, entry in enumerate(raw):
            yield from _former_in_tables(entry, (*path, place), former)
    if not isinstance(raw, dict):
        return
    did = raw.get("did")
    of_changes = "stage_changed" in (raw.get("on"), *(did if isinstance(did, list) else [did]))
    for key, value in raw.items():
        if key == "where" and of_changes:
            yield from _former_in_condition(value, (*path, key), former)
        else:
            yield from _former_in_tables(value, (*path, key), former)


def _former_in_condition(
    condition: Any, path: Path, former: Mapping[str, str], of_stage: bool = False
) -> Iterator[Mistake]:
    match condition:
        case dict():
            for key, value in condition.items():
                names_stage = key in _CHANGE or (of_stage and key in _EQUAL)
                yield from _former_in_condition(value, (*path, key), former, names_stage)
        case list():
            for place, entry in enumerate(condition):
                yield from _former_in_condition(entry, (*path, place), former, of_stage)
        case str() if of_stage and condition in former:
            yield Mistake(path, not_allowed(condition, f'"{former[condition]}": that is what this stage is called now'))
