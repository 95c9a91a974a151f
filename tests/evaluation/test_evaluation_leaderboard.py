from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsmt.evaluation.leaderboard import main
from newsmt.evaluation.record import as_record, record_paths, unscored_record, write_record
from newsmt.evaluation.scoring import evaluate
from newsmt.evaluation.systems import System
from newsmt.evaluation.testset import TestSet

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def eval_folder(tmp_path: Path, test_set: TestSet, systems: list[System]) -> Path:
    wmt = TestSet("wmt19", test_set.sources, test_set.references)
    evaluation = evaluate(wmt, systems[:2])
    for scores in evaluation.systems:
        write_record(
            record_paths(tmp_path / "results", "wmt19", scores.system.label, "file").record,
            as_record(wmt, scores),
        )
    published = {
        "sources": {"paper": "https://example.org/paper"},
        "test_sets": {"wmt19": {"other": {"source": "paper", "scores": {"bleu": 40.8, "comet": 0.8336}}}},
    }
    (tmp_path / "published.json").write_text(json.dumps(published), encoding="utf-8")
    (tmp_path / "README.md").write_text(
        "# Title\n\n<!-- table: leaderboard -->\nold\n<!-- /table -->\n\nEnd.\n", encoding="utf-8"
    )
    return tmp_path


def arguments(folder: Path, *more: str) -> list[str]:
    names = {"--results": "results", "--published": "published.json", "--output": "BOARD.md", "--readme": "README.md"}
    return [part for option, name in names.items() for part in (option, str(folder / name))] + list(more)


def test_it_is_written_once_and_then_up_to_date(eval_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(eval_folder, "--check")) == 1
    assert "BOARD.md is out of date" in capsys.readouterr().err
    assert not (eval_folder / "BOARD.md").exists()

    assert main(arguments(eval_folder)) == 0
    assert main(arguments(eval_folder, "--check")) == 0

    board = (eval_folder / "BOARD.md").read_text(encoding="utf-8")
    assert "| other (published) | 40.8 | – | – | 0.8336 | – | https://example.org/paper |" in board
    assert "| **good** |" in board
    readme = (eval_folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# Title\n\n")
    assert readme.endswith("\n\nEnd.\n")
    assert "| other (published) | 40.8 |" in readme
    assert "old" not in readme


def test_a_changed_record_is_out_of_date(eval_folder: Path, test_set: TestSet, systems: list[System]) -> None:
    assert main(arguments(eval_folder)) == 0
    wmt = TestSet("wmt19", test_set.sources, test_set.references)
    evaluation = evaluate(wmt, [System("good", systems[2].hypotheses)])
    write_record(
        record_paths(eval_folder / "results", "wmt19", "good", "file").record,
        as_record(wmt, evaluation.systems[0]),
    )
    assert main(arguments(eval_folder, "--check")) == 1


def test_a_readme_without_markers_and_a_file_that_is_no_record(
    eval_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (eval_folder / "README.md").write_text("# Title\n", encoding="utf-8")
    assert main(arguments(eval_folder)) == 1
    assert "lacks <!-- table: leaderboard -->" in capsys.readouterr().err
    (eval_folder / "results" / "wmt19" / "good" / "odd.json").write_text("{}", encoding="utf-8")
    assert main(arguments(eval_folder)) == 1
    assert "odd.json is no record" in capsys.readouterr().err


def test_a_record_without_scores_is_of_an_interrupted_run(
    eval_folder: Path, test_set: TestSet, systems: list[System], capsys: pytest.CaptureFixture[str]
) -> None:
    path = record_paths(eval_folder / "results", "wmt19", "half", "file").record
    write_record(path, unscored_record(test_set, systems[0]))
    assert main(arguments(eval_folder)) == 1
    assert f"{path} has no scores: its run was interrupted" in capsys.readouterr().err


def test_a_rerun_with_another_metric_keeps_the_scores_of_the_same_hypotheses(
    tmp_path: Path, test_set: TestSet, systems: list[System]
) -> None:
    from newsmt.evaluation.metrics import MetricSpec
    from newsmt.evaluation.scoring import ScoringOptions

    path = tmp_path / "record.json"
    for name in ("bleu", "chrf"):
        evaluation = evaluate(test_set, systems[:1], ScoringOptions(metrics=(MetricSpec(name),)))
        write_record(path, as_record(test_set, evaluation.systems[0]))
    assert set(json.loads(path.read_text(encoding="utf-8"))["scores"]) == {"bleu", "chrf"}
    evaluation = evaluate(
        test_set, [System("good", systems[2].hypotheses)], ScoringOptions(metrics=(MetricSpec("ter"),))
    )
    write_record(path, as_record(test_set, evaluation.systems[0]))
    assert set(json.loads(path.read_text(encoding="utf-8"))["scores"]) == {"ter"}


def test_the_repository_is_up_to_date() -> None:
    folder = REPOSITORY / "eval"
    options = ["--results", str(folder / "results"), "--published", str(folder / "published.json")]
    options += ["--output", str(folder / "LEADERBOARD.md"), "--readme", str(REPOSITORY / "README.md"), "--check"]
    assert main(options) == 0
