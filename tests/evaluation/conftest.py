"""The twelve segments as a test set, as systems and as a directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from dozen import DOCIDS, LABELS, SOURCES, outputs_of, references_of, write_lines

from newsmt.evaluation.systems import System
from newsmt.evaluation.testset import TestSet


@pytest.fixture(scope="session")
def test_set() -> TestSet:
    return TestSet("dozen", tuple(SOURCES), (tuple(references_of(0)),), tuple(DOCIDS), origin="written for these tests")


@pytest.fixture(scope="session")
def two_references() -> TestSet:
    return TestSet("dozen-2", tuple(SOURCES), (tuple(references_of(0)), tuple(references_of(1))))


@pytest.fixture(scope="session")
def systems() -> list[System]:
    return [System(label, tuple(outputs_of(label))) for label in LABELS]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The test set as a directory with two references, documents and two systems."""
    folder = tmp_path / "dozen"
    write_lines(folder / "source.de", SOURCES)
    write_lines(folder / "reference.A.en", references_of(0))
    write_lines(folder / "reference.B.en", references_of(1))
    write_lines(folder / "docids", DOCIDS)
    for label in LABELS[:2]:
        write_lines(folder / "systems" / f"{label}.en", outputs_of(label))
    return folder
