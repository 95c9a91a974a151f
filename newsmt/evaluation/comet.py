"""COMET, by an environment of its own: its packages exclude those that newsmt needs, so it runs as a process."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.errors import EvaluationError
from newsmt.evaluation.checks import RatioMetric
from newsmt.evaluation.scoring import Evaluation, SystemScores, compare_all, score_metric

if TYPE_CHECKING:
    from newsmt.evaluation.metrics import Statistics

__all__ = ["add_comet"]

_SCRIPT = Path(__file__).with_name("comet_script.py")
_INSTALL = "python -m venv comet && comet/bin/pip install unbabel-comet, then --comet-python comet/bin/python"


class CometMetric(RatioMetric):
    """COMET's mean over segments, on its own scale, where 1 is the best."""

    def __init__(self, model: str, version: str) -> None:
        super().__init__("comet", "COMET", unit="", decimals=4, what="mean of a neural metric over all segments")
        self._identity = f"model:{model}|version:{version}"

    def signature(self, references: int, *, bootstrap: int | None = None, seed: str | None = None) -> str:
        """Model and package version; several references are scored one by one and averaged."""
        resampling = f"|bs:{bootstrap}|seed:{seed}" if bootstrap else ""
        return f"nrefs:{references}{resampling}|{self._identity}"


def add_comet(evaluation: Evaluation, *, python: str, model: str) -> Evaluation:
    """The evaluation with COMET as one more metric, with intervals and paired tests as the others.

    Raises EvaluationError where the environment cannot be started, lacks COMET, or fails.
    """
    test_set = evaluation.test_set
    task = {
        "model": model,
        "sources": test_set.sources,
        "references": test_set.references,
        "systems": [scores.system.hypotheses for scores in evaluation.systems],
    }
    result = _run(python, task)
    metric = CometMetric(model, result["version"])
    systems = tuple(
        _with_comet(evaluation, scores, metric, [[segment, 1.0] for segment in segments])
        for scores, segments in zip(evaluation.systems, result["scores"], strict=True)
    )
    return dataclasses.replace(
        evaluation, systems=systems, comparisons=tuple(compare_all(systems, evaluation.options, evaluation.seed))
    )


def _with_comet(
    evaluation: Evaluation, scores: SystemScores, metric: CometMetric, statistics: Statistics
) -> SystemScores:
    if len(statistics) != len(evaluation.test_set):
        raise EvaluationError(
            f"COMET gave {len(statistics)} scores for the {len(evaluation.test_set)} segments of {scores.system.label}"
        )
    score = score_metric(
        metric, statistics, evaluation.test_set, evaluation.options, evaluation.seed, alone=len(evaluation.systems) == 1
    )
    return dataclasses.replace(scores, metrics={**scores.metrics, metric.key: score})


def _run(python: str, task: dict[str, Sequence[Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="newsmt-comet-") as folder:
        task_file, result_file = Path(folder, "task.json"), Path(folder, "result.json")
        task_file.write_text(json.dumps(task), encoding="utf-8")
        try:
            process = subprocess.run(
                [python, str(_SCRIPT), str(task_file), str(result_file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise EvaluationError(
                f"--comet-python {python} cannot be started ({error.strerror}): make an environment with {_INSTALL}"
            ) from error
        if not result_file.is_file():
            last = process.stderr.strip().rpartition("\n")[2]
            mend = f": install it with {_INSTALL}" if "No module named 'comet'" in last else ""
            raise EvaluationError(f"COMET failed in {python} ({last or f'exit code {process.returncode}'}){mend}")
        result: dict[str, Any] = json.loads(result_file.read_text(encoding="utf-8"))
        return result
