"""The page of one article: source and translation side by side, what is doubtful marked where it stands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from newsmt.batch.formats.protocol import Passage
from newsmt.batch.job import Job
from newsmt.batch.pages.style import page_foot, page_head

if TYPE_CHECKING:
    from newsmt.translation import TranslatedBlock, TranslatedSegment, Translation

__all__ = ["INDEX", "PAGES", "ArticlePage", "relative_link"]

PAGES = "side-by-side"
INDEX = f"{PAGES}/index.html"

_MEANINGS = {
    "cut": "The model reached its length limit before it was done.",
    "empty": "The model wrote nothing; the German text stands in its place.",
    "repetition": "The translation repeats itself.",
    "missing_number": "A number of the source is not in the translation.",
    "not_german": "Left as it is, because it is not German.",
}


class ArticlePage:
    """A page that is written as its article is translated: head(), rows() for each part, foot()."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._has_rows = False

    def head(self) -> str:
        """The beginning, with links to the translation and to the index."""
        here = self._job.page or ""
        files = filter(None, (self._job.output, self._job.summary))
        links = " · ".join(
            [
                f'<a href="{relative_link(here, INDEX)}">all articles</a>',
                *(f'<a href="{relative_link(here, one)}">{escape(one)}</a>' for one in files),
            ]
        )
        name = escape(self._job.source)
        return page_head(self._job.source) + f'<h1>{name}</h1>\n<p class="about">{links}</p>\n'

    def rows(
        self,
        passages: Sequence[Passage],
        translations: Sequence[Translation],
        summaries: Mapping[int, str] = MappingProxyType({}),
    ) -> str:
        """One row per block; summaries: those of records, by the id of the last translation that each is made of."""
        rows: list[str] = []
        for passage, translation in zip(passages, translations, strict=True):
            if not passage.aid:
                rows += _rows(passage, translation)
            if id(translation) in summaries:
                rows.append(_summary_row(summaries[id(translation)]))
        self._has_rows = self._has_rows or bool(rows)
        return "".join(rows)

    def summary(self, text: str) -> str:
        """The summary of the article, before its rows."""
        return f'<section class="summary" lang="en">\n<h2>Summary</h2>\n{_paragraphs(text)}</section>\n'

    def foot(self) -> str:
        """The end."""
        return ("" if self._has_rows else "<p>No text to translate.</p>\n") + page_foot()


def _rows(passage: Passage, translation: Translation) -> Iterator[str]:
    label = f'<p class="label">{escape(passage.label)}</p>' if passage.label else ""
    for block in translation.blocks:
        source = _marked(block.source, block.segments, [segment.source for segment in block.segments])
        target = _marked(block.text, block.segments, [segment.text for segment in block.segments])
        warnings = dict.fromkeys(warning.value for segment in block.segments for warning in segment.warnings)
        notes = "".join(f'<p class="notes">▲ {escape(_MEANINGS.get(one, one))}</p>' for one in warnings)
        yield (
            f'<div class="pair {_kind(block)}">{label}'
            f'<div lang="de"><span class="side">German</span><p>{source}</p></div>'
            f'<div lang="en"><span class="side">English</span><p>{target}</p></div>{notes}</div>\n'
        )


def _summary_row(text: str) -> str:
    return f'<div class="summary" lang="en">\n<p class="label">summary</p>\n{_paragraphs(text)}</div>\n'


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line.strip())}</p>\n" for line in text.splitlines() if line.strip())


def _kind(block: TranslatedBlock) -> str:
    return escape(block.kind.value)


def _marked(text: str, segments: Sequence[TranslatedSegment], parts: Sequence[str]) -> str:
    """The text with the segments marked that have warnings."""
    written: list[str] = []
    position = 0
    for segment, part in zip(segments, parts, strict=True):
        start = text.find(part, position)
        if start < 0:
            continue
        stop = start + len(part)
        if segment.warnings and part:
            title = " ".join(_MEANINGS.get(warning.value, warning.value) for warning in segment.warnings)
            written += [
                escape(text[position:start]),
                f'<mark title="{escape(title)}">{escape(text[start:stop])}</mark>',
            ]
        else:
            written.append(escape(text[position:stop]))
        position = stop
    return "".join([*written, escape(text[position:])])


def relative_link(page: str, target: str) -> str:
    """The address of a file as seen from a page, both relative to the output folder."""
    folder = PurePosixPath(page).parent
    return quote(os.path.relpath(target, folder).replace(os.sep, "/"), errors="surrogateescape")
