"""Metrics: sacrebleu's BLEU, chrF, chrF++ and TER by their sufficient statistics, and our checks beside them.

Every metric works in two steps: `statistics` turns each segment into a few counts, `score` turns summed counts into
a score. Corpus, document and segment scores, resampling and paired tests all follow from the same counts, which are
therefore extracted once. The counts and formulas of BLEU, chrF and TER are sacrebleu's own code.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from newsmt.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["METRIC_NAMES", "Metric", "MetricSpec", "SacrebleuMetric", "Statistics", "parse_metrics"]

Statistics = list[list[float]]
"""Per segment, the counts a metric needs."""

METRIC_NAMES = ("bleu", "chrf", "chrf++", "ter")
_ALIASES = {"chrf2": "chrf", "chrfpp": "chrf++", "chrf2++": "chrf++", "chrf3": "chrf++"}
_TOKENIZERS = ("13a", "intl", "char", "none")


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric with its options, as plain values that travel to other processes.

    tokenize: BLEU's tokeniser, one of sacrebleu's 13a (its default), intl, char, none.
    lowercase: BLEU and chrF without regard to case; TER never regards it.
    """

    name: str
    tokenize: str = "13a"
    lowercase: bool = False

    def __post_init__(self) -> None:
        if self.name not in METRIC_NAMES:
            raise UsageError(_unknown_metric(self.name))
        if self.tokenize not in _TOKENIZERS:
            raise UsageError(f"tokenize={self.tokenize!r} is not allowed: expected one of {', '.join(_TOKENIZERS)}")


def parse_metrics(names: str | Iterable[str], *, tokenize: str = "13a", lowercase: bool = False) -> list[MetricSpec]:
    """Read "bleu,chrf" or ["bleu", "chrf"]; case and sacrebleu's own spellings (chrF2++) do not matter.

    Raises UsageError for an unknown metric (near matches named), one named twice, or none at all.
    """
    given = names.split(",") if isinstance(names, str) else list(names)
    cleaned = [name.strip().lower() for name in given if name.strip()]
    if not cleaned:
        raise UsageError(f"no metric given: expected one or several of {', '.join(METRIC_NAMES)}")
    specs = [MetricSpec(_ALIASES.get(name, name), tokenize, lowercase) for name in cleaned]
    twice = next((spec.name for spec in specs if specs.count(spec) > 1), None)
    if twice:
        raise UsageError(f"metric {twice!r} is given twice: name each metric once")
    return specs


def _unknown_metric(name: str) -> str:
    near = difflib.get_close_matches(name, [*METRIC_NAMES, *_ALIASES], n=2, cutoff=0.4)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    comet = "COMET runs in an environment of its own, see --comet-python; " if name.startswith("comet") else ""
    return f"no metric {name!r}: {comet}{meant}expected one or several of {', '.join(METRIC_NAMES)}"


