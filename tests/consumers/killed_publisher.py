"""A publisher that kills its process at a step."""

import os
import signal
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from consumers.publish.publisher import Publisher
from store.database.database import open_database
from store.log.kafka.log import KafkaLog
from tests.consumers.dying import dying


def dying_at_third(send: Callable[..., Any], when: str) -> Callable[..., Any]:
    """Sends two records, and kill -9 before or after the third is acknowledged."""
    numbers = count(1)

    def die(producer: Any, *given: Any) -> Any:
        number = next(numbers)
        if number == 3 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        future = send(producer, *given)
        future.get(10)
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return future

    return die


def main(database_url: str, bootstrap: str, step: str, when: str) -> None:
    """Publish until killed at `step`, "before" or "after" it: "append", "third record", or a method of the publisher.

    `bootstrap` is Kafka's servers.
    """
    database = open_database(database_url, b"an id key for tests only")
    log = KafkaLog(bootstrap)
    publisher = Publisher(database, log)
    match step:
        case "append":
            log.append = dying(log.append, when)  # type: ignore[method-assign]
        case "third record":
            log._send = dying_at_third(log._send, when)  # type: ignore[method-assign]
        case _:
            setattr(publisher, step, dying(getattr(publisher, step), when))
    with publisher.term(threading.Event().wait) as term:
        assert term is not None
        while term.turn():
            pass
