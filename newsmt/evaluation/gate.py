"""The gate: whether a benchmark fell below its baseline by more than noise."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt._version import __version__
from newsmt.errors import EvaluationError, RegressionError, UsageError
from newsmt.evaluation.record import describe_test_set, number
from newsmt.evaluation.reference import WORKLOAD
from newsmt.evaluation.report.tables import format_difference, format_p_value, format_score, is_improvement
from newsmt.evaluation.scoring import MetricScore, compare, sum_counts
from newsmt.evaluation.significance import bootstrap_scores
from newsmt.textfile import write_text

if TYPE_CHECKING:
    from newsmt.evaluation.generation import TimedPasses
    from newsmt.evaluation.metrics import Metric, Statistics
    from newsmt.evaluation.scoring import Evaluation, SystemScores

__all__ = ["Baseline", "Finding", "Gate", "GateOptions", "judge", "read_baseline", "write_baseline"]

FORMAT = 1
# The length ratio is left out: neither more nor less of it is good.
_GATED_CHECKS = ("numbers", "copies", "repetitions")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """When a difference is a regression.

    alpha: a metric must be worse with p below this in the paired test against the baseline's own segments.
    tolerance: and worse by more than this, in points of the metric.
    speed_tolerance: the speed relative to the reference workload may fall by this share.
    """

    alpha: float = 0.05
    tolerance: float = 0.1
    speed_tolerance: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise UsageError(f"alpha={self.alpha} is not allowed: expected a number between 0 and 1")
        if self.tolerance < 0:
            raise UsageError(f"tolerance={self.tolerance} is not allowed: expected 0 or more points")
        if not 0 < self.speed_tolerance < 1:
            raise UsageError(f"speed_tolerance={self.speed_tolerance} is not allowed: expected a share between 0 and 1")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an earlier benchmark measured: per system, the counts behind every score, and the relative speed."""

    path: Path
    test_set: Mapping[str, Any]
    systems: Mapping[str, Mapping[str, Any]]

    @property
    def threads(self) -> int | None:
        """The threads of every speed in it, if they are the same: speeds of other numbers are not comparable."""
        threads = {entry["speed"].get("threads") for entry in self.systems.values() if entry.get("speed")}
        return threads.pop() if len(threads) == 1 else None


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one metric, or the speed, of one system."""

    system: str
    key: str
    message: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """All findings of one comparison with a baseline."""

    baseline: Path
    findings: tuple[Finding, ...]

    @property
    def regressions(self) -> list[Finding]:
        """The findings that fail the build."""
        return [finding for finding in self.findings if finding.failed]

    def finding(self, system: str, key: str) -> Finding | None:
        """The finding on one metric of one system."""
        return next((each for each in self.findings if each.system == system and each.key == key), None)

    def as_text(self) -> str:
        """One line per finding."""
        lines = [f"  {'FAIL' if each.failed else 'ok  '}  {each.system}: {each.message}" for each in self.findings]
        return "\n".join([f"Gate against {self.baseline.name}: {self._verdict()}", *lines])

    def as_markdown(self) -> str:
        """A list with the regressions first."""
        ordered = sorted(self.findings, key=lambda each: not each.failed)
        lines = [f"- {'❌' if each.failed else '✅'} {each.system}: {each.message}" for each in ordered]
        return "\n".join([f"**Gate against {self.baseline.name}: {self._verdict()}**", "", *lines])

    def as_json(self) -> dict[str, Any]:
        """Findings as JSON values."""
        return {
            "baseline": str(self.baseline),
            "passed": not self.regressions,
            "findings": [
                {"system": each.system, "metric": each.key, "failed": each.failed, "message": each.message}
                for each in self.findings
            ],
        }

    def require_passed(self) -> None:
        """Raise RegressionError, which names the regressions, unless there are none."""
        if self.regressions:
            listed = "; ".join(f"{each.system}: {each.message}" for each in self.regressions)
            raise RegressionError(
                f"{len(self.regressions)} regression{'s' if len(self.regressions) > 1 else ''} against "
                f"{self.baseline}: {listed}; if this is intended, write the baseline anew with --update-baseline"
            )

    def _verdict(self) -> str:
        return f"{len(self.regressions)} of {len(self.findings)} fail" if self.regressions else "passed"


def judge(evaluation: Evaluation, baseline: Baseline, options: GateOptions) -> Gate:
    """Compare every system that the baseline knows.

    Raises EvaluationError where the baseline is of another test set or signature, or knows none of the systems.
    """
    _require_same_test_set(evaluation, baseline)
    if not any(scores.system.label in baseline.systems for scores in evaluation.systems):
        raise EvaluationError(
            f"{baseline.path} has none of the systems of this run ({_names(evaluation)}); it has "
            f"{', '.join(baseline.systems)}: add them with --update-baseline"
        )
    findings: list[Finding] = []
    for scores in evaluation.systems:
        entry = baseline.systems.get(scores.system.label)
        if entry is None:
            findings.append(Finding(scores.system.label, "", "not in the baseline, nothing to compare with"))
            continue
        findings += _judge_system(evaluation, scores, entry, baseline, options)
    return Gate(baseline.path, tuple(findings))


def _names(evaluation: Evaluation) -> str:
    return ", ".join(scores.system.label for scores in evaluation.systems)


def _require_same_test_set(evaluation: Evaluation, baseline: Baseline) -> None:
    now = describe_test_set(evaluation.test_set)
    if baseline.test_set.get("sha256") == now["sha256"]:
        return
    raise EvaluationError(
        f"{baseline.path} is of another test set: {baseline.test_set.get('name')} with "
        f"{baseline.test_set.get('segments')} segments (sha256 {str(baseline.test_set.get('sha256'))[:12]}…), this run "
        f"scores {now['name']} with {now['segments']} (sha256 {now['sha256'][:12]}…); choose the right one, or "
        "write it anew with --update-baseline"
    )


def _judge_system(
    evaluation: Evaluation,
    scores: SystemScores,
    entry: Mapping[str, Any],
    baseline: Baseline,
    options: GateOptions,
) -> list[Finding]:
    label = scores.system.label
    generation = scores.system.generation
    if generation and entry.get("scored") not in (None, generation.scored):
        raise EvaluationError(
            f"{baseline.path} has scores of {label}'s {entry['scored']}, this run scores its {generation.scored}: run "
            "with the same choice of --raw or --displayed, or write the baseline anew with --update-baseline"
        )
    findings = []
    for score in _gated(scores):
        earlier = entry["scores"].get(score.metric.key)
        if earlier is None:
            message = f"{score.metric.label}: not in the baseline, nothing to compare with"
            findings.append(Finding(label, score.metric.key, message))
            continue
        findings.append(_judge_score(evaluation, label, score, earlier, baseline, options))
    speed = _judge_speed(scores, entry, options)
    return [*findings, speed] if speed else findings


def _gated(scores: SystemScores) -> list[MetricScore]:
    return [*scores.metrics.values(), *(scores.checks[key] for key in _GATED_CHECKS)]


def _judge_score(
    evaluation: Evaluation,
    label: str,
    score: MetricScore,
    earlier: Mapping[str, Any],
    baseline: Baseline,
    options: GateOptions,
) -> Finding:
    metric = score.metric
    was, now = _without_resampling(earlier["signature"]), _without_resampling(score.signature)
    if was != now:
        raise EvaluationError(
            f"{baseline.path} has {metric.label} of {label} with signature {was}, this run has {now}: scores of "
            "different signatures cannot be compared; use the same options and version of sacrebleu, or write the "
            "baseline anew with --update-baseline"
        )
    before = _earlier_score(metric, decode_counts(earlier["counts"]), evaluation)
    comparison = compare(before, score, "baseline", label, "bs", 0, evaluation.seed)
    difference = comparison.difference
    if math.isnan(difference):
        return Finding(label, metric.key, f"{metric.label}: nothing to count in this test set")
    worse = difference != 0 and not is_improvement(metric, difference)
    failed = worse and comparison.p_value < options.alpha and abs(difference) > options.tolerance
    message = f"{metric.label} {format_score(metric, before.score)} → {format_score(metric, score.score)}"
    if difference:
        reason = f"{format_difference(metric, difference)}, {format_p_value(comparison.p_value)}"
        within = (
            "" if failed or not worse else ", within noise" if comparison.p_value >= options.alpha else ", tolerated"
        )
        message += f" ({reason}{within})"
    return Finding(label, metric.key, message, failed)


def _earlier_score(metric: Metric, counts: Statistics, evaluation: Evaluation) -> MetricScore:
    resamples = evaluation.options.resamples
    if not resamples:
        raise UsageError("the gate needs resamples to tell a regression from noise: leave --resamples above 0")
    return MetricScore(
        metric=metric,
        score=metric.score(sum_counts(counts)),
        signature="",
        interval=None,
        segments=(),
        statistics=counts,
        resampled=bootstrap_scores(metric, counts, resamples, evaluation.seed),
    )


def _without_resampling(signature: str) -> str:
    """The signature without resamples and seed, on which the score itself does not depend."""
    return "|".join(part for part in signature.split("|") if not part.startswith(("bs:", "seed:")))


def _judge_speed(scores: SystemScores, entry: Mapping[str, Any], options: GateOptions) -> Finding | None:
    generation, earlier = scores.system.generation, entry.get("speed")
    if generation is None or generation.timed is None or not earlier:
        return None
    label = scores.system.label
    for key, current in (
        ("workload", WORKLOAD),
        ("engine", generation.engine),
        ("threads", generation.threads),
        ("segments", generation.timed.segments),
    ):
        if earlier.get(key) != current:
            return Finding(label, "speed", f"speed not compared: {key} was {earlier.get(key)!r} and is {current!r}")
    was, now, by_processor = _comparable_speeds(earlier, generation.timed)
    ratio = now / was
    failed = ratio < 1 - options.speed_tolerance
    message = (
        f"speed {was:,.0f} → {now:,.0f} words per reference run "
        f"({100 * (ratio - 1):+.0f} %, allowed {-100 * options.speed_tolerance:.0f} %)"
    ).replace("-", "−")
    if by_processor:
        message += ", by processor time, for the machine was busy"
    return Finding(label, "speed", message, failed)


def _comparable_speeds(earlier: Mapping[str, Any], timed: TimedPasses) -> tuple[float, float, bool]:
    """The speeds of baseline and run by the same measure, and whether that is processor time.

    The clock counts all that makes a model slow, processors left idle too, but only where both runs had the machine to
    themselves.
    """
    by_processor = timed.relative_by_processor
    if by_processor is None or not earlier["by_processor"] or (timed.undisturbed and earlier["undisturbed"]):
        return earlier["by_clock"], timed.relative_by_clock, False
    return earlier["by_processor"], by_processor, True


# --- the file --------------------------------------------------------------------------------------------------------


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises EvaluationError where it is missing or no baseline.
    """
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        if entry["format"] != FORMAT:
            raise ValueError(f"format {entry['format']}")
        return Baseline(path, dict(entry["test_set"]), dict(entry["systems"]))
    except FileNotFoundError:
        raise EvaluationError(f"{path} does not exist: write a baseline first, with --update-baseline") from None
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise EvaluationError(
            f"{path} is no baseline of format {FORMAT} ({reason}): remove it, then write one with --update-baseline"
        ) from error


