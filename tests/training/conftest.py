"""The recipe is no part of the package: its tests find it in the repository."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from models.training.corpora import Pair

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# Without torch only the preparation of the data can be tested.
collect_ignore = [] if importlib.util.find_spec("torch") else ["test_training_model.py", "test_training_run.py"]


@pytest.fixture(scope="session")
def toy_pairs() -> list[Pair]:
    """German and English sentences that translate each other word by word, a few dozen words in all."""
    from tiny_models import ENGLISH, GERMAN

    from models.training.corpora import Pair

    return [Pair(source, target) for source, target in zip(GERMAN, ENGLISH, strict=True)]
