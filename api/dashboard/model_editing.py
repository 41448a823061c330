"""What the editor of the model shows: each rule with its fields, and what is wrong beside the field or the line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from api.dashboard.words.well_known import N_
from domain.conditions.words import Speech, in_words
from domain.files.places import NAMES, line_of
from domain.files.problems import ModelError, Path, show_path
from domain.model.definition import Model, parse_model
from domain.model.editing import ModelField, fields_of
from domain.model.file import read_toml, tables

LISTS: Final[Mapping[str, Path]] = {
    N_("Stages"): ("stages",),
    N_("Rules of heat"): ("score", "rules"),
    N_("Rules of grade"): ("fit", "rules"),
    N_("Who is no lead"): ("not_a_lead",),
    N_("Segments"): ("segments",),
    N_("Channels, before the usual ones"): ("channels", "rules"),
    N_("Funnels"): ("funnels",),
    N_("Tags"): ("tags",),
    N_("Why owners give a lead back"): ("sales", "reasons"),
}
"""The lists of a file that have fields, by their headings."""
_LINE: Final = re.compile(r"line (\d+)")


class ModelFault(NamedTuple):
    """Something that is wrong with a draft. `line`: from 1, None where it is in none; `field`: the name of the field
    that it is about, "" where it is about none."""

    text: str
    line: int | None
    field: str


@dataclass(frozen=True, slots=True)
class EditedEntry:
    """An entry of a list with its fields, by the key."""

    name: str
    asks: Mapping[str, str]
    """`on` and the condition in words, as far as it has them."""
    fields: Mapping[str, ModelField]

    @property
    def labels(self) -> Mapping[str, ModelField]:
        """Its labels, by language."""
        return {key.partition(".")[2]: each for key, each in self.fields.items() if key.startswith("label.")}


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A file's text as the editor by fields shows it: the fields of [score] and [fit], and lists by their headings."""

    fields: Mapping[str, ModelField] = field(default_factory=dict)
    lists: Mapping[str, Sequence[EditedEntry]] = field(default_factory=dict)
    stages: Sequence[str] = ()
    """Which may be asked for."""


def edited_file(text: str, active: Model, speech: Speech) -> EditedFile:
    """What the editor by fields shows of a text, which need not be a valid model. Raises ModelError: it is no TOML.

    `speech` says how conditions are put into words.
    """
    raw, fields = read_toml(text), fields_of(text)
    try:
        model = parse_model(text)
    except ModelError:
        model = active
    lists = {heading: _entries(raw, path, fields, _asked(model, path, speech)) for heading, path in LISTS.items()}
    names = [each["name"] for each in tables(raw, ("stages",)) if isinstance(each.get("name"), str)]
    return EditedFile(fields, {heading: entries for heading, entries in lists.items() if entries}, names)


def faults_of(error: ModelError, text: str) -> list[ModelFault]:
    """What is wrong, with the line and the field that it is about."""
    return [_fault(str(mistake), mistake.path, line, text) for mistake, line in _with_lines(error)]


def _with_lines(error: ModelError) -> Sequence[tuple[Any, str]]:
    """Each mistake with what is said of it; of a syntax error all that is said."""
    if len(error.mistakes) == 1:
        return [(error.mistakes[0], "\n".join(error.lines))]
    return list(zip(error.mistakes, error.lines, strict=True))


def _fault(said: str, path: Path, line: str, text: str) -> ModelFault:
    if path:
        return ModelFault(line, line_of(text, path), show_path(path))
    place = _LINE.match(said)
    return ModelFault(line, int(place[1]) if place else None, "")


def _entries(
    raw: Mapping[str, Any], path: Path, fields: Mapping[str, ModelField], asked: Mapping[str, Mapping[str, str]]
) -> Sequence[EditedEntry]:
    entries = []
    for place, entry in enumerate(tables(raw, path)):
        name = next((str(entry[key]) for key in NAMES if key in entry), "")
        beginning = f"{show_path((*path, place))}."
        own = {key.removeprefix(beginning): each for key, each in fields.items() if key.startswith(beginning)}
        entries.append(EditedEntry(name, asked.get(name, {}), own))
    return entries


def _asked(model: Model, path: Path, speech: Speech) -> Mapping[str, Mapping[str, str]]:
    """By name, what an entry asks for."""
    match path:
        case ("score", "rules"):
            return {
                each.name: {"on": each.on, "where": in_words(each.where, speech) if each.where is not None else ""}
                for each in model.score.rules
            }
        case ("fit", "rules"):
            return {each.name: {"where": in_words(each.where, speech)} for each in model.fit.rules}
        case ("not_a_lead",):
            return {each.reason: {"where": in_words(each.where, speech)} for each in model.not_a_lead}
        case ("segments",):
            return {each.name: {"where": in_words(each.when, speech)} for each in model.segments}
        case ("channels", "rules"):
            return {each.name: {"where": in_words(each.where, speech)} for each in model.channels.rules}
        case _:
            return {}
