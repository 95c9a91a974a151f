"""A folder of German files in, the same folder in English out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING

from newsmt._version import __version__
from newsmt.batch.discovery import Found, Selection, find_files
from newsmt.batch.engines import Engine
from newsmt.batch.job import Outcome, Role, Settings, Status
from newsmt.batch.lock import only_run
from newsmt.batch.manifest import Manifest, Record
from newsmt.batch.model import ModelChoice
from newsmt.batch.pages.index import write_index
from newsmt.batch.plan import OUTPUT_CHANGED, Ours, Plan, Recipe, make_plan
from newsmt.batch.progress import Progress, Silent
from newsmt.batch.report import BatchReport
from newsmt.batch.summaries import SummaryChoice
from newsmt.batch.writing import FATAL, commit, discard, remove_leftovers
from newsmt.errors import NewsmtError, UsageError
from newsmt.options import DecodingOptions
from newsmt.translation import System

if TYPE_CHECKING:
    from newsmt.translator import Translator

__all__ = ["DEFAULT_FIELDS", "BatchOptions", "translate_folder"]

DEFAULT_FIELDS = (
    "title",
    "headline",
    "kicker",
    "subtitle",
    "description",
    "teaser",
    "lead",
    "abstract",
    "text",
    "body",
    "content",
    "caption",
)
ENGINES = ("local", "ray")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a folder is translated.

    include, exclude: glob patterns of the files to take; all files of a known format by default.
    output_name: {stem}, {name} and {suffix} of the source in the output's name; {stem} is the name without ".de".
    fields: the fields to translate in JSON lines and tables.
    html: write a page per article with source and translation side by side, and an index.
    force: translate everything again; retry_failed: only what failed.
    summarize: write a summary beside each translation (summary_name: {stem}, {name} and {suffix} are those of the
        translation, {stem} without ".en"), or into the field "summary" of JSON lines and tables.
    summary_sentences, summary_model: how long, and what writes it, as for newsmt.load_summarizer().
    workers: processes with a model each: 1 by default, or with Ray as many as the cluster has room for.
    engine: "local", or "ray" for a Ray cluster.
    max_bytes: the largest file to take, JSON lines and tables excepted; 0 for no limit.

    Raises UsageError for a value that is not allowed.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    output_name: str = "{stem}.en{suffix}"
    fields: tuple[str, ...] = DEFAULT_FIELDS
    html: bool = False
    force: bool = False
    retry_failed: bool = False
    summarize: bool = False
    summary_sentences: int = 3
    summary_model: str | Path = "auto"
    summary_name: str = "{stem}.summary.txt"
    workers: int | None = None
    engine: str = "local"
    max_bytes: int = 4_000_000

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UsageError(f"engine={self.engine!r} is not allowed: expected one of {', '.join(ENGINES)}")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers={self.workers} is not allowed: expected 1 or more")
        if self.max_bytes < 0:
            raise UsageError(f"max_bytes={self.max_bytes} is not allowed: expected 0 (no limit) or more")
        SummaryChoice(sentences=self.summary_sentences)


def translate_folder(
    source: str | Path,
    destination: str | Path,
    *,
    translator: Translator | None = None,
    model: ModelChoice | str | Path = "auto",
    options: DecodingOptions | None = None,
    batch: BatchOptions | None = None,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> BatchReport:
    """Translate a tree of German files into a tree of the same shape; a second call goes on where the first ended.

    translator: one that is loaded already, for one worker in this process; else model says which to load.
    stop: once set from another thread, files in flight are finished and the report says that it was interrupted.

    What fails is in the report and in manifest.jsonl, and never stops the other files. Raises UsageError before any
    work for what cannot be meant, InputError when a folder cannot be read or is in use by another run, ModelError when
    the model cannot be had, and NewsmtError when nothing can be written any more, as on a full disk.
    """
    run = _FolderRun(
        Path(source),
        Path(destination),
        # A resumed run has other files in its batches than one that nothing disturbed, and must write the same.
        replace(options or DecodingOptions(), equal_lengths=True),
        batch or BatchOptions(),
        progress or Silent(),
    )
    if translator is not None and (run.batch.engine != "local" or (run.batch.workers or 1) > 1):
        raise UsageError("a translator that is loaded serves one worker in this process; pass a model for more")
    choice = model if isinstance(model, ModelChoice) else ModelChoice(model=model)
    return run.translate(translator, choice, stop or Event())


class _FolderRun:
    """One run over a folder."""

    def __init__(
        self, source: Path, destination: Path, options: DecodingOptions, batch: BatchOptions, progress: Progress
    ) -> None:
        self.source = source
        self.destination = destination
        self.options = options
        self.batch = batch
        self._progress = progress
        self._begun = time.monotonic()

    def translate(self, translator: Translator | None, choice: ModelChoice, stop: Event) -> BatchReport:
        selection = Selection(
            self.batch.include,
            self.batch.exclude,
            self.batch.output_name,
            self.batch.summary_name if self.batch.summarize else None,
        )
        found = find_files(self.source, self.destination, selection, pages=self.batch.html)
        with ExitStack() as stack:
            stack.enter_context(only_run(self.destination))
            remove_leftovers(self.destination)
            stack.callback(remove_leftovers, self.destination)
            manifest = stack.enter_context(closing(Manifest(self.destination)))
            if translator is None:
                choice, _ = choice.resolved()  # once, so that all workers have the same and one line says so
            summarizer = self._resolved_summarizer(choice)
            engine = stack.enter_context(closing(self._engine(translator, choice, summarizer)))
            report = self._run(engine, self._recipe(engine, translator, choice, summarizer), found, manifest, stop)
            manifest.tidy()
            if self.batch.html:
                write_index(self.destination, report.records)
            return report

    def _resolved_summarizer(self, choice: ModelChoice) -> tuple[SummaryChoice, System] | None:
        if not self.batch.summarize:
            return None
        summaries = SummaryChoice(model=self.batch.summary_model, sentences=self.batch.summary_sentences)
        return summaries.resolved(local_files_only=choice.local_files_only)

    def _engine(
        self, translator: Translator | None, choice: ModelChoice, summarizer: tuple[SummaryChoice, System] | None
    ) -> Engine:
        settings = Settings(
            self.source.resolve(),
            self.destination.resolve(),
            self.options,
            self.batch.fields,
            self.batch.max_bytes,
            summarizer[0] if summarizer else None,
        )
        if self.batch.engine == "ray":
            from newsmt.batch.engines.ray import RayEngine

            fingerprint = summarizer[1].fingerprint if summarizer else None
            return RayEngine(choice, settings, workers=self.batch.workers, summary_fingerprint=fingerprint)
        workers = self.batch.workers or 1
        if workers > 1:
            from newsmt.batch.engines.processes import ProcessEngine, choices_for

            return ProcessEngine(choices_for(choice, workers), settings)
        from newsmt.batch.engines.local import LocalEngine

        translator = translator or choice.load(self.options)
        return LocalEngine(translator, settings, summarizer[0].load(translator, choice) if summarizer else None)

    def _recipe(
        self,
        engine: Engine,
        translator: Translator | None,
        choice: ModelChoice,
        summarizer: tuple[SummaryChoice, System] | None,
    ) -> Recipe:
        if translator is not None:  # how it was loaded is not known here; its name says what matters
            choice = ModelChoice(backend=translator.system.backend)
        summary = summarizer[0].recorded(summarizer[1]) if summarizer else None
        return Recipe(engine.system, choice.recorded(self.options), self.batch.fields, summary)

    def _run(self, engine: Engine, recipe: Recipe, found: Found, manifest: Manifest, stop: Event) -> BatchReport:
        plan = make_plan(
            found.jobs,
            manifest.records,
            recipe,
            (self.source, self.destination),
            force=self.batch.force,
            retry_failed=self.batch.retry_failed,
        )
        books = _Books(recipe, plan, manifest)
        books.enter_found(found)
        self._progress.start(plan.todo, len(plan.kept))
        try:
            for outcomes in _in_batches(engine.run(plan.todo, stop)):
                books.enter(outcomes)
                for outcome in outcomes:
                    self._progress.advance(outcome)
        finally:
            self._progress.close()
        records = books.records()
        unfinished = len(plan.todo) - books.entered
        seconds = time.monotonic() - self._begun
        return BatchReport(self.destination, records, seconds, stop.is_set() and unfinished > 0, unfinished)


class _Books:
    """Enters outcomes into the manifest, and gives outputs their names after that."""

    def __init__(self, recipe: Recipe, plan: Plan, manifest: Manifest) -> None:
        self._recipe = recipe
        self._plan = plan
        self._manifest = manifest
        self._records = {record.source: replace(record, status=Status.KEPT.value) for record in plan.kept}
        self._records |= {record.source: record for record in plan.failed}
        self.entered = 0

    def records(self) -> list[Record]:
        """One record per file of the tree that is settled, in the order of names."""
        return [self._records[source] for source in sorted(self._records)]

    def enter_found(self, found: Found) -> None:
        """Enter what could be said without translating anything."""
        records = [self._problem(path, Status.FAILED, "InputError", reason) for path, reason in found.failed.items()]
        records += [self._problem(path, Status.SKIPPED, "Skipped", reason) for path, reason in found.skipped.items()]
        for job, reason in self._plan.refused:
            before = self._manifest.records.get(job.source)
            record = self._problem(job.source, Status.FAILED, OUTPUT_CHANGED, reason)
            record = replace(record, output=job.output)
            if before:
                record = replace(
                    record,
                    output_sha256=before.output_sha256,
                    summary=before.summary,
                    summary_sha256=before.summary_sha256,
                )
            records.append(record)
        self._add(records)

    def _problem(self, path: str, status: Status, error: str, reason: str) -> Record:
        return Record(
            source=path,
            status=status.value,
            error={"class": error, "message": f"{path}{' ' if reason.startswith('is ') else ': '}{reason}"},
            newsmt=__version__,
            finished=_now(),
        )

    def enter(self, outcomes: Sequence[Outcome]) -> None:
        """Record files, then give their outputs their names.

        Raises NewsmtError when nothing can be written any more.
        """
        fatal = next((outcome for outcome in outcomes if outcome.is_fatal), None)
        usable, full = self._add_what_fits([outcome for outcome in outcomes if not outcome.is_fatal])
        try:
            self._add([self._record(refused) for refused in map(_commit, usable) if refused])
        except OSError as error:
            _discard_all(usable)
            full = error
        if full:
            raise _cannot_write(full.strerror or str(full), self._records) from full
        self.entered += len(usable)
        if fatal and fatal.error:
            raise _cannot_write(fatal.error[1], self._records)

    def _add_what_fits(self, outcomes: Sequence[Outcome]) -> tuple[Sequence[Outcome], OSError | None]:
        """Record as many outcomes as there is room for: those, and the error if it is not all of them.

        On a full disk it is the files still without a name that take the room of the records: the later half of them
        is given up until the records of the others fit, so that what was translated before the disk was full stays.
        """
        full = None
        while outcomes:
            try:
                self._add([self._record(outcome) for outcome in outcomes])
                break
            except OSError as error:
                full = error
                kept = len(outcomes) // 2
                _discard_all(outcomes[kept:])
                outcomes = outcomes[:kept]
        return outcomes, full

    def _add(self, records: Sequence[Record]) -> None:
        if records:
            self._manifest.add(records)
            self._records |= {record.source: record for record in records}

    def _record(self, outcome: Outcome) -> Record:
        system = self._recipe.system
        job = outcome.job
        before = self._plan.ours.get(job.source, Ours())
        earlier = self._manifest.records.get(job.source)
        return Record(
            source=job.source,
            status=(Status.FAILED if outcome.error else Status.DONE).value,
            output=job.output,
            page=job.page,
            format=outcome.format,
            source_sha256=outcome.source_sha256,
            output_sha256=before.output if outcome.error else outcome.digest(Role.OUTPUT),
            previous_sha256=before.output,
            summary=job.summary or (earlier.summary if earlier and before.summary else None),
            summary_sha256=outcome.digest(Role.SUMMARY) or before.summary,
            previous_summary_sha256=before.summary,
            model=system.model,
            revision=system.revision,
            fingerprint=system.fingerprint,
            backend=outcome.backend or system.backend,
            options=self._recipe.options_of(job.source),
            newsmt=__version__,
            blocks=outcome.counts.blocks,
            segments=outcome.counts.segments,
            words=outcome.counts.words,
            seconds=round(outcome.seconds, 3),
            warnings=dict(sorted(outcome.counts.warnings.items())),
            error={"class": outcome.error[0], "message": outcome.error[1]} if outcome.error else None,
            finished=_now(),
        )


def _commit(outcome: Outcome) -> Outcome | None:
    """Give the files of an outcome their names; the outcome with its error where they cannot have them."""
    try:
        for written in outcome.written:
            commit(written)
    except OSError as error:
        if error.errno in FATAL:
            raise
        _discard_all([outcome])
        return replace(outcome, written=(), error=(type(error).__name__, str(error)))
    return None


def _discard_all(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        for written in outcome.written:
            discard(written)


def _cannot_write(reason: str, records: dict[str, Record]) -> NewsmtError:
    done = sum(record.status in {Status.DONE, Status.KEPT} for record in records.values())
    return NewsmtError(
        f"nothing more can be written: {reason}; {done:,} files are done and safe; make room and run the same command "
        "again to go on"
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _in_batches(outcomes: Iterator[Outcome]) -> Iterator[list[Outcome]]:
    """What is ready, again and again: what is finished together goes on record together, with one wait for the disk."""
    ready: SimpleQueue[Outcome | BaseException | None] = SimpleQueue()
    abandoned = Event()
    taker = Thread(target=_take, args=(outcomes, ready.put, abandoned), daemon=True)
    taker.start()
    patience: float | None = None
    try:
        while True:
            batch = [ready.get(), *_waiting(ready)]
            last = batch[-1]
            finished = [one for one in batch if isinstance(one, Outcome)]
            if finished:
                yield finished
            if isinstance(last, BaseException):
                raise last
            if last is None:
                return
    except KeyboardInterrupt:
        patience = 0.0  # whoever presses Ctrl-C twice does not wait for the texts that the model has got
        raise
    finally:
        abandoned.set()
        taker.join(patience)


def _take(outcomes: Iterator[Outcome], put: Callable[[Outcome | BaseException | None], None], abandoned: Event) -> None:
    try:
        for outcome in outcomes:
            put(outcome)
            if abandoned.is_set():
                break
        put(None)
    except BaseException as error:  # raised again by whom it concerns
        put(error)


def _waiting(queue: SimpleQueue[Outcome | BaseException | None]) -> Iterator[Outcome | BaseException | None]:
    try:
        while True:
            yield queue.get_nowait()
    except Empty:
        return
