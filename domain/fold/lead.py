"""The lead: one person. Its touchpoints, replayed, are its state."""

from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from domain.fold.channel import DIRECT, Seen
from domain.fold.funnel import Attempts
from domain.fold.handover import Handover, LeadRejection
from domain.fold.score import HeatState
from domain.model.definition import VISITOR
from domain.touchpoints.touchpoint import NEVER, Instant

EPISODES: Final = 200
"""How many past hot episodes a lead remembers, the last ones: years of them."""


class Episode(Struct, array_like=True, gc=False):
    """One time that a lead was hot by the rules, whoever was told."""

    began: int
    ended: int | None
    """None: it goes on."""
    peak: float
    """The most heat, of the instants at which something happened to the lead."""
    stage: str
    grade: str
    """Stage and grade that it began with."""
    reasons: list[list[Any]]
    """The strongest rules when it began: name, how often, the last time, and what was left of their points."""


class Now(Struct, array_like=True, gc=False):
    """What time alone can change: the hot episode and the segments. Everything else moves with touchpoints only."""

    hot: Episode | None = None
    """The hot episode that goes on."""
    cools_at: int | None = None
    segments: dict[str, int] = field(default_factory=dict)
    """Name -> the instant at which the lead entered it."""
    dues: dict[str, int] = field(default_factory=dict)
    """Name -> the next instant at which time alone may change whether the lead is in that segment."""
    due: int = NEVER
    """The next instant at which something here changes by itself."""
    episodes: list[Episode] = field(default_factory=list)
    """The hot episodes that are over, the first one first; the last `EPISODES`."""
    left: dict[str, int] = field(default_factory=dict)
    """Name -> the instant at which the lead left a segment that it is not in."""
    spells: dict[str, dict[int, int | None]] = field(default_factory=dict)
    """Name -> when the lead entered that segment -> when it left it, None: it is in it. Those that changed since the
    lead was last shown; of a whole history: all."""

    @property
    def hot_since(self) -> int | None:
        """When the hot episode that goes on began."""
        return None if self.hot is None else self.hot.began

    def copy(self) -> "Now":
        """An independent copy."""
        return Now(
            self.hot, self.cools_at, dict(self.segments), dict(self.dues), self.due, [*self.episodes],
            dict(self.left), {name: dict(spells) for name, spells in self.spells.items()},
        )  # fmt: skip

    def enter(self, segment: str, instant: Instant) -> None:
        """Be in a segment from an instant on."""
        self.segments[segment] = instant
        self.left.pop(segment, None)
        self.spells.setdefault(segment, {})[instant] = None

    def leave(self, segment: str, instant: Instant) -> None:
        """Be no longer in a segment."""
        self.spells.setdefault(segment, {})[self.segments.pop(segment)] = instant
        self.left[segment] = instant

    def cool(self, instant: Instant) -> None:
        """End the hot episode, if there is one."""
        if self.hot is not None:
            self.episodes = [*self.episodes[1 - EPISODES :], replace(self.hot, ended=instant)]
        self.hot = self.cools_at = None


class StageEntry(Struct, array_like=True, gc=False):
    """The lead entered a stage at an instant; the kind of source that said so, and the touchpoint's id."""

    stage: str
    at: int
    source: str
    touchpoint: str


class Awarded(Struct, array_like=True, gc=False):
    """Points that a rule gave for a touchpoint, which is named by its id."""

    rule: str
    touchpoint: str
    type: str
    at: int
    points: float
    about: str | None = None
    """What the touchpoint was about (`domain/fold/about.py`)."""


class Withheld(Struct, array_like=True, gc=False):
    """What a touchpoint asked for and did not get, and `why`.

    Points of a `rule` that held: "limit", or "machine: " and the reason; "reset": it gave them, and a later reset took
    them away. `until` is the instant from which the limit lets the rule give again (None: never). Where `rule` is ""
    it is a move to another stage, or that an owner's answer takes effect.
    """

    rule: str
    source: str
    """The name of the touchpoint's source."""
    touchpoint: str
    type: str
    at: int
    points: float
    why: str
    until: int | None = None
    about: str | None = None
    """What the touchpoint was about (`domain/fold/about.py`)."""


class Attribution(Struct, array_like=True, gc=False):
    """Where a lead came from, and the instant from which that held: `seen` is an origin with its channel."""

    at: int
    seen: Seen


