"""The one loop of every arrow: no wall time, a clock that waiting moves, and elections that the test decides."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import pytest
from structlog.testing import capture_logs

from domain.errors import Fenced, Misconfigured, Retry
from store import turn
from store.turn import GLANCE, PAUSES, REMINDER, STANDBY, Arrow, Outage, Term, until_it_answers

IDLE = 0.02

Round = bool | Exception


class Played:
    """An arrow that plays what is written down, a round each, and stops the loop behind the last one."""

    def __init__(self, *rounds: Round, terms: tuple[Exception | None, ...] = (), leased: bool = False) -> None:
        """`rounds`: had something to do, or raises. `terms`: None where another has the turn, or what electing raises;
        behind the last of them every election is won."""
        self.stop = Event()
        self.now = 0.0
        self.waits: list[float] = []
        self.happened: list[str] = []
        self.held = True
        self.each_round: Callable[[], None] = lambda: None
        self._rounds = list(rounds)
        self._terms = list(terms)
        self._leased = leased

    def run(self, waits_out: type[Exception] = Retry, news: turn.News | None = None) -> list[str]:
        """Run it. Returns the names of the lines in the log."""
        arrow = Arrow("test", "it goes on", self.term, IDLE, waits_out, lambda: {"bytes": 7}, news)
        with capture_logs() as self.lines:
            turn.run(arrow, self.stop, self.wait, lambda: self.now)
        return [line["event"] for line in self.lines]

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self.stop.is_set()

    @contextmanager
    def term(self, wait: turn.Wait) -> Iterator[Term | None]:
        if self._terms:
            outcome = self._terms.pop(0)
            if outcome is not None:
                raise outcome
            yield None
            return
        self.happened.append("begin")
        try:
            yield Term(self.round, self.is_held if self._leased else None)
            self.happened.append("left")
        except Exception as error:
            self.happened.append(type(error).__name__)
            raise
        finally:
            self.happened.append("released")

    def is_held(self) -> bool:
        self.happened.append("asked")
        return self.held

    def round(self) -> bool:
        outcome = self._rounds.pop(0)
        if not self._rounds:
            self.stop.set()
        self.each_round()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_it_works_without_rest_while_there_is_something_to_do_and_rests_where_there_is_nothing() -> None:
    played = Played(True, True, False, True, False)
    assert played.run() == []
    assert played.waits == [IDLE, IDLE]
    assert played.happened == ["begin", "left", "released"]


def test_the_pauses_grow_while_it_fails_and_begin_anew_after_a_round_that_worked() -> None:
    failures = [Retry("away")] * (len(PAUSES) + 2)
    played = Played(*failures, True, Retry("away"), True)
    played.run()
    assert played.waits == [*PAUSES, PAUSES[-1], PAUSES[-1], PAUSES[0]]


def test_after_any_error_the_term_ends_and_the_next_one_begins_anew() -> None:
    played = Played(True, Retry("away"), Fenced("another"), True)
    played.run()
    assert played.happened == [
        "begin", "Retry", "released", "begin", "Fenced", "released", "begin", "left", "released",
    ]  # fmt: skip


def test_an_outage_is_said_once_when_it_begins_and_once_when_it_is_over() -> None:
    played = Played(True, *[Retry("the database is away")] * 5, False, False)
    assert played.run() == ["test.waits", "test.goes_on"]
    first, last = played.lines
    assert (first["reason"], first["hint"], first["bytes"]) == ("the database is away", "it goes on", 7)
    assert (first["log_level"], last["log_level"]) == ("warning", "info")
    assert last["after_s"] == round(sum(PAUSES[:5]))


def test_an_outage_that_lasts_is_told_again_now_and_then() -> None:
    rounds = round(2.5 * REMINDER / PAUSES[-1])
    played = Played(*[Retry("away")] * rounds, True)
    assert played.run() == ["test.waits"] * 3 + ["test.goes_on"]


def test_an_election_that_fails_is_part_of_the_outage() -> None:
    played = Played(True, terms=(Retry("away"), Retry("away")))
    assert played.run() == ["test.waits", "test.goes_on"]
    assert played.waits == [*PAUSES[:2]]


def test_who_is_not_elected_stands_by_and_has_no_outage() -> None:
    played = Played(True, terms=(None, Retry("away"), None), leased=True)
    assert played.run() == ["test.waits", "test.goes_on", "test.elected"]
    assert played.waits == [STANDBY, PAUSES[0], STANDBY]


def test_a_lost_lease_is_fenced_and_elected_again() -> None:
    played = Played(False, True, leased=True)
    leases = iter([False, True])

    def lose_or_win() -> None:
        played.held = next(leases)

    played.each_round = lose_or_win
    assert played.run() == ["test.elected", "test.fenced", "test.elected"]
    assert played.happened == ["begin", "asked", "Fenced", "released", "begin", "left", "released"]
    assert played.waits == [PAUSES[0]]


def test_the_lease_is_asked_after_about_once_a_second_and_never_while_there_is_work() -> None:
    quiet = round(3 * GLANCE / IDLE)
    played = Played(*[True] * 500, *[False] * quiet, leased=True)
    played.run()
    assert played.happened.count("asked") == 3


def test_fenced_again_and_again_it_waits_longer() -> None:
    played = Played(*[Fenced("another")] * 4, True, Fenced("another"), True)
    played.run()
    assert played.waits == [*PAUSES[:4], PAUSES[0]]


def test_what_time_does_not_mend_ends_it_after_the_term_was_left() -> None:
    for error in (Misconfigured("wrong"), ZeroDivisionError()):
        played = Played(error, True)
        with pytest.raises(type(error)):
            played.run()
        assert played.happened == ["begin", type(error).__name__, "released"]
        assert played.waits == []


def test_what_must_never_end_waits_out_everything() -> None:
    played = Played(ZeroDivisionError(), Misconfigured("wrong"), True)
    assert played.run(waits_out=Exception) == ["test.waits", "test.goes_on"]


def test_nothing_begins_once_it_is_told_to_stop() -> None:
    played = Played(True)
    played.stop.set()
    assert played.run() == []
    assert played.happened == []


def test_told_to_stop_while_it_waits_it_tries_no_more() -> None:
    played = Played(Retry("away"))
    played.run()
    assert played.happened == ["begin", "Retry", "released"]


def test_a_real_stop_ends_the_rest_at_once() -> None:
    stop = Event()

    @contextmanager
    def term(_: turn.Wait) -> Iterator[Term]:
        def round() -> bool:
            stop.set()
            return False

        yield Term(round)

    turn.run(Arrow("test", "", term, idle=3_600.0), stop)


def test_what_is_begun_once_waits_by_the_same_policy() -> None:
    outcomes = iter([Retry("away"), Retry("away"), None])
    waits: list[float] = []

    class Stop(Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            return False

    def attempt() -> str:
        if (error := next(outcomes)) is not None:
            raise error
        return "there"

    with capture_logs() as lines:
        assert until_it_answers(attempt, Outage("away", "back", "wait"), Stop(), database="here") == "there"
    assert waits == [*PAUSES[:2]]
    assert [line["event"] for line in lines] == ["away", "back"]
    assert lines[0]["database"] == "here"
    stopped = Stop()
    stopped.set()
    assert until_it_answers(attempt, Outage("away", "back", "wait"), stopped) is None


def test_while_nothing_is_new_there_is_a_look_now_and_then_and_what_comes_is_seen_as_soon_as_ever() -> None:
    played = Played(False, False, False, False)
    count, looks = 0, []

    def look() -> None:
        looks.append(round(played.now, 3))

    def news() -> int:
        return count + (played.now >= 0.3) + (len(looks) >= 3)  # something comes at 0.3 s, and within the third look

    played.each_round = look
    played.run(news=news)
    assert looks == pytest.approx([0.0, 0.26, 0.30, 0.32], abs=0.021)
