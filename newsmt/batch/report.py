"""What a run did: one line per file, and the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsmt.batch.job import Status
from newsmt.batch.manifest import Record
from newsmt.errors import BatchFailed

__all__ = ["BatchReport"]

_SHOWN_PROBLEMS = 40


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a run did, and what it found done.

    records: one for every file of the tree, in the order of their names; those of files done by an earlier run have
        the status "kept" here.
    seconds: of the whole run.
    is_interrupted: whether it was stopped before the end; unfinished: how many files are left to do.
    """

    destination: Path
    records: Sequence[Record]
    seconds: float
    is_interrupted: bool = False
    unfinished: int = 0

    @property
    def done(self) -> list[Record]:
        """The files translated by this run."""
        return self.having(Status.DONE)

    @property
    def kept(self) -> list[Record]:
        """The files that an earlier run had translated already."""
        return self.having(Status.KEPT)

    @property
    def failed(self) -> list[Record]:
        """The files that failed, now or in an earlier run, each with its error."""
        return self.having(Status.FAILED)

    @property
    def skipped(self) -> list[Record]:
        """The files that are not for newsmt, each with its reason."""
        return self.having(Status.SKIPPED)

    def having(self, status: Status) -> list[Record]:
        """The records of one status."""
        return [record for record in self.records if record.status == status]

    @property
    def words(self) -> int:
        """Words of the sources that this run translated."""
        return sum(record.words for record in self.done)

    def raise_for_failures(self) -> None:
        """Raise BatchFailed when files have failed; everything else is written."""
        if self.failed:
            raise BatchFailed(
                f"{len(self.failed)} of {len(self.records)} files failed; {self.destination} has the reasons in "
                "manifest.jsonl; once they are mended, run the same command again, with --retry-failed for those whose "
                "source did not change"
            )

    def table(self) -> str:
        """The outcome in lines of text: the sums, then every file that is not done."""
        counts = Counter(record.status for record in self.records)
        lines = [f"{status.value:<8} {counts[status]:>7,}  {_detail(self, status)}".rstrip() for status in Status]
        problems = [*self.failed, *self.skipped]
        if problems:
            lines.append("")
        lines += [_problem(record) for record in problems[:_SHOWN_PROBLEMS]]
        if len(problems) > _SHOWN_PROBLEMS:
            lines.append(f"... and {len(problems) - _SHOWN_PROBLEMS} more; {self.destination}/manifest.jsonl has all")
        return "\n".join(lines) + "\n"


def _detail(report: BatchReport, status: Status) -> str:
    if status is Status.DONE and report.done:
        warnings = sum(sum(record.warnings.values()) for record in report.done)
        speed = report.words / max(report.seconds, 1e-9)
        return f"{report.words:,} words in {report.seconds:,.1f} s, {speed:,.0f} words/s; {warnings:,} warnings"
    if status is Status.KEPT and report.kept:
        return "done by an earlier run"
    if status is Status.FAILED and report.failed:
        classes = Counter((record.error or {}).get("class", "") for record in report.failed)
        return ", ".join(f"{count} {name}" for name, count in classes.most_common())
    return ""


def _problem(record: Record) -> str:
    error = record.error or {}
    message = error.get("message", "")
    prefix = "" if message.startswith(record.source) else f"{record.source}: "
    return f"{record.status}: {prefix}{message}"
