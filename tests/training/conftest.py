"""The recipe is no part of the package: its tests find it in the repository."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

pytest.importorskip("torch", reason="the training recipe needs torch")


@pytest.fixture(scope="session")
def toy_pairs() -> list:
    """German and English sentences that translate each other word by word, a few dozen words in all."""
    from tiny_models import ENGLISH, GERMAN

    from models.training.corpora import Pair

    return [Pair(source, target) for source, target in zip(GERMAN, ENGLISH, strict=True)]
