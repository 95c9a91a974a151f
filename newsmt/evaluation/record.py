"""Records: what a system scored on a test set and how its hypotheses were made, as one JSON file.

A record's place says what it is about: RESULTS/<test set>/<model>/<backend>.json, the hypotheses beside it in
<backend>.en. Records hold numbers only, no text of a test set.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.errors import EvaluationError
from newsmt.evaluation.systems import file_name
from newsmt.textfile import write_text

if TYPE_CHECKING:
    from newsmt.evaluation.scoring import MetricScore, SystemScores
    from newsmt.evaluation.systems import System
    from newsmt.evaluation.testset import TestSet

__all__ = [
    "RecordPaths",
    "as_record",
    "describe_test_set",
    "read_record",
    "record_paths",
    "unscored_record",
    "write_record",
]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class RecordPaths:
    """Where the record and the hypotheses of one system lie."""

    record: Path
    hypotheses: Path


def record_paths(output: Path, test_set: str, model: str, backend: str) -> RecordPaths:
    """The files of a system: OUTPUT/<test set>/<model>/<backend>.json and .en."""
    folder = output / file_name(test_set) / file_name(model)
    return RecordPaths(folder / f"{file_name(backend)}.json", folder / f"{file_name(backend)}.en")


def as_record(test_set: TestSet, scores: SystemScores) -> dict[str, Any]:
    """The record of one system as JSON values."""
    return {
        **unscored_record(test_set, scores.system),
        "scores": {key: _score_entry(score) for key, score in scores.metrics.items()},
        "checks": {key: _score_entry(score) for key, score in scores.checks.items()},
    }


def unscored_record(test_set: TestSet, system: System) -> dict[str, Any]:
    """The record of hypotheses that were made and not yet scored, so that an interrupted run can use them again."""
    return {
        "format": FORMAT,
        "test_set": describe_test_set(test_set),
        "system": {
            "label": system.label,
            "kind": "model" if system.generation else "file",
            "hypotheses": system.path.name if system.path else None,
            "hypotheses_sha256": system.fingerprint,
        },
        "generation": system.generation.as_json() if system.generation else None,
        "scores": {},
        "checks": {},
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
    write_text(path, as_json_text(merged), make_folder=True)


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
