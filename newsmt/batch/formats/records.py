"""What the formats made of records have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from newsmt.batch.formats.protocol import Part, SourceFile
from newsmt.batch.summaries import FIELD
from newsmt.errors import InputError

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["grouped", "refuse_summary_field", "require_fields"]

_PART_CHARACTERS, _PART_RECORDS = 50_000, 1_000


def grouped(records: Iterable[Part]) -> Iterator[Part]:
    """Neighbouring records in parts of a size that is worth its while."""
    group: list[Part] = []
    characters = 0
    for record in records:
        group.append(record)
        characters += sum(len(passage.text) for passage in record.passages)
        if characters >= _PART_CHARACTERS or len(group) >= _PART_RECORDS:
            yield _joined(group)
            group, characters = [], 0
    if group:
        yield _joined(group)


def _joined(parts: Sequence[Part]) -> Part:
    def render(translations: Sequence[Translation]) -> str:
        written: list[str] = []
        taken = 0
        for part in parts:
            stop = taken + len(part.passages)
            written.append(part.render(translations[taken:stop]))
            taken = stop
        return "".join(written)

    return Part([passage for part in parts for passage in part.passages], render)


def require_fields(source: SourceFile, present: Collection[str], *, found: bool) -> None:
    """Raise InputError when a file has records, but none of the fields to translate."""
    if present and not found:
        known = ", ".join(sorted(present)[:20])
        raise InputError(
            f"{source.name} has text in none of the fields {', '.join(source.fields)}: its fields are {known}; "
            "name those to translate with --fields"
        )


def refuse_summary_field(source: SourceFile, present: Collection[str], where: str) -> None:
    """Raise InputError for records that have the field already which the summary is to be written to."""
    if source.summarize and FIELD in present:
        raise InputError(
            f"{where} has a field {FIELD!r} already, which the summary would overwrite; rename it, or --exclude this "
            "file"
        )
