"""Conditions over what is known of a lead when something is decided: a signal's fields, and a person's."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationInfo

from domain.conditions.parse import GRADES, parse_condition
from domain.conditions.tree import Condition, Op
from domain.files.problems import Mistake, ModelError, Path, unknown


def read_asked(names: Collection[str], *, profile: bool = False) -> Callable[[Any, ValidationInfo], Condition]:
    """A reader of conditions over these names, with `profile` also over `profile.*`. `grade = ["A", "B"]` is any."""

    def read(raw: Any, info: ValidationInfo) -> Condition:
        if isinstance(raw, Condition):
            return raw
        known = {"grade": GRADES} | _declared(info.context or {})
        problems: list[Mistake] = []
        for path, name, value in _asked(raw, ()):
            if name not in names and not (profile and name.startswith("profile.")):
                allowed = (*names, "profile.*") if profile else names
                problems.append(Mistake(path, unknown(name, allowed)))
            for word in _equals(value) if name in known else ():
                if word not in known[name]:
                    problems.append(Mistake(path, unknown(str(word), known[name], name.removeprefix("source."))))
        if problems:
            raise ModelError(problems)
        return parse_condition(_plain(raw), "row")

    return read


def _declared(context: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The names that a file declares, by what asks for them: another one would never hold. None of a model without."""
    if not context:
        return {}
    owners = {"owner": context["owners"]} if context["owners"] else {}  # a file of 0.3 may ask for them in vain
    return owners | {
        "stage": ("visitor", *context["stages"]),
        "segment": context["segments"],
        "source.channel": context["channels"],
    }


def _asked(raw: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    """Each thing that a condition asks: where it stands, its name, and what it is compared with."""
    for key, value in raw.items() if isinstance(raw, dict) else ():
        here = (*path, key)
        if key in ("all", "any") and isinstance(value, list):
            for place, part in enumerate(value):
                yield from _asked(part, (*here, place))
        elif key == "not":
            yield from _asked(value, here)
        elif _is_nested(key, value):
            for part, inner in value.items():
                yield (*here, part), f"{key}.{part}", inner
        elif key not in ("all", "any"):
            yield here, key, value


def _is_nested(key: str, value: Any) -> bool:
    """Whether it is what TOML makes of an unquoted `source.channel` or `profile.country`."""
    return key in ("source", "profile") and isinstance(value, dict) and not set(value) & set(Op)


def _equals(value: Any) -> Iterator[Any]:
    """What a field may have to equal, or to differ from."""
    if isinstance(value, dict):
        for op in (Op.EQ, Op.NE, Op.IN, Op.NOT_IN):
            yield from _equals(value[op]) if op in value else ()
    elif isinstance(value, list):
        yield from value
    else:
        yield value


def _plain(raw: Any) -> Any:
    """The table as conditions are written elsewhere: a bare list is `in`, an unquoted `source.channel` one name."""
    if isinstance(raw, list):
        return [_plain(part) for part in raw]
    if not isinstance(raw, dict):
        return raw
    table: dict[str, Any] = {}
    for key, value in raw.items():
        if key in ("all", "any", "not"):
            table[key] = _plain(value)
        elif _is_nested(key, value):
            table |= {f"{key}.{part}": _any_of(inner) for part, inner in value.items()}
        else:
            table[key] = _any_of(value)
    return table


def _any_of(value: Any) -> Any:
    return {"in": value} if isinstance(value, list) else value
