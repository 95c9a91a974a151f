"""Bytes become text or a clear error, and files are written whole."""

import os
from pathlib import Path

import pytest

from newsmt.errors import InputError, TextDecodingError
from newsmt.textfile import decode_text, read_text, write_text

TEXT = "„Größe“ – 5 €\r\nzweite Zeile"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings_are_recognised(encoding):
    assert decode_text(TEXT.encode(encoding)) == TEXT


def test_latin_1_is_recognised():
    assert decode_text("Straße nach Köln: größer".encode("latin-1")) == "Straße nach Köln: größer"


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("Größe".encode() + b"\xff Ende", 7),
        ("Новости дня".encode("koi8-r"), 0),
        ("新聞".encode("shift-jis"), 0),
        (b"abc\x81\x8d", 3),
        (b"ab\0c", 2),
        ("ab".encode("utf-16-le"), 1),
        (b"\xef\xbb\xbfab\xff", 2),
        (b"\xff\xfea", 2),
    ],
)
def test_other_bytes_are_an_error_with_their_offset(data, offset):
    with pytest.raises(TextDecodingError, match=rf"x\.txt.*offset {offset}\b"):
        decode_text(data, "x.txt")


def test_what_cannot_be_read_says_so(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_text(tmp_path / "missing.txt")
    with pytest.raises(InputError, match="is a directory; `newsmt batch`"):
        read_text(tmp_path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "out.txt"
    write_text(path, TEXT)
    assert path.read_bytes() == TEXT.encode()
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match="No space left"):
        write_text(path, "other")
    assert path.read_bytes() == TEXT.encode()
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "missing" / "out.txt", "x")


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_folder_is_made_where_asked_for(tmp_path):
    path = tmp_path / "a" / "b" / "x.txt"
    with pytest.raises(InputError, match="cannot be written"):
        write_text(path, "x")
    write_text(path, "x", make_folder=True)
    assert path.read_text(encoding="utf-8") == "x"
    with pytest.raises(InputError, match="cannot be written"):
        write_text(path / "below.txt", "x", make_folder=True)
