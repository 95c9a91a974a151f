"""What travels between the parts of a batch: a file to do, how to do it, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from newsmt.batch.summaries import SummaryChoice
from newsmt.options import DecodingOptions

__all__ = ["Counts", "Job", "Outcome", "Role", "Settings", "Status", "Written"]


class Status(StrEnum):
    """What became of a file."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # not a file of a known format, or a link that leads out of the tree
    KEPT = "kept"  # done by an earlier run, and nothing has changed since


@dataclass(frozen=True, slots=True)
class Job:
    """One file to translate; paths are relative to the two folders, with "/" between their parts.

    page: where the side-by-side page goes; summary: where the summary goes; None for none.
    size: bytes of the source, as it was found.
    """

    source: str
    output: str
    page: str | None = None
    size: int = 0
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What all files of a run share.

    fields: the names of the fields to translate in files made of records.
    max_bytes: the largest file that is read whole; 0 for no limit.
    summaries: which summariser to use; None for no summaries.
    """

    source: Path
    destination: Path
    options: DecodingOptions
    fields: tuple[str, ...]
    max_bytes: int
    summaries: SummaryChoice | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much text was translated, and what is doubtful in it."""

    blocks: int = 0
    segments: int = 0
    words: int = 0
    warnings: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.blocks + other.blocks,
            self.segments + other.segments,
            self.words + other.words,
            self.warnings + other.warnings,
        )


class Role(StrEnum):
    """What a written file is to its source."""

    OUTPUT = "output"
    SUMMARY = "summary"
    PAGE = "page"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Written:
    """A file written whole under a temporary name beside the one it is to have."""

    temporary: Path
    final: Path
    sha256: str
    role: Role = Role.OTHER


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job, not yet on record.

    written: the output, its summary and its page, waiting to be given their names.
    error: class and message of what went wrong.
    is_fatal: whether nothing else can be written either, as on a full disk.
    seconds: the model's time for it, shared out over the texts it was translated with.
    backend: what translated it, where that is not what the engine's system says.
    """

    job: Job
    format: str
    source_sha256: str | None = None
    written: tuple[Written, ...] = ()
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    error: tuple[str, str] | None = None
    is_fatal: bool = False
    backend: str = ""

    def digest(self, role: Role) -> str | None:
        """SHA-256 of the file written in a role; None where there is none."""
        return next((one.sha256 for one in self.written if one.role is role), None)
