"""A Ray cluster: Ray Data hands the files to actors that hold one model each, and starts anew what dies.

Every machine must see both folders under the same paths. The actors read, translate and write under temporary names;
this process alone keeps the manifest and gives the files their names, so that what is done twice still counts once.
"""

from __future__ import annotations

import logging
import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from newsmt.batch.job import Job, Outcome, Settings
from newsmt.batch.lock import STATE_FOLDER
from newsmt.batch.model import ModelChoice
from newsmt.errors import BackendUnavailableError, ModelFilesError, NewsmtError
from newsmt.translation import System

__all__ = ["RayEngine"]

# Bytes of files that an actor gets at a time: the work of some seconds, and all there is to repeat when one dies.
_MOST_BYTES, _FEWEST_BYTES = 100_000, 4_000
_CHUNKS_PER_ACTOR = 8
# How often a group of files is begun; Ray itself would start it again for ever, if it kills its actor.
_ATTEMPTS = 3


class RayEngine:
    """Runs on the cluster at RAY_ADDRESS, on one this process is connected to already, or on one started here.

    workers: actors at most; None for one per GPU of the cluster, or where it has none as many as its cores allow.
    choice: its threads are the cores an actor asks for, 1 by default.

    Raises BackendUnavailableError when Ray is not installed or the cluster cannot be reached.
    """

    def __init__(
        self,
        choice: ModelChoice,
        settings: Settings,
        *,
        workers: int | None,
        summary_fingerprint: str | None = None,
    ) -> None:
        ray = _import_ray()
        self._choice, checkpoint = choice.resolved()
        self._summary_fingerprint = summary_fingerprint
        self._system = System(checkpoint.spec.name, "", checkpoint.revision, checkpoint.fingerprint)
        self._settings = settings
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            _connect(ray)
        resources = ray.cluster_resources()
        self._gpus = int(resources.get("GPU", 0)) if choice.device != "cpu" else 0
        self._cores = choice.threads or 1
        room = self._gpus or max(1, int(resources.get("CPU", 1)) // self._cores)
        self._workers = workers or room
        self._at_once = min(room, self._workers)

    @property
    def system(self) -> System:
        """The model; each outcome says which backend ran it."""
        return self._system

    def run(self, jobs: Sequence[Job], stop: Event) -> Iterator[Outcome]:
        """One outcome per job, as they are ready.

        Files that come back with no outcome because their actors died again and again are tried once more, each on its
        own; one that kills its actor even then has failed.
        """
        missing = {job.source: job for job in jobs}
        chunks = _chunks(jobs, self._chunk_bytes(jobs))
        for _ in range(2):
            with _Ledger.opened(self._settings):
                for outcome in self._outcomes(chunks, stop):
                    if missing.pop(outcome.job.source, None):
                        yield outcome
            if stop.is_set():
                return
            chunks = [[job] for job in missing.values()]
        for job in missing.values():
            yield Outcome(job, "", error=("WorkerDied", "the Ray actor died whenever it had this file"))

    def _chunk_bytes(self, jobs: Sequence[Job]) -> int:
        share = sum(job.size for job in jobs) // (self._workers * _CHUNKS_PER_ACTOR)
        return min(_MOST_BYTES, max(_FEWEST_BYTES, share))

    def _outcomes(self, chunks: Sequence[Sequence[Job]], stop: Event) -> Iterator[Outcome]:
        if not chunks:
            return
        import ray.data

        rows = [{"number": number, "jobs": pickle.dumps(list(chunk))} for number, chunk in enumerate(chunks)]
        results = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Actor,
            fn_constructor_args=(
                self._actor_choice(),
                self._settings,
                self._system.fingerprint,
                self._summary_fingerprint,
            ),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=self._workers, initial_size=self._at_once),
            **({"num_gpus": 1} if self._gpus else {"num_cpus": self._cores}),
        )
        for row in results.iter_rows():
            result = pickle.loads(row["result"])  # noqa: S301 - written by our own actors
            if isinstance(result, BaseException):
                raise result
            yield from result
            if stop.is_set():
                return

    def _actor_choice(self) -> ModelChoice:
        device = "cuda:0" if self._gpus else "cpu"  # Ray shows each actor its own GPU alone
        return replace(self._choice, device=device, threads=self._cores)

    def close(self) -> None:
        """Let go of the cluster, if this engine started it or connected to it."""
        import ray

        if self._is_ours and ray.is_initialized():
            ray.shutdown()


