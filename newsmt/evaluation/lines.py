"""Line-aligned files, plain or gzipped, read so that no line is lost, joined or cut without a word.

UTF-8 only, unlike articles: what another tool would read otherwise, or not at all, must not be scored by a guess.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsmt.errors import EvaluationError, TextDecodingError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LineFile", "read_lines", "read_utf8"]

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class LineFile:
    """The lines of a file, without their ends.

    lines: one string per line; white space at a line's end is dropped, as sacrebleu does.
    notes: what was put right on reading, such as a byte order mark; for the user to see.
    """

    path: Path
    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_lines(path: Path) -> LineFile:
    """Read a plain or gzipped UTF-8 file; only line feeds (or carriage return + line feed) end a line.

    Python's own splitlines() would also cut at U+2028, U+0085 and form feeds, which occur inside web text.
    Raises EvaluationError where the file is missing or unreadable, TextDecodingError where it is not UTF-8.
    """
    text, notes = read_utf8(path)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    windows_ends = sum(line.endswith("\r") for line in lines)
    if windows_ends:
        notes = (*notes, f"{path}: Windows line ends on {windows_ends} lines, read as plain ones")
    return LineFile(path, tuple(line.rstrip() for line in lines), notes)


def read_utf8(path: Path) -> tuple[str, tuple[str, ...]]:
    """The decoded text of a plain or gzipped file, and notes on what was put right."""
    data = _read_bytes(path)
    if data.startswith(_UTF16_BOMS):
        raise TextDecodingError(
            f"{path} is UTF-16, and test sets and system outputs are read as UTF-8: "
            f"convert it with `iconv -f UTF-16 -t UTF-8 {path.name}`"
        )
    notes: tuple[str, ...] = ()
    if data.startswith(_UTF8_BOM):
        data = data[len(_UTF8_BOM) :]
        notes = (f"{path}: byte order mark at the start dropped",)
    try:
        return data.decode("utf-8"), notes
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TextDecodingError(
            f"{path} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}, line {line}; "
            "convert the file to UTF-8"
        ) from error


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except FileNotFoundError:
        raise EvaluationError(f"{path} does not exist") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise EvaluationError(f"{path} is a damaged gzip file ({error}): copy or download it again") from error
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror or error}") from error