def write_baseline(path: Path, evaluation: Evaluation, earlier: Baseline | None = None) -> None:
    """Write the systems of a run; other systems of an earlier baseline of the same test set are kept."""
    test_set = describe_test_set(evaluation.test_set)
    kept = earlier.systems if earlier and earlier.test_set.get("sha256") == test_set["sha256"] else {}
    entry = {
        "format": FORMAT,
        "newsmt": __version__,
        "test_set": test_set,
        "systems": {**kept, **{scores.system.label: _system_entry(scores) for scores in evaluation.systems}},
    }
    write_text(path, json.dumps(entry, ensure_ascii=False, indent=1) + "\n", make_folder=True)


def _system_entry(scores: SystemScores) -> dict[str, Any]:
    generation = scores.system.generation
    entry: dict[str, Any] = {
        "model": dict(generation.model) if generation else None,
        "scored": generation.scored if generation else None,
        "versions": dict(generation.versions) if generation else None,
        "machine": dict(generation.machine) if generation else None,
        "scores": {score.metric.key: _score_entry(score) for score in _gated(scores)},
    }
    if generation and generation.timed:
        entry["speed"] = {
            "by_clock": round(generation.timed.relative_by_clock, 3),
            "by_processor": number(generation.timed.relative_by_processor or math.nan, 3),
            "undisturbed": generation.timed.undisturbed,
            "words_per_second": round(generation.timed.words_per_second, 2),
            "workload": WORKLOAD,
            "engine": generation.engine,
            "threads": generation.threads,
            "segments": generation.timed.segments,
        }
    return entry


def _score_entry(score: MetricScore) -> dict[str, Any]:
    return {
        "label": score.metric.label,
        "score": number(score.score),
        "signature": _without_resampling(score.signature),
        "counts": encode_counts(score.statistics),
    }


def encode_counts(statistics: Statistics) -> dict[str, Any]:
    """Counts as compressed text: the paired test needs them all, people need none."""
    text = "\n".join(",".join(_plain(count) for count in counts) for counts in statistics)
    return {"segments": len(statistics), "zlib_base64": base64.b64encode(zlib.compress(text.encode(), 9)).decode()}


def decode_counts(entry: Mapping[str, Any]) -> Statistics:
    """The counts of `encode_counts`."""
    text = zlib.decompress(base64.b64decode(entry["zlib_base64"])).decode()
    return [list(_numbers(line.split(","))) for line in text.split("\n")]


def _numbers(texts: Iterable[str]) -> Iterable[float]:
    return (float(text) if "." in text or "e" in text else int(text) for text in texts)


def _plain(count: float) -> str:
    return str(int(count)) if float(count).is_integer() else repr(float(count))
