"""What a touchpoint meets of a model is remembered by the texts asked about: never wrong for what looks alike."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.fold import index as asked_module
from domain.fold.index import TypeIndex, index_by_type
from domain.model.definition import parse_model

MODEL = parse_model(
    """
[[stages]]
name = "lead"
[score]
half_life = "7d"
hot_at = 10
rearm_at = 5
[[score.rules]]
name = "one"
on = "it"
where = { n = 1 }
points = 1
[[score.rules]]
name = "true"
on = "it"
where = { n = true }
points = 2
[[score.rules]]
name = "text"
on = "it"
where = { n = { starts_with = "1" } }
points = 3
[[score.rules]]
name = "inside"
on = "it"
where = { "deep.n" = "1" }
points = 4
[[score.rules]]
name = "theirs"
on = "it"
where = { not = { "profile.n" = { exists = true } } }
points = 5
[[segments]]
name = "many"
when = { did = "it", where = { n = { gte = 1 } }, at_least = 2 }
[[funnels]]
name = "way"
window = "1d"
steps = [ { on = "it", where = { n = "1" } }, { on = "it" } ]
"""
)

values = st.sampled_from(
    [None, 1, 1.0, True, False, 0, "", "0", "1", "1.0", "true", "x", "1" * 300, ["1"], [1], {"n": "1"}, {"n": 1}, []]
)
said = st.dictionaries(st.sampled_from(["n", "deep"]), values)


def of_model() -> TypeIndex:
    return index_by_type(MODEL, [])["it"]


@given(st.lists(st.tuples(said, said), min_size=1, max_size=30))
def test_asked_again_it_says_the_same_whatever_was_asked_before(
    asked: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    known = of_model()
    for properties, profile in asked:
        assert known.hits(properties, profile, {}) == of_model().hits(properties, profile, {})


def test_one_and_true_and_their_texts_are_four_things() -> None:
    known = of_model()

    def names(value: Any) -> set[str]:
        return {rule.name for rule in known.hits({"n": value}, {}, {}).rules}

    for _ in range(2):
        assert names("1") == {"one", "text", "theirs"}
        assert names(1) == {"one", "theirs"}
        assert names(True) == {"true", "theirs"}
        assert names("true") == {"theirs"}
        assert names(None) == {"theirs"}


def test_what_is_remembered_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(asked_module, "_REMEMBERED", 10)
    known = of_model()
    for n in range(1_000):
        known.hits({"n": f"text {n}"}, {}, {})
        known.hits({"n": "x" * (n + 1)}, {}, {})
    assert len(known._remembered) <= 10
    assert all(len(text or "") <= 200 for key in known._remembered for text in key)
