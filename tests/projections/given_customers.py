"""People who become known, come back, buy, are won or lost; and plain facts about them, told from their touchpoints."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.days import DayRange
from projections.queries.view import View
from projections.reports.answer import Report, ReportQuestion
from projections.reports.registry import answered
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.world import World

ZONE: Final = "Europe/Berlin"
"""Its clocks go forward in the days that are told of."""
DAYS: Final = 150
DAY: Final = 86_400
CUSTOMERS: Final = f'timezone = "{ZONE}"\nbands = {{ size = [10, 100] }}\n' + MODEL.replace(
    'name = "disqualified"\ndetour = true\n',
    'name = "disqualified"\ndetour = true\n[[stages]]\nname = "paused"\ndetour = true\n',
)
CLOCK: Final = us((DAYS - 3) * DAY)
"""In the middle of a week: some of what happens comes later."""
_MOVES: Final = ("qualified", "qualified", "customer", "disqualified", "paused", "lead")
_PATHS: Final = ("/", "/pricing", "/docs", "/" + "long/" * 30)
_MEDIA: Final = (None, None, "email", "cpc")


@dataclass(frozen=True)
class Customer:
    """A person, with what the report should know of them. Instants are microseconds."""

    touchpoints: tuple[Touchpoint, ...]
    """In the order of the fold, until the clock."""

    @property
    def people(self) -> list[Touchpoint]:
        """Without machines."""
        return [each for each in self.touchpoints if "machine" not in each.context]

    @property
    def known_at(self) -> int | None:
        return next((each.instant for each in self.people if _names(each)), None)

    @property
    def entries(self) -> list[tuple[str, int]]:
        """The stages that they entered, and when; every move is a fact."""
        stage, entries = "visitor", list[tuple[str, int]]()
        for each in self.people:
            moves = (
                ["lead"] if stage == "visitor" and self.known_at is not None and each.instant >= self.known_at else []
            )
            for to in [*moves, *([each.properties["to"]] if each.type == "stage_changed" else [])]:
                if to != stage:
                    entries.append((to, each.instant))
                    stage = to
        return entries

    @property
    def stage(self) -> str:
        return self.entries[-1][0] if self.entries else "visitor"

    def entered(self, *stages: str) -> int | None:
        """When they first entered one of these."""
        return next((instant for stage, instant in self.entries if stage in stages), None)

    @property
    def paid_at(self) -> int | None:
        orders = (each for each in self.people if each.type == "order_placed")
        return next((each.instant for each in orders if each.properties.get("revenue", 0) > 0), None)

    @property
    def acts(self) -> list[Touchpoint]:
        """What they did themselves."""
        return [each for each in self.people if is_own(each)]

    @property
    def profile(self) -> dict[str, Any]:
        return {name: value for each in self.people for name, value in each.profile.items()}


def is_own(touchpoint: Touchpoint) -> bool:
    """Whether the person did it, of what is done here."""
    if touchpoint.type == "identified":
        return touchpoint.source.kind == "browser"
    return touchpoint.type in {"page_viewed", "form_submitted", "order_placed", "email_opened"}


def _names(touchpoint: Touchpoint) -> bool:
    return any(identity.kind != "anonymous_id" for identity in touchpoint.identities)


# ---- who they are ------------------------------------------------------------------------------------------------


def some_customers(chance: Random, count: int) -> list[Customer]:
    """Of every kind: never known, known late, moved before they were known, won twice, lost, back at a week's edge."""
    return [Customer(_history(chance, n)) for n in range(count)]


def _history(chance: Random, n: int) -> tuple[Touchpoint, ...]:
    cookie, mail = f"c:{n}", f"e:p{n}@x.de"
    known = None if chance.random() < 0.15 else _second(chance)
    done = [_anonymous(chance, cookie, _second(chance)) for _ in range(chance.randrange(4))]
    if known is not None:
        done.append(_became_known(chance, n, known, cookie, mail))
        done += [_later(chance, known + chance.randrange(60 * DAY), cookie, mail) for _ in range(chance.randrange(12))]
        if chance.random() < 0.3:  # one instant, in an order of its own
            done += [
                at(known + 5, type, mail, id=f"{n} {seq}", seq=seq, path="/pricing")
                for seq, type in enumerate(["form_submitted", "page_viewed", "form_submitted"])
            ]
    done = list({(each.instant, each.seq): each for each in done if each.instant <= CLOCK}.values())
    return tuple(sorted(done, key=lambda each: (each.instant, each.seq)))


