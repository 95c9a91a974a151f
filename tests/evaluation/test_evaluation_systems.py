from __future__ import annotations

from pathlib import Path

import pytest
from dozen import SOURCES, outputs_of, write_lines

from newsmt.errors import EvaluationError, MisalignedTestSetError, UsageError
from newsmt.evaluation.scoring import evaluate
from newsmt.evaluation.systems import System, load_system, parse_system, require_distinct_labels
from newsmt.evaluation.testset import TestSet, load_test_set


def test_windows_line_ends_and_a_byte_order_mark_are_put_right_and_said(tmp_path: Path, test_set: TestSet) -> None:
    plain = load_system("plain", write_lines(tmp_path / "plain.en", outputs_of("good")), test_set)
    windows = load_system(
        "windows", write_lines(tmp_path / "windows.en", outputs_of("good"), end="\r\n", head="\ufeff"), test_set
    )

    assert windows.hypotheses == plain.hypotheses
    assert plain.notes == ()
    assert any("byte order mark" in note for note in windows.notes)
    assert any("Windows line ends on 12 lines" in note for note in windows.notes)


def test_all_blank_is_an_error_and_some_blank_a_note(tmp_path: Path, test_set: TestSet) -> None:
    with pytest.raises(EvaluationError, match="all 12 hypotheses of void are blank"):
        load_system("void", write_lines(tmp_path / "void.en", [" "] * 12), test_set)
    gaps = [*outputs_of("good")[:3], "", *outputs_of("good")[4:]]
    system = load_system("gaps", write_lines(tmp_path / "gaps.en", gaps), test_set)
    assert system.notes == ("gaps: 1 hypotheses are blank (the first on line 4) and score nothing",)


def test_another_number_of_lines_names_file_and_test_set(tmp_path: Path, test_set: TestSet) -> None:
    path = write_lines(tmp_path / "short.en", outputs_of("good")[:-1])
    with pytest.raises(MisalignedTestSetError, match=r"short\.en has 11 lines but test set dozen has 12 segments"):
        load_system("short", path, test_set)
    joined = tmp_path / "mac.en"
    joined.write_text("\r".join(outputs_of("good")) + "\n", encoding="utf-8", newline="")
    with pytest.raises(MisalignedTestSetError, match="carriage returns"):
        load_system("mac", joined, test_set)


def test_missing_files_are_said(tmp_path: Path, test_set: TestSet) -> None:
    with pytest.raises(EvaluationError, match=r"none\.en does not exist"):
        load_system("none", tmp_path / "none.en", test_set)


def test_labels(directory: Path) -> None:
    test_set = load_test_set(directory)
    assert parse_system("mine=a=b.en", test_set) == ("mine", Path("a=b.en"))
    assert parse_system("good", test_set) == ("good", directory / "systems" / "good.en")
    with pytest.raises(UsageError, match=r"no output of a system 'god'; did you mean good"):
        parse_system("god", test_set)
    with pytest.raises(UsageError, match="expected LABEL=FILE"):
        parse_system("=file.en", test_set)


def test_duplicate_labels_are_an_error(test_set: TestSet) -> None:
    system = System("mine", tuple(outputs_of("good")))
    with pytest.raises(UsageError, match="two systems are labelled 'mine'"):
        evaluate(test_set, [system, system])


def test_labels_whose_records_would_be_one_file_are_an_error() -> None:
    require_distinct_labels(["mine (a)", "mine b", "owner/mine"])
    with pytest.raises(UsageError, match=r"'mine \(a\)' and 'Mine \[a\]' make one file name"):
        require_distinct_labels(["mine (a)", "theirs", "Mine [a]"])


def test_tokenised_output_is_noted(tmp_path: Path) -> None:
    test_set = TestSet("many", tuple(SOURCES * 10), (tuple(SOURCES * 10),))
    path = write_lines(tmp_path / "tokenised.en", ["It is so ."] * 120)
    assert any("detokenised" in note for note in load_system("tokenised", path, test_set).notes)
