"""What the pages are made from, and what they do about leads."""

from collections.abc import Callable
from dataclasses import dataclass

from api.commands.commander import Commander
from api.dashboard.counted import CountedPages
from api.dashboard.shell import Shell
from api.jobs import JobRunner
from api.model_activation import ModelChanges
from api.rejections import AskedReplay
from api.status import StatusShape
from projections.queries.view import Reader
from store.database.database import Database
from store.jobs import Job, Jobs


@dataclass(frozen=True, slots=True)
class Resources:
    """`reader` opens views, `commander` takes commands, `shell` makes pages, `runner` begins jobs."""

    shell: Shell
    reader: Reader
    counted: CountedPages
    """Wraps the endpoints of pages that count over many leads."""
    commander: Commander
    database: Database
    jobs: Jobs
    runner: JobRunner
    changes: ModelChanges
    """Previews and activates models; its `file` is there where the model file counts."""
    status: Callable[[], StatusShape]
    """Looks at everything. Raises Retry where the database says nothing."""
    replay: Callable[[AskedReplay], Job]
    """Begins to try refused input again. Raises Problem."""
    verify: Callable[[], Job]
    """Begins to compare everything with what was recorded. Raises Problem."""
