"""Text files: bytes in one of the encodings German news comes in, and files that are written whole or not at all."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from newsmt.atomic import write_whole
from newsmt.errors import InputError, TextDecodingError

__all__ = ["decode_text", "read_text", "write_text"]

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What Western European text has beyond ASCII, in Windows-1252 and Latin-1.
_EXPECTED = frozenset(
    "äöüßÄÖÜéèêëàâáåãçñíìîïóòôõøúùûæœÉÈÀÁÂÅÇÑÓÒØÆŒšžŠŽýÿ€„“”‚‘’«»‹›–—…§°·•²³¹½¼¾©®™±×÷µ£¥¢¡¿ªº\u00a0\u00ad†‡‰¬¶´¨¯¸¦"
)
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode_text(data: bytes, name: str = "input") -> str:
    """The text of bytes in UTF-8 (a byte order mark or none), UTF-16 or UTF-32 (with one), Windows-1252 or Latin-1.

    name: what the bytes are called in an error.
    Raises TextDecodingError with the byte offset for anything else; nothing is ever replaced or skipped.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode(data, encoding, name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _decode_single_byte(data, error.start, name)
    _refuse_nul(data, name)
    return text


def _decode(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TextDecodingError(
            f"{name}: the byte order mark says {encoding.removesuffix('-sig')}, but the bytes at offset {error.start} "
            f"are not ({error.reason}); save the file again as UTF-8"
        ) from None


def _refuse_nul(data: bytes, name: str) -> None:
    offset = data.find(b"\0")
    if offset >= 0:
        raise TextDecodingError(
            f"{name}: a NUL byte at offset {offset}: this is not a text file, or UTF-16 without a byte order mark; "
            "save it as UTF-8"
        )


def _decode_single_byte(data: bytes, offset: int, name: str) -> str:
    """Windows-1252, or Latin-1 where it has control characters, if what comes out looks like Western European text."""
    _refuse_nul(data, name)
    tried = "tried UTF-8, Windows-1252, Latin-1; save the file as UTF-8"
    if _UTF8_SEQUENCE.search(data):
        raise TextDecodingError(
            f"{name}: damaged UTF-8: byte 0x{data[offset]:02x} at offset {offset} does not belong there ({tried})"
        )
    text = data.decode("cp1252", errors="replace")
    strange = [index for index, byte in enumerate(data) if byte > 0x7F and text[index] not in _EXPECTED]
    foreign = sum(byte > 0x7F for byte in data)
    # Western European text is mostly ASCII; Cyrillic or Greek in a code page of their own is not.
    mostly_foreign = foreign > 0.4 * sum(byte > 0x20 for byte in data)
    if "\ufffd" in text or mostly_foreign or len(strange) > 0.1 * foreign:
        first = text.find("\ufffd") if "\ufffd" in text else offset
        raise TextDecodingError(f"{name}: byte 0x{data[first]:02x} at offset {first} is no text we know ({tried})")
    return text


def read_text(path: Path) -> str:
    """The text of a file, line ends as they are.

    Raises InputError when it cannot be read (missing, a directory, no permission) and TextDecodingError when it is no
    text.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a directory; `newsmt batch` translates folders") from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read it") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return decode_text(data, str(path))


def write_text(path: Path, text: str, *, make_folder: bool = False) -> None:
    """Write a UTF-8 file, line ends as they are, so that it is there whole or not at all.

    make_folder: also make the folder it lies in, and those above.
    Raises InputError when it cannot be written.
    """
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8", errors="surrogatepass"))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
