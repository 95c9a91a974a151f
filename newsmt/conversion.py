"""Conversions kept in the cache: made once per checkpoint, converter and precision, whoever asks first."""

from __future__ import annotations

import json
import logging
import re
import shutil
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from newsmt.cache import cache_directory, file_digest, is_writable, process_directory, write_atomically
from newsmt.checkpoint import Checkpoint, own_facts
from newsmt.convert import CONVERTER_VERSION, convert

__all__ = ["conversion_record", "ctranslate2_directory"]

log = logging.getLogger("newsmt")

RECORD_FILE = "conversion.json"
CONVERTED_FILES = (
    "model.bin",
    "config.json",
    "shared_vocabulary.json",
    "source_vocabulary.json",
    "target_vocabulary.json",
)
ABANDONED_SECONDS = 24 * 3600.0
_lock = threading.Lock()
_warned = False


def ctranslate2_directory(checkpoint: Checkpoint, precision: str = "int8") -> Path:
    """The checkpoint as a CTranslate2 directory, converted into the cache if it is not there yet.

    Two processes that start at once may both convert; the first to finish gives the conversion its name, the other
    takes it. A cache that cannot be written costs a conversion per process and a warning. A checkpoint that is in
    CTranslate2's format already is returned as it is, whatever the precision: CTranslate2 converts on loading.
    """
    if checkpoint.format == "ctranslate2":
        return checkpoint.directory
    name = _name(checkpoint, precision)
    cached = cache_directory() / "conversions" / name
    if _is_complete(cached):
        return cached
    with _lock:
        directory = _place() / name
        if not _is_complete(directory):
            _make(checkpoint, directory, precision)
        return directory


def conversion_record(directory: Path) -> dict[str, Any] | None:
    """What was recorded of a cached conversion: its source, converter, and its files' sizes and SHA-256."""
    try:
        record = json.loads((directory / RECORD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else None


def converter_identity() -> str:
    """The converter's version with CTranslate2's, which writes the files."""
    from importlib.metadata import version

    return f"c{CONVERTER_VERSION}-ct2-{version('ctranslate2')}"


def _name(checkpoint: Checkpoint, precision: str) -> str:
    readable = re.sub(r"[^\w.-]+", "-", checkpoint.spec.name)[:60]
    return f"{readable}-{checkpoint.fingerprint[:24]}-{precision}-{converter_identity()}"


def _place() -> Path:
    global _warned  # noqa: PLW0603 - once per process
    place = cache_directory() / "conversions"
    if is_writable(place):
        return place
    if not _warned:
        _warned = True
        log.warning(
            "%s cannot be written, so models are converted anew for each run; name a writable folder in NEWSMT_CACHE",
            cache_directory(),
        )
    return process_directory()


def _is_complete(directory: Path) -> bool:
    record = conversion_record(directory)
    if record is None:
        return False
    return all(
        (directory / name).is_file() and (directory / name).stat().st_size == entry["size"]
        for name, entry in record["files"].items()
    )


def _make(checkpoint: Checkpoint, directory: Path, precision: str) -> None:
    _remove_abandoned(directory.parent)
    started = time.monotonic()
    partial = directory.parent / f".{uuid.uuid4().hex[:12]}.partial"
    try:
        convert(checkpoint.directory, partial, precision=precision, facts=own_facts(checkpoint.spec))
        write_atomically(partial / RECORD_FILE, json.dumps(_record(checkpoint, partial, precision), indent=2) + "\n")
        _publish(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    log.info("converted %s to %s in %.1f s", checkpoint.spec.name, directory, time.monotonic() - started)


def _record(checkpoint: Checkpoint, directory: Path, precision: str) -> dict[str, Any]:
    return {
        "model": checkpoint.spec.name,
        "hub_id": checkpoint.spec.hub_id,
        "revision": checkpoint.revision,
        "fingerprint": checkpoint.fingerprint,
        "precision": precision,
        "converter": converter_identity(),
        "files": {
            path.name: {"size": path.stat().st_size, "sha256": file_digest(path, afresh=True)}
            for path in sorted(directory.iterdir())
            if path.name in CONVERTED_FILES
        },
    }


def _publish(partial: Path, directory: Path) -> None:
    """Give the finished conversion its name, unless another process was first."""
    for _attempt in range(2):
        try:
            partial.rename(directory)
        except OSError:
            if _is_complete(directory):
                return
            log.warning("%s was damaged and is made again", directory)
            shutil.rmtree(directory, ignore_errors=True)
        else:
            return
    partial.rename(directory)


def _remove_abandoned(place: Path) -> None:
    """Remove what a process left that died while converting."""
    for path in place.glob(".*.partial"):
        try:
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue
