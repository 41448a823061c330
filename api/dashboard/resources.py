"""What the pages are made from, and what they do about leads."""

from dataclasses import dataclass

from api.commander import Commander
from api.dashboard.shell import Shell
from projections.queries.view import Reader


@dataclass(frozen=True, slots=True)
class Resources:
    """`reader` opens views, `commander` takes commands, `shell` makes pages."""

    shell: Shell
    reader: Reader
    commander: Commander