class Metric(ABC):
    """What turns counts of segments into scores.

    label: the name people read; key: the name in JSON and on the command line.
    higher_is_better: False for error rates.
    unit: "" or "%".
    decimals: how many of them are worth showing.
    """

    key: str
    label: str
    higher_is_better: bool = True
    unit: str = ""
    decimals: int = 2

    @abstractmethod
    def score(self, counts: Sequence[float]) -> float:
        """The score of summed counts."""

    def segment_score(self, counts: Sequence[float]) -> float:
        """The score of one segment."""
        return self.score(counts)

    @abstractmethod
    def scores(self, counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The scores of many summed counts at once, shape (n, counts) to (n,)."""

    def resampled_score(self, counts: Any) -> Any:
        """The score of one bootstrap resample, counts as float32."""
        return self.score(counts)

    @abstractmethod
    def signature(self, references: int, *, bootstrap: int | None = None, seed: str | None = None) -> str:
        """What has to be the same for two scores to be comparable."""


class SacrebleuMetric(Metric):
    """One of sacrebleu's metrics, scored by sacrebleu's own functions."""

    def __init__(self, spec: MetricSpec) -> None:
        self.spec = spec
        self.key = spec.name
        self.label = {"bleu": "BLEU", "chrf": "chrF2", "chrf++": "chrF2++", "ter": "TER"}[spec.name]
        self.higher_is_better = spec.name != "ter"
        self._metric = _sacrebleu_metric(spec)

    def statistics(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Statistics:
        """Counts per segment; references are one sequence per reference translation."""
        return _sacrebleu_statistics(self._metric, [hypotheses], references)[0]

    def score(self, counts: Sequence[float]) -> float:
        """The score of summed counts, by sacrebleu's formula."""
        return float(self._metric._compute_score_from_stats(list(counts)).score)

    def resampled_score(self, counts: Any) -> Any:
        """The score of float32 counts, in the width in which sacrebleu computes it in its bootstrap."""
        return self._metric._compute_score_from_stats(counts).score

    def segment_score(self, counts: Sequence[float]) -> float:
        """The score of one segment; BLEU with effective order, as `sacrebleu --sentence-level` has it."""
        if self.key != "bleu":
            return self.score(counts)
        self._metric.effective_order = True
        try:
            return self.score(counts)
        finally:
            self._metric.effective_order = False

    def scores(self, counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The scores of many summed counts; equal to `score` of each but for the last bits of exp and log."""
        formula = {"bleu": _bleu_scores, "ter": _ter_scores}.get(self.key, _chrf_scores)
        return formula(counts)

    def signature(self, references: int, *, bootstrap: int | None = None, seed: str | None = None) -> str:
        """The full signature of sacrebleu, with resamples and seed where intervals were asked for."""
        self._metric.num_refs = references
        self._metric.n_bootstrap = bootstrap
        self._metric.seed = seed
        return str(self._metric.get_signature())


def sacrebleu_statistics(
    spec: MetricSpec, systems: Sequence[Sequence[str]], references: Sequence[Sequence[str]]
) -> list[Statistics]:
    """Counts of several systems, with the references' n-grams extracted once; runs in worker processes too."""
    return _sacrebleu_statistics(_sacrebleu_metric(spec), systems, references)


def _sacrebleu_statistics(
    metric: Any, systems: Sequence[Sequence[str]], references: Sequence[Sequence[str]]
) -> list[Statistics]:
    metric._ref_cache = metric._cache_references(references)
    statistics = [metric._extract_corpus_statistics(hypotheses, None) for hypotheses in systems]
    metric._ref_cache = None
    return statistics


def _sacrebleu_metric(spec: MetricSpec) -> Any:
    # force=True only silences a hint about tokenised text, which evaluate gives itself.
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    if spec.name == "bleu":
        return BLEU(tokenize=spec.tokenize, lowercase=spec.lowercase, force=True)
    if spec.name == "ter":
        return TER()
    return CHRF(word_order=2 if spec.name == "chrf++" else 0, lowercase=spec.lowercase)


# --- sacrebleu's formulas over many summed counts at once ------------------------------------------------------------


def _bleu_scores(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    hypothesis, reference = counts[:, 0], counts[:, 1]
    correct, total = counts[:, 2:6], counts[:, 6:10]
    with np.errstate(divide="ignore", invalid="ignore"):
        brevity = np.where(hypothesis < reference, np.exp(1 - reference / hypothesis), 1.0)
        brevity = np.where(hypothesis > 0, brevity, 0.0)
        # exp smoothing: the k-th order without a match counts 1 / 2**k of one match
        misses = np.cumsum((correct == 0) & (total > 0), axis=1)
        precision = 100.0 * np.where(correct == 0, 0.5**misses, correct) / total
        logarithms = np.where(total > 0, np.log(precision), -9999999999.0)
    scores = brevity * np.exp(logarithms.sum(axis=1) / 4)
    return np.where(correct.any(axis=1), scores, 0.0)


def _chrf_scores(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    hypothesis, reference, match = counts[:, 0::3], counts[:, 1::3], counts[:, 2::3]
    both = (hypothesis > 0) & (reference > 0)
    orders = np.maximum(both.sum(axis=1), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(both, match / hypothesis, 0.0).sum(axis=1) / orders
        recall = np.where(both, match / reference, 0.0).sum(axis=1) / orders
        scores = 100 * 5 * precision * recall / (4 * precision + recall)
    return np.where(precision + recall > 0, scores, 0.0)


def _ter_scores(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    edits, length = counts[:, 0], counts[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(length > 0, 100 * edits / length, np.where(edits > 0, 100.0, 0.0))
