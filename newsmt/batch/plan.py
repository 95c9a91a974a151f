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

__all__ = ["OUTPUT_CHANGED", "Plan", "Recipe", "make_plan"]

OUTPUT_CHANGED = "OutputChanged"
_READERS = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides how an output reads, beside its source.

    options: of the search and of the layout; fields: the fields translated, for formats made of records.
    """

    system: System
    options: Mapping[str, Any]
    fields: tuple[str, ...]

    def options_of(self, source: str) -> dict[str, Any]:
        """The options that matter to a file, as they are recorded."""
        its_format = format_of(source)
        fields = {"fields": list(self.fields)} if its_format and its_format.is_stream else {}
        return {**self.options, **fields}

    def made(self, record: Record) -> bool:
        """Whether a record speaks of this model and these options."""
        return (
            record.model == self.system.model
            and record.fingerprint == self.system.fingerprint
            and record.options == self.options_of(record.source)
        )


@dataclass(slots=True)
class Plan:
    """What to do with each file.

    kept: done before; failed: failed before, and not to be tried again.
    refused: whose translation somebody has changed since, or which is not ours; with the reason.
    ours: SHA-256 of the outputs of earlier runs that are on the disk, by source.
    """

    todo: list[Job] = field(default_factory=list)
    kept: list[Record] = field(default_factory=list)
    failed: list[Record] = field(default_factory=list)
    refused: list[tuple[Job, str]] = field(default_factory=list)
    ours: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _State:
    """A file with its record and what is on the disk of both sides; None where nothing is."""

    job: Job
    record: Record | None
    source: str | None
    output: str | None
    has_page: bool

    @property
    def is_ours(self) -> bool:
        """Whether an output is there that an earlier run wrote."""
        record = self.record
        return bool(self.output and record and self.output in {record.output_sha256, record.previous_sha256})


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
            if state.is_ours and state.output:
                plan.ours[state.job.source] = state.output
            _decide(state, recipe, plan, force=force, retry_failed=retry_failed)
    return plan


def _look(job: Job, record: Record | None, folders: tuple[Path, Path]) -> _State:
    source, destination = folders
    digest = _digest(source / job.source) if record else None
    has_page = not job.page or _is_file(destination / job.page)
    return _State(job, record, digest, _digest(destination / job.output), has_page)


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
    if force:
        plan.todo.append(state.job)
    elif same and record and record.status == Status.DONE and _is_there(state, record):
        plan.kept.append(record)
    elif same and record and _has_failed(record) and not retry_failed:
        plan.failed.append(record)
    elif state.output is None or state.is_ours:
        plan.todo.append(state.job)
    else:
        known = record is not None and record.output_sha256 is not None
        plan.refused.append((state.job, _refusal(state.job, known=known)))


def _is_same(state: _State, record: Record, recipe: Recipe) -> bool:
    return (
        record.source_sha256 == state.source
        and record.output == state.job.output
        and state.has_page
        and recipe.made(record)
    )


def _is_there(state: _State, record: Record) -> bool:
    """Whether the output is, as it was written or as somebody has changed it since."""
    return state.output is not None and (state.output == record.output_sha256 or not state.is_ours)


def _has_failed(record: Record) -> bool:
    return record.status == Status.FAILED and (record.error or {}).get("class") != OUTPUT_CHANGED


def _refusal(job: Job, *, known: bool) -> str:
    what = (
        "was changed after it was written, and the source, the model or an option has changed too"
        if known
        else "is there already, and newsmt did not write it"
    )
    return f"{job.output} {what}; move it away, or overwrite it with --force"
