"""The index page: every file with what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from newsmt.batch.manifest import Record
from newsmt.batch.pages.article import INDEX, relative_link
from newsmt.batch.pages.style import page_foot, page_head
from newsmt.batch.writing import PendingOutput, commit

__all__ = ["write_index"]

_ORDER = {"failed": 0, "skipped": 1}


def write_index(folder: Path, records: Sequence[Record]) -> None:
    """Write the index of an output folder, what failed first."""
    pending = PendingOutput(folder / INDEX)
    try:
        for piece in _pieces(sorted(records, key=lambda record: (_ORDER.get(record.status, 2), record.source))):
            pending.write(piece)
        commit(pending.close())
    except BaseException:
        pending.drop()
        raise


def _pieces(records: Sequence[Record]) -> Iterator[str]:
    counts = Counter(record.status for record in records)
    sums = " · ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    words = sum(record.words for record in records)
    models = sorted({f"{record.model} ({record.backend})" for record in records if record.model})
    yield page_head("Translations")
    yield f"<h1>Translations</h1>\n<p class='about'>{escape(sums)} · {words:,} words"
    yield f" · {escape(', '.join(models))}</p>\n" if models else "</p>\n"
    yield "<table>\n<thead><tr><th>Article<th>Status<th class='number'>Words<th class='number'>Warnings</tr></thead>\n"
    for record in records:
        yield _row(record)
    yield "</table>\n" + page_foot()


def _row(record: Record) -> str:
    name = escape(record.source)
    target = record.page or record.output
    if record.status in {"done", "kept"} and target:
        name = f'<a href="{relative_link(INDEX, target)}">{name}</a>'
    if record.status in {"done", "kept"} and record.summary:
        name += f' · <a href="{relative_link(INDEX, record.summary)}">summary</a>'
    reason = f'<div class="reason">{escape(_reason(record))}</div>' if record.error else ""
    words, warnings = f"{record.words:,}", f"{sum(record.warnings.values()):,}"
    if record.status not in {"done", "kept"}:  # nothing was counted
        words = warnings = ""
    return (
        f'<tr><td>{name}{reason}</td><td class="{escape(record.status)}">{escape(record.status)}</td>'
        f'<td class="number" data-name="words">{words}</td>'
        f'<td class="number" data-name="warnings">{warnings}</td></tr>\n'
    )


def _reason(record: Record) -> str:
    """Why, without the name of the file, which stands above it."""
    message = (record.error or {}).get("message", "")
    return message.removeprefix(record.source).lstrip(": ")
