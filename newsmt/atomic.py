"""Files that are there whole or not at all: written under a temporary name in their own folder, then renamed."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

__all__ = ["PendingFile", "is_temporary", "sync_folder", "write_whole"]

_PREFIX, _SUFFIX = ".newsmt-", ".tmp"


class PendingFile:
    """A file that grows under a temporary name; close() puts it on the disk, commit() names it, drop() removes it.

    Every method raises OSError when the disk says no.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.temporary = final.parent / f"{_PREFIX}{secrets.token_hex(6)}{_SUFFIX}"
        # The mode of a new file is the system's business; reading its mask to set it would change it for all threads.
        self._file = os.fdopen(os.open(self.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666), "wb")

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._file.write(data)

    def close(self) -> None:
        """Put what was written on the disk, under its temporary name still, with the mode of what it will replace."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        with suppress(FileNotFoundError):
            self.temporary.chmod(self.final.stat().st_mode & 0o7777)

    def commit(self) -> None:
        """Give the file its name, in place of what has that name now."""
        self.temporary.replace(self.final)

    def drop(self) -> None:
        """Remove the file."""
        with suppress(OSError):  # on a full disk this writes, and fails, again
            self._file.close()
        self.temporary.unlink(missing_ok=True)


_BINARY = getattr(os, "O_BINARY", 0)  # on Windows line ends would change without it


def write_whole(final: Path, data: bytes) -> None:
    """Write a file so that others, and whoever comes after a crash, see it whole or not at all.

    Raises OSError when it cannot be written.
    """
    pending = PendingFile(final)
    try:
        pending.write(data)
        pending.close()
        pending.commit()
    except BaseException:
        pending.drop()
        raise


def is_temporary(name: str) -> bool:
    """Whether a file name is one that PendingFile gives."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
