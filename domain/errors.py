"""The root of all errors that Leadline expects, and what whoever catches one does with it.

LeadlineError                exit code of a command that one ends
├── Retry            2       time mends it: the same again after a pause, from what is stored
├── Fenced           2       another works in our place: forget what was read, begin at what is stored
├── Reject           2       this input is never taken: keep it with the reason, go on with the next
├── Refused          2       nothing was done; the message says what is allowed, or what to do first
│   ├── Misconfigured        a person must change a setting, a file or a right first
│   │   └── Problems             several at once, a line each
│   └── NotFound             what was named is not there
└── Failed           1       it was done, and the outcome is bad (rows differ, a part crashed, it was cut off)

An error of a room is below one of these (`DatabaseAway` is a Retry, `RecordTooLarge` a Reject), so that nobody who only
wants to know what to do must know the room. Anything else that is raised is a fault in this program.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar


class LeadlineError(Exception):
    """An expected error. `exit_code` is the command line's."""

    exit_code: ClassVar[int] = 2

    @property
    def lines(self) -> Sequence[str]:
        """What is wrong, a line each."""
        return str(self).splitlines() or [type(self).__name__]


class Retry(LeadlineError):
    """Nothing is wrong with the work: do it again, from what is stored, after `retry_after` seconds or more."""

    retry_after: float = 2.0


class Fenced(LeadlineError):
    """Somebody else works in our place. Forget what was read, begin at what is stored."""


class Reject(LeadlineError):
    """This input will never be taken, however often it is tried."""


class Refused(LeadlineError):
    """Nothing was done."""


class Misconfigured(Refused):
    """A person must change something before this can work."""


class Problems(Misconfigured):
    """Several things to change. `problems` says of each what was found and what is allowed."""

    problems: list[str]

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))

    @property
    def lines(self) -> Sequence[str]:
        """The problems."""
        return self.problems


class NotFound(Refused):
    """What was named is not there."""


class Failed(LeadlineError):
    """It ran, and the outcome is bad."""

    exit_code = 1
