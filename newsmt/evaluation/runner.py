"""Running models over a test set: each in a process of its own, nothing done twice.

A process of its own gives every model a load time and a peak memory that no other model has touched. What is already
there is used again: a hypothesis file counts as made by the same system where weights, options, package versions and
sources are the same and nobody has changed the file since.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from newsmt import errors
from newsmt.errors import EvaluationError, NewsmtError, UsageError
from newsmt.evaluation.generation import Generation, Speed
from newsmt.evaluation.lines import read_lines
from newsmt.evaluation.machine import package_versions
from newsmt.evaluation.record import RecordPaths, read_record, record_paths, unscored_record, write_record
from newsmt.evaluation.systems import System, hypotheses_fingerprint, require_sound
from newsmt.options import DecodingOptions
from newsmt.textfile import write_text

if TYPE_CHECKING:
    from newsmt.evaluation.testset import TestSet
    from newsmt.registry import Checkpoint

__all__ = ["ModelRequest", "Run", "Scored", "generate", "label_requests", "run_model"]

Scored = Literal["text", "hypothesis"]
"""What of a translation is scored: the text that a user sees, or the model's own output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """A model to run and how: the arguments of newsmt.load_translator()."""

    model: str
    backend: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    revision: str | None = None
    options: DecodingOptions = dataclasses.field(default_factory=DecodingOptions)
    scored: Scored = "text"

    @property
    def backend_label(self) -> str:
        """The backend with what sets it apart from its defaults; the file name of its results."""
        parts = [self.backend, *(part for part in (self.device, self.precision) if part != "auto")]
        return "-".join([*parts, "raw"] if self.scored == "hypothesis" else parts)


@dataclass(frozen=True, slots=True)
class Run:
    """What a model's process reported.

    texts, hypotheses: one per source; passes: seconds of each timed pass over the sample, in order.
    reference_passes: seconds of the reference workload before, between and after them.
    processor_passes, reference_processor_passes: the same in processor time; workers: see TimedPasses.
    """

    texts: tuple[str, ...]
    hypotheses: tuple[str, ...]
    engine: str
    load_seconds: float
    seconds: float
    peak_memory_bytes: int | None
    passes: tuple[float, ...]
    reference_passes: tuple[float, ...]
    processor_passes: tuple[float, ...]
    reference_processor_passes: tuple[float, ...]
    workers: int
    warnings: Mapping[str, int]
    machine: Mapping[str, str | int | float]
    versions: Mapping[str, str]


def generate(
    request: ModelRequest,
    checkpoint: Checkpoint,
    test_set: TestSet,
    output: Path,
    *,
    label: str,
    force: bool,
    say: Callable[[str], None],
) -> System:
    """The hypotheses of a model, from the files of an earlier run where they still hold, else made and written now.

    request, checkpoint: as resolve_request() gives them; say: where progress goes.
    Raises ModelError or what else loading and translating raises.
    """
    paths = record_paths(output, test_set.name, checkpoint.spec.name, request.backend_label)
    earlier = None if force else _still_valid(paths, request, checkpoint, test_set)
    if earlier is not None:
        say(f"{label}: nothing changed since {paths.hypotheses} was written, using it")
        return earlier_system(label, paths, earlier)
    say(f"{label}: translating {len(test_set)} segments of {test_set.name}")
    run = run_model(request, test_set.sources)
    generation = as_generation(request, checkpoint, test_set, run)
    hypotheses = scored_lines(request, run)
    say(f"{label}: {generation.speed.seconds:.1f} s, {generation.speed.words_per_second:.0f} source words/s")
    write_text(paths.hypotheses, "".join(line + "\n" for line in hypotheses), make_folder=True)
    notes = require_sound(label, hypotheses, str(paths.hypotheses))
    system = System(label, hypotheses, paths.hypotheses, generation, tuple(notes))
    write_record(paths.record, unscored_record(test_set, system))
    return system


def resolve_request(request: ModelRequest) -> tuple[ModelRequest, Checkpoint]:
    """The request with "auto" decided, and the weights on disk: fetched now if need be, before anything is timed."""
    from newsmt import registry

    if request.model == "auto":
        checkpoint = registry.resolve_auto("translation")
        request = dataclasses.replace(request, model=checkpoint.spec.name)
    else:
        checkpoint = registry.resolve(request.model, revision=request.revision)
    return dataclasses.replace(request, backend=_backend_name(request.backend)), checkpoint


def _backend_name(name: str) -> str:
    """The backend that load_translator() takes for "auto"; an unknown name is an error before anything is fetched."""
    from newsmt.backends import BACKENDS

    if name != "auto" and name not in BACKENDS:
        raise UsageError(f"backend={name!r} is not allowed: expected auto, {' or '.join(BACKENDS)}")
    return "ctranslate2" if name == "auto" else name


def label_requests(requests: Sequence[ModelRequest], names: Sequence[str]) -> list[str]:
    """A label for each request: the model's name, with the backend where one model runs on several."""
    return [
        name if names.count(name) == 1 else f"{name} ({request.backend_label})"
        for request, name in zip(requests, names, strict=True)
    ]


