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
from domain.phrases import Phrase, phrase, phrased
from projections.projecting.projector import CLOCK_HINT, WRONG
from projections.projecting.saved import SavedByAnother, check_format
from projections.upkeep.activation import ActivationRefused, check_kept
from runtime.folder import held
from runtime.status import Status, status_of
from runtime.wiring import SPOOL, Wiring
from store.log.port import LogError
from store.log.sqlite_file import Held, held_in
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
    wrongs: list[int] = field(default_factory=list)
    """Which of the rows are problems."""
    problems: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    """Those of the problems for which no part can work."""
    status: Status | None = None
    """What the database says; None: it says nothing."""
    partitions: list[tuple[str, int, int]] = field(default_factory=list)
    """Of the log: the name, up to where it is recorded, and its end."""

    def say(self, what: str, how: object) -> None:
        """Something that was looked at."""
        self.rows.append((what, how if isinstance(how, Phrase) else str(how)))

    def wrong(self, what: str, how: object, *, away: bool = False) -> None:
        """Something that is wrong; `away`: so that no part can work."""
        self.wrongs.append(len(self.rows))
        self.say(what, how)
        self.problems.append(f"{what}: {how}")
        if away:
            self.away.append(self.problems[-1])


def look(wiring: Wiring) -> Findings:
    """Look at everything."""
    findings = Findings()
    findings.status = status = _database(wiring, findings)
    try:
        _log(wiring, findings, status)
        _spool(wiring, findings)
        _folder(wiring, findings)
    except OSError as error:  # a folder that may not even be looked into
        findings.wrong(phrase("data folder"), f"{error.filename}: {error.strerror}", away=True)
    _model(wiring, findings, status)
    _destinations(wiring, findings, status)
    _tokens(wiring, findings, status)
    return findings


def _database(wiring: Wiring, findings: Findings) -> Status | None:
    try:
        database = wiring.existing
        status = status_of(database)
        wiring.ids  # noqa: B018  asks whether the id key is the right one
    except (LeadlineError, PersistenceError) as error:
        prefix = "" if wiring.where in str(error) else f"{wiring.where}: "
        findings.wrong(phrase("database"), f"{prefix}{error}", away=True)
        return None
    answers = phrase("{where} answers ({server})", where=wiring.where, server=wiring.database.server())
    findings.say(phrase("database"), answers)
    findings.say(phrase("recorded"), phrase("{number:,} touchpoints", number=status.recorded))
    if status.clock is None:
        findings.say(phrase("projected"), phrase("nothing yet"))
    else:
        place = phrase(
            "to position {position:,} ({behind:,} behind), clock {clock:instant}",
            position=status.projected,
            behind=status.lag,
            clock=status.clock,
        )
        findings.say(phrase("projected"), place)
        if status.clock - status.now > WRONG:
            ahead = (status.clock - status.now) // 1_000_000
            how = phrase("{seconds:,} s ahead of the database's time: {hint}", seconds=ahead, hint=CLOCK_HINT)
            findings.wrong(phrase("projector's clock"), how)
        if status.now - status.clock > LATE:
            late = (status.now - status.clock) // 1_000_000
            how = phrase("its clock is {seconds:,} s old: none works on this database now", seconds=late)
            findings.say(phrase("projector"), how)
    if status.format is not None:
        try:
            check_format(status.format)
        except SavedByAnother as error:
            findings.wrong(phrase("projector"), phrase("it waits: {why}", why=phrased(error)))
    findings.say(phrase("leads"), phrase("{number:,}, visitors included", number=status.leads))
    findings.say(phrase("signals"), phrase("{number:,} in the ledger", number=status.announced))
    for cluster, reason in status.aside:
        findings.wrong(phrase("cluster {number} put aside", number=str(cluster)), reason)
    if status.aside_count > len(status.aside):
        findings.wrong(phrase("clusters put aside"), phrase("{number:,} in all", number=status.aside_count))
    waiting = phrase("{number:,} wait for `leadline rejected replay`", number=status.rejected)
    if status.rejected_forms:
        waiting = phrase(
            "{waiting}; {forms:,} of them forms: `leadline rejected list --door f/`",
            waiting=waiting,
            forms=status.rejected_forms,
        )
    findings.say(phrase("refused input"), waiting)
    return status


def _log(wiring: Wiring, findings: Findings, status: Status | None) -> None:
    where = ",".join(wiring.settings.kafka) or str(wiring.settings.data / "log.db")
    if not wiring.settings.kafka and not Path(where).is_file():
        findings.say(phrase("log"), phrase("{where} does not exist yet", where=where))
        return
    try:
        ends = wiring.log.ends(IN)
    except LeadlineError as error:
        findings.wrong(phrase("log"), phrased(error), away=True)
        return
    if wiring.settings.kafka:
        findings.say(phrase("log"), phrase("{where} answers", where=where))
    else:
        size = f"{Path(where).stat().st_size / 1e6:,.1f}"
        how = phrase("{where} answers ({size} MB: it keeps all it ever took)", where=where, size=size)
        findings.say(phrase("log"), how)
        if why := wiring.collector_refuses():
            findings.wrong(phrase("log"), why)
    for partition, end in ends.items():
        if end is None:
            continue
        reached = -1 if status is None else status.positions.get(partition.name, -1)
        place = f"{partition.topic}/{partition.number}"
        findings.partitions.append((place, reached, end))
        how = phrase(
            "recorded to {position:,} of {end:,} ({behind:,} behind)",
            position=reached,
            end=end,
            behind=max(0, end - reached),
        )
        findings.say(place, how)


