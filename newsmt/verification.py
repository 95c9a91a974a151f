"""Whether every file of a model on this machine is what it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsmt.cache import cache_directory, file_digest, link_target
from newsmt.checkpoint import Checkpoint, FilePin, open_checkpoint
from newsmt.conversion import conversion_record, ctranslate2_directory
from newsmt.errors import ModelFilesError
from newsmt.hub import find_snapshot, is_sound
from newsmt.registry import bundled_directory, hub_id_of, resolve, wanted_spec

__all__ = ["FileCheck", "verify_model"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file that was read and compared.

    against: what it was compared with: "pin", "hub's hash", "known answer", "record" (of the conversion), or "readable"
    where nothing but its own form can be checked.
    """

    path: Path
    sound: bool
    against: str
    sha256: str
    expected: str | None = None


def verify_model(model: str | Path, *, revision: str | None = None) -> list[FileCheck]:
    """Read all files of a model afresh and compare them with pins, the hub's hashes and known answers.

    A pinned model whose int8 conversion is published is converted for the comparison if it has not been yet. Raises
    ModelFilesError when the model is not on this machine, or lacks a file.
    """
    checks = list(_checkpoint_checks(model, revision))
    if all(check.sound for check in checks):
        checkpoint = resolve(model, revision=revision, local_files_only=True)
        checks += _conversion_checks(checkpoint)
    return checks


def _checkpoint_checks(model: str | Path, revision: str | None) -> Iterator[FileCheck]:
    spec = wanted_spec(model, revision)
    hub_id = hub_id_of(model, spec)
    if hub_id is None:
        bundled = spec is not None and spec.bundled
        yield from _own_checks(open_checkpoint(bundled_directory() if bundled else Path(model).expanduser(), spec=spec))
        return
    snapshot = find_snapshot(hub_id, revision or (spec.revision if spec else None))
    if snapshot is None:
        raise ModelFilesError(f"{model} is not on this machine, or not complete; newsmt models fetch {model}")
    for path in sorted(snapshot.directory.iterdir()):
        yield _hub_check(path, spec.files.get(path.name) if spec else None)


def _hub_check(path: Path, pin: FilePin | None) -> FileCheck:
    blob = link_target(path)
    sound = is_sound(path, pin)
    digest = file_digest(blob) if blob.is_file() else ""
    named = blob.name if re.fullmatch("[0-9a-f]{64}", blob.name) else None
    if pin is not None:
        return FileCheck(path, sound, "pin", digest, pin.sha256)
    hashed = blob.parent.name == "blobs" and re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", blob.name) is not None
    return FileCheck(path, sound, "hub's hash" if hashed else "readable", digest, named)


def _own_checks(checkpoint: Checkpoint) -> Iterator[FileCheck]:
    """Files without a hash to compare with: they open, and the weights can be read to the end."""
    from newsmt.convert.weights import read_weights

    if checkpoint.format == "transformers":
        read_weights(checkpoint.directory)
    for name in checkpoint.files:
        path = checkpoint.directory / name
        yield FileCheck(path, True, "readable", file_digest(path, afresh=True))


def _conversion_checks(checkpoint: Checkpoint) -> Iterator[FileCheck]:
    if checkpoint.format == "ctranslate2":
        return
    if checkpoint.spec.conversion:
        directory = ctranslate2_directory(checkpoint, "int8")
        for name, pin in checkpoint.spec.conversion.items():
            digest = file_digest(directory / name, afresh=True)
            yield FileCheck(directory / name, digest == pin.sha256, "known answer", digest, pin.sha256)
    for directory in sorted((cache_directory() / "conversions").glob("*")):
        record = conversion_record(directory)
        if record is None or record.get("fingerprint") != checkpoint.fingerprint:
            continue
        for name, entry in record["files"].items():
            path = directory / name
            digest = file_digest(path, afresh=True) if path.is_file() else ""
            yield FileCheck(path, digest == entry["sha256"], "record", digest, entry["sha256"])
