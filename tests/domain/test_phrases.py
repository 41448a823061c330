"""A phrase is its English text, and remembers what it is made of."""

import copy
import pickle

from domain.phrases import Phrase, fields_of, phrase, phrased


def test_a_phrase_is_the_english_text_with_its_parts() -> None:
    said = phrase("{name:stage} was entered at {at:instant}; allowed: {stages:stage}, {count:,} in all ({found!r})",
                  name="won", at=1_795_728_894_791_398, stages=("a", "b"), count=1234, found="x")  # fmt: skip
    assert said == "won was entered at 2026-11-26T21:34:54.791398Z; allowed: a, b, 1,234 in all ('x')"
    assert said.values["stages"] == ("a", "b") and isinstance(said, str)
    assert dict(fields_of(said.template))["name"] == "stage"


def test_a_phrase_in_a_phrase_is_said_too() -> None:
    inner = phrase("it waits: {why}", why=phrase("nothing {braces}", braces="{x}"))
    assert inner == "it waits: nothing {x}"
    assert (
        inner.said("{why}!", lambda value, what: value.template if isinstance(value, Phrase) else value)
        == "nothing {braces}!"
    )


def test_an_error_keeps_the_phrase_that_it_was_raised_with() -> None:
    said = phrase("found {number:,}", number=5)
    kept = phrased(ValueError(said))
    assert isinstance(kept, Phrase) and kept.values == {"number": 5}
    assert phrased(ValueError("plain")) == "plain" and not isinstance(phrased(ValueError("plain")), Phrase)
    assert phrased(ValueError()) == ""


def test_copies_keep_the_parts() -> None:
    said = phrase("found {number:,}", number=5)
    for again in (copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
        assert again == said and again.template == said.template and again.values == {"number": 5}
