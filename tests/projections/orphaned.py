"""A process that gives work to a pool and waits: to be killed. `python -m tests.projections.orphaned FOLDER`."""

import sys
from pathlib import Path

from projections.history.engines import Pool
from projections.history.work import Work
from tests.projections import tasks

if __name__ == "__main__":
    with Work(Pool(2)) as work:
        list(work.each(tasks.announced, ((number, Path(sys.argv[1])) for number in range(2))))
