"""A command whose work says something: `LEADLINE_WORKERS=1 python -m tests.runtime.saying`."""

import structlog

from projections.history.work import Work
from runtime.settings import read_settings
from runtime.wiring import Wiring


def say() -> None:
    structlog.get_logger().warning("work.says", of="a task")
    structlog.get_logger().info("work.chats")


if __name__ == "__main__":
    with Work(Wiring(read_settings()).engine) as work:
        list(work.each(say, [()]))
