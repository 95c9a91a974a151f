"""One file on its way through a batch: read, translated part by part, written."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from newsmt.batch.formats import Part, SourceFile, format_of
from newsmt.batch.job import Counts, Job, Outcome, Role, Settings, Written
from newsmt.batch.pages.article import ArticlePage
from newsmt.batch.writing import FATAL, PendingOutput, discard, file_digest
from newsmt.errors import InputError
from newsmt.summarization.summary import SummaryFault

if TYPE_CHECKING:
    from newsmt.batch.summaries import Summaries
    from newsmt.translation import Translation

__all__ = ["FileTask"]


class FileTask:
    """Reads the parts of a file and writes their translations in order, in whatever order they come back.

    After an error every method does nothing; outcome() says what came of the file.
    """

    def __init__(self, job: Job, settings: Settings, summaries: Summaries | None = None) -> None:
        self.job = job
        self._settings = settings
        self._summaries = summaries
        self._path = settings.source / job.source
        self._lock = Lock()
        self._format = format_of(job.source)
        self._source_sha256: str | None = None
        self._waiting: dict[int, tuple[Part, Sequence[Translation]]] = {}
        self._rendered = 0
        self._parts: int | None = None
        self._files: dict[Role, PendingOutput] = {}
        self._page: ArticlePage | None = None
        self._article: list[Translation] = []  # what the summary is to be made of, and the rows that wait for it
        self._rows: list[str] = []
        self._record_summaries: dict[int, str] = {}
        self._counts = Counts()
        self._seconds = 0.0
        self._error: tuple[str, str] | None = None
        self._is_fatal = False

    @property
    def has_failed(self) -> bool:
        """Whether an error has ended the work on the file."""
        return self._error is not None

    def read(self) -> Iterator[Part]:
        """The parts of the file, in order; a file that cannot be read whole gives an error, whatever came before."""
        try:
            yield from self._read()
        except Exception as error:  # whatever a format stumbles over, the other files go on
            self.fail(error)

    def _read(self) -> Iterator[Part]:
        if self._format is None:
            raise InputError(f"{self.job.source}: not a format newsmt knows")
        before = self._stat()
        self._check_size(before.st_size)
        source = SourceFile(self._path, self.job.source, self._settings.fields, self._record_summarizer())
        self._source_sha256 = self._digest()
        if self._format.is_stream:  # a mistake at its end must show before hours go into its beginning
            for _ in self._format.parts(source):
                pass
        count = 0
        for part in self._format.parts(source):
            yield part
            count += 1
        if _version(before) != _version(self._stat()):
            raise InputError(f"{self.job.source} was changed while it was read; run again when it is complete")
        self._parts = count

    def _stat(self) -> os.stat_result:
        try:
            return self._path.stat()
        except OSError as error:
            raise InputError(f"{self.job.source}: cannot be read: {error.strerror or error}") from error

    def _digest(self) -> str:
        try:
            return file_digest(self._path)
        except OSError as error:
            raise InputError(f"{self.job.source}: cannot be read: {error.strerror or error}") from error

    def _check_size(self, size: int) -> None:
        limit = self._settings.max_bytes
        if size == 0:
            raise InputError(f"{self.job.source} is empty: there is nothing to translate")
        if limit and size > limit and self._format and not self._format.is_stream:
            raise InputError(
                f"{self.job.source} has {size:,} bytes, more than the {limit:,} that an article may have; "
                "raise --max-size if it is one"
            )

    def accept(self, index: int, part: Part, translations: Sequence[Translation], seconds: float) -> None:
        """Take the translations of a part; what is complete up to here is written."""
        with self._lock:
            self._waiting[index] = (part, translations)
            self._seconds += seconds
            try:
                while not self.has_failed and self._rendered in self._waiting:
                    self._write(*self._waiting.pop(self._rendered))
                    self._rendered += 1
            except Exception as error:  # whatever a format stumbles over, the other files go on
                self._fail(error)

    def _write(self, part: Part, translations: Sequence[Translation]) -> None:
        self._record_summaries.clear()
        text = part.render(translations)
        self._counts += _count(part, translations)
        if not self._files:
            self._open()
        self._files[Role.OUTPUT].write(text)
        if self.job.summary:
            self._article += _shown(part, translations)
        if self._page:
            rows = self._page.rows(part.passages, translations, self._record_summaries)
            if self.job.summary:  # which stands above them
                self._rows.append(rows)
            else:
                self._files[Role.PAGE].write(rows)

    def _open(self) -> None:
        self._pend(Role.OUTPUT, self.job.output)
        if self.job.summary:
            self._pend(Role.SUMMARY, self.job.summary)
        if self.job.page:
            self._page = ArticlePage(self.job)
            self._pend(Role.PAGE, self.job.page)
            self._files[Role.PAGE].write(self._page.head())

    def _pend(self, role: Role, path: str) -> None:
        self._files[role] = PendingOutput(self._settings.destination / path, role)

    def _record_summarizer(self) -> Callable[[Sequence[Translation]], str] | None:
        """Makes the summaries of records, where the format has a field for them, and notes them for the page."""
        if self._summaries is None or self._format is None or self._format.summaries != "field":
            return None

        def summarize(translations: Sequence[Translation]) -> str:
            text = " ".join(self._summarize(translations).split())
            self._record_summaries[id(translations[-1])] = text
            return text

        return summarize

    def _summarize(self, translations: Sequence[Translation]) -> str:
        """The summary; what is doubtful in it is counted with the warnings of the file."""
        if self._summaries is None or not translations:
            return ""
        started = time.perf_counter()
        summary = self._summaries.summarize(translations)
        self._seconds += time.perf_counter() - started
        faults = (one.kind for one in summary.warnings if isinstance(one.kind, SummaryFault))
        self._counts += Counts(warnings=Counter(f"summary_{fault.value}" for fault in faults))
        return summary.text

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will come: all parts are written, or an error has ended it."""
        return self.has_failed or self._parts == self._rendered

    def fail(self, error: Exception) -> None:
        """End the work on the file."""
        with self._lock:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._waiting.clear()
        self._drop_files()
        if not self.has_failed:
            self._error = (type(error).__name__, " ".join(str(error).split()) or type(error).__name__)
            self._is_fatal = isinstance(error, OSError) and error.errno in FATAL

    def outcome(self) -> Outcome:
        """What came of the file: the output under its temporary name, or an error."""
        with self._lock:
            written = []
            try:
                if not self.has_failed:
                    written = self._close()
            except Exception as error:  # of the disk, or of the model that writes the summary
                self._fail(error)
            return Outcome(
                self.job,
                self._format.name if self._format else "",
                self._source_sha256,
                tuple(written),
                self._counts,
                self._seconds,
                self._error,
                self._is_fatal,
            )

    def _close(self) -> list[Written]:
        if not self._files:
            self._open()  # a file with nothing in it but its name
        summary = self._summarize(self._article).strip("\n") if self.job.summary else ""
        if summary:
            self._files[Role.SUMMARY].write(summary + "\n")
        if self._page:
            above = [self._page.summary(summary)] if summary else []
            self._files[Role.PAGE].write("".join([*above, *self._rows, self._page.foot()]))
        written: list[Written] = []
        try:
            written.extend(file.close() for file in self._files.values())
        except OSError:
            for one in written:
                discard(one)
            raise
        return written

    def drop(self) -> None:
        """Leave the file undone, with no trace."""
        with self._lock:
            self._waiting.clear()
            self._drop_files()

    def _drop_files(self) -> None:
        for file in self._files.values():
            file.drop()
        self._files.clear()
        self._article.clear()
        self._rows.clear()
        self._page = None


def _version(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _shown(part: Part, translations: Sequence[Translation]) -> list[Translation]:
    """The translations of what a reader sees, without those that only show where markup goes."""
    return [one for passage, one in zip(part.passages, translations, strict=True) if not passage.aid]


def _count(part: Part, translations: Sequence[Translation]) -> Counts:
    shown = _shown(part, translations)
    return Counts(
        sum(len(one.blocks) for one in shown),
        sum(len(one.segments) for one in shown),
        sum(len(block.source.split()) for one in shown for block in one.blocks),
        Counter(warning.value for one in shown for _, warning in one.warnings),
    )