def spooled_here(wiring: Wiring) -> Held | None:
    """What waits for Kafka in the data folder of this process; None: there is no spool. Raises LogError."""
    file = wiring.settings.data / SPOOL
    return held_in(file) if wiring.settings.kafka and file.is_file() else None


def _spool(wiring: Wiring, findings: Findings) -> None:
    try:
        held = spooled_here(wiring)
    except LogError as error:
        findings.wrong(phrase("spool"), phrased(error))
        return
    if held is not None:
        file = str(wiring.settings.data / SPOOL)
        how = phrase("{number:,} records wait for Kafka in {file}", number=held.records, file=file)
        findings.say(phrase("spool"), how)


def _model(wiring: Wiring, findings: Findings, status: Status | None) -> None:
    active = status.model if status is not None else None
    if status is not None:
        findings.say(phrase("active model"), active or phrase("none yet"))
    if status is not None and status.folded_with not in (None, "", active):
        how = phrase(
            "folded with model {folded}, active is {active}: `leadline rebuild`",
            folded=status.folded_with,
            active=active or phrase("none yet"),
        )
        findings.wrong(phrase("read models"), how)
    try:
        file = wiring.model_file() if active is None else wiring.model_file_to_activate()
    except ModelError as error:
        findings.wrong(phrase("model file"), "; ".join(error.problems))
    except Refused as error:
        if active is None:
            findings.wrong(phrase("model file"), phrased(error))
        else:
            findings.say(phrase("model file"), phrased(error))
    else:
        found: dict[str, str] = {"file": str(wiring.settings.model), "version": file.hash}
        if active is None:
            how = phrase("{file} ({version}) is valid", **found)
        elif file.hash == active:
            how = phrase("{file} ({version}) is the active model", **found)
        else:
            how = phrase("{file} ({version}) is not active: `leadline model activate` makes it so", **found)
        findings.say(phrase("model file"), how)
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
        what = phrase("destination {name}", name=destination.name)
        try:
            sender_of(destination, os.environ, UTC)
        except Misconfigured as error:
            findings.wrong(what, phrased(error))
        tally = known.get(destination.name)
        if tally is None:
            continue
        last = phrase("none yet") if tally.last_success is None else phrase("{at:instant}", at=tally.last_success)
        how = phrase(
            "{waiting:,} wait, {dead:,} dead, last success {last}", waiting=tally.waiting, dead=tally.dead, last=last
        )
        findings.say(what, how)
        if tally.dead:
            findings.wrong(what, phrase("{number:,} were given up: `leadline notify dead list`", number=tally.dead))


def _tokens(wiring: Wiring, findings: Findings, status: Status | None) -> None:
    """Who may ask: whether anybody can, and which tokens nobody seems to need."""
    if status is None:
        return
    settings = wiring.settings
    with wiring.database.snapshot() as conn:
        holding, now = [token for token in tokens(conn) if token.withdrawn_at is None], wiring.database.now(conn)
    current = [token for token in holding if token.expires_at is None or token.expires_at > now]
    unused = [token.name for token in current if (token.used_at or token.made_at) < now - UNUSED]
    how = phrase("{number:,} let in", number=len(current))
    if unused:
        how = phrase("{letting}; not used for 90 days: {names}", letting=how, names=unused)
    findings.say(phrase("tokens"), how)
    if not current and settings.token is None and not settings.bind.loopback:
        how = phrase(
            "{address} can be reached by others, and nobody may ask: `leadline token make`", address=str(settings.bind)
        )
        findings.wrong(phrase("tokens"), how)


def _activation(wiring: Wiring, findings: Findings, file: Model) -> None:
    """Whether the file, were it activated now, would be refused."""
    try:
        with wiring.database.snapshot() as conn:
            check_kept(conn, active_model(conn) or file, file)
    except ActivationRefused as error:
        findings.wrong(phrase("model file"), phrased(error))


def _folder(wiring: Wiring, findings: Findings) -> None:
    folder = wiring.settings.data
    if not folder.is_dir():
        findings.say(phrase("data folder"), phrase("{where} does not exist yet", where=str(folder)))
        return
    try:
        taken = held(folder)
    except Refused as error:
        findings.wrong(phrase("data folder"), phrased(error))
        return
    if taken:
        how = phrase("{folder} is held by a running server", folder=str(folder))
    else:
        how = phrase("{folder} is free: no server runs on it", folder=str(folder))
    findings.say(phrase("data folder"), how)
