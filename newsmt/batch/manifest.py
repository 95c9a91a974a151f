"""The manifest of an output folder: what became of every file, one JSON object per line.

Lines are added as files are finished, and the last one about a file holds; at the end of a run it is written anew with
one line per file. A line is on the disk before the file it speaks of gets its name, so that no output is ever there
without its record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from newsmt.atomic import sync_folder
from newsmt.batch.writing import PendingOutput, commit
from newsmt.errors import InputError

__all__ = ["MANIFEST", "Manifest", "Record"]

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of one file.

    output_sha256: of the output as it is on the disk, or was when this version failed; None where there is none.
    previous_sha256: of the output that this one replaces, until the run is over.
    summary: the file of the summary, where it has one, and its hashes in the same way.
    seconds: the model's time; words: of the source.
    """

    source: str
    status: str
    output: str | None = None
    page: str | None = None
    format: str | None = None
    source_sha256: str | None = None
    output_sha256: str | None = None
    previous_sha256: str | None = None
    summary: str | None = None
    summary_sha256: str | None = None
    previous_summary_sha256: str | None = None
    model: str | None = None
    revision: str | None = None
    fingerprint: str | None = None
    backend: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    newsmt: str = ""
    blocks: int = 0
    segments: int = 0
    words: int = 0
    seconds: float = 0.0
    warnings: dict[str, int] = field(default_factory=dict)
    error: dict[str, str] | None = None
    finished: str = ""

    def to_line(self) -> str:
        """The record as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=not _is_clean(self.source), separators=(", ", ": ")) + "\n"


def _is_clean(path: str) -> bool:
    """Whether a file name is text; one in an unknown encoding holds lone surrogates, which UTF-8 cannot."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_FIELDS = frozenset(one.name for one in fields(Record))


class Manifest:
    """The records of an output folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MANIFEST
        self.records: dict[str, Record] = {}
        self._load()
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be written: {error.strerror or error}") from error
        sync_folder(folder)  # without its entry there, a manifest that a power cut survives could not be found

    def _load(self) -> None:
        """Read the records; a last line that a crash cut short is removed, for it was never finished."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read: {error.strerror or error}") from error
        whole, _, rest = data.rpartition(b"\n")
        if rest:
            os.truncate(self._path, len(data) - len(rest))
        for number, line in enumerate(whole.splitlines(), 1):
            if line.strip():
                record = self._parse(line, number)
                self.records[record.source] = record

    def _parse(self, line: bytes, number: int) -> Record:
        try:
            values = json.loads(line)
            return Record(**{name: value for name, value in values.items() if name in _FIELDS})
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{self._path}: line {number} is no record ({error}); mend or remove that line, and its file is done "
                "again"
            ) from None

    def add(self, records: Iterable[Record]) -> None:
        """Put records on the disk, all or none.

        Raises OSError when there is no room for them.
        """
        records = list(records)
        data = "".join(record.to_line() for record in records).encode("utf-8")
        size = os.fstat(self._file).st_size
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, size)
            raise
        self.records |= {record.source: record for record in records}

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def tidy(self) -> None:
        """Write the manifest anew with one line per file, in the order of their names, and close it."""
        self.close()
        pending = PendingOutput(self._path)
        try:
            for source in sorted(self.records):
                record = replace(self.records[source], previous_sha256=None, previous_summary_sha256=None)
                pending.write(record.to_line())
            commit(pending.close())
        except BaseException:
            pending.drop()
            raise
