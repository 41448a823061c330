"""Every text of the dashboard is translated into every language, and no translation is left of a text that is gone."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from api.dashboard.words import well_known
from domain.model.channels import CHANNELS
from domain.model.definition import parse_model
from domain.model.sales import NOT_READY
from domain.signals.deadlines import DeadlineKind
from domain.signals.kinds import SignalKind
from domain.touchpoints.acts import DONE_TO_THEM, SAYS_WHO_THEY_ARE
from domain.touchpoints.touchpoint import FOR_A_PERSON, REFUSES_MAIL
from scripts.texts import catalogues, current, said

EXAMPLE = Path(__file__).parents[2] / "examples" / "b2b-software" / "leadline.toml"
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*(?:![rs])?(?::[\w,]+)?\}")


@pytest.mark.parametrize("file", [*catalogues()], ids=lambda file: file.stem)
def test_a_catalogue_has_exactly_the_texts_of_the_pages(file: Path) -> None:
    assert file.read_bytes() == current(file, said()), "run `make texts`, and translate what is new"


@pytest.mark.parametrize("file", [*catalogues()], ids=lambda file: file.stem)
def test_every_text_is_translated_with_its_values(file: Path) -> None:
    with file.open("rb") as raw:
        catalogue = read_po(raw, locale=file.stem)
    for message in (each for each in catalogue if each.id):
        texts = [message.id] if isinstance(message.id, str) else message.id
        translations = [message.string] if isinstance(message.string, str) else message.string
        assert not message.fuzzy, message.id
        assert translations and all(translations), f"not translated: {message.id!r}"
        for translation in translations:
            assert set(PLACEHOLDER.findall(translation)) == set(PLACEHOLDER.findall(texts[-1])), message.id


def test_the_example_names_its_parts_in_both_languages() -> None:
    """What pages call stages, rules, segments and funnels is the model's: `make demo` is the first that people see."""
    model = parse_model(EXAMPLE.read_text(encoding="utf-8"))
    parts = (*model.stages, *model.score.rules, *model.fit.rules, *model.not_a_lead, *model.segments, *model.funnels)
    assert [part for part in parts if not isinstance(part.label, dict) or set(part.label) != {"en", "zh"}] == []


def test_what_comes_as_data_has_a_text() -> None:
    assert set(well_known.SIGNALS) == set(map(str, SignalKind))
    assert set(well_known.CHANNELS) == set(CHANNELS)
    assert set(well_known.DEADLINES) == set(map(str, DeadlineKind))
    assert set(well_known.REJECTIONS) == {NOT_READY}
    types = DONE_TO_THEM | SAYS_WHO_THEY_ARE | FOR_A_PERSON | REFUSES_MAIL
    assert types <= set(well_known.TOUCHPOINTS)
