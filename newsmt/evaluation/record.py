"""Records: what a system scored on a test set and how its hypotheses were made, as one JSON file.

A record's place says what it is about: RESULTS/<test set>/<model>/<backend>.json, the hypotheses beside it in
<backend>.en. Records hold numbers only, no text of a test set.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.errors import EvaluationError
from newsmt.evaluation.writing import write_result

if TYPE_CHECKING:
    from newsmt.evaluation.scoring import Evaluation, MetricScore, SystemScores
    from newsmt.evaluation.testset import TestSet

__all__ = [
    "Generation",
    "RecordPaths",
    "Speed",
    "TimedPasses",
    "as_record",
    "read_record",
    "record_paths",
    "write_record",
]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model translated a test set, on the machine its Generation names.

    load_seconds: from nothing to a model ready to translate.
    seconds, source_words, segments: of the whole test set, in the one pass that made the hypotheses.
    peak_memory_bytes: the most memory that the process running this one model held; None where unknown.
    """

    load_seconds: float
    seconds: float
    source_words: int
    segments: int
    peak_memory_bytes: int | None = None

    @property
    def words_per_second(self) -> float:
        """Source words per second."""
        return self.source_words / self.seconds if self.seconds else math.nan

    @property
    def segments_per_second(self) -> float:
        """Segments (lines of the test set, most of them sentences) per second."""
        return self.segments / self.seconds if self.seconds else math.nan


