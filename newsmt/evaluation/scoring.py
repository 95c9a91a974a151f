"""Scoring: systems of one test set, by corpus, document and segment, with intervals and paired tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from newsmt.errors import EvaluationError, MisalignedTestSetError
from newsmt.evaluation.checks import CHECKS, check_statistics
from newsmt.evaluation.metrics import Metric, MetricSpec, SacrebleuMetric, Statistics, sacrebleu_statistics
from newsmt.evaluation.significance import (
    DEFAULT_RESAMPLES,
    DEFAULT_TRIALS,
    Interval,
    PairedTest,
    Scores,
    bootstrap_p_value,
    bootstrap_scores,
    interval,
    randomisation_p_value,
    seed_from_environment,
)
from newsmt.evaluation.systems import System, require_distinct_labels

if TYPE_CHECKING:
    from newsmt.evaluation.testset import TestSet

__all__ = [
    "Comparison",
    "DocumentScores",
    "Evaluation",
    "MetricScore",
    "ScoringOptions",
    "SystemScores",
    "compare",
    "compare_all",
    "evaluate",
    "score_metric",
    "sum_counts",
]

# Rough seconds per segment and system, to decide whether starting worker processes pays.
_COST = {"bleu": 0.0003, "chrf": 0.0006, "chrf++": 0.0008, "ter": 0.004}
_COST_WORTH_A_PROCESS = 2.0
_LONGEST_SLICE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringOptions:
    """What to compute.

    resamples: bootstrap resamples for intervals and paired bootstrap; 0 computes neither.
    paired: the test between systems, "bs" or "ar", or None.
    trials: shuffles of the randomisation test.
    jobs: processes for extracting counts; results do not depend on it. More than one starts processes, which needs
        the usual `if __name__ == "__main__":` in a script.
    """

    metrics: tuple[MetricSpec, ...] = (MetricSpec("bleu"), MetricSpec("chrf"), MetricSpec("ter"))
    resamples: int = DEFAULT_RESAMPLES
    paired: PairedTest | None = "bs"
    trials: int = DEFAULT_TRIALS
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class DocumentScores:
    """Scores of whole documents: the corpus formula over each document's segments.

    scores: by docid.
    mean: their plain mean, every document counting the same.
    """

    scores: Mapping[str, float]
    mean: float


@dataclass(frozen=True, slots=True)
class MetricScore:
    """One metric of one system.

    segments: the score of each segment; statistics: the counts behind it.
    resampled: the score of each bootstrap resample, in drawing order.
    """

    metric: Metric
    score: float
    signature: str
    interval: Interval | None
    segments: tuple[float, ...]
    statistics: Statistics = field(repr=False)
    documents: DocumentScores | None = None
    resampled: Scores | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SystemScores:
    """All metrics and checks of one system, by key."""

    system: System
    metrics: Mapping[str, MetricScore]
    checks: Mapping[str, MetricScore]

    def __getitem__(self, key: str) -> MetricScore:
        return self.metrics[key] if key in self.metrics else self.checks[key]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference between two systems in one metric: `second` minus `first`, with the p-value of the paired test."""

    key: str
    first: str
    second: str
    difference: float
    p_value: float
    test: PairedTest


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All systems of one run over one test set, in the order given."""

    test_set: TestSet
    options: ScoringOptions
    systems: tuple[SystemScores, ...]
    comparisons: tuple[Comparison, ...]
    seed: str

    @property
    def metrics(self) -> list[Metric]:
        """The metrics asked for, in their order."""
        return [score.metric for score in self.systems[0].metrics.values()]

    @property
    def checks(self) -> list[Metric]:
        """The checks beside them."""
        return [score.metric for score in self.systems[0].checks.values()]

    def comparison(self, key: str, first: str, second: str) -> Comparison | None:
        """The paired test of two systems, turned so that the difference is `second` minus `first`."""
        for each in self.comparisons:
            if each.key == key and {each.first, each.second} == {first, second}:
                sign = 1 if each.first == first else -1
                return Comparison(key, first, second, sign * each.difference, each.p_value, each.test)
        return None


def evaluate(test_set: TestSet, systems: Sequence[System], options: ScoringOptions | None = None) -> Evaluation:
    """Score systems on a test set.

    Raises MisalignedTestSetError where a system has another number of hypotheses than the test set has segments,
    UsageError where two systems share a label.
    """
    options = options or ScoringOptions()
    if not systems:
        raise EvaluationError("there is no system to score: give at least one")
    require_distinct_labels(system.label for system in systems)
    for system in systems:
        if len(system.hypotheses) != len(test_set):
            raise MisalignedTestSetError(
                f"{system.label} has {len(system.hypotheses)} hypotheses for the {len(test_set)} segments of "
                f"{test_set.name}: every segment needs exactly one"
            )
    seed = seed_from_environment()
    counts = _extract(test_set, systems, options)
    scored = tuple(
        _score_system(test_set, system, {key: each[index] for key, each in counts.items()}, options, seed, len(systems))
        for index, system in enumerate(systems)
    )
    return Evaluation(test_set, options, scored, tuple(compare_all(scored, options, seed)), seed)


def _score_system(
    test_set: TestSet,
    system: System,
    counts: Mapping[str, Statistics],
    options: ScoringOptions,
    seed: str,
    systems: int,
) -> SystemScores:
    checked = check_statistics(test_set, system.hypotheses)
    alone = systems == 1
    return SystemScores(
        system,
        metrics={
            spec.name: score_metric(SacrebleuMetric(spec), counts[spec.name], test_set, options, seed, alone=alone)
            for spec in options.metrics
        },
        checks={
            check.key: score_metric(check, checked[check.key], test_set, options, seed, alone=alone) for check in CHECKS
        },
    )


def score_metric(
    metric: Metric, statistics: Statistics, test_set: TestSet, options: ScoringOptions, seed: str, *, alone: bool
) -> MetricScore:
    """One metric from its counts; `alone` where no other system is scored beside this one."""
    resampled = bootstrap_scores(metric, statistics, options.resamples, seed) if options.resamples else None
    signature = metric.signature(
        len(test_set.references),
        bootstrap=options.resamples or None,
        seed=seed if options.resamples else None,
    )
    return MetricScore(
        metric=metric,
        score=metric.score(sum_counts(statistics)),
        signature=signature,
        interval=None if resampled is None else interval(resampled, exact_mean=alone),
        segments=tuple(metric.segment_score(counts) for counts in statistics),
        statistics=statistics,
        documents=_score_documents(metric, statistics, test_set.documents()),
        resampled=resampled,
    )


def _score_documents(
    metric: Metric, statistics: Statistics, documents: Mapping[str, Sequence[int]]
) -> DocumentScores | None:
    if not documents:
        return None
    scores = {
        docid: metric.score(sum_counts([statistics[index] for index in segments]))
        for docid, segments in documents.items()
    }
    known = [score for score in scores.values() if not math.isnan(score)]
    return DocumentScores(scores, math.fsum(known) / len(known) if known else math.nan)


def sum_counts(statistics: Statistics) -> list[float]:
    """The column sums, added in order as sacrebleu adds them."""
    return [sum(column) for column in zip(*statistics, strict=True)]


def compare_all(systems: Sequence[SystemScores], options: ScoringOptions, seed: str) -> list[Comparison]:
    """The paired tests of all pairs of systems in all metrics."""
    if options.paired is None or (options.paired == "bs" and not options.resamples):
        return []
    return [
        compare(first[key], second[key], first.system.label, second.system.label, options.paired, options.trials, seed)
        for first, second in combinations(systems, 2)
        for key in [*first.metrics, *first.checks]
    ]


def compare(
    first: MetricScore,
    second: MetricScore,
    first_label: str,
    second_label: str,
    test: PairedTest,
    trials: int,
    seed: str,
) -> Comparison:
    """The paired test of one metric between two systems."""
    difference = second.score - first.score
    if test == "bs" and first.resampled is not None and second.resampled is not None:
        p_value = bootstrap_p_value(first.resampled, second.resampled, difference)
    else:
        p_value = randomisation_p_value(first.metric, first.statistics, second.statistics, trials, seed)
    return Comparison(first.metric.key, first_label, second_label, difference, p_value, test)


# --- extracting counts, in several processes where it pays -----------------------------------------------------------


def _extract(test_set: TestSet, systems: Sequence[System], options: ScoringOptions) -> dict[str, list[Statistics]]:
    """Per metric, the counts of each system."""
    hypotheses = [system.hypotheses for system in systems]
    cost = sum(_COST[spec.name] for spec in options.metrics) * len(test_set) * len(systems)
    if options.jobs <= 1 or cost < _COST_WORTH_A_PROCESS:
        return {spec.name: sacrebleu_statistics(spec, hypotheses, test_set.references) for spec in options.metrics}
    return _extract_in_processes(test_set, hypotheses, options)


def _extract_in_processes(
    test_set: TestSet, hypotheses: Sequence[Sequence[str]], options: ScoringOptions
) -> dict[str, list[Statistics]]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    starts = range(0, len(test_set), _LONGEST_SLICE)
    with ProcessPoolExecutor(max_workers=options.jobs, mp_context=get_context("spawn")) as pool:
        # costliest metrics first, so that no process is left with a long tail
        futures = {
            (spec.name, start): pool.submit(
                sacrebleu_statistics,
                spec,
                [each[start : start + _LONGEST_SLICE] for each in hypotheses],
                [each[start : start + _LONGEST_SLICE] for each in test_set.references],
            )
            for spec in sorted(options.metrics, key=lambda spec: -_COST[spec.name])
            for start in starts
        }
        parts = {key: future.result() for key, future in futures.items()}
    return {
        spec.name: [
            [counts for start in starts for counts in parts[spec.name, start][index]]
            for index in range(len(hypotheses))
        ]
        for spec in options.metrics
    }