def _import_ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BackendUnavailableError(f"--engine ray needs Ray ({error}): pip install 'newsmt[ray]'") from error
    context = ray.data.DataContext.get_current()
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # their files are tried once more, one by one
    return ray


def _connect(ray: Any) -> None:
    try:
        ray.init(
            include_dashboard=None if os.environ.get("RAY_ADDRESS") else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        address = os.environ.get("RAY_ADDRESS", "a new local cluster")
        raise BackendUnavailableError(f"the Ray cluster ({address}) cannot be reached: {error}") from error


def _chunks(jobs: Sequence[Job], size: int) -> list[list[Job]]:
    """Files in groups of about so many bytes."""
    chunks: list[list[Job]] = []
    held = size
    for job in jobs:
        if held >= size:
            chunks.append([])
            held = 0
        chunks[-1].append(job)
        held += job.size
    return chunks


class _Ledger:
    """Counts on the shared disk how often each group of files was begun, for an actor that died cannot tell."""

    def __init__(self, settings: Settings) -> None:
        self._folder = _ledger_folder(settings)

    @staticmethod
    @contextmanager
    def opened(settings: Settings) -> Iterator[None]:
        """A new ledger, removed at the end."""
        folder = _ledger_folder(settings)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def begin(self, number: int) -> int:
        """How often the group was begun, this time included."""
        try:
            with (self._folder / str(number)).open("ab") as file:
                file.write(b".")
                return file.tell()
        except FileNotFoundError:  # the run is over, and an actor it did not wait for still at work
            return _ATTEMPTS + 1


def _ledger_folder(settings: Settings) -> Path:
    return settings.destination / STATE_FOLDER / "begun"


class _Actor:
    """Holds one model on a machine of the cluster; takes groups of files and gives their outcomes."""

    def __init__(
        self, choice: ModelChoice, settings: Settings, fingerprint: str | None, summary_fingerprint: str | None
    ) -> None:
        self._choice = choice
        self._settings = settings
        self._fingerprint = fingerprint
        self._summary_fingerprint = summary_fingerprint
        self._ledger = _Ledger(settings)
        self._worker: Any = None
        self._backend = ""

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        groups = zip(batch["number"], batch["jobs"], strict=True)
        return {"result": [pickle.dumps(self._translate(int(number), jobs)) for number, jobs in groups]}

    def _translate(self, number: int, jobs: bytes) -> list[Outcome] | NewsmtError:
        """The outcomes of a group, none if it was begun too often, or why this machine can give none."""
        try:
            if self._worker is None:
                self._load()
        except NewsmtError as error:
            return error
        if self._ledger.begin(number) > _ATTEMPTS:
            return []
        return self._outcomes(pickle.loads(jobs))  # noqa: S301 - written by the engine

    def _outcomes(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [replace(outcome, backend=self._backend) for outcome in self._worker.run(jobs)]

    def _load(self) -> None:
        from newsmt.batch.worker import Worker

        translator = self._choice.load(self._settings.options)
        _require_same(translator.system, self._fingerprint)
        summaries = self._settings.summaries.load(translator, self._choice) if self._settings.summaries else None
        if summaries:
            _require_same(summaries.system, self._summary_fingerprint)
        self._backend = translator.system.backend
        self._worker = Worker(translator, self._settings, summaries=summaries)


def _require_same(system: System, fingerprint: str | None) -> None:
    if system.fingerprint != fingerprint:
        raise ModelFilesError(
            f"a machine of the cluster has other files of {system.model} ({system.fingerprint}) than this one "
            f"({fingerprint}); give all the same"
        )