@dataclass(frozen=True, slots=True)
class TimedPasses:
    """A benchmark's passes over a sample of the test set, each between two runs of the reference workload.

    passes, reference_passes: seconds, in order; there is one reference pass more.
    """

    passes: tuple[float, ...]
    reference_passes: tuple[float, ...]
    source_words: int
    segments: int

    @property
    def words_per_second(self) -> float:
        """Source words per second of the best pass."""
        return self.source_words / min(self.passes)

    @property
    def segments_per_second(self) -> float:
        """Segments per second of the best pass."""
        return self.segments / min(self.passes)

    @property
    def relative(self) -> float:
        """Words per run of the reference workload: a speed that does not depend on the machine.

        The median over the passes, each related to the mean of its two neighbours, so that a machine which is busy for
        a while slows both sides of the ratio.
        """
        neighbours = zip(self.reference_passes, self.reference_passes[1:], strict=False)
        return statistics.median(
            self.source_words * (before + after) / 2 / seconds
            for seconds, (before, after) in zip(self.passes, neighbours, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Generation:
    """How newsmt made the hypotheses of a model.

    model: name, hub id, revision and fingerprint of the weights.
    backend: the engine as asked for ("ctranslate2"); engine: with precision and device, such as
        "ctranslate2 int8 cpu".
    scored: "text" for what a user sees, "hypothesis" for the model's own output.
    options: decoding options; versions: packages; machine: processor and memory.
    """

    model: Mapping[str, str | None]
    backend: str
    engine: str
    scored: str
    options: Mapping[str, Any]
    threads: int | None
    source_fingerprint: str
    hypotheses_fingerprint: str
    versions: Mapping[str, str]
    machine: Mapping[str, str | int | float]
    speed: Speed
    warnings: Mapping[str, int] = dataclasses.field(default_factory=dict)
    timed: TimedPasses | None = None

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Generation:
        """Read what `as_json` wrote; raises KeyError or TypeError for anything else."""
        names = {field.name for field in dataclasses.fields(cls)}
        values = {name: entry[name] for name in names}
        values["speed"] = Speed(**_of_class(Speed, entry["speed"]))
        values["timed"] = TimedPasses(**_of_class(TimedPasses, entry["timed"])) if entry["timed"] else None
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """All fields, with the rates worked out."""
        entry = dataclasses.asdict(self)
        entry["speed"]["words_per_second"] = round(self.speed.words_per_second, 2)
        entry["speed"]["segments_per_second"] = round(self.speed.segments_per_second, 3)
        if self.timed:
            entry["timed"]["words_per_second"] = round(self.timed.words_per_second, 2)
            entry["timed"]["relative"] = round(self.timed.relative, 2)
        return entry


def _of_class(kind: type, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that are fields of a data class; JSON has lists where it has tuples."""
    values = {field.name: entry[field.name] for field in dataclasses.fields(kind)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class RecordPaths:
    """Where the record and the hypotheses of one system lie."""

    record: Path
    hypotheses: Path


def record_paths(output: Path, test_set: str, model: str, backend: str) -> RecordPaths:
    """The files of a system: OUTPUT/<test set>/<model>/<backend>.json and .en."""
    folder = output / file_name(test_set) / file_name(model)
    return RecordPaths(folder / f"{file_name(backend)}.json", folder / f"{file_name(backend)}.en")


def file_name(name: str) -> str:
    """A name that is safe as a file name on every system: "owner/model" becomes "owner--model"."""
    return re.sub(r"[^\w.+-]", "_", name.strip("/\\").replace("/", "--").replace("\\", "--")).lstrip(".") or "_"


def as_record(evaluation: Evaluation, scores: SystemScores) -> dict[str, Any]:
    """The record of one system as JSON values."""
    system = scores.system
    return {
        "format": FORMAT,
        "test_set": describe_test_set(evaluation.test_set),
        "system": {
            "label": system.label,
            "kind": "model" if system.generation else "file",
            "hypotheses": system.path.name if system.path else None,
            "hypotheses_sha256": system.fingerprint,
        },
        "generation": system.generation.as_json() if system.generation else None,
        "scores": {key: _score_entry(score) for key, score in scores.metrics.items()},
        "checks": {key: _score_entry(score) for key, score in scores.checks.items()},
    }


def describe_test_set(test_set: TestSet) -> dict[str, Any]:
    """What identifies a test set."""
    return {
        "name": test_set.name,
        "segments": len(test_set),
        "references": len(test_set.references),
        "documents": len(test_set.documents()) or None,
        "source_words": test_set.source_words,
        "sha256": test_set.fingerprint,
    }


def _score_entry(score: MetricScore) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "label": score.metric.label,
        "score": number(score.score),
        "signature": score.signature,
        "higher_is_better": score.metric.higher_is_better,
    }
    if score.interval:
        entry["interval"] = {key: number(value) for key, value in dataclasses.asdict(score.interval).items()}
    if score.documents:
        entry["documents"] = {
            "mean": number(score.documents.mean),
            "scores": {docid: number(each) for docid, each in score.documents.scores.items()},
        }
    entry["segments"] = [number(each, 3) for each in score.segments]
    return entry


def number(value: float, digits: int = 6) -> float | None:
    """A rounded JSON number; None for what is not a number."""
    return None if math.isnan(value) else round(value, digits)


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record whole or not at all; metrics of an earlier run of the same hypotheses are kept."""
    earlier = read_record(path) if path.is_file() else None
    merged = {**record}
    if earlier and _same_hypotheses(earlier, record):
        for part in ("scores", "checks"):
            merged[part] = {**earlier.get(part, {}), **record[part]}
        for part in set(earlier) - set(record):
            merged[part] = earlier[part]
    write_result(path, as_json_text(merged))


def as_json_text(values: Any) -> str:
    """Indented JSON with each list of numbers on one line, so that a change of a score is a change of a line."""
    text = json.dumps(values, ensure_ascii=False, indent=1)
    return re.sub(r"\[\n[^\[\]{}\"]*\n *\]", lambda match: re.sub(r"\s+", " ", match[0]), text) + "\n"


def _same_hypotheses(earlier: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    return bool(
        earlier["system"]["hypotheses_sha256"] == record["system"]["hypotheses_sha256"]
        and earlier["test_set"]["sha256"] == record["test_set"]["sha256"]
    )


def read_record(path: Path) -> dict[str, Any] | None:
    """The record in a file, or None where the file is no record of this format (it is then made anew)."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError:
        return None
    required = {"format", "test_set", "system", "generation", "scores", "checks"}
    if not isinstance(record, dict) or record.get("format") != FORMAT or not required <= set(record):
        return None
    return record