def _second(chance: Random) -> int:
    """Since the start: anywhere, or at the very beginning or end of a day in the zone (CET is UTC+1 at the start)."""
    if chance.random() < 0.3:
        midnight = 23 * 3_600 - (1_700_000_000 % DAY) + chance.randrange(DAYS) * DAY
        return max(0, midnight + chance.choice([-1, 0, -3_600, -3_601]))
    return chance.randrange(DAYS * DAY)


def _anonymous(chance: Random, cookie: str, second: int) -> Touchpoint:
    context = {"machine": "a test"} if chance.random() < 0.2 else {}
    if chance.random() < 0.1:
        return at(second, "stage_changed", cookie, to=chance.choice(_MOVES), context=context)
    return at(second, "page_viewed", cookie, source="browser", path=chance.choice(_PATHS), context=context)


def _became_known(chance: Random, n: int, second: int, cookie: str, mail: str) -> Touchpoint:
    profile = {
        "title": chance.choice(["CEO", "CEO", "developer", "none", ""]),
        "size": chance.choice([1, 9.5, 10, "99", 100, 5_000, "many"]),
        "budget": chance.choice([100, *(chance.randrange(5, 900) for _ in range(3))]),
        "company": f"company {n}",
        "first_name": f"Ada {n}",
        "boss": f"boss{n % 3}@x.de",
        "country": chance.choice(["DE", "FR", None]),
    }
    kept = {name: value for name, value in profile.items() if value is not None and chance.random() < 0.8}
    type = chance.choice(["form_submitted", "identified"])
    return at(second, type, cookie, mail, source=chance.choice(["browser", "server"]), profile=kept)


def _later(chance: Random, second: int, cookie: str, mail: str) -> Touchpoint:
    context = {"machine": "a test"} if chance.random() < 0.1 else {}
    medium = chance.choice(_MEDIA)
    came = {} if medium is None else {"medium": medium}
    match chance.randrange(8):
        case 0:
            return at(second, "stage_changed", mail, to=chance.choice(_MOVES))
        case 1:
            revenue = chance.choice([{}, {"revenue": 0}, {"revenue": -5}, {"revenue": 12.5}, {"revenue": 9}])
            return at(second, "order_placed", mail, context=context, **revenue)
        case 2:
            return at(second, chance.choice(["email_sent", "email_opened"]), mail, source="provider", context=context)
        case 3:
            return at(second, chance.choice(["call_logged", "identified"]), mail)
        case 4:
            return at(second, "form_submitted", cookie, mail, source="browser", context=context)
        case _:
            return at(second, "page_viewed", mail, path=chance.choice(_PATHS), context=context, **came)


# ---- a world of them ---------------------------------------------------------------------------------------------


@contextmanager
def world_of(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory, customers: Sequence[Customer]
) -> Iterator[World]:
    """A world on the database that is the request's parameter, with all that they did."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    url = f"sqlite:///{folders.mktemp('customers') / 'leadline.db'}" if server is None else server.create()
    world = World(url, parse_model(CUSTOMERS), CLOCK)
    world.play([[each for customer in customers for each in customer.touchpoints]])
    yield world
    assert world.verify().differing == 0
    world.close()
    if server is not None:
        server.drop(url)


def items(view: View, report: Report, days: DayRange | None = None, by: str | None = None, **options: Any) -> list[Any]:
    """The rows of a report."""
    texts = {name: str(value) for name, value in options.items()}
    question = ReportQuestion(days, by, texts) if days is not None else ReportQuestion(by=by, options=texts)
    return answered(view, report, question).items


def local_day(instant: int) -> date:
    """The day in the zone."""
    return datetime.fromtimestamp(instant / 1e6, ZoneInfo(ZONE)).date()


def first_of(day: date, every: str) -> date:
    """The first day of the week or month."""
    return day.replace(day=1) if every == "month" else day - timedelta(days=day.weekday())


def following(first: date, every: str) -> date:
    """The first day of the next one."""
    return first_of(first + timedelta(days=31 if every == "month" else 7), every)
