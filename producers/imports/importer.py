"""`leadline import`: a file's rows as touchpoints on the log, in batches, resumable; refused rows are kept.

Errors:

    MappingError        misconfigured: the mapping is wrong; nothing was appended
    ImportProblem       reject: the file is wrong; nothing was appended
    ImportInterrupted   retry: the log did not answer; the same command goes on from the last batch that it has
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import ValidationError

from domain.errors import Failed
from domain.touchpoints.envelope import ENVELOPES, encode, validate
from domain.touchpoints.touchpoint import Instant, Touchpoint
from producers.imports.file import Row, Survey, json_row, read_rows, survey
from producers.imports.mapping import ImportMapping, parse_mapping
from producers.imports.resume import Done, ResumeFile
from producers.imports.row import RowMapper, RowRefused, Skipped
from producers.reading.conventions import NONE, Conventions
from store.log.cloudevents import touchpoint_record
from store.log.port import LogAway, LogFull, Record, RecordTooLarge
from store.log.rejection import rejection_record
from store.log.topics import REJECTED, TOUCHPOINTS

BATCH: Final = 2_000
"""Rows of one durable append."""

LARGEST: Final = 500_000
"""Largest envelope of a row, in bytes: far below what a Kafka broker takes by default."""

PATIENCE: Final = 120.0
"""Seconds that an import waits for a log that is away or full, before it stops (and can be gone on with)."""

_BATCH_BYTES: Final = 4 << 20
_KINDS: Final = 200
"""Different reasons that are counted one by one; others are counted together."""

_PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0)


class Appender(Protocol):
    """The part of a log that an import needs."""

    def append(self, topic: str, records: Sequence[Record]) -> None:
        """Append durably; raises any LogError."""


Recorded = Callable[[Sequence[Touchpoint]], AbstractSet[tuple[str, str]]]
"""Which of some touchpoints are recorded already, by their keys (source name, id)."""


class ImportInterrupted(Failed):
    """The log stayed away or full. What was appended counts, and the same command goes on behind it."""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Where an import is. `share` is the part of the file that is done, 0 to 1; `message` says why it waits."""

    read: int
    appended: int
    known: int
    skipped: int
    rejected: int
    share: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of the rows: read = appended + known + skipped + rejected. `resumed` of them were done before.

    `known` rows are recorded already, and not appended again.
    """

    read: int
    appended: int
    known: int
    skipped: int
    rejected: int
    reasons: Mapping[str, int]
    resumed: int


@dataclass(slots=True)
class _Batch:
    """Rows that go to the log together."""

    taken: list[tuple[Row, int, Touchpoint, bytes]] = field(default_factory=list)
    refused: list[Record] = field(default_factory=list)
    size: int = 0
    rows: int = 0

    def full(self, limit: int) -> bool:
        return self.rows >= limit or self.size >= _BATCH_BYTES


def import_file(
    path: Path,
    mapping: ImportMapping,
    log: Appender,
    *,
    clock: Callable[[], Instant],
    resume: Path | None = None,
    recorded: Recorded = lambda touchpoints: frozenset(),
    progress: Callable[[ImportProgress], None] = lambda now: None,
    wait: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
    batch: int = BATCH,
    conventions: Conventions = NONE,
) -> ImportResult:
    """Append every row of a file. When it returns, the log has them durably.

    `clock` gives the instant of receipt, in microseconds. `resume` is a folder for the progress of imports that were
    cut off (None: none is kept): the same file with the same mapping goes on behind its last appended batch. A file
    that was imported to its end starts again: what `recorded` says is in the event store is not appended again, and
    what is only on the log is dropped by its id when it is recorded.
    Raises ImportProblem, ImportInterrupted, LogMisconfigured.
    """
    survey_of_file = survey(path, mapping)
    file = ResumeFile.of(resume, survey_of_file.digest, mapping.hash)
    done = file.read() or Done(received_at=clock())
    return _Import(
        survey=survey_of_file,
        mapping=mapping,
        log=log,
        file=file,
        done=done,
        tell=progress,
        recorded=recorded,
        waiting=_Waiting(wait, patience),
        limit=batch,
        mapper=RowMapper(mapping, done.received_at, conventions.region),
        reasons=Counter(done.reasons),
    ).run()


@dataclass(slots=True, kw_only=True)
class _Import:
    """One run of an import."""

    survey: Survey
    mapping: ImportMapping
    log: Appender
    file: ResumeFile
    done: Done
    tell: Callable[[ImportProgress], None]
    recorded: Recorded
    waiting: "_Waiting"
    limit: int
    mapper: RowMapper
    reasons: Counter[str]
    characters: int = 0

    def run(self) -> ImportResult:
        resumed, batch = self.done.read, _Batch()
        for row in read_rows(self.survey, self._count):
            occurrence = self.mapper.occurrence(row)
            if row.number <= resumed:
                continue
            self._take(row, occurrence, batch)
            if batch.full(self.limit):
                self._append(batch)
                batch = _Batch()
        if batch.rows:
            self._append(batch)
        self.file.remove()
        done = self.done
        return ImportResult(
            done.read, done.appended, done.known, done.skipped, done.rejected, dict(self.reasons), resumed
        )

    def _count(self, characters: int) -> None:
        self.characters += characters

    def _take(self, row: Row, occurrence: int, batch: _Batch) -> None:
        batch.rows += 1
        try:
            touchpoint = self.mapper.touchpoint(row, occurrence)
            if isinstance(touchpoint, Skipped):
                return
            value = _encoded(touchpoint)
        except RowRefused as error:
            self._refuse(row, occurrence, error, batch)
            return
        batch.taken.append((row, occurrence, touchpoint, value))
        batch.size += len(value)

    def _refuse(self, row: Row, occurrence: int, error: RowRefused, batch: _Batch) -> None:
        kind = error.kind if error.kind in self.reasons or len(self.reasons) < _KINDS else "other reasons"
        self.reasons[kind] += 1
        meta = {
            "file": self.survey.path.name,
            "row": row.number,
            "occurrence": occurrence,
            "mapping": self.mapping.text,
        }
        raw = row.kept()[:LARGEST]
        batch.refused.append(
            rejection_record(
                door=f"import/{self.survey.path.name}",
                reason=f"row {row.number}: {error}",
                source=f"import:{self.mapping.source}",
                meta=meta,
                raw=raw,
                at=self.done.received_at,
            )
        )
        batch.size += len(raw) + len(self.mapping.text)

    def _append(self, batch: _Batch) -> None:
        """Make a batch durable, then note that it is. A crash between the two appends it twice: same ids, so once."""
        self._check(batch)
        recorded_keys = self.recorded([touchpoint for *_, touchpoint, _ in batch.taken])
        records = [
            touchpoint_record(touchpoint, value)
            for *_, touchpoint, value in batch.taken
            if touchpoint.key not in recorded_keys
        ]
        self._durably(TOUCHPOINTS, records)
        self._durably(REJECTED, batch.refused)
        done = self.done
        taken, refused = len(batch.taken), len(batch.refused)
        repeated = taken - len(records)
        self.done = Done(
            received_at=done.received_at,
            read=done.read + batch.rows,
            appended=done.appended + len(records),
            known=done.known + repeated,
            skipped=done.skipped + batch.rows - taken - refused,
            rejected=done.rejected + refused,
            reasons=dict(self.reasons),
        )
        self._note()
        self._say("")

    def _note(self) -> None:
        try:
            self.file.write(self.done)
        except OSError as error:
            raise ImportInterrupted(
                f"{self.file.path}: the import's progress cannot be noted ({error.strerror or error}). "
                "Make room or check the folder, "
                "then run the same command again: what is read twice counts once"
            ) from error

    def _check(self, batch: _Batch) -> None:
        """Hold every envelope against its schema, all as one list; only if that fails one by one."""
        try:
            ENVELOPES.validate_json(b"[" + b",".join(value for *_, value in batch.taken) + b"]")
        except ValidationError:
            taken, batch.taken = batch.taken, []
            for row, occurrence, touchpoint, value in taken:
                if (fault := validate(touchpoint)) is None:
                    batch.taken.append((row, occurrence, touchpoint, value))
                else:
                    self._refuse(row, occurrence, RowRefused(f"no valid envelope: {fault}"), batch)

    def _durably(self, topic: str, records: list[Record]) -> None:
        if not records:
            return
        self.waiting.start()
        while True:
            try:
                self.log.append(topic, records)
                return
            except (LogAway, LogFull) as error:
                pause = self.waiting.pause(error.retry_after)
                if pause is None:
                    raise ImportInterrupted(
                        f"{self.survey.path}: {error}\n{self.done.read} rows are done and stay; run the same command "
                        "again and it goes on from there"
                    ) from error
                self._say(f"{error}; tried again in {pause:g} s")
                self.waiting.sleep(pause)
            except RecordTooLarge as error:
                raise ImportInterrupted(
                    f"{self.survey.path}: behind row {self.done.read}: the log takes no record as large as one of "
                    f"these ({error}). Allow larger ones there (Kafka: max.message.bytes), then run the command again"
                ) from error

    def _say(self, message: str) -> None:
        done = self.done
        size = self.survey.size or 1
        share = min(1.0, self.characters / size)
        self.tell(ImportProgress(done.read, done.appended, done.known, done.skipped, done.rejected, share, message))


class _Waiting:
    """How long to wait for the log: longer each time, until the patience is used up."""

    def __init__(self, sleep: Callable[[float], None], patience: float) -> None:
        self.sleep = sleep
        self._patience = patience
        self._seconds_left = patience
        self._tries = 0

    def start(self) -> None:
        """A new append: patience is whole again."""
        self._seconds_left, self._tries = self._patience, 0

    def pause(self, retry_after: float) -> float | None:
        """Seconds until the next try; None: there is no patience left."""
        if self._seconds_left <= 0:
            return None
        pause = min(max(_PAUSES[min(self._tries, len(_PAUSES) - 1)], min(retry_after, 10.0)), self._seconds_left)
        self._seconds_left -= pause
        self._tries += 1
        return pause


def _encoded(touchpoint: Touchpoint) -> bytes:
    try:
        value = encode(touchpoint)
    except TypeError as error:
        raise RowRefused(f"values that JSON cannot carry: {error}") from error
    if len(value) > LARGEST:
        raise RowRefused(f"row too large: allowed are {LARGEST} bytes")
    return value


def replay_row(
    raw: bytes,
    meta: Mapping[str, Any],
    received_at: Instant,
    mapping: ImportMapping | None = None,
    conventions: Conventions = NONE,
) -> Touchpoint | Skipped:
    """Try a rejected row again: with a mended mapping, or with the one it was read with. It keeps its id.

    `raw` and `meta` are as the import kept them. Raises RowRefused (still no touchpoint), MappingError.
    """
    used = mapping or parse_mapping(str(meta.get("mapping", "")))
    row = json_row(int(meta.get("row", 0)), raw)
    if row.problem:
        raise RowRefused(f"{row.problem}: mend it in its file and import that again")
    touchpoint = RowMapper(used, received_at, conventions.region).touchpoint(row, int(meta.get("occurrence", 1)))
    if not isinstance(touchpoint, Skipped):
        _encoded(touchpoint)
        if (fault := validate(touchpoint)) is not None:
            raise RowRefused(f"no valid envelope: {fault}")
    return touchpoint
