"""Bootstrap intervals and paired tests between systems, digit for digit those of sacrebleu.

Seed, order of random draws, float widths and p-values follow sacrebleu 2 (significance.py), with two shortcuts that
change no digit: resampled counts are summed by one matrix product where the sums are exact in float32, and shuffled
scores are computed for all trials at once, near ties being decided by sacrebleu's own formula.
"""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from newsmt.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from newsmt.evaluation.metrics import Metric, Statistics

__all__ = [
    "DEFAULT_RESAMPLES",
    "DEFAULT_TRIALS",
    "Interval",
    "PairedTest",
    "Scores",
    "bootstrap_p_value",
    "bootstrap_scores",
    "interval",
    "randomisation_p_value",
    "seed_from_environment",
]

PairedTest = Literal["bs", "ar"]
"""Paired bootstrap resampling, or paired approximate randomisation."""

Scores: TypeAlias = "npt.NDArray[np.floating[Any]]"
"""Resampled scores in the float width in which sacrebleu computes them."""

DEFAULT_RESAMPLES = 1000
DEFAULT_TRIALS = 10000
_EXACT_IN_FLOAT32 = 2**24
_TRIALS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % bootstrap interval: sacrebleu prints it as mean ± half; low and high are the percentiles themselves."""

    mean: float
    half: float
    low: float
    high: float


def seed_from_environment() -> str:
    """The seed of every resampling: SACREBLEU_SEED, by default 12345; "none" draws afresh each time."""
    seed = os.environ.get("SACREBLEU_SEED", "12345").lower()
    if seed != "none" and not seed.isdigit():
        raise UsageError(f"SACREBLEU_SEED={seed!r} is not allowed: expected a whole number or none")
    return seed


def bootstrap_scores(metric: Metric, counted: Statistics, resamples: int, seed: str) -> Scores:
    """The score of each resample of the segments, in drawing order."""
    import numpy as np

    counts = np.array(counted, dtype="float32")
    if _sums_are_exact(counts):
        resampled = (_draws(len(counts), resamples, seed) @ counts.astype("float64")).astype("float32")
    else:
        resampled = np.array([counts[drawn].sum(0) for drawn in _indices(len(counts), resamples, seed)])
    return np.array([metric.resampled_score(row) for row in resampled])


def interval(scores: Scores, *, exact_mean: bool = False) -> Interval:
    """The middle 95 % of resampled scores.

    exact_mean: sum without rounding, as sacrebleu does for a single system; in paired tests it sums in the width of
    the scores. They differ in the seventh digit at most.
    """
    import numpy as np

    ordered = np.sort(scores[~np.isnan(scores)])  # a check may have nothing to count in a resample
    if not len(ordered):
        return Interval(math.nan, math.nan, math.nan, math.nan)
    outside = len(ordered) // 40
    low, high = float(ordered[outside]), float(ordered[len(ordered) - outside - 1])
    mean = float(ordered.dtype.type(statistics.mean(ordered.tolist())) if exact_mean else ordered.mean())
    half = float(0.5 * (ordered[len(ordered) - outside - 1] - ordered[outside]))
    return Interval(mean=mean, half=half, low=low, high=high)


def bootstrap_p_value(baseline: Scores, system: Scores, difference: float) -> float:
    """The p-value of a difference in score by paired bootstrap resampling, from both systems' resampled scores."""
    import numpy as np

    sampled = np.abs(system - baseline)
    sampled = sampled[~np.isnan(sampled)]
    return _share_above(sampled - sampled.mean(), abs(difference))


def randomisation_p_value(metric: Metric, baseline: Statistics, system: Statistics, trials: int, seed: str) -> float:
    """The p-value of a difference in score by paired approximate randomisation (two-sided)."""
    import numpy as np

    first, second = np.array(baseline, dtype=np.float64), np.array(system, dtype=np.float64)
    both = first.sum(0) + second.sum(0)
    difference = abs(_score(metric, first.sum(0)) - _score(metric, second.sum(0)))
    shuffled = np.concatenate([block @ (first - second) for block in _shuffles(len(first), trials, seed)]) + second.sum(
        0
    )
    differences = np.abs(metric.scores(shuffled) - metric.scores(both - shuffled))
    for near in np.flatnonzero(np.abs(differences - difference) < 1e-9):
        differences[near] = abs(_score(metric, shuffled[near]) - _score(metric, both - shuffled[near]))
    return _share_above(differences, difference)


def _score(metric: Metric, counts: npt.NDArray[np.float64]) -> float:
    return metric.score(counts.tolist())


def _share_above(sampled: Scores, difference: float) -> float:
    import numpy as np

    return (int(np.sum(sampled > difference)) + 1) / (len(sampled) + 1)


def _sums_are_exact(counts: npt.NDArray[np.float32]) -> bool:
    """Whether float32 sums of any resample are exact in any order: multiples of a half that stay far from 2**24."""
    import numpy as np

    largest = float(np.abs(counts).max(initial=0.0)) * len(counts)
    return bool(np.all(counts * 2 == np.rint(counts * 2))) and largest * 2 < _EXACT_IN_FLOAT32


@lru_cache(maxsize=2)
def _indices(segments: int, resamples: int, seed: str) -> npt.NDArray[np.int64]:
    import numpy as np

    rng = np.random.default_rng(None if seed == "none" else int(seed))
    return rng.choice(segments, size=(resamples, segments), replace=True)


@lru_cache(maxsize=2)
def _draws(segments: int, resamples: int, seed: str) -> npt.NDArray[np.float64]:
    """How often each segment is drawn in each resample, shape (resamples, segments)."""
    import numpy as np

    indices = _indices(segments, resamples, seed)
    return np.stack([np.bincount(row, minlength=segments) for row in indices]).astype(np.float64)


def _shuffles(segments: int, trials: int, seed: str) -> Sequence[npt.NDArray[np.float64]]:
    """Which segments keep their place in each trial, as blocks of rows."""
    import numpy as np

    rng = np.random.default_rng(None if seed == "none" else int(seed))
    kept = rng.integers(2, size=(trials, segments), dtype=bool)
    return [kept[start : start + _TRIALS_AT_ONCE].astype(np.float64) for start in range(0, trials, _TRIALS_AT_ONCE)]
