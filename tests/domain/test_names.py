"""What people call somebody, and by what names are sorted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fold.names import SORTED_BY, all_names, full_name, sorted_by


@pytest.mark.parametrize(("profile", "name"), [
    ({}, None), ({"name": ""}, None), ({"name": 7}, None), ({"name": "Ada"}, "Ada"), ({"full_name": "Ada L"}, "Ada L"),
    ({"first_name": "Ada", "last_name": "Lovelace"}, "Ada Lovelace"), ({"last_name": "Lovelace"}, "Lovelace"),
    ({"first_name": "芳", "last_name": "王"}, "王芳"), ({"first_name": "민준", "last_name": "김"}, "김민준"),
    ({"first_name": "Fang", "last_name": "王"}, "Fang 王"),
    ({"name": "Ada", "first_name": "A", "last_name": "L"}, "Ada"),
])  # fmt: skip
def test_a_name_is_whole_or_put_together(profile: dict[str, Any], name: str | None) -> None:
    assert full_name(profile) == name
    assert all_names(profile)[:1] == ([] if name is None else [name])


@pytest.mark.parametrize(("profile", "names"), [
    ({"name": "Fang", "first_name": "芳", "last_name": "王"}, ["Fang", "王芳"]),
    ({"name": "Ada Lovelace", "first_name": "Ada"}, ["Ada Lovelace"]),
    ({"name": "Ada", "full_name": "The Countess", "last_name": "King"}, ["Ada", "The Countess", "King"]),
])  # fmt: skip
def test_every_name_that_was_said_counts(profile: dict[str, Any], names: list[str]) -> None:
    assert all_names(profile) == names


@pytest.mark.parametrize(("name", "key"), [
    ("Ada", "ada"), ("\uff21\uff24\uff21", "ada"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("'Ada' ", "ada'"),
    ("王芳[bold]", "王芳[bold]"), ("...", None), ("a\x00b", "a\ufffdb"),
])  # fmt: skip
def test_names_are_sorted_without_case_and_width(name: str, key: str | None) -> None:
    assert sorted_by(name) == key


@given(st.text())
def test_what_is_sorted_by_is_short_and_can_be_stored(name: str) -> None:
    key = sorted_by(name)
    assert key is None or (0 < len(key) <= SORTED_BY and "\x00" not in key and key.encode())
