"""The table of signal kinds: whole, and what lacks a part of it does not pass `make check`."""

from pathlib import Path

import pytest
from mypy import api

from domain.signals import kinds
from domain.signals.kinds import TRAITS, SignalKind, Topic, announces, opens


def test_what_closes_something_closes_what_opens_on_the_same_topic() -> None:
    for kind, traits in TRAITS.items():
        if traits.closes is not None:
            assert TRAITS[traits.closes].opens, kind
            assert TRAITS[traits.closes].topic is traits.topic, kind
        if traits.opens or traits.closes is not None:  # what does neither stands for itself: `lead.promotable`
            assert TRAITS[announces(kind)].opens, kind


def test_every_topic_carries_something() -> None:
    assert {traits.topic for traits in TRAITS.values()} == set(Topic)
    assert len({topic.view for topic in Topic}) == len(Topic)


@pytest.mark.parametrize(("reason", "stays"), [(None, True), ("model", True), ("merged", False), ("gone", False)])
def test_what_became_anothers_is_announced_by_nobody(reason: str | None, stays: bool) -> None:
    data = {} if reason is None else {"reason": reason}
    assert opens(SignalKind.STAGE, {"to": "lead", **data}) is stays


def test_a_kind_without_its_row_does_not_pass_the_type_checker(tmp_path: Path) -> None:
    source = Path(str(kinds.__file__)).read_text()
    more = source.replace('    LEFT = "segment.left"\n', '    LEFT = "segment.left"\n    LATE = "sla.missed"\n')
    assert more != source
    for text, status in ((source, 0), (more, 1)):
        (tmp_path / "kinds.py").write_text(text)
        said, _, exit_code = api.run(["--strict", f"--cache-dir={tmp_path / 'cache'}", str(tmp_path / "kinds.py")])
        assert exit_code == status, said
    assert "assert_never" in said and "LATE" in said
