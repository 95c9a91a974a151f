"""Writing results: a folder that cannot be written is found out before the work, not after it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from newsmt.errors import EvaluationError, InputError
from newsmt.textfile import write_text

__all__ = ["require_writable", "write_result"]


def require_writable(folder: Path) -> None:
    """Create the folder and try a file in it, so that an hour's work does not end at a read-only disk.

    Raises EvaluationError that names the folder and the reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise EvaluationError(
            f"the output folder {folder} cannot be written ({error.strerror or error}): choose another with --output"
        ) from error


def write_result(path: Path, text: str) -> None:
    """Write a UTF-8 file, and the folders it needs, so that it is there whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror or error}") from error
    except InputError as error:
        raise EvaluationError(str(error)) from error
