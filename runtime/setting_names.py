"""Names of settings: which variables are some, which may be a destination's, and which is meant by a misspelled one."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Final

PREFIX: Final = "LEADLINE_"
TEST_PREFIX: Final = "LEADLINE_TEST_"


def unknown(environment: Mapping[str, str], variables: Sequence[str]) -> list[str]:
    """A problem for each variable that is no setting, and cannot be a destination's."""
    problems = []
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable.startswith(TEST_PREFIX) or variable in variables:
            continue
        if not _may_be_a_destinations(variable, variables):
            problems.append(f"{variable}: no such setting{did_you_mean(variable, variables, PREFIX)}")
    return problems


_OF_DESTINATIONS: Final = ("_URL", "_KEY")


def _may_be_a_destinations(variable: str, variables: Sequence[str]) -> bool:
    """Whether a model file may name it as a destination's address or key: it ends so, and is no setting misspelled."""
    name = variable.removeprefix(PREFIX)
    if not name.endswith(_OF_DESTINATIONS):
        return False
    settings = [setting.removeprefix(PREFIX) for setting in variables]
    stems = [setting[:-4] for setting in settings if setting.endswith(_OF_DESTINATIONS)]  # else _KEY makes all alike
    others = [setting for setting in settings if not setting.endswith(_OF_DESTINATIONS)]
    return not difflib.get_close_matches(name[:-4], stems, 1, 0.75) and not difflib.get_close_matches(
        name, others, 1, 0.75
    )


def did_you_mean(name_given: str, names: Sequence[str], prefix: str = "") -> str:
    """`prefix` is common to all, and says nothing about which one is meant."""
    bare = [name.removeprefix(prefix) for name in names]
    close = difflib.get_close_matches(name_given.removeprefix(prefix), bare, n=1, cutoff=0.6)
    return f"; did you mean {prefix}{close[0]}?" if close else f"; allowed are {', '.join(names)}"
