"""Segments longer than a model takes, cut into pieces that fit: at clauses, else at spaces, else between characters."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from newsmt.errors import SegmentTooLongError, UsageError
from newsmt.segmentation.graphemes import is_grapheme_start
from newsmt.segmentation.sentences import split_with_gaps
from newsmt.segmentation.words import CLAUSE_OPENERS

__all__ = ["split_to_fit"]

CountTokens = Callable[[Sequence[str]], list[int]]


def split_to_fit(text: str, limit: int, count_tokens: CountTokens) -> list[tuple[str, str]]:
    """Pieces of at most limit tokens, each with the white space after it; joining everything gives the text back.

    A text that fits is one piece. Pieces of a longer one are about equally long and end, in this order of preference,
    at the end of a sentence, at ; : or a dash, at a comma, before a conjunction, at a space, between two characters.
    count_tokens takes many texts at once and is called a few times only, whatever the length.

    Raises SegmentTooLongError when a single character has more tokens than limit.
    """
    if limit < 1:
        raise UsageError(f"limit={limit!r} is not allowed: expected a whole number of tokens, 1 or more")
    core = text.rstrip() or text
    if not core:
        return []
    ends = sorted(_fitting_spans(core, limit, count_tokens))
    pieces = [(piece := core[start:end].rstrip(), core[start + len(piece) : end]) for start, end in ends]
    if core.isspace():
        return [(core, "")]
    last, gap = pieces[-1]
    return [*pieces[:-1], (last, gap + text[len(core) :])]


def _fitting_spans(text: str, limit: int, count_tokens: CountTokens) -> Iterator[tuple[int, int]]:
    """Spans that fit, in no order: what is too long is cut and counted again, all of it in one call a round."""
    places: _Places | None = None
    spans = [(0, len(text))]
    while spans:
        pieces = [text[start:end].rstrip() or text[start:end] for start, end in spans]
        too_long: list[tuple[int, int]] = []
        for span, piece, count in zip(spans, pieces, count_tokens(pieces), strict=True):
            if count <= limit:
                yield span
                continue
            places = places or _Places(text)
            cuts = list(_cuts(span, count, limit, places))
            if not cuts:
                raise SegmentTooLongError(count, limit, piece)
            bounds = [span[0], *cuts, span[1]]
            too_long += pairwise(bounds)
        spans = too_long


# Aimed at less than full pieces, so that there is a choice of places to cut.
_FILL = 0.85
_REACH = 0.35


def _cuts(span: tuple[int, int], count: int, limit: int, places: _Places) -> Iterator[int]:
    """Where to cut a span of count tokens so that its pieces come out about equally long."""
    start, end = span
    pieces = min(max(2, math.ceil(count / (_FILL * limit))), end - start)
    longest = 0.97 * limit / count * (end - start)
    for left in range(pieces - 1, 0, -1):
        width = (end - start) / (left + 1)
        low = max(start + (1 - _REACH) * width, end - left * longest)
        high = min(start + (1 + _REACH) * width, start + longest)
        cut = places.best(start, end, start + width, low, max(low, high))
        if cut is None:
            return
        yield cut
        start = cut


_STRONG = re.compile(r"[;:!?][\"“”’»«)\]]*\s+|\s(?=[–—-]\s)|(?<=\s)[–—-]\s+(?=$)")
_COMMA = re.compile(r",[\"“”’»«)\]]*\s+")
_OPENER = re.compile(rf"\s+(?=(?:{'|'.join(CLAUSE_OPENERS)})\s)", re.IGNORECASE)
_WORD_SPACE = re.compile(r"(?<=[a-zäöüß])[ \t\r\n]+(?=\w)")
_SPACE = re.compile(r"\s+")


# From conjunctions on, even pieces are worth more than the place of the cut.
_WEAK = 3


class _Places:
    """Every place where a text may be cut, the best kind first; each is where the next piece begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._first = len(text) - len(text.lstrip())
        self._kinds = [
            self._sentence_ends(),
            *(
                [match.end() for match in kind.finditer(text)]
                for kind in (_STRONG, _COMMA, _OPENER, _WORD_SPACE, _SPACE)
            ),
        ]

    def best(self, start: int, end: int, wanted: float, low: float, high: float) -> int | None:
        """The place between low and high that is of the best kind and nearest to the wanted one; None where none is."""
        floor = max(start, self._first) + 1
        for rank, kind in enumerate(self._kinds):
            if rank == _WEAK:
                low, high = (low + wanted) / 2, (high + wanted) / 2
            found = kind[bisect_left(kind, max(low, floor)) : bisect_right(kind, min(high, end - 1))]
            if found:
                return min(found, key=lambda place: abs(place - wanted))
        return self._between_characters(floor, end, round(wanted), math.floor(low), math.ceil(high))

    def _sentence_ends(self) -> list[int]:
        places, place = [], 0
        for sentence, gap in split_with_gaps(self._text):
            place += len(sentence) + len(gap)
            places.append(place)
        return places

    def _between_characters(self, floor: int, end: int, wanted: int, low: int, high: int) -> int | None:
        """Between two characters near the wanted place; within one only where a span is a single one."""
        if end - floor <= _SHORT:
            low, high = floor, end - 1
        inside = None
        for place in _outward(wanted, max(low, floor), min(high, end - 1)):
            if self._text[place].isspace():
                continue
            if is_grapheme_start(self._text, place):
                return place
            inside = place if inside is None else inside
        return inside


_SHORT = 2000


def _outward(middle: int, low: int, high: int) -> Iterator[int]:
    """Whole numbers from low to high, those nearest to the middle first."""
    middle = min(max(middle, low), high)
    for distance in range(high - low + 1):
        if middle + distance <= high:
            yield middle + distance
        if distance and middle - distance >= low:
            yield middle - distance
