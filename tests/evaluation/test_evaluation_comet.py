"""COMET's process, with a stand-in for its package: protocol and errors are real, the scores are not COMET's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from newsmt.errors import EvaluationError
from newsmt.evaluation.comet import add_comet
from newsmt.evaluation.scoring import evaluate
from newsmt.evaluation.systems import System
from newsmt.evaluation.testset import TestSet

PACKAGE = """
class _Output:
    def __init__(self, scores): self.scores = scores
class _Model:
    def predict(self, data, batch_size, gpus, progress_bar):
        return _Output([float(set(each["mt"].split()) >= set(each["ref"].split())) for each in data])
def download_model(name): return name
def load_from_checkpoint(path): return _Model()
"""


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment in which `comet` is a stand-in that gives 1 where every word of the reference is there."""
    (tmp_path / "comet").mkdir()
    (tmp_path / "comet" / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("class cuda:\n is_available = staticmethod(lambda: False)\n")
    info = tmp_path / "unbabel_comet-2.2.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unbabel-comet\nVersion: 2.2.7\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return sys.executable


def test_comet_becomes_one_more_metric(python: str, test_set: TestSet, systems: list[System]) -> None:
    perfect = System("perfect", test_set.references[0])
    evaluation = add_comet(evaluate(test_set, [perfect, systems[2]]), python=python, model="a/model")
    score = evaluation.systems[0]["comet"]
    assert score.score == 1.0
    assert score.interval is not None
    assert "model:a/model|version:2.2.7" in score.signature
    assert evaluation.systems[1]["comet"].score == 0.0
    comparison = evaluation.comparison("comet", "perfect", "poor")
    assert comparison is not None
    assert comparison.difference == -1.0


def test_several_references_are_averaged(python: str, two_references: TestSet) -> None:
    first = System("first", two_references.references[0])
    assert add_comet(evaluate(two_references, [first]), python=python, model="m").systems[0]["comet"].score == 0.5


def test_what_is_missing_is_said(test_set: TestSet, systems: list[System], tmp_path: Path) -> None:
    evaluation = evaluate(test_set, systems[:1])
    with pytest.raises(EvaluationError, match=r"cannot be started .*pip install unbabel-comet"):
        add_comet(evaluation, python=str(tmp_path / "python"), model="m")
    with pytest.raises(EvaluationError, match=r"No module named 'comet'.*install it with"):
        add_comet(evaluation, python=sys.executable, model="m")
