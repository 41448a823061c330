"""How far an import has come: a small file beside the data, so that one that was cut off goes on where it was."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from domain.touchpoints.touchpoint import Instant


@dataclass(frozen=True, slots=True)
class Done:
    """Rows whose batches the log has durably. `received_at` is the import's clock, kept so that both halves agree."""

    received_at: Instant
    read: int = 0
    appended: int = 0
    known: int = 0
    skipped: int = 0
    rejected: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResumeFile:
    """The file of one import. Without a path nothing is kept."""

    path: Path | None

    @classmethod
    def of(cls, folder: Path | None, content: str, mapping: str) -> "ResumeFile":
        """The file for this content and mapping (their hashes): another of either is another import."""
        name = hashlib.sha256(f"{content}\x00{mapping}".encode()).hexdigest()[:32]
        return cls(None if folder is None else folder / f"{name}.json")

    def read(self) -> Done | None:
        """How far it had come; None when it is new, or when the file is damaged (read again, all is duplicates)."""
        if self.path is None:
            return None
        try:
            return Done(**orjson.loads(self.path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, done: Done) -> None:
        """Note what is done, durably and whole: the old file or the new one is there, never half of one."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(f".{os.getpid()}.new")
        with beside.open("wb") as file:
            file.write(orjson.dumps({**asdict(done), "reasons": dict(done.reasons)}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def remove(self) -> None:
        """It is done to its end."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
