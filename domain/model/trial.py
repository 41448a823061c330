"""A segment or a funnel that is tried and never kept: read as one of a model file's, beside what that declares."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from domain.conditions.depends import segments_of
from domain.conditions.parse import parse_condition
from domain.conditions.tree import Condition
from domain.files.problems import Mistake, ModelError, Path
from domain.model.chains import check_chains
from domain.model.definition import Model, Segment, declared_names
from domain.model.file import explain, read_toml
from domain.model.funnels import Funnel, FunnelStep
from domain.model.part import Step
from domain.model.stages import former_names

TRIED: Final = "/"
"""The name of the segment that is tried: none of a file's has a slash."""
AD_HOC: Final = "ad hoc"
"""The name of a funnel that is tried."""
_FUNNEL_KEYS: Final[Mapping[Path, tuple[str, ...]]] = {
    (): tuple(name for name in Funnel.model_fields if name != "name"),
    ("steps",): tuple(FunnelStep.model_fields),
    ("exclude",): tuple(Step.model_fields),
}


def read_when(raw: Any, text: str) -> Condition:
    """The condition of a segment, beside what a file's text declares. Raises ModelError with keys that begin so."""
    tables = read_toml(text)
    known = declared_names(tables)
    problems = [*_former(tables, "segments", {"when": raw})]
    try:
        when = parse_condition(
            raw, "segment", ("when",), known["stages"], known["former"], known["channels"], known["segments"]
        )
    except ModelError as error:
        problems = [*error.mistakes, *problems]
    if problems:
        raise ModelError(problems)
    return when


def read_funnel(raw: Mapping[str, Any], text: str) -> Funnel:
    """A funnel without a name, beside what a file's text declares. Raises ModelError."""
    tables = read_toml(text)
    problems = [*_former(tables, "funnels", raw)]
    try:
        funnel = Funnel.model_validate({**raw, "name": AD_HOC}, context=declared_names(tables))
    except ValidationError as error:
        problems = [*explain(error, _FUNNEL_KEYS), *problems]
    if problems:
        raise ModelError(problems)
    return funnel


def _former(tables: Mapping[str, Any], kind: str, raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """What asks for a stage by a former name."""
    former = declared_names(tables)["former"]
    for mistake in former_names({"stages": tables.get("stages"), kind: [raw]}, former):
        if mistake.path[0] == kind:
            yield Mistake(mistake.path[2:], mistake.text)


def trying_segment(model: Model, when: Condition) -> Model:
    """The model with the segment `TRIED` and those that it asks for, and without what cannot matter to it.

    Raises ModelError where it is the first of too long a chain.
    """
    segments = {segment.name: segment for segment in model.segments}
    asked, names = dict[str, Segment](), [*segments_of(when)]
    while names:
        name = names.pop()
        if name not in asked:
            asked[name] = segments[name]
            names += segments_of(segments[name].when)
    tried = Segment.model_construct(name=TRIED, label=None, when=when)
    kept = (*(segment for segment in model.segments if segment.name in asked), tried)
    try:
        check_chains({segment.name: segments_of(segment.when) for segment in kept})
    except ModelError as error:
        raise ModelError([Mistake(("when",), mistake.text) for mistake in error.mistakes]) from None
    return model.with_parts(segments=kept, funnels=())
