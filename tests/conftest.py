"""Fixtures for every test: tiny models built once, and an environment in which nothing is fetched or left behind."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run, and no deadline: the machine may be busy.
settings.register_profile("newsmt", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("newsmt")

# A shell starts what runs in its background deaf to Ctrl-C, and so would be the commands whose Ctrl-C is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Some of these are read when a library is imported, so they are set before any test module is.
_SCRATCH = Path(tempfile.mkdtemp(prefix="newsmt-tests-"))
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)
os.environ.update(
    NEWSMT_CACHE=str(_SCRATCH / "newsmt"),
    HF_HOME=str(_SCRATCH / "huggingface"),
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    TOKENIZERS_PARALLELISM="false",
    OMP_NUM_THREADS="1",
)
for name in ("HF_TOKEN", "HF_HUB_CACHE", "HF_ENDPOINT", "HUGGINGFACE_HUB_CACHE"):
    os.environ.pop(name, None)
sys.path.insert(0, str(Path(__file__).parent))

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The evaluation data that lies beside the repository on some machines."""
    if not SHARED.is_dir():
        pytest.skip(f"no evaluation data at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def tiny_models_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def tiny_marian(tiny_models_root: Path) -> Path:
    """A Marian checkpoint as newsmt trains them: safetensors, one joint SentencePiece model."""
    from tiny_models import build_marian

    return build_marian(tiny_models_root / "tiny-marian")


@pytest.fixture(scope="session")
def tiny_opus_mt(tiny_models_root: Path) -> Path:
    """A checkpoint with the file set of a real opus-mt model: pytorch_model.bin and two SentencePiece models."""
    from tiny_models import build_opus_mt

    return build_opus_mt(tiny_models_root / "tiny-opus-mt")


@pytest.fixture(scope="session")
def tiny_mt5(tiny_models_root: Path) -> Path:
    from tiny_models import build_mt5

    return build_mt5(tiny_models_root / "tiny-mt5")


@pytest.fixture(scope="session")
def tiny_t5(tiny_models_root: Path) -> Path:
    from tiny_models import build_t5

    return build_t5(tiny_models_root / "tiny-t5")
