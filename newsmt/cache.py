"""newsmt's own cache on disk: conversions and file digests. Downloads lie in the cache of huggingface_hub."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from newsmt.atomic import write_whole

__all__ = [
    "cache_directory",
    "file_digest",
    "is_writable",
    "link_target",
    "process_directory",
    "read_digest",
    "remember_digest",
    "remove_process_directory",
    "write_atomically",
]

CHUNK_BYTES = 1 << 20
_process_directory: Path | None = None
_digests: dict[str, tuple[list[int], str]] = {}


def cache_directory() -> Path:
    """Where newsmt keeps what it can make again: $NEWSMT_CACHE, else the platform's cache folder."""
    named = os.environ.get("NEWSMT_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "newsmt" / "cache"
    if sys.platform == "darwin" and not os.environ.get("XDG_CACHE_HOME"):
        return Path.home() / "Library" / "Caches" / "newsmt"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").expanduser() / "newsmt"


def process_directory() -> Path:
    """A temporary folder for what only this process can use; it goes when the process ends."""
    global _process_directory  # noqa: PLW0603 - one per process
    if _process_directory is None:
        _process_directory = Path(tempfile.mkdtemp(prefix="newsmt-"))
        atexit.register(remove_process_directory)
    return _process_directory


def remove_process_directory() -> None:
    """Remove it now; for a process that is about to leave without running its exit functions."""
    global _process_directory  # noqa: PLW0603
    if _process_directory is not None:
        shutil.rmtree(_process_directory, ignore_errors=True)
        _process_directory = None


def file_digest(path: Path, *, afresh: bool = False) -> str:
    """SHA-256 of a file, hexadecimal.

    Remembered by path, size, times and inode, in memory and in the cache, so that 300 MB of weights are not read again
    at every start. afresh reads the file whatever is remembered.
    """
    real = path.resolve()
    state = _state(real)
    if not afresh:
        known = _recall(real)
        if known is not None and known[0] == state:
            return known[1]
    digest = read_digest(real)
    _remember(real, state, digest)
    return digest


def read_digest(path: Path) -> str:
    """SHA-256 of a file, read now and not remembered."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def remember_digest(path: Path, digest: str) -> None:
    """Record the SHA-256 of a file that was read just now anyway."""
    real = path.resolve()
    _remember(real, _state(real), digest)


def link_target(path: Path) -> Path:
    """What a link points to, one step; the path itself when it is no link."""
    return Path(os.path.normpath(path.parent / path.readlink())) if path.is_symlink() else path


def write_atomically(path: Path, text: str) -> None:
    """Write a small file that others see whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode("utf-8"))


def is_writable(directory: Path) -> bool:
    """Whether a file can be made in the directory, which is made if need be."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _digest_file(path: Path) -> Path:
    return cache_directory() / "digests" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:40]}.json"


def _recall(path: Path) -> tuple[list[int], str] | None:
    if str(path) in _digests:
        return _digests[str(path)]
    try:
        entry = json.loads(_digest_file(path).read_text(encoding="utf-8"))
        return entry["state"], entry["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(path: Path, state: list[int], digest: str) -> None:
    _digests[str(path)] = (state, digest)
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, not correctness
        write_atomically(
            _digest_file(path), json.dumps({"path": str(path), "state": state, "sha256": digest}, indent=1) + "\n"
        )
