"""Plain text: the whole article is one passage, and its layout is the translator's business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from newsmt.batch.formats.protocol import Part, Passage, SourceFile, SummaryPlace

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["FORMAT"]


class _PlainText:
    name = "text"
    suffixes = (".txt",)
    is_stream = False
    summaries: SummaryPlace = "file"

    def parts(self, source: SourceFile) -> Iterator[Part]:
        """The one part."""
        yield Part((Passage(source.text()),), _text)


def _text(translations: Sequence[Translation]) -> str:
    return translations[0].text


FORMAT = _PlainText()
