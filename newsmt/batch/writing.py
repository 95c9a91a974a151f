"""Output files, written under a temporary name in their own folder and given their real one when they are whole."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from newsmt.batch.job import Role, Written

__all__ = ["FATAL", "PendingFile", "commit", "discard", "file_digest", "remove_leftovers"]

# What hits every other file as well: the run stops, and goes on where it was when there is room again.
FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_PREFIX, _SUFFIX = ".newsmt-", ".tmp"


class PendingFile:
    """A file that grows under a temporary name; close() puts it on the disk, drop() removes it."""

    def __init__(self, final: Path, role: Role = Role.OTHER) -> None:
        self.final = final
        self.role = role
        final.parent.mkdir(parents=True, exist_ok=True)
        _refuse_name(final)
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=final.parent)
        self._temporary = Path(name)
        self._file = os.fdopen(descriptor, "wb")
        self._hash = hashlib.sha256()

    def write(self, text: str) -> None:
        """Add text, line ends as they are."""
        data = text.encode("utf-8", errors="surrogatepass")
        self._hash.update(data)
        self._file.write(data)

    def close(self) -> Written:
        """Put what was written on the disk, under its temporary name still."""
        self._file.flush()
        os.fchmod(self._file.fileno(), 0o666 & ~_umask())
        os.fsync(self._file.fileno())
        self._file.close()
        return Written(self._temporary, self.final, self._hash.hexdigest(), self.role)

    def drop(self) -> None:
        """Remove the file."""
        with suppress(OSError):  # on a full disk this writes, and fails, again
            self._file.close()
        self._temporary.unlink(missing_ok=True)


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
    leftovers = [Path(where) / name for where, _, names in os.walk(folder) for name in names if _is_temporary(name)]
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)


def _is_temporary(name: str) -> bool:
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
