"""Errors have one root, which says what a caller does with them and the exit code; a class name means one thing."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import eventsourcing.persistence
import pytest

from domain import errors
from domain.errors import LeadlineError
from runtime.errors import outcome_of

ROOT = Path(__file__).parents[1]
ROOMS = ("domain", "store", "producers", "consumers", "projections", "web", "api", "runtime")
OURS_TO_KEEP = {"Exception", "ValueError", "LookupError"}
"""The built-in errors that one of ours may also be, for a library that catches them."""


def files() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield file, node


def error_classes() -> list[type[Exception]]:
    """Every class of the rooms that can be raised."""
    raised = []
    for file, node in classes():
        module = import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
        kind = getattr(module, node.name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            raised.append(kind)
    return raised


def test_no_two_public_classes_share_a_name() -> None:
    places = defaultdict(list)
    for file, node in classes():
        if not node.name.startswith("_"):
            places[node.name].append(str(file.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_every_error_has_the_one_root() -> None:
    found = error_classes()
    assert len(found) > 30
    assert [kind for kind in found if not issubclass(kind, LeadlineError)] == []
    for kind in found:
        others = {base.__name__ for base in kind.__mro__ if hasattr(builtins, base.__name__)}
        assert others - {"object", "BaseException"} <= OURS_TO_KEEP, kind


def test_what_a_caller_does_with_an_error_is_one_thing() -> None:
    answers = (errors.Retry, errors.Fenced, errors.Reject, errors.Refused, errors.Failed)
    for kind in error_classes():
        roots = [root.__name__ for root in answers if issubclass(kind, root)]
        assert len(roots) <= 1, f"{kind} is {roots}"


def test_the_drawn_tree_names_every_class_of_the_root() -> None:
    own = {node.name for file, node in classes() if file.name == "errors.py" and file.parent.name == "domain"}
    drawn = errors.__doc__ or ""
    assert {name for name in own if name not in drawn} == set()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Refused("no such stage"), 2),
        (errors.NotFound("no such stage"), 2),
        (errors.Problems(["no such stage"]), 2),
        (errors.Retry("no such stage"), 2),
        (errors.Failed("no such stage"), 1),
    ],
)
def test_the_root_says_the_exit_code_and_the_command_line_says_the_words(error: LeadlineError, code: int) -> None:
    assert outcome_of(error) == (code, ["no such stage"])


def test_several_problems_are_a_line_each() -> None:
    assert outcome_of(errors.Problems(["one", "two"])) == (2, ["one", "two"])


def test_what_nobody_expects_is_no_message_but_a_fault() -> None:
    assert outcome_of(ZeroDivisionError()) is None
    assert outcome_of(eventsourcing.persistence.InternalError("x")) == (1, ["InternalError: x"])
