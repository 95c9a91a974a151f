"""A block as segments, each with what a model is to see of it and how the rest comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from newsmt import formulas
from newsmt.document import Block, BlockKind
from newsmt.language import foreign_language
from newsmt.normalization import normalize
from newsmt.segmentation import split_with_gaps
from newsmt.translation import SegmentWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PreparedSegment", "prepare_block"]


@dataclass(frozen=True, slots=True)
class PreparedSegment:
    """A segment of a block on its way to the model.

    source, gap: the text and what stands between it and the next; joined over a block they give its prose.
    model_input: what the model sees; "" for what passes through untouched.
    before, after: what stands around the model's text, such as emoji.
    fixed: the English text where a rule knows it, whatever the model writes.
    capitals: whether the translation is written in capitals, as the source is.
    """

    source: str
    gap: str
    model_input: str = ""
    before: str = ""
    after: str = ""
    fixed: str | None = None
    capitals: bool = False
    warnings: tuple[SegmentWarning, ...] = ()


def prepare_block(block: Block, normalization: str) -> list[PreparedSegment]:
    """The segments of a block for a model of that normalization."""
    prose = block.prose
    if not has_words(prose):
        return [PreparedSegment(prose, "")]
    if foreign_language(prose):
        return [PreparedSegment(prose, "", warnings=(SegmentWarning.NOT_GERMAN,))]
    prepare = partial(_prepare, normalization=normalization)
    if block.kind is BlockKind.BYLINE and (byline := formulas.translate_byline(prose)):
        return [prepare(prose, "", fixed=byline)]
    if block.kind is BlockKind.CAPTION and (credit := formulas.translate_credit(prose)):
        return [prepare(prose, "", fixed=credit)]
    segments = []
    if dateline := formulas.split_dateline(prose):
        place, gap, prose = dateline
        segments.append(prepare(place, gap, fixed=formulas.translate_dateline(place)))
    return segments + [prepare(sentence, gap) for sentence, gap in split_with_gaps(prose)]


_LETTERS = re.compile(r"[A-Za-z\u00c0-\u024f]{2}")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|(?<!\S)[@#]\w+")


def has_words(text: str) -> bool:
    """Whether there is anything to translate: a word in Latin letters that is no web or e-mail address."""
    return bool(_LETTERS.search(text)) and bool(_LETTERS.search(_ADDRESS.sub("", text)))


_PICTURES = "\U0001f000-\U0001faff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u20e3\u200d\U000e0000-\U000e007f"
_PICTURE_RUN = re.compile(f"\\s*[{_PICTURES}]+")
_TAG = r"<[A-Za-z/!][^<>]*>"
_EDGE = f"(?:[{_PICTURES}\\s\\x00-\\x1f]|{_TAG})*"
_BEFORE = re.compile(_EDGE)
_AFTER = re.compile(_EDGE + r"\Z")


def _prepare(source: str, gap: str, *, normalization: str, fixed: str | None = None) -> PreparedSegment:
    if not has_words(source):
        return PreparedSegment(source, gap)
    before, core, after = _cut_edges(source)
    pictures = "".join(_PICTURE_RUN.findall(core))
    if pictures:  # no model has pieces for them: they follow the sentence they stand in
        core, after = _PICTURE_RUN.sub("", core), pictures + after
    capitals = formulas.is_all_capitals(core)
    spelled = formulas.expand_abbreviations(formulas.from_capitals(core) if capitals else core)
    model_input = normalize(spelled, normalization)
    if not has_words(model_input):
        return PreparedSegment(source, gap)
    return PreparedSegment(source, gap, model_input, before, after, fixed, capitals)


def _cut_edges(text: str) -> tuple[str, str, str]:
    start = next(_ends(_BEFORE.match(text)), 0)
    stop = next(_starts(_AFTER.search(text, start)), len(text))
    return text[:start], text[start:stop], text[stop:]


def _ends(match: re.Match[str] | None) -> Iterator[int]:
    if match:
        yield match.end()


def _starts(match: re.Match[str] | None) -> Iterator[int]:
    if match:
        yield match.start()