class Sources(Struct, array_like=True, gc=False):
    """Where a lead came from: first, last, and at its stages. Direct is nowhere in here: it is what is missing."""

    first: Attribution | None = None
    last: Attribution | None = None
    then: dict[str, Attribution] = field(default_factory=dict)
    """The last one at that instant, by what the lead became: a stage, when first entered; "": identified."""

    @property
    def current(self) -> Seen:
        """Where the lead came from last, as conditions see it."""
        return DIRECT if self.last is None else self.last.seen

    def take(self, seen: Seen, instant: Instant) -> bool:
        """The lead came from somewhere; whether that is another place than before."""
        if self.last is not None and self.last.seen == seen:
            return False
        self.last = Attribution(instant, seen)
        if self.first is None:
            self.first = self.last
        return True

    def note(self, became: str, instant: Instant) -> None:
        """The lead became something for the first time: what was last is where it came from then."""
        if self.last is not None:
            self.then[became] = Attribution(instant, self.last.seen)


class Lead(Struct, array_like=True, gc=False):
    """The state of one person after some of their history (`domain.fold` steps it).

    It is saved as it stands, floats to the bit: a field that is added, removed or moved is another format of the saved
    state (`projections/projecting/saved.py`).
    """

    first_touch: int = NEVER
    last_touch: int = 0
    """First and last of what a person did; of whom only machines touched, of that."""
    touches: int = 0
    """How often, machines left out."""
    last_seen: int | None = None
    """Their own last act (`domain/touchpoints/acts.py`); None: they did nothing themselves."""
    identified_at: int | None = None
    """When something first said who they are, by more than a cookie; None: nothing did."""
    profile: dict[str, Any] = field(default_factory=dict)
    claimed: list[str] = field(default_factory=list)
    """Names of the profile that claims said and no trusted source."""
    stage: str = VISITOR
    stages: list[StageEntry] = field(default_factory=list)
    grade: str = "D"
    fit: float = 0.0
    not_a_lead: str | None = None
    heat: HeatState = field(default_factory=HeatState)
    did: dict[str, list[int]] = field(default_factory=dict)
    funnels: dict[str, Attempts] = field(default_factory=dict)
    findings: list[list[Any]] = field(default_factory=list)
    """Data-quality findings: [kind, detail, instant], each (kind, detail) once."""
    now: Now = field(default_factory=Now)
    sources: Sources = field(default_factory=Sources)
    owner: Handover | None = None
    rejection: LeadRejection | None = None
    """The last one."""
    contacts: list[list[Any]] | None = None
    """The last times that staff was in touch: instant, and who."""
    unsubscribed_at: int | None = None
    """When they last unsubscribed from mail, or complained about one."""
    whole: bool = True
    """Whether what only grows (`now.spells`, `awards`, `withheld`, `changed` of the funnels) is of all the history."""

    foreseen: dict[str, dict[int, int | None]] = field(default_factory=dict)
    """Stays as they were shown that time alone began or ended after the last touchpoint, as `Now.spells`: a touchpoint
    that is taken later, though it happened before that, may undo them."""

    first_machine: int = NEVER
    """The first time that a machine touched the lead, which may be before `first_touch`."""
    awards: list[Awarded] = field(default_factory=list)
    """What rules gave since the lead was last shown, in the order of the fold; of a whole history: all, whatever a
    reset took away since."""
    tags: list[str] | None = None
    """What people call it, the first one that was put on it first; None: nothing."""
    withheld: list[Withheld] = field(default_factory=list)
    """What was asked for since then and not given, in the order of the fold; of a whole history: all."""

    @property
    def identified(self) -> bool:
        """Whether anything said who they are."""
        return self.identified_at is not None

    @property
    def began(self) -> int:
        """The instant of its first touchpoint, whoever's."""
        return min(self.first_touch, self.first_machine)

    def forget_shown(self, now: Now) -> None:
        """The lead was shown as of `now`: of what only grows, what comes is remembered, not what was."""
        self.whole = False
        self.foreseen = {} if now is self.now else _beyond(now.spells, self.now.spells)
        self.now.spells = {}
        self.awards, self.withheld = [], []
        for attempts in self.funnels.values():
            attempts.forget_changed()

    def find(self, kind: str, detail: str, instant: Instant) -> None:
        """Note a data-quality finding, unless it is known."""
        if not any(finding[:2] == [kind, detail] for finding in self.findings):
            self.findings.append([kind, detail, instant])

    def find_first(self, kind: str, about: str, said: str, instant: Instant) -> None:
        """Note what was first said about something, unless anything said about it is known."""
        if not any(each == kind and detail.startswith(f"{about}: ") for each, detail, _ in self.findings):
            self.findings.append([kind, f"{about}: {said}", instant])


def _beyond(
    spells: dict[str, dict[int, int | None]], known: dict[str, dict[int, int | None]]
) -> dict[str, dict[int, int | None]]:
    """The stays that are not known, or end otherwise."""
    beyond: dict[str, dict[int, int | None]] = {}
    for name, stays in spells.items():
        before = known.get(name, {})
        differing = {entered: left for entered, left in stays.items() if before.get(entered, 0) != left}
        if differing:
            beyond[name] = differing
    return beyond
