"""Shared by the tests of the import: a mapping, files, and logs that remember or fail."""

import gzip
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Touchpoint
from producers.imports.importer import ImportResult, import_file
from producers.imports.mapping import parse_mapping
from store.log.port import LogError, Record
from store.log.topics import REJECTED, TOUCHPOINTS

NOW = 1_780_000_000_000_000
"""The clock of an import: 2026-05-28T20:26:40Z, in microseconds."""

CRM = """
source = "crm"
id = "id"
time = { column = "when", format = "iso" }
identities = { user_id = "customer", email = "mail" }
profile = { company = "firm" }
[type]
column = "what"
[type.map]
"Won" = { type = "stage_changed", to = "customer" }
"Called" = "call_logged"
[properties]
note = "note"
"""

COLUMNS = "id,when,customer,mail,firm,what,note"


class Remembering:
    """A log that keeps records in memory, and fails where it is told to."""

    def __init__(self, fail: Callable[[int], LogError | None] = lambda append: None) -> None:
        self.records: dict[str, list[Record]] = {TOUCHPOINTS: [], REJECTED: []}
        self.appends = 0
        self._fail = fail

    def append(self, topic: str, records: Sequence[Record]) -> None:
        """Keep them, or fail."""
        self.appends += 1
        if (error := self._fail(self.appends)) is not None:
            raise error
        self.records[topic] += records

    @property
    def touchpoints(self) -> list[Touchpoint]:
        """What it holds, in order."""
        return [decode(record.value) for record in self.records[TOUCHPOINTS]]

    @property
    def values(self) -> list[bytes]:
        """The envelopes, sorted."""
        return sorted(record.value for record in self.records[TOUCHPOINTS])

    @property
    def refused(self) -> list[tuple[str, bytes, dict[str, Any]]]:
        """(reason, raw, meta) of what was refused."""
        found = []
        for record in self.records[REJECTED]:
            headers = dict(record.headers)
            meta = orjson.loads(headers["leadline.meta"])
            found.append((headers["leadline.reason"].decode(), record.value, meta))
        return found


def csv_file(folder: Path, rows: Iterable[str], columns: str = COLUMNS, name: str = "rows.csv") -> Path:
    """A CSV file; `.gz` in its name packs it."""
    text = "\n".join([columns, *rows]) + "\n"
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def run(
    path: Path, mapping: str = CRM, log: Remembering | None = None, **more: Any
) -> tuple[ImportResult, Remembering]:
    """Import a file with the clock at NOW."""
    log = log or Remembering()
    return import_file(path, parse_mapping(mapping), log, clock=lambda: NOW, **more), log
