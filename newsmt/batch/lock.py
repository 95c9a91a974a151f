"""One run at a time in an output folder: a lock of the operating system, which no crash leaves behind."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from newsmt.errors import InputError

__all__ = ["STATE_FOLDER", "only_run"]

STATE_FOLDER = ".newsmt"


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder for this run.

    Raises InputError when another run holds it, saying which, or when the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    state = folder / STATE_FOLDER
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(state / "lock")
        lock.acquire(blocking=False)
    except Timeout:
        raise InputError(f"{folder}: another run is writing there{_owner(state)}; wait for it, or stop it") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from error
    try:
        _sign(state)
        yield
    finally:
        lock.release()


def _sign(state: Path) -> None:
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        (state / "owner.json").write_text(json.dumps(owner), encoding="utf-8")
    except OSError:  # it only makes a message clearer; a full disk shows itself where it matters
        (state / "owner.json").unlink(missing_ok=True)


def _owner(state: Path) -> str:
    try:
        owner = json.loads((state / "owner.json").read_text(encoding="utf-8"))
        return f" (process {owner['pid']} on {owner['host']}, since {owner['started']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
