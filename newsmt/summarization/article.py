"""An article as the sentences that its summary may take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from newsmt.document import Block, BlockKind
from newsmt.formulas import split_dateline
from newsmt.language import foreign_language
from newsmt.segmentation import split_with_gaps
from newsmt.summarization.english import split_english
from newsmt.summarization.words import WORD
from newsmt.translation import SegmentWarning, TranslatedBlock, TranslatedSegment, Translation
from newsmt.typography import find_marks

__all__ = ["ArticleSentence", "Fitness", "headline_of", "sentences_of_blocks", "sentences_of_translation"]


class Fitness(IntEnum):
    """How well a sentence can stand in a summary, away from its neighbours."""

    SELF_CONTAINED = 0
    DEPENDENT = 1  # part of a longer quotation, a question, what an interviewee says, a list item, a few words
    FURNITURE = 2  # headlines, bylines, captions, and what was not translated well
    WORDLESS = 3  # digits, web addresses: never in a summary


@dataclass(frozen=True, slots=True)
class ArticleSentence:
    """A sentence of an article.

    block: index of the block it stands in; kind: what that block is.
    source: as it stands in the article.
    text: as it can stand in a summary: translated, its quotation marks in pairs, without the dateline before it.
    """

    block: int
    kind: BlockKind
    source: str
    text: str
    fitness: Fitness

    @property
    def is_body(self) -> bool:
        """Whether it belongs to what the article tells, not to its headlines, bylines and captions."""
        return self.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def sentences_of_translation(translation: Translation) -> list[ArticleSentence]:
    """All sentences of a translated article in order, fit for a summary or not."""
    return [one for index, block in enumerate(translation.blocks) for one in _translated_sentences(index, block)]


def sentences_of_blocks(blocks: Sequence[Block]) -> list[ArticleSentence]:
    """All sentences of an article that is not translated yet."""
    sentences: list[ArticleSentence] = []
    for index, block in enumerate(blocks):
        parts = [sentence for sentence, _ in split_with_gaps(block.prose)]
        sentences += _in_block(index, block.kind, [(part, part, Fitness.SELF_CONTAINED) for part in parts], "„“")
    return sentences


def headline_of(sentences: Sequence[ArticleSentence]) -> str:
    """The longest headline before the first paragraph ("" without one): a kicker is shorter."""
    headlines: dict[int, str] = {}
    for sentence in sentences:
        if sentence.is_body:
            break
        if sentence.kind is BlockKind.HEADLINE:
            headlines[sentence.block] = f"{headlines.get(sentence.block, '')} {sentence.text}".strip()
    return max(headlines.values(), key=len, default="")


# Their text says something else than the source, or nothing.
_DAMAGED = {SegmentWarning.CUT, SegmentWarning.EMPTY, SegmentWarning.REPETITION, SegmentWarning.MISSING_NUMBER}


def _translated_sentences(index: int, block: TranslatedBlock) -> list[ArticleSentence]:
    dateline = split_dateline(block.source)
    parts: list[tuple[str, str, Fitness]] = []
    for number, segment in enumerate(block.segments):
        if number == 0 and dateline and segment.source == dateline[0]:
            parts.append((segment.source, segment.text, Fitness.FURNITURE))
        elif SegmentWarning.NOT_GERMAN in segment.warnings:
            parts += _foreign_parts(segment)
        else:
            damaged = not _DAMAGED.isdisjoint(segment.warnings)
            fitness = Fitness.FURNITURE if damaged else Fitness.SELF_CONTAINED
            parts.append((segment.source, segment.text, fitness))
    return _in_block(index, block.kind, parts)


def _foreign_parts(segment: TranslatedSegment) -> Iterator[tuple[str, str, Fitness]]:
    """The sentences of a block that was English already; another language has no place in an English summary."""
    fitness = Fitness.SELF_CONTAINED if foreign_language(segment.source) == "en" else Fitness.FURNITURE
    for sentence in split_english(segment.text):
        yield sentence, sentence, fitness


def _in_block(
    index: int, kind: BlockKind, parts: Sequence[tuple[str, str, Fitness]], marks: str = "“”"
) -> list[ArticleSentence]:
    """The sentences of one block; parts: source, text, and how fit it is as far as its translation goes."""
    sentences = []
    for number, ((source, text, fitness), paired) in enumerate(zip(parts, _in_pairs(parts, marks), strict=True)):
        shown = _PLACE.sub("", paired, count=1) if number == 0 and kind is BlockKind.PARAGRAPH else paired
        own = max(_fitness(text), Fitness.DEPENDENT) if paired != text else _fitness(text)
        if kind is BlockKind.LIST_ITEM:
            own = max(own, Fitness.DEPENDENT)
        elif kind is not BlockKind.PARAGRAPH:
            own = max(own, Fitness.FURNITURE)
        sentences.append(ArticleSentence(index, kind, source, shown, max(fitness, own)))
    return sentences


# "WESTERHAVEN – The cranes": the place an agency report begins with.
_PLACE = re.compile(r"\A[A-ZÄÖÜ][\w.-]*(?:[ /][A-ZÄÖÜ][\w.-]*){0,2} [–—-] (?=[“„\"]?[A-ZÄÖÜ])")


def _in_pairs(parts: Sequence[tuple[str, str, Fitness]], marks: str) -> list[str]:
    """The texts of one block, each with its quotation marks in pairs even where a quotation runs over several."""
    texts = [text for _, text, _ in parts]
    found = [mark for mark in find_marks("\n".join(texts)) if not mark.role.single]
    paired = []
    is_open = False
    start = 0
    for text in texts:
        was_open = is_open
        for mark in found:
            if start <= mark.position < start + len(text):
                is_open = mark.role.opens
        paired.append(marks[0] * was_open + text + marks[1] * is_open)
        start += len(text) + 1
    return paired


_FEWEST_WORDS = 6
_SENTENCE_END = re.compile(r"[.!…][\"”’')\]]*\Z")
_QUOTED = re.compile(r"[“„\"][^“”„\"]*[”“\"]")
_FIRST_PERSON = re.compile(
    r"\b(?:I|I['’]\w+|me|my|we|We|our|Our|us|[Ii]ch|mir|mein(?:e[mnrs]?)?|[Ww]ir|uns|unser(?:e[mnrs]?)?)\b"
)


def _fitness(text: str) -> Fitness:
    words = WORD.findall(text)
    if not any(word.isalpha() and len(word) > 1 for word in words):
        return Fitness.WORDLESS
    if len(words) < _FEWEST_WORDS or not _SENTENCE_END.search(text) or _FIRST_PERSON.search(_QUOTED.sub("", text)):
        return Fitness.DEPENDENT
    return Fitness.SELF_CONTAINED
