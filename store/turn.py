"""The one loop of every arrow: elect or subscribe, take turns, be fenced, wait out what time mends, say so, stop.

An arrow (recorder, projector, publisher, promoter, the spool's drain) describes its step; everything around it is here:

- A *term* is how long it is this arrow's to work: elected by a lease, or a member of a group. A lease that is lost
  ends it (Fenced); an arrow that does not get one stands by.
- A *turn* is one round: look, work, commit with the new position. Where it says that there was nothing to do, the loop
  rests. The lease is asked after at least once a second in which there was nothing to do; before anything that cannot
  be taken back the arrow asks by itself.
- After an error nothing is remembered: the term ends, and the next one begins at what is stored. Fenced begins it
  again; Retry waits, longer each time in a row (`PAUSES`), with one line of the log when an outage begins, one when
  it is over, and few in between. Every other error ends the loop: time does not mend it.

Nobody tries again around this loop.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

import structlog

from domain.errors import Fenced, Retry

_log = structlog.get_logger(__name__)

PAUSES: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before what failed is tried again: the first, second, ... time in a row; then always the last."""

STANDBY: Final = 0.5
"""Seconds between elections of one that stands by."""

GLANCE: Final = 1.0
"""Seconds with nothing to do after which the lease is asked after."""

QUIET: Final = 0.25
"""Seconds between looks where what may give work counts itself, and has not moved."""

REMINDER: Final = 300.0
"""Seconds between lines of an outage that lasts."""

Wait = Callable[[float], bool]
"""Waits so many seconds, or until it is time to stop, which it says."""

News = Callable[[], int]
"""A count that moves with everything that may give an arrow work, such as the commits of its process."""

T = TypeVar("T")


class Term(NamedTuple):
    """An arrow's time to work."""

    turn: Callable[[], bool]
    """One round. False: there was nothing to do."""
    held: Callable[[], bool] | None = None
    """Whether the lease is certainly still ours. None: there is none, others do the same work beside this one."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """What the loop must know of an arrow."""

    name: str
    """Begins the names of its lines in the log: `record.waits`."""
    hint: str
    """What becomes of the work while it waits."""
    term: Callable[[Wait], AbstractContextManager[Term | None]]
    """Elects or subscribes, and gets ready; at its end leaves: cleanly, or after an error, with nothing under way.

    None: another has the turn, or it is time to stop. The wait it is given is for what must pass before the first turn.
    """
    idle: float
    """Seconds to rest where there was nothing to do."""
    waits_out: type[Exception] = Retry
    """What is tried again; more than Retry only for what must never end."""
    about: Callable[[], Mapping[str, object]] = dict
    """What its lines about an outage say besides."""
    news: News | None = None
    """While it does not move, there is a look only every `QUIET` seconds: looking costs more than waiting."""


class Outage:
    """What something that waits says of it: a line when it goes away, one when it is back, few in between."""

    def __init__(self, begins: str, ends: str, hint: str, now: Callable[[], float] = time.monotonic) -> None:
        """`begins` and `ends` name the lines; `now` gives seconds."""
        self._begins = begins
        self._ends = ends
        self._hint = hint
        self._now = now
        self._began: float | None = None
        self._logged_at = 0.0
        self._failures = 0

    @property
    def lasts(self) -> bool:
        """Whether it is away, as far as was told."""
        return self._began is not None

    def waits(self, error: Exception, **more: object) -> float:
        """It is (still) away. Returns the seconds to pause."""
        pause = _pause(self._failures)
        self._failures += 1
        now = self._now()
        if self._began is None:
            self._began = now
        elif now - self._logged_at < REMINDER:
            return pause
        self._logged_at = now
        seconds = round(now - self._began)
        _log.warning(self._begins, reason=str(error), for_s=seconds, hint=self._hint, **more)
        return pause

    def over(self) -> None:
        """It answers."""
        self._failures = 0
        if self._began is not None:
            _log.info(self._ends, after_s=round(self._now() - self._began))
            self._began = None


def run(
    arrow: Arrow, stop: threading.Event, wait: Wait | None = None, now: Callable[[], float] = time.monotonic
) -> None:
    """Drive an arrow until `stop` is set. Raises what time does not mend.

    `wait` is how it rests (by default on `stop`, which ends it at once); `now` gives seconds.
    """
    wait = wait or stop.wait
    outage = Outage(f"{arrow.name}.waits", f"{arrow.name}.goes_on", arrow.hint, now)
    losses = 0
    while not stop.is_set():
        try:
            with arrow.term(wait) as term:
                if term is None:
                    outage.over()
                    wait(STANDBY)
                    continue
                if term.held is not None and not outage.lasts:
                    _log.info(f"{arrow.name}.elected")
                for _ in _turns(term, arrow, stop, wait, now):
                    losses = 0
                    outage.over()
        except Fenced as error:
            _log.info(f"{arrow.name}.fenced", reason=str(error))
            wait(_pause(losses))
            losses += 1
        except arrow.waits_out as error:
            wait(outage.waits(error, **arrow.about()))


def _turns(term: Term, arrow: Arrow, stop: threading.Event, wait: Wait, now: Callable[[], float]) -> Iterator[None]:
    """Turn after turn, with a rest where there was nothing to do. Raises Fenced where the lease is lost."""
    glanced = now() - GLANCE
    while not stop.is_set():
        count = arrow.news() if arrow.news is not None else 0  # before the look, so that nothing is missed
        moved = term.turn()
        yield
        if moved:
            continue
        if term.held is not None and now() - glanced >= GLANCE:
            if not term.held():
                raise Fenced("the lease is lost: another one goes on")
            glanced = now()
        until = now() + QUIET
        stopped = wait(arrow.idle)
        while not stopped and arrow.news is not None and arrow.news() == count and now() < until:
            stopped = wait(arrow.idle)


def _pause(failures: int) -> float:
    return PAUSES[min(failures, len(PAUSES) - 1)]


def until_it_answers(attempt: Callable[[], T], outage: Outage, stop: threading.Event, **more: object) -> T | None:
    """What `attempt` returns as soon as it raises no Retry; None where it is time to stop before that."""
    while not stop.is_set():
        try:
            answer = attempt()
        except Retry as error:
            stop.wait(outage.waits(error, **more))
        else:
            outage.over()
            return answer
    return None
