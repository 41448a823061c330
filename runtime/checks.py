"""What `leadline doctor` and `/api/status` look at: reachability, positions, what was put aside: is all well?"""

import os
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from eventsourcing.persistence import PersistenceError

from consumers.notify.destinations.registry import sender_of
from domain.errors import LeadlineError, Misconfigured, Refused
from domain.files.durations import DAY
from domain.model.definition import Model, ModelError
from domain.touchpoints.touchpoint import rfc3339
from projections.projecting.projector import CLOCK_HINT, WRONG
from projections.projecting.saved import SavedByAnother, check_format
from projections.upkeep.activation import ActivationRefused, check_kept
from runtime.folder import held
from runtime.status import Status, status_of
from runtime.wiring import Wiring
from store.log.port import LogError
from store.log.topics import IN
from store.models import active_model
from store.tokens import tokens

UNUSED = 90 * DAY
"""A token that was not used for so long may have been forgotten."""
LATE = 60_000_000
"""A clock this far behind (microseconds) while nothing else is wrong means that no projector works."""


@dataclass(slots=True)
class Findings:
    """What was looked at: (what, how it is), and what is wrong."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    """Those of the problems for which no part can work."""
    status: Status | None = None
    """What the database says; None: it says nothing."""
    partitions: list[tuple[str, int, int]] = field(default_factory=list)
    """Of the log: the name, up to where it is recorded, and its end."""

    def say(self, what: str, how: object) -> None:
        """Something that was looked at."""
        self.rows.append((what, str(how)))

    def wrong(self, what: str, how: object, *, away: bool = False) -> None:
        """Something that is wrong; `away`: so that no part can work."""
        self.say(what, how)
        self.problems.append(f"{what}: {how}")
        if away:
            self.away.append(self.problems[-1])


def look(wiring: Wiring) -> Findings:
    """Look at everything."""
    findings = Findings()
    findings.status = status = _database(wiring, findings)
    _log(wiring, findings, status)
    _model(wiring, findings, status)
    _destinations(wiring, findings, status)
    _tokens(wiring, findings, status)
    _folder(wiring, findings)
    return findings


def _database(wiring: Wiring, findings: Findings) -> Status | None:
    try:
        database = wiring.existing
        status = status_of(database)
        wiring.ids  # noqa: B018  asks whether the id key is the right one
    except (LeadlineError, PersistenceError) as error:
        prefix = "" if wiring.where in str(error) else f"{wiring.where}: "
        findings.wrong("database", f"{prefix}{error}", away=True)
        return None
    findings.say("database", f"{wiring.where} answers ({wiring.database.server()})")
    findings.say("recorded", f"{status.recorded:,} touchpoints")
    if status.clock is None:
        findings.say("projected", "nothing yet")
    else:
        findings.say(
            "projected", f"to position {status.projected:,} ({status.lag:,} behind), clock {rfc3339(status.clock)}"
        )
        if status.clock - status.now > WRONG:
            ahead = (status.clock - status.now) // 1_000_000
            findings.wrong("projector's clock", f"{ahead:,} s ahead of the database's time: {CLOCK_HINT}")
        if status.now - status.clock > LATE:
            late = (status.now - status.clock) // 1_000_000
            findings.say("projector", f"its clock is {late:,} s old: none works on this database now")
    if status.format is not None:
        try:
            check_format(status.format)
        except SavedByAnother as error:
            findings.wrong("projector", f"it waits: {error}")
    findings.say("leads", f"{status.leads:,}, visitors included")
    findings.say("signals", f"{status.announced:,} in the ledger")
    for cluster, reason in status.aside:
        findings.wrong(f"cluster {cluster} put aside", reason)
    if status.aside_count > len(status.aside):
        findings.wrong("clusters put aside", f"{status.aside_count:,} in all")
    lost = status.rejected_forms
    forms = f"; {lost:,} of them forms: `leadline rejected list --door f/`" if lost else ""
    findings.say("refused input", f"{status.rejected:,} wait for `leadline rejected replay`{forms}")
    return status


def _log(wiring: Wiring, findings: Findings, status: Status | None) -> None:
    where = ",".join(wiring.settings.kafka) or str(wiring.settings.data / "log.db")
    if not wiring.settings.kafka and not Path(where).is_file():
        findings.say("log", f"{where} does not exist yet")
        return
    try:
        ends = wiring.log.ends(IN)
    except LogError as error:
        findings.wrong("log", error, away=True)
        return
    size = "" if wiring.settings.kafka else f" ({Path(where).stat().st_size / 1e6:,.1f} MB: it keeps all it ever took)"
    findings.say("log", f"{where} answers{size}")
    for partition, end in ends.items():
        if end is None:
            continue
        reached = -1 if status is None else status.positions.get(partition.name, -1)
        place = f"{partition.topic}/{partition.number}"
        findings.partitions.append((place, reached, end))
        findings.say(place, f"recorded to {reached:,} of {end:,} ({max(0, end - reached):,} behind)")


def _model(wiring: Wiring, findings: Findings, status: Status | None) -> None:
    active = status.model if status is not None else None
    findings.say("active model", active or "none yet")
    if status is not None and status.folded_with not in (None, "", active):
        findings.wrong("read models", f"folded with model {status.folded_with}, active is {active}: `leadline rebuild`")
    try:
        file = wiring.model_file() if active is None else wiring.model_file_to_activate()
    except ModelError as error:
        findings.wrong("model file", "; ".join(error.problems))
    except Refused as error:
        if active is None:
            findings.wrong("model file", error)
        else:
            findings.say("model file", error)
    else:
        same = "is the active model" if file.hash == active else "is not active: `leadline model activate` makes it so"
        findings.say("model file", f"{wiring.settings.model} ({file.hash}) {same if active else 'is valid'}")
        if active is not None:
            _activation(wiring, findings, file)


def _destinations(wiring: Wiring, findings: Findings, status: Status | None) -> None:
    """What the active model tells whom: what waits, what is dead, and whether it can be spoken to from here."""
    if status is None:
        return
    with wiring.database.snapshot() as conn:
        model = active_model(conn)
    known = {tally.name: tally for tally in status.destinations}
    for destination in model.destinations if model else ():
        what = f"destination {destination.name}"
        try:
            sender_of(destination, os.environ, UTC)
        except Misconfigured as error:
            findings.wrong(what, error)
        tally = known.get(destination.name)
        if tally is None:
            continue
        last = "none yet" if tally.last_success is None else rfc3339(tally.last_success)
        findings.say(what, f"{tally.waiting:,} wait, {tally.dead:,} dead, last success {last}")
        if tally.dead:
            findings.wrong(what, f"{tally.dead:,} were given up: `leadline notify dead list`")


def _tokens(wiring: Wiring, findings: Findings, status: Status | None) -> None:
    """Who may ask: whether anybody can, and which tokens nobody seems to need."""
    if status is None:
        return
    settings = wiring.settings
    with wiring.database.snapshot() as conn:
        holding, now = [token for token in tokens(conn) if token.withdrawn_at is None], wiring.database.now(conn)
    current = [token for token in holding if token.expires_at is None or token.expires_at > now]
    unused = [token.name for token in current if (token.used_at or token.made_at) < now - UNUSED]
    findings.say(
        "tokens", f"{len(current):,} let in" + (f"; not used for 90 days: {', '.join(unused)}" if unused else "")
    )
    if not current and settings.token is None and not settings.bind.loopback:
        findings.wrong("tokens", f"{settings.bind} can be reached by others, and nobody may ask: `leadline token make`")


def _activation(wiring: Wiring, findings: Findings, file: Model) -> None:
    """Whether the file, were it activated now, would be refused."""
    try:
        with wiring.database.snapshot() as conn:
            check_kept(conn, active_model(conn) or file, file)
    except ActivationRefused as error:
        findings.wrong("model file", error)


def _folder(wiring: Wiring, findings: Findings) -> None:
    folder = wiring.settings.data
    if not folder.is_dir():
        findings.say("data folder", f"{folder} does not exist yet")
        return
    try:
        taken = held(folder)
    except Refused as error:
        findings.wrong("data folder", error)
        return
    findings.say("data folder", f"{folder} is {'held by a running server' if taken else 'free: no server runs on it'}")
