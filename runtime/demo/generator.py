"""A seeded traffic generator that knows the true answer: who is who, how many touchpoints each, how far in a funnel.

People with one or two devices browse, send forms, sign in, open and click mails, ask for demos; some share a computer,
some mails are opened by machines, some requests come late and some twice. The same seed gives the same requests.
"""

import base64
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.model.definition import Funnel
from domain.touchpoints.claims import snake_case
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint, rfc3339
from producers.protocols import forms, segment
from producers.reading.arrival import Arrival
from producers.reading.body import Body
from runtime.demo.people import BUSINESS, PlanStep, Someone, VisitorMix

SECOND: Final = 1_000_000
HOUR: Final = 3_600 * SECOND

_LATE: Final = 0.06
_TWICE: Final = 0.08
_SHARED: Final = 0.15
"""Shares of requests that come late and twice, and of signed-in people who follow another on the same computer."""

_KEY: Final = "demo-write-key"
_TYPES: Final = {"page": "page_viewed", "identify": "identified", "group": "grouped", "form": "form_submitted"}


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request to the collector, and when it is delivered (microseconds)."""

    at: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Act:
    """What truly happened: `person` did `type` at an instant (microseconds, whole milliseconds)."""

    person: int
    at: int
    type: str
    properties: Mapping[str, Any]
    identities: frozenset[Identity]
    request: tuple[str, dict[str, Any]]
    """The door and the call (or the form's fields) that report it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The true answer. A cookie of a shared computer stands with whom it is at the end."""

    acts: tuple[Act, ...]
    people: Mapping[int, Someone]

    @property
    def leads(self) -> int:
        """How many people were seen: each is one lead, visitors too."""
        return len(self.people)

    @property
    def identified(self) -> int:
        """How many of them said who they are."""
        return sum(1 for person in self.people.values() if person.email)

    def touches(self) -> Counter[int]:
        """Touchpoints of each person; what was delivered twice counts once."""
        return Counter(act.person for act in self.acts)

    def identities(self) -> dict[int, frozenset[Identity]]:
        """Who is who: the identities of each person."""
        last: dict[Identity, int] = {}
        for act in sorted(self.acts, key=lambda act: act.at):
            last.update(dict.fromkeys(act.identities, act.person))
        identities_of: dict[int, set[Identity]] = {person: set() for person in self.people}
        for identity, person in last.items():
            identities_of[person].add(identity)
        return {person: frozenset(identities) for person, identities in identities_of.items()}

    def funnel(self, funnel: Funnel) -> tuple[int, ...]:
        """How many people reached each step, tried out attempt by attempt. Only steps that ask for properties."""
        tests = [(step.on, compile_where(step.where)) for step in funnel.steps]
        histories: dict[int, list[Act]] = {}
        for act in sorted(self.acts, key=lambda act: act.at):
            histories.setdefault(act.person, []).append(act)
        reached = [self._furthest(history, tests, funnel.window) for history in histories.values()]
        return tuple(sum(1 for depth in reached if depth > step) for step in range(len(tests)))

    @staticmethod
    def _furthest(history: Sequence[Act], tests: Sequence[tuple[str, Any]], window: int) -> int:
        best = 0
        for start, first in enumerate(history):
            step = 0
            for act in history[start:]:
                if act.at > first.at + window or (step == 0 and act is not first):
                    break
                type_wanted, matches = tests[step]
                if act.type == type_wanted and matches(act.properties, {}, NO_SOURCE):
                    step += 1
                    if step == len(tests):
                        return step
            best = max(best, step)
        return best


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests in the order of their delivery, and the truth behind them."""

    requests: tuple[Request, ...]
    truth: Truth

    def touchpoints(self, source: str = "default") -> Iterator[Touchpoint]:
        """What the collector makes of the requests, repeats included, each received when it is delivered."""
        for number, request in enumerate(self.requests):
            body = gzip.decompress(request.body) if request.headers.get("Content-Encoding") else request.body
            arrival = Arrival(request.path[1:], Source("server", source), Instant(request.at), f"generated-{number}")
            if request.path.startswith("/f/"):
                yield forms.touchpoint(forms.submission(dict(parse_qsl(body.decode()))), arrival)
            else:
                yield from segment.PROTOCOL.taken(arrival, Body("json", orjson.loads(body)), body).touchpoints


def generate(seed: int, start: int, people: int = 200, length: int = HOUR, crowd: VisitorMix = BUSINESS) -> Traffic:
    """The traffic of `people` of a crowd from `start` on, for `length` (microseconds).

    Every call bears its own time and no `sentAt`, so that it keeps it however fast it is played. Plain HTML forms bear
    none (a browser sends none): they come last, and count as of their receipt.
    """
    chance = Random(f"leadline {seed}")
    start -= start % 1_000
    kinds = [kind for kind, _ in crowd.kinds]
    chosen = chance.choices(kinds, weights=[weight for _, weight in crowd.kinds], k=people)
    cast = {number: crowd.someone(kind, number, chance) for number, kind in enumerate(chosen, start=1)}
    acts: list[Act] = []
    guest: tuple[str, int] | None = None
    for number, person in cast.items():
        shares = person.signs_in and guest is not None and chance.random() < _SHARED
        cookies = [f"anon-{seed}-{number}-{device}" for device in range(person.devices)]
        begin = start + chance.randrange(length // 2 // 1_000) * 1_000
        if shares and guest is not None:
            cookies[0], begin = guest[0], max(begin, guest[1] + SECOND)
        person_acts = list(
            acts_of(number, person, cookies, _instants(person.steps, begin, start + length, chance), seed, shares)
        )
        acts += person_acts
        plain = any(act.request[0].startswith("f/") for act in person_acts)
        if person.signs_in and not shares and person_acts[-1].at < start + length * 9 // 10 and not plain:
            guest = (cookies[0], person_acts[-1].at)
        elif shares:
            guest = None
    truth = Truth(tuple(acts), cast)
    return Traffic(tuple(delivered(acts, start + length, chance, crowd.site)), truth)


def _instants(steps: Sequence[PlanStep], begin: int, end: int, chance: Random) -> list[int]:
    """An instant for each step: some seconds apart, all different, all before the end; plain forms after it."""
    gaps = [chance.randint(4_000, 90_000) for _ in steps]
    room = max((end - begin) // 1_000 - 1, len(steps))
    if sum(gaps) > room:
        gaps = [max(1, gap * room // (2 * sum(gaps))) for gap in gaps]
    instants, now = [], begin
    for step, gap in zip(steps, gaps, strict=True):
        now += gap * 1_000
        instants.append(now if step.call != "form" else end + gap * 1_000)
    return instants


def acts_of(
    number: int, person: Someone, cookies: list[str], instants: list[int], seed: int, signs_in_first: bool
) -> Iterator[Act]:
    """A person's steps with their calls. `signs_in_first`, as who follows another on a computer does."""
    user = f"u-{seed}-{number}" if person.signs_in else None
    signed_in = False
    steps = list(zip(person.steps, instants, strict=True))
    if signs_in_first:
        steps.insert(0, (PlanStep("identify"), instants[0] - 1_000))
    for place, (step, at) in enumerate(steps):
        signed_in = signed_in or (step.call == "identify" and user is not None)
        carried = {
            "userId": user if signed_in or step.by == "crm" else None,
            "anonymousId": cookies[min(step.device, len(cookies) - 1)] if step.by == "browser" else None,
        }
        yield _act(number, person, step, at, f"{seed}-{number}-{place}", {k: v for k, v in carried.items() if v})


def _act(number: int, person: Someone, step: PlanStep, at: int, message: str, carried: dict[str, str]) -> Act:
    properties = dict(step.properties)
    names = {"userId": "user_id", "anonymousId": "anonymous_id"}
    identities = {Identity(names[name], value) for name, value in carried.items()}
    type_ = _TYPES.get(step.call) or snake_case(step.name)
    if step.call == "form":
        fields = {"_id": message, "_aid": carried["anonymousId"], "email": person.email or "", "message": "Call me"}
        identities.add(Identity("email", fields["email"]))
        return Act(number, at, type_, {"form": step.name}, frozenset(identities), ("f/" + step.name, fields))
    call: dict[str, Any] = {"messageId": message, "timestamp": rfc3339(at)[:23] + "Z", **carried}
    match step.call:
        case "track":
            if type_ == "form_submitted":
                properties["email"] = person.email
                if person.company:
                    properties["company"] = person.company[0]
            call |= {"event": step.name, "properties": properties}
            if step.by == "mail":
                call["context"] = {"traits": {"email": person.email}}
        case "page":
            call["properties"] = properties
        case "identify":
            call["traits"] = person.traits
        case "group" if person.company is not None:
            name, domain, employees, country = person.company
            call |= {"groupId": domain, "traits": {"name": name, "employees": employees, "country": country}}
        case "group":
            call |= {"groupId": f"home-{number}", "traits": {}}
    if person.email and (step.call == "identify" or type_ == "form_submitted" or step.by == "mail"):
        identities.add(Identity("email", person.email))
    return Act(number, at, type_, properties, frozenset(identities), (step.call, call))


# ---- delivery ----------------------------------------------------------------------------------------------------


def delivered(acts: Sequence[Act], end: int, chance: Random, site: str) -> list[Request]:
    """The requests: browsers send one call each, servers batches; some late, some twice."""
    requests: list[Request] = []
    batch: list[Act] = []
    for act in sorted(acts, key=lambda act: (act.at, act.person)):
        door, call = act.request
        if door.startswith("f/"):
            requests.append(_posted_form(act, site))
        elif "anonymousId" in call:
            requests += _sent(_browser_call(act, site), end, chance)
        else:
            batch.append(act)
            if len(batch) == 20:
                requests += _sent(_server_batch(batch), end, chance)
                batch = []
    if batch:
        requests += _sent(_server_batch(batch), end, chance)
    return sorted(requests, key=lambda request: request.at)


def _sent(request: Request, end: int, chance: Random) -> Iterator[Request]:
    latency = chance.randint(20, 900) * 1_000
    if chance.random() < _LATE:
        latency += chance.randint(60, 1_800) * SECOND
    arrives = min(request.at + latency, max(end, request.at + 1_000))
    yield replace(request, at=arrives)
    if chance.random() < _TWICE:
        yield replace(request, at=arrives + chance.randint(1, 60) * SECOND)


def _browser_call(act: Act, site: str) -> Request:
    name, call = act.request
    headers = {"Content-Type": "text/plain", "Origin": site}
    return Request(act.at, "POST", f"/v1/{name[0]}", headers, orjson.dumps({**call, "writeKey": _KEY}))


def _server_batch(acts: Sequence[Act]) -> Request:
    items = [{"type": act.request[0], **act.request[1]} for act in acts]
    token = base64.b64encode(f"{_KEY}:".encode()).decode()
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Authorization": f"Basic {token}"}
    packed = gzip.compress(orjson.dumps({"batch": items}), mtime=0)
    return Request(max(act.at for act in acts), "POST", "/v1/batch", headers, packed)


def _posted_form(act: Act, site: str) -> Request:
    door, fields = act.request
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": site}
    return Request(act.at, "POST", f"/{door}", headers, urlencode(fields).encode())
