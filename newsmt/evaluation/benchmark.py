"""Benchmarks: quality, speed and memory of models in one run, gated by a stored baseline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from newsmt.errors import UsageError
from newsmt.evaluation.gate import Baseline, Gate, GateOptions, judge
from newsmt.evaluation.generation import TimedPasses
from newsmt.evaluation.record import record_paths
from newsmt.evaluation.runner import (
    ModelRequest,
    Run,
    as_generation,
    label_requests,
    resolve_request,
    run_model,
    scored_lines,
)
from newsmt.evaluation.scoring import Evaluation, ScoringOptions, evaluate
from newsmt.evaluation.systems import System, require_distinct_labels, require_sound
from newsmt.textfile import write_text

if TYPE_CHECKING:
    from newsmt.evaluation.scoring import SystemScores
    from newsmt.evaluation.testset import TestSet
    from newsmt.registry import Checkpoint

__all__ = ["Benchmark", "BenchmarkOptions", "Runner", "run_benchmark"]


class Runner(Protocol):
    """What runs a model and times it; `newsmt.evaluation.runner.run_model` unless a test scripts it."""

    def __call__(
        self, request: ModelRequest, sources: Sequence[str], *, passes: int = 0, sample: Sequence[int] = ()
    ) -> Run:
        """Translate the sources and time passes over the sample."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkOptions:
    """How to time and judge.

    passes: timed passes after the warm-up, the best of which counts.
    timed_segments: how many segments each pass translates, spread evenly over the test set.
    retries: how often a speed that seems to have fallen is measured again before it fails.
    """

    passes: int = 3
    timed_segments: int = 200
    retries: int = 2
    scoring: ScoringOptions = dataclasses.field(default_factory=ScoringOptions)
    gate: GateOptions = dataclasses.field(default_factory=GateOptions)

    def __post_init__(self) -> None:
        for name, least in (("passes", 1), ("timed_segments", 1), ("retries", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"{name}={getattr(self, name)} is not allowed: expected {least} or more")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The evaluation with its speeds, and the gate's verdict where there was a baseline."""

    evaluation: Evaluation
    gate: Gate | None


@dataclass(frozen=True, slots=True)
class _Entrant:
    label: str
    request: ModelRequest
    checkpoint: Checkpoint


def run_benchmark(
    test_set: TestSet,
    requests: Sequence[ModelRequest],
    options: BenchmarkOptions,
    *,
    baseline: Baseline | None = None,
    output: Path | None = None,
    run: Runner = run_model,
    say: Callable[[str], None] = lambda _: None,
) -> Benchmark:
    """Run, time and score every model, each in its own process, and compare with the baseline.

    output: where hypotheses are kept; None keeps none. say: where progress goes.
    """
    resolved = [resolve_request(request) for request in requests]
    names = [checkpoint.spec.name for _, checkpoint in resolved]
    labels = label_requests([request for request, _ in resolved], names)
    require_distinct_labels(labels)
    entrants = [_Entrant(label, *pair) for label, pair in zip(labels, resolved, strict=True)]
    sample = spread(len(test_set), options.timed_segments)
    systems = [_run_entrant(entrant, test_set, sample, options, output, run, say) for entrant in entrants]
    evaluation = evaluate(test_set, systems, options.scoring)
    if baseline is None:
        return Benchmark(evaluation, None)
    gate = judge(evaluation, baseline, options.gate)
    for attempt in range(options.retries):
        slow = [entrant for entrant in entrants if (found := gate.finding(entrant.label, "speed")) and found.failed]
        if not slow:
            break
        say(f"measuring the speed of {', '.join(each.label for each in slow)} again ({attempt + 1})")
        for entrant in slow:
            evaluation = _with_faster(evaluation, entrant, _time(entrant, test_set, sample, options, run))
        gate = judge(evaluation, baseline, options.gate)
    return Benchmark(evaluation, gate)


def spread(segments: int, count: int) -> list[int]:
    """Indices of `count` segments, evenly spread; all of them where there are not more."""
    if count >= segments:
        return list(range(segments))
    return [index * segments // count for index in range(count)]


def _run_entrant(
    entrant: _Entrant,
    test_set: TestSet,
    sample: Sequence[int],
    options: BenchmarkOptions,
    output: Path | None,
    run: Runner,
    say: Callable[[str], None],
) -> System:
    label, request = entrant.label, entrant.request
    say(f"{label}: translating {len(test_set)} segments of {test_set.name}, then {options.passes} timed passes")
    result = run(request, test_set.sources, passes=options.passes, sample=sample)
    timed = _timed(result, [test_set.sources[index] for index in sample])
    say(f"{label}: {timed.words_per_second:.0f} source words/s")
    generation = dataclasses.replace(as_generation(request, entrant.checkpoint, test_set, result), timed=timed)
    hypotheses = scored_lines(request, result)
    path = None
    if output is not None:
        path = record_paths(output, test_set.name, entrant.checkpoint.spec.name, request.backend_label).hypotheses
        write_text(path, "".join(line + "\n" for line in hypotheses), make_folder=True)
    notes = require_sound(label, hypotheses, "this run")
    return System(label, hypotheses, path, generation, tuple(notes))


def _time(
    entrant: _Entrant, test_set: TestSet, sample: Sequence[int], options: BenchmarkOptions, run: Runner
) -> TimedPasses:
    sources = [test_set.sources[index] for index in sample]
    return _timed(run(entrant.request, sources, passes=options.passes, sample=range(len(sources))), sources)


def _timed(result: Run, sources: Sequence[str]) -> TimedPasses:
    words = sum(len(source.split()) for source in sources)
    return TimedPasses(
        passes=result.passes,
        reference_passes=result.reference_passes,
        processor_passes=result.processor_passes,
        reference_processor_passes=result.reference_processor_passes,
        source_words=words,
        segments=len(sources),
        workers=result.workers,
    )


def _with_faster(evaluation: Evaluation, entrant: _Entrant, timed: TimedPasses) -> Evaluation:
    """The evaluation with the better of two measurements: a busy machine makes slower, nothing makes faster."""
    systems = [
        _timed_anew(scores, timed) if scores.system.label == entrant.label else scores for scores in evaluation.systems
    ]
    return dataclasses.replace(evaluation, systems=tuple(systems))


def _timed_anew(scores: SystemScores, timed: TimedPasses) -> SystemScores:
    generation = scores.system.generation
    if generation is None or generation.timed is None:
        return scores
    best = max(generation.timed, timed, key=lambda each: (each.undisturbed, each.relative))
    system = dataclasses.replace(scores.system, generation=dataclasses.replace(generation, timed=best))
    return dataclasses.replace(scores, system=system)
