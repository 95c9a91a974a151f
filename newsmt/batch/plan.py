"""Which files of a tree have to be translated, given what earlier runs have on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsmt.batch.formats import format_of
from newsmt.batch.job import Job, Status
from newsmt.batch.manifest import Record
from newsmt.batch.writing import file_digest
from newsmt.translation import System

__all__ = ["OUTPUT_CHANGED", "Ours", "Plan", "Recipe", "make_plan"]

OUTPUT_CHANGED = "OutputChanged"
_READERS = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides how an output reads, beside its source.

    options: of the search and of the layout; fields: the fields translated, for formats made of records.
    summary: how summaries are made; None for none.
    """

    system: System
    options: Mapping[str, Any]
    fields: tuple[str, ...]
    summary: Mapping[str, Any] | None = None

    def options_of(self, source: str) -> dict[str, Any]:
        """The options that matter to a file, as they are recorded."""
        its_format = format_of(source)
        fields = {"fields": list(self.fields)} if its_format and its_format.is_stream else {}
        has_summary = self.summary and its_format and its_format.summaries != "none"
        summary = {"summary": dict(self.summary)} if self.summary and has_summary else {}
        return {**self.options, **fields, **summary}

    def made(self, record: Record) -> bool:
        """Whether a record speaks of this model and these options.

        A summary beside a translation that nobody asks for this time makes no difference to it.
        """
        options = self.options_of(record.source)
        made_with = dict(record.options)
        its_format = format_of(record.source)
        if "summary" not in options and its_format and its_format.summaries == "file":
            made_with.pop("summary", None)
        return (
            record.model == self.system.model and record.fingerprint == self.system.fingerprint and made_with == options
        )


@dataclass(frozen=True, slots=True)
class Ours:
    """SHA-256 of what earlier runs wrote for a source and is on the disk; None where nothing is."""

    output: str | None = None
    summary: str | None = None


@dataclass(slots=True)
class Plan:
    """What to do with each file.

    kept: done before; failed: failed before, and not to be tried again.
    refused: whose translation somebody has changed since, or which is not ours; with the reason.
    ours: what earlier runs wrote, by source.
    """

    todo: list[Job] = field(default_factory=list)
    kept: list[Record] = field(default_factory=list)
    failed: list[Record] = field(default_factory=list)
    refused: list[tuple[Job, str]] = field(default_factory=list)
    ours: dict[str, Ours] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Target:
    """A file that a job writes.

    digest: of what is on the disk, None where nothing is; last, before: of what runs wrote there, and replaced.
    """

    name: str
    digest: str | None
    last: str | None
    before: str | None

    @property
    def is_ours(self) -> bool:
        """Whether it is there as a run wrote it."""
        return self.digest is not None and self.digest in {self.last, self.before}

    @property
    def is_foreign(self) -> bool:
        """Whether something is there that no run wrote, or that somebody has changed since."""
        return self.digest is not None and not self.is_ours

    @property
    def is_done(self) -> bool:
        """Whether it is there, as it was written last or as somebody has changed it since."""
        return self.digest is not None and (self.digest == self.last or not self.is_ours)


@dataclass(frozen=True, slots=True)
class _State:
    """A file with its record and what is on the disk: its SHA-256, its output and its summary, if it has one."""

    job: Job
    record: Record | None
    source: str | None
    output: _Target
    summary: _Target | None
    has_page: bool

    @property
    def targets(self) -> list[_Target]:
        """What the job writes."""
        return [self.output, *([self.summary] if self.summary and self.job.summary else [])]

    @property
    def ours(self) -> Ours:
        """What earlier runs wrote."""
        summary = self.summary.digest if self.summary and self.summary.is_ours else None
        return Ours(self.output.digest if self.output.is_ours else None, summary)


def make_plan(
    jobs: Sequence[Job],
    records: Mapping[str, Record],
    recipe: Recipe,
    folders: tuple[Path, Path],
    *,
    force: bool,
    retry_failed: bool,
) -> Plan:
    """Decide what to do; folders are those of the sources and of the outputs.

    A file is done again when its source, the model or an option changed, or its output is gone. An output that is not
    as a run left it is never overwritten but with force: somebody has worked on it.
    """
    plan = Plan()
    with ThreadPoolExecutor(_READERS) as readers:
        for state in readers.map(lambda job: _look(job, records.get(job.source), folders), jobs):
            plan.ours[state.job.source] = state.ours
            _decide(state, recipe, plan, force=force, retry_failed=retry_failed)
    return plan


def _look(job: Job, record: Record | None, folders: tuple[Path, Path]) -> _State:
    source, destination = folders
    digest = _digest(source / job.source) if record else None
    has_page = not job.page or _is_file(destination / job.page)
    output = _Target(
        job.output,
        _digest(destination / job.output),
        record.output_sha256 if record else None,
        record.previous_sha256 if record else None,
    )
    return _State(job, record, digest, output, _summary(job, record, destination), has_page)


def _summary(job: Job, record: Record | None, destination: Path) -> _Target | None:
    """The file of the summary that the job writes, or else of the one it has from an earlier run."""
    name = job.summary or (record.summary if record else None)
    if name is None:
        return None
    known = record if record and record.summary == name else None
    return _Target(
        name,
        _digest(destination / name),
        known.summary_sha256 if known else None,
        known.previous_summary_sha256 if known else None,
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _digest(path: Path) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None


def _decide(state: _State, recipe: Recipe, plan: Plan, *, force: bool, retry_failed: bool) -> None:
    record = state.record
    same = record is not None and _is_same(state, record, recipe)
    foreign = next((target for target in state.targets if target.is_foreign), None)
    if force:
        plan.todo.append(state.job)
    elif same and record and record.status == Status.DONE and all(target.is_done for target in state.targets):
        plan.kept.append(record)
    elif same and record and _has_failed(record) and not retry_failed:
        plan.failed.append(record)
    elif foreign is None:
        plan.todo.append(state.job)
    else:
        plan.refused.append((state.job, _refusal(foreign)))


def _is_same(state: _State, record: Record, recipe: Recipe) -> bool:
    return (
        record.source_sha256 == state.source
        and record.output == state.job.output
        and (state.job.summary is None or record.summary == state.job.summary)
        and state.has_page
        and recipe.made(record)
    )


def _has_failed(record: Record) -> bool:
    return record.status == Status.FAILED and (record.error or {}).get("class") != OUTPUT_CHANGED


def _refusal(target: _Target) -> str:
    what = (
        "was changed after it was written, and the source, the model or an option has changed too"
        if target.last is not None
        else "is there already, and newsmt did not write it"
    )
    return f"{target.name} {what}; move it away, or overwrite it with --force"
