"""The examples of messages that the reference shows are what the JSON Schemas say, which refuse what is none."""

import re
from typing import Any

import orjson
import pytest

from domain.signals.kinds import TRAITS, SignalKind
from tests.given_schemas import DOCUMENT, asyncapi, problems

EVERY_KIND = pytest.mark.parametrize("kind", SignalKind)
FREE = {"reason", "ended", "fallback", "rejected", "label"}
"""Of some kinds one of them is there, of others both may lack."""


def shown(kind: SignalKind) -> Any:
    """The example on the reference page."""
    page = DOCUMENT.with_name("signals.md").read_text(encoding="utf-8")
    [section] = [part for part in re.split(r"^## ", page, flags=re.MULTILINE) if part.startswith(f"{kind.value}\n")]
    [block] = re.findall(r"^```json\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return orjson.loads(block)


@EVERY_KIND
def test_the_reference_shows_a_message_of_each_kind(kind: SignalKind) -> None:
    example = shown(kind)
    assert problems(kind, example) == []
    assert example["kind"] == kind
    assert {datum.name for datum in TRAITS[kind].data} - FREE <= example.keys()


@EVERY_KIND
def test_the_document_has_the_same_with_its_headers(kind: SignalKind) -> None:
    [example] = asyncapi()["components"]["messages"][kind.value.replace(".", "-")]["examples"]
    assert example["payload"] == shown(kind)
    assert problems(kind, example["headers"], "headers") == []
    assert (example["headers"]["ce_id"], example["headers"]["ce_type"]) == (example["payload"]["id"], kind)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"lead": 7}, "$.lead"),
        ({"since": "yesterday"}, "$.since"),
        ({"heat": "hot"}, "$.heat"),
        ({"person": {"name": "Ann"}}, "$.person"),
        ({"person": None}, "$.person"),
        ({"last_source": {"source": "baidu"}}, "$.last_source"),
        ({"reasons": [{"rule": "form"}]}, "$.reasons[0]"),
        ({"stage": None}, "$.stage"),
    ],
)
def test_the_schema_refuses_what_is_no_message(changed: dict[str, Any], place: str) -> None:
    assert {problem.partition(": ")[0] for problem in problems(SignalKind.HOT, shown(SignalKind.HOT) | changed)} == {
        place
    }


@EVERY_KIND
def test_what_always_is_there_must_be(kind: SignalKind) -> None:
    for datum in TRAITS[kind].data:
        lacks = {name: value for name, value in shown(kind).items() if name != datum.name}
        assert bool(problems(kind, lacks)) is datum.always, datum.name
