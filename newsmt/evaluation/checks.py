"""Checks that need no taste: numbers kept, length, text left in German, words repeated without end.

Each is a ratio of counts per segment, so that intervals, paired tests and the regression gate work on it as on BLEU.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from newsmt.evaluation.metrics import Metric, Statistics
from newsmt.numbers import find_numbers, missing_numbers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from newsmt.evaluation.testset import TestSet

__all__ = ["CHECKS", "RatioMetric", "check_statistics", "is_copied", "is_repeating"]

_WORD = re.compile(r"[^\W_]+")
_LEAST_COPIED_RUN = 4
_LONGEST_REPEATED_PHRASE = 8
_TIMES_IN_A_ROW = 3


class RatioMetric(Metric):
    """A share or ratio: the first count divided by the second."""

    def __init__(
        self, key: str, label: str, *, higher_is_better: bool = True, unit: str = "%", decimals: int = 1, what: str = ""
    ) -> None:
        self.key = key
        self.label = label
        self.higher_is_better = higher_is_better
        self.unit = unit
        self.decimals = decimals
        self.what = what
        self._scale = 100.0 if unit == "%" else 1.0

    def score(self, counts: Sequence[float]) -> float:
        """The ratio; not a number where nothing was counted."""
        numerator, denominator = float(counts[0]), float(counts[1])
        return self._scale * numerator / denominator if denominator else float("nan")

    def scores(self, counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The ratios of many summed counts."""
        import numpy as np

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self._scale * counts[:, 0] / counts[:, 1], dtype=np.float64)

    def signature(self, references: int, *, bootstrap: int | None = None, seed: str | None = None) -> str:
        """The check with its version: a change of its rules must raise it."""
        resampling = f"|bs:{bootstrap}|seed:{seed}" if bootstrap else ""
        return f"newsmt-{self.key}:1|nrefs:{references}{resampling}"


NUMBERS = RatioMetric("numbers", "Numbers kept", what="numbers of the source that the hypothesis has, in any format")
LENGTH = RatioMetric(
    "length",
    "Length ratio",
    unit="",
    decimals=3,
    what="words of the hypotheses per word of the references (their mean)",
)
COPIES = RatioMetric(
    "copies",
    "Left in German",
    higher_is_better=False,
    what="segments of which half or more was copied from the source though no reference has it so",
)
REPETITIONS = RatioMetric(
    "repetitions",
    "Repeating",
    higher_is_better=False,
    what="segments that say a phrase three times in a row though neither source nor reference does",
)
CHECKS: tuple[RatioMetric, ...] = (NUMBERS, LENGTH, COPIES, REPETITIONS)


def check_statistics(test_set: TestSet, hypotheses: Sequence[str]) -> dict[str, Statistics]:
    """Counts per segment of every check, by the check's key."""
    segments = list(zip(test_set.sources, hypotheses, zip(*test_set.references, strict=True), strict=True))
    return {
        NUMBERS.key: [_number_counts(source, hypothesis) for source, hypothesis, _ in segments],
        LENGTH.key: [_length_counts(hypothesis, references) for _, hypothesis, references in segments],
        COPIES.key: [[float(is_copied(*segment)), 1.0] for segment in segments],
        REPETITIONS.key: [[float(is_repeating(*segment)), 1.0] for segment in segments],
    }


def _number_counts(source: str, hypothesis: str) -> list[float]:
    numbers = sum(find_numbers(source, language="de").values())
    return [float(numbers - len(missing_numbers(source, hypothesis))) if numbers else 0.0, float(numbers)]


def _length_counts(hypothesis: str, references: Sequence[str]) -> list[float]:
    words = sum(len(reference.split()) for reference in references)
    return [float(len(hypothesis.split())), words / len(references)]


def is_copied(source: str, hypothesis: str, references: Sequence[str]) -> bool:
    """Whether the hypothesis is, by half or more, words of the source in their order that no reference has so.

    Unless it is the whole segment, only runs of four words count, one of them written small: names stay as they are.
    """
    hypothesis_words, source_words = _words(hypothesis), _words(source)
    if len(hypothesis_words) < 2:
        return False
    if hypothesis_words == source_words:
        return all(_words(reference) != hypothesis_words for reference in references)
    of_references = {run for reference in references for run in _runs(_words(reference))}
    copied: set[int] = set()
    german = _german_runs(source) - of_references
    for start, run in enumerate(_runs(hypothesis_words)):
        if run in german:
            copied.update(range(start, start + _LEAST_COPIED_RUN))
    return len(copied) * 2 >= len(hypothesis_words)


def _german_runs(source: str) -> set[tuple[str, ...]]:
    """The runs of words that are more than names."""
    written_small = [len(word) > 1 and word[0].islower() for word in _WORD.findall(source)]
    runs = enumerate(_runs(_words(source)))
    return {run for start, run in runs if any(written_small[start : start + _LEAST_COPIED_RUN])}


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    size = _LEAST_COPIED_RUN
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def is_repeating(source: str, hypothesis: str, references: Sequence[str]) -> bool:
    """Whether the hypothesis says a phrase of up to eight words three times in a row and nobody else does."""
    if not _repeats(_words(hypothesis)):
        return False
    return not _repeats(_words(source)) and not any(_repeats(_words(reference)) for reference in references)


def _repeats(words: list[str]) -> bool:
    return any(_repeats_every(words, period) for period in range(1, _LONGEST_REPEATED_PHRASE + 1))


def _repeats_every(words: list[str], period: int) -> bool:
    """Whether some phrase of `period` words is followed by itself twice or more."""
    equal = 0
    for index in range(period, len(words)):
        equal = equal + 1 if words[index] == words[index - period] else 0
        if equal >= period * (_TIMES_IN_A_ROW - 1):
            return True
    return False


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
