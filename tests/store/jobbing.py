"""A process that begins a job and works on it until it is killed. `python -m tests.store.jobbing URL KIND`."""

import sys
import time

from store.database.database import open_database
from store.jobs import Jobs

if __name__ == "__main__":
    job, lease = Jobs(open_database(sys.argv[1])).begin(sys.argv[2])
    print(job.id, flush=True)
    time.sleep(600)