def scored_lines(request: ModelRequest, run: Run) -> tuple[str, ...]:
    """The hypotheses to score, one line each."""
    lines = run.texts if request.scored == "text" else run.hypotheses
    return tuple(" ".join(line.replace("\r", "\n").split("\n")).rstrip() for line in lines)


def as_generation(request: ModelRequest, checkpoint: Checkpoint, test_set: TestSet, run: Run) -> Generation:
    """What there is to record about a run."""
    return Generation(
        model={
            "name": checkpoint.spec.name,
            "hub_id": checkpoint.spec.hub_id,
            "revision": checkpoint.revision,
            "fingerprint": checkpoint.fingerprint,
        },
        backend=request.backend_label,
        engine=run.engine,
        scored=request.scored,
        options=dataclasses.asdict(request.options),
        threads=request.threads,
        source_fingerprint=test_set.source_fingerprint,
        hypotheses_fingerprint=hypotheses_fingerprint(scored_lines(request, run)),
        versions=run.versions,
        machine=run.machine,
        speed=Speed(run.load_seconds, run.seconds, test_set.source_words, len(test_set), run.peak_memory_bytes),
        warnings=run.warnings,
    )


def earlier_system(label: str, paths: RecordPaths, generation: Generation) -> System:
    """The system of an earlier run."""
    lines = read_lines(paths.hypotheses).lines
    return System(label, lines, paths.hypotheses, generation, tuple(require_sound(label, lines, str(paths.hypotheses))))


def _still_valid(
    paths: RecordPaths, request: ModelRequest, checkpoint: Checkpoint, test_set: TestSet
) -> Generation | None:
    """The earlier generation, if running the model again would give the same hypotheses."""
    record = read_record(paths.record)
    if record is None or not record["generation"] or not paths.hypotheses.is_file():
        return None
    try:
        earlier = Generation.from_json(record["generation"])
    except (KeyError, TypeError):
        return None
    same = (
        earlier.model.get("fingerprint") == checkpoint.fingerprint
        and earlier.scored == request.scored
        and dict(earlier.options) == dataclasses.asdict(request.options)
        and earlier.source_fingerprint == test_set.source_fingerprint
        and _engine_versions(earlier.versions) == _engine_versions(package_versions())
        and hypotheses_fingerprint(read_lines(paths.hypotheses).lines) == earlier.hypotheses_fingerprint
    )
    return earlier if same else None


def _engine_versions(versions: Mapping[str, str]) -> dict[str, str]:
    """The versions that can change a hypothesis."""
    return {name: version for name, version in versions.items() if name not in ("sacrebleu", "numpy")}


# --- the process -----------------------------------------------------------------------------------------------------


def run_model(request: ModelRequest, sources: Sequence[str], *, passes: int = 0, sample: Sequence[int] = ()) -> Run:
    """Load the model in a new process, translate the sources, and time passes over a sample if asked to.

    passes: timed passes over the sample, after a warm-up, each between two runs of the reference workload.
    sample: indices of the sources to time.
    """
    task: dict[str, Any] = {
        "load": {
            "model": request.model,
            "backend": request.backend,
            "device": request.device,
            "precision": request.precision,
            "threads": request.threads,
            "revision": request.revision,
        },
        "options": dataclasses.asdict(request.options),
        "sources": list(sources),
        "passes": passes,
        "sample": list(sample),
    }
    with tempfile.TemporaryDirectory(prefix="newsmt-evaluate-") as folder:
        task_file, result_file = Path(folder, "task.json"), Path(folder, "result.json")
        task_file.write_text(json.dumps(task), encoding="utf-8")
        command = [sys.executable, "-m", "newsmt.evaluation.worker", str(task_file), str(result_file)]
        environment = {**os.environ, "TMPDIR": folder}  # what it leaves behind when it is killed goes with the folder
        process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=_stderr(), env=environment, check=False)
        if not result_file.is_file():
            raise EvaluationError(_died(request.model, process.returncode))
        result = json.loads(result_file.read_text(encoding="utf-8"))
    if "error" in result:
        raise _as_error(result["error"])
    return _as_run(result)


def _stderr() -> int:
    """Where the process may print: what libraries say must not mix with the report on stdout."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError):  # a notebook's stderr is no file
        return subprocess.DEVNULL


def _as_run(result: Mapping[str, Any]) -> Run:
    """The result as the process wrote it; JSON has lists where a Run has tuples."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in result.items()
    }
    return Run(**values)


def _died(model: str, code: int) -> str:
    if code in (-9, 137):
        return f"the process running {model} was killed: most likely the machine has too little memory for the model"
    return f"the process running {model} ended with code {code} and no result; what it printed stands above"


def _as_error(entry: Mapping[str, str]) -> NewsmtError:
    """The error that the process met, as the class it was."""
    kind = getattr(errors, entry["type"], EvaluationError)
    error: NewsmtError = kind.__new__(kind)
    Exception.__init__(error, entry["message"])
    return error
