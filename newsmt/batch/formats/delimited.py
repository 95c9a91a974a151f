"""CSV and TSV: the named columns are translated, every other field passes through, rows keep their order and number."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from newsmt.batch.formats.protocol import Part, Passage, SourceFile, SummaryPlace
from newsmt.batch.formats.records import grouped, refuse_summary_field, require_fields
from newsmt.batch.summaries import FIELD
from newsmt.errors import InputError
from newsmt.textfile import decode_text

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["FORMAT"]


class _Delimited:
    name = "csv"
    suffixes = (".csv", ".tsv")
    is_stream = True
    summaries: SummaryPlace = "field"

    def parts(self, source: SourceFile) -> Iterator[Part]:
        """Some rows each."""
        mark, text = _open(source)
        with text:
            yield from grouped(_rows(source, mark, text))


FORMAT = _Delimited()

_DELIMITERS = ",;\t|"
_LARGEST_FIELD = 2**31 - 1


def _open(source: SourceFile) -> tuple[str, TextIO]:
    """The text of the file, read as it is needed, and the byte order mark to write before it.

    A file that is not UTF-8 is held in memory, for only the whole shows which encoding it is in.
    """
    with source.open() as file:
        mark = "\ufeff" if file.read(3) == codecs.BOM_UTF8 else ""
    if _is_utf8(source):
        return mark, io.TextIOWrapper(source.open(), encoding="utf-8-sig", newline="")
    with source.open() as file:
        return mark, io.StringIO(decode_text(file.read(), source.name), newline="")


def _is_utf8(source: SourceFile) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.open() as file:
        try:
            while chunk := file.read(1 << 20):
                if b"\0" in chunk:
                    return False
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How the file is written."""

    delimiter: str
    line_end: str
    quote_all: bool

    def write(self, row: Sequence[str]) -> str:
        """The row as a line."""
        line = io.StringIO(newline="")
        form: dict[str, Any] = {"quoting": csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL}
        csv.writer(line, delimiter=self.delimiter, lineterminator=self.line_end, **form).writerow(row)
        return line.getvalue()

    def append(self, line: str, field: str) -> str:
        """A line of the file with one more field, everything before it as it is."""
        row = line.rstrip("\r\n")
        added = self.write(["", field]).removeprefix('""').removesuffix(self.line_end)
        return row + added + line[len(row) :]


class _Tape:
    """Lines that remember what was read since they were last asked: a row as it stands in the file."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._read: list[str] = []

    def __iter__(self) -> _Tape:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._read.append(line)
        return line

    def take(self) -> str:
        taken = "".join(self._read)
        self._read.clear()
        return taken


def _rows(source: SourceFile, mark: str, text: TextIO) -> Iterator[Part]:
    """One part per row, the header first.

    Raises InputError for a row of another length than the header, quotes that never end, and a file that has none of
    the columns.
    """
    csv.field_size_limit(_LARGEST_FIELD)
    first = text.readline()
    dialect = _dialect(source.name, first)
    tape = _Tape(_chained(first, text))
    reader = csv.reader(tape, delimiter=dialect.delimiter, strict=True)
    header = _next_row(reader, source.name) or []
    columns = [index for index, name in enumerate(header) if name.strip() in source.fields]
    require_fields(source, header, found=bool(columns))
    refuse_summary_field(source, [name.strip() for name in header], source.name)
    first_row = tape.take()
    yield Part((), _constant(mark + (dialect.append(first_row, FIELD) if source.summarize else first_row)))
    while (row := _next_row(reader, source.name)) is not None:
        if row and len(row) != len(header):
            raise InputError(
                f"{source.name}: line {reader.line_num} has {len(row)} fields, the header {len(header)}: "
                "a delimiter too many or too few, or a quotation mark that is missing"
            )
        part = _row_part(row, columns, header, dialect, tape.take(), reader.line_num)
        yield _summarized(part, dialect, source) if row else part


def _chained(first: str, rest: TextIO) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _next_row(reader: Any, name: str) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise InputError(f"{name}: line {reader.line_num}: {error}") from None


def _dialect(name: str, first: str) -> _Dialect:
    """What the header shows: its most frequent delimiter, its line end, and whether every field is quoted."""
    line_end = first[len(first.rstrip("\r\n")) :] or "\n"
    counts = {delimiter: first.count(delimiter) for delimiter in _DELIMITERS}
    delimiter = "\t" if name.lower().endswith(".tsv") else max(_DELIMITERS, key=lambda one: counts[one])
    fields = first.strip("\r\n").split(delimiter)
    quoted = all(len(field) > 1 and field.startswith('"') and field.endswith('"') for field in fields)
    return _Dialect(delimiter, line_end, quoted)


def _row_part(
    row: list[str], columns: Sequence[int], header: Sequence[str], dialect: _Dialect, raw: str, line: int
) -> Part:
    filled = [index for index in columns if index < len(row) and row[index].strip()]
    if not filled:
        return Part((), _constant(raw))
    passages = [Passage(row[index], label=f"line {line}: {header[index].strip()}") for index in filled]

    def render(translations: Sequence[Translation]) -> str:
        written = list(row)
        for index, translation in zip(filled, translations, strict=True):
            written[index] = translation.text
        return raw if written == row else dialect.write(written)

    return Part(passages, render)


def _summarized(row: Part, dialect: _Dialect, source: SourceFile) -> Part:
    """The row with a summary as its last field, where one is wanted; empty where there is no prose in it."""
    summarize = source.summarize
    if summarize is None:
        return row

    def render(translations: Sequence[Translation]) -> str:
        summary = summarize(translations) if translations else ""
        return dialect.append(row.render(translations), summary)

    return Part(row.passages, render)


def _constant(text: str) -> Callable[[Sequence[Translation]], str]:
    return lambda _: text
