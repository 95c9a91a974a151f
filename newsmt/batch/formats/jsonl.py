"""JSON lines: the named fields of every object are translated, everything else passes through byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing from the stubs, not from the library
from typing import TYPE_CHECKING

from newsmt.batch.formats.protocol import Part, Passage, SourceFile, SummaryPlace
from newsmt.batch.formats.records import grouped, refuse_summary_field, require_fields
from newsmt.batch.formats.splicing import Slot, splice
from newsmt.batch.summaries import FIELD
from newsmt.errors import InputError

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["FORMAT"]


class _JsonLines:
    name = "jsonl"
    suffixes = (".jsonl", ".ndjson")
    is_stream = True
    summaries: SummaryPlace = "field"

    def parts(self, source: SourceFile) -> Iterator[Part]:
        """Some lines each."""
        yield from grouped(_lines(source))


FORMAT = _JsonLines()

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\r\n]*")


def _lines(source: SourceFile) -> Iterator[Part]:
    """One part per line.

    Raises InputError for a line that is no JSON object, and for a file in which no line has any of the fields.
    """
    keys: set[str] = set()
    found = False
    with source.open() as file:
        for number, raw in enumerate(file, 1):
            where = f"{source.name}: line {number}"
            line = _decode(raw, where, first=number == 1)
            strings = list(_strings(line, where, keys))
            slots = [
                _slot(line, start, stop, f"line {number}: {name}")
                for name, start, stop in strings
                if name in source.fields
            ]
            found = found or bool(slots)
            refuse_summary_field(source, keys, where)
            yield _summarized(splice(line, [slot for slot in slots if slot.passages]), source)
    require_fields(source, keys, found=found)


def _summarized(line: Part, source: SourceFile) -> Part:
    """The line with a summary as its last field, where one is wanted and there is prose in it."""
    summarize = source.summarize
    if summarize is None or not line.passages:
        return line

    def render(translations: Sequence[Translation]) -> str:
        written = line.render(translations)
        before, _, after = written.rpartition("}")
        fields = before.rstrip()
        summary = json.dumps(summarize(translations), ensure_ascii=written.isascii() and "\\u" in written)
        return f'{fields}, "{FIELD}": {summary}{before[len(fields) :]}}}{after}'

    return Part(line.passages, render)


def _decode(raw: bytes, where: str, *, first: bool) -> str:
    try:
        return raw.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: byte 0x{raw[error.start]:02x} at its offset {error.start} is no UTF-8, which JSON lines are in"
        ) from None


def _strings(line: str, where: str, keys: set[str]) -> Iterator[tuple[str, int, int]]:
    """The name and the place of every string in the line's object, its quotation marks included.

    The strings of a list have the name of the list, those of an object in the object its name and theirs with a dot.
    """
    start = _skip(line, 0)
    if start == len(line):
        return
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{where} is no JSON: {error.msg.removesuffix(' at')} at column {error.colno}") from None
    except RecursionError:
        raise InputError(f"{where} is nested too deeply") from None
    if not isinstance(value, dict):
        raise InputError(f"{where} is a JSON {type(value).__name__}: expected an object with named fields")
    yield from _values(line, start, "", keys)


def _values(line: str, start: int, name: str, keys: set[str]) -> Iterator[tuple[str, int, int]]:
    """The strings of the value that begins at start, which is valid JSON."""
    if line[start] == '"':
        yield name, start, scanstring(line, start + 1)[1]
    elif line[start] in "{[":
        position = _skip(line, start + 1)
        while line[position] not in "}]":
            inner = name
            if line[start] == "{":
                key, position = scanstring(line, position + 1)
                position = _skip(line, _skip(line, position) + 1)
                inner = f"{name}.{key}" if name else key
                keys.add(inner)
            yield from _values(line, position, inner, keys)
            position = _skip(line, _DECODER.raw_decode(line, position)[1])
            if line[position] == ",":
                position = _skip(line, position + 1)


def _skip(line: str, position: int) -> int:
    match = _BLANK.match(line, position)
    return match.end() if match else position


def _slot(line: str, start: int, stop: int, label: str) -> Slot:
    raw = line[start:stop]
    value: str = scanstring(line, start + 1)[0]
    passages = (Passage(value, label=label),) if value.strip() else ()

    def render(translations: Sequence[Translation]) -> str:
        text = translations[0].text
        return raw if text == value else json.dumps(text, ensure_ascii=raw.isascii() and "\\u" in raw)

    return Slot(start, stop, passages, render)
