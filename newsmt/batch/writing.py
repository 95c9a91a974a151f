"""Output files, written under a temporary name in their own folder and given their real one when they are whole."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from newsmt.atomic import PendingFile, is_temporary
from newsmt.batch.job import Role, Written

__all__ = ["FATAL", "PendingOutput", "commit", "discard", "file_digest", "remove_leftovers"]

# What hits every other file as well: the run stops, and goes on where it was when there is room again.
FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class PendingOutput:
    """An output that grows under a temporary name; close() puts it on the disk, drop() removes it."""

    def __init__(self, final: Path, role: Role = Role.OTHER) -> None:
        final.parent.mkdir(parents=True, exist_ok=True)
        _refuse_name(final)
        self._file = PendingFile(final)
        self._role = role
        self._hash = hashlib.sha256()

    def write(self, text: str) -> None:
        """Add text, line ends as they are."""
        data = text.encode("utf-8", errors="surrogatepass")
        self._hash.update(data)
        self._file.write(data)

    def close(self) -> Written:
        """Put what was written on the disk, under its temporary name still."""
        self._file.close()
        return Written(self._file.temporary, self._file.final, self._hash.hexdigest(), self._role)

    def drop(self) -> None:
        """Remove the file."""
        self._file.drop()


def _refuse_name(path: Path) -> None:
    """Raise OSError for a name that a file cannot get, such as one that is too long, before anything is written."""
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(path.lstat().st_mode):
            raise IsADirectoryError(errno.EISDIR, "there is a folder of that name", str(path))


def commit(written: Written) -> None:
    """Give a file its name, in place of what has that name now."""
    written.temporary.replace(written.final)


def discard(written: Written) -> None:
    """Remove a file that will not get its name."""
    written.temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> int:
    """Remove the temporary files that a killed run left, and return how many; the folder must be locked."""
    leftovers = [Path(where) / name for where, _, names in os.walk(folder) for name in names if is_temporary(name)]
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
