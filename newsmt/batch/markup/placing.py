"""Where a stretch of the source stands in its translation, as far as the words show it.

No backend says which word became which, so places are found from the outside: the sentence is known, a stretch that
the model translates alike on its own is searched, names and numbers that stay the same are landmarks, and what is left
is placed in proportion between them. A place always begins and ends at words, inside the limits given.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["Placing"]

_WORD = re.compile(r"\w+(?:[-.,'’]\w+)*")
_CHUNK = re.compile(r"\S+")
_EDGE_PUNCTUATION = ".,;:!?…"
_CLOSING = frozenset(_EDGE_PUNCTUATION)
_QUOTES = "\"'“”‘’„‚«»‹›()[]"
_SURE = 0.5

Range = tuple[int, int]


class Placing:
    """Finds places in one translation.

    source: the text that was translated, on one line.
    """

    def __init__(self, source: str, translation: Translation) -> None:
        self._source = source
        self._target = translation.text
        self._segments = list(_segments(source, translation))
        self._landmarks = list(self._find_landmarks())

    def span(self, start: int, stop: int, alone: str | None, low: int, high: int, taken: Sequence[Range]) -> Range:
        """The place of source[start:stop] inside low:high, clear of the ranges taken.

        alone: what the model makes of the stretch on its own, where it was asked.
        Empty where no word is left in low:high.
        """
        low, high = self._search_limits(start, stop, low, high)
        for place in self._candidates(start, stop, alone, low, high):
            if low <= place[0] < place[1] <= high and not _overlaps(place, taken):
                return place
        return self._nearest_free(self._projected(start, stop), low, high, taken)

    def point(self, position: int, low: int, high: int, taken: Sequence[Range]) -> int:
        """The place of what stands at source[position], inside low:high and in none of the ranges taken."""
        before = self._source[position - 1 : position].strip()
        place = self._snap(self._project(position), forward=bool(before))
        if self._source[position : position + 1] in _CLOSING:
            place -= len(self._target[:place]) - len(self._target[:place].rstrip(_EDGE_PUNCTUATION))
        place = min(max(place, low), high)
        for start, stop in taken:
            if start < place < stop:
                place = start if place - start < stop - place else stop
        return place

    def _search_limits(self, start: int, stop: int, low: int, high: int) -> Range:
        """The part of low:high that holds the translation of the sentences the stretch lies in."""
        inside = [target for source, target in self._segments if source[0] < stop and start < source[1]]
        if not inside:
            return low, high
        first, last = max(low, inside[0][0]), min(high, inside[-1][1])
        return (first, last) if first < last else (low, high)

    def _candidates(self, start: int, stop: int, alone: str | None, low: int, high: int) -> Iterator[Range]:
        """Places, the surest first."""
        whole = self._whole_sentences(start, stop)
        if whole:
            yield whole
        expected = self._project((start + stop) / 2)
        if inside := self._inside_word(start, stop, low, high):
            yield inside
        stretch = self._source[start:stop]
        for needle in _needles(stretch, alone):
            found = [match.span() for match in _search(needle, self._target, low, high)]
            yield from sorted(found, key=lambda place: abs(sum(place) / 2 - expected))
        if window := self._alike(stretch, alone, low, high, expected):
            yield self._with_edges(window, stretch)

    def _whole_sentences(self, start: int, stop: int) -> Range | None:
        """The place of a stretch that begins where a sentence does and ends where one does."""
        first = [target[0] for source, target in self._segments if source[0] == start]
        last = [target[1] for source, target in self._segments if source[1] == stop]
        return (first[0], last[0]) if first and last else None

    def _inside_word(self, start: int, stop: int, low: int, high: int) -> Range | None:
        """The place of a part of a word that the translation has unchanged, as the 2 of CO2."""
        before = len(re.search(r"\w*\Z", self._source[:start])[0])  # type: ignore[index]  # always matches
        after = len(re.match(r"\w*", self._source[stop:])[0])  # type: ignore[index]
        if not before and not after:
            return None
        found = list(_search(self._source[start - before : stop + after], self._target, low, high))
        return (found[0].start() + before, found[0].end() - after) if len(found) == 1 else None

    def _alike(self, stretch: str, alone: str | None, low: int, high: int, expected: float) -> Range | None:
        """The run of words that has most in common with the stretch's own translation."""
        wanted = Counter(_words(alone or stretch))
        words = list(_WORD.finditer(self._target, low, high))
        total = sum(wanted.values())
        best: tuple[float, float, Range] | None = None
        for first in range(len(words)):
            if words[first][0].casefold() not in wanted:
                continue
            seen: Counter[str] = Counter()
            for last in range(first, min(len(words), first + 2 * total + 1)):
                seen[words[last][0].casefold()] += 1
                common = sum((seen & wanted).values())
                score = 2 * common / (total + last - first + 1)
                place = (words[first].start(), words[last].end())
                found = (score, -abs(sum(place) / 2 - expected), place)
                if score >= _SURE and (best is None or found > best):
                    best = found
        return best[2] if best else None

    def _projected(self, start: int, stop: int) -> Range:
        first = self._snap(self._project(start), forward=False)
        last = self._snap(self._project(stop), forward=True)
        return self._with_edges((first, max(first, last)), self._source[start:stop])

    def _with_edges(self, place: Range, stretch: str) -> Range:
        """The place with or without punctuation at its end, as the stretch has it."""
        first, last = place
        if stretch[-1] in _EDGE_PUNCTUATION:
            while last < len(self._target) and self._target[last] in _EDGE_PUNCTUATION:
                last += 1
        else:
            while last > first and self._target[last - 1] in _EDGE_PUNCTUATION:
                last -= 1
        return first, last

    def _nearest_free(self, place: Range, low: int, high: int, taken: Sequence[Range]) -> Range:
        """The place cut to what is free, or the nearest word that is, or nothing."""
        free = [
            match.span() for match in _CHUNK.finditer(self._target, low, high) if not _overlaps(match.span(), taken)
        ]
        inside = [chunk for chunk in free if place[0] < chunk[1] and chunk[0] < place[1]]
        if inside:
            stop = inside[0][1]
            for one, following in pairwise(inside):  # a range taken may lie between
                if _overlaps((one[0], following[1]), taken):
                    break
                stop = following[1]
            return max(inside[0][0], min(place[0], stop)), _without_punctuation(self._target, inside[0][0], stop, place)
        if free:
            middle = sum(place) / 2
            start, stop = min(free, key=lambda chunk: abs(sum(chunk) / 2 - middle))
            return start, _without_punctuation(self._target, start, stop, place)
        position = min(max(place[0], low), high)
        for start, stop in taken:
            if start < position < stop:
                position = stop
        return position, position

    def _find_landmarks(self) -> Iterator[tuple[int, int]]:
        """Pairs of positions that surely belong together, both rising."""
        last = (-1, -1)
        for source, target in self._segments:
            for pair in ((source[0], target[0]), *self._same_words(source, target), (source[1], target[1])):
                if pair[0] > last[0] and pair[1] >= last[1]:
                    yield pair
                    last = pair

    def _same_words(self, source: Range, target: Range) -> list[tuple[int, int]]:
        ours = _unique(self._source, source)
        theirs = _unique(self._target, target)
        pairs = sorted((ours[word], theirs[word], len(word)) for word in ours.keys() & theirs.keys())
        rising = _longest_rising(pairs)
        return [pair for start, place, length in rising for pair in ((start, place), (start + length, place + length))]

    def _project(self, position: float) -> float:
        if not self._landmarks:
            return position * len(self._target) / max(1, len(self._source))
        index = bisect_right(self._landmarks, position, key=lambda landmark: landmark[0])
        before = self._landmarks[index - 1] if index else (0, 0)
        after = self._landmarks[index] if index < len(self._landmarks) else (len(self._source), len(self._target))
        share = (position - before[0]) / max(1, after[0] - before[0])
        return before[1] + min(1.0, share) * max(0, after[1] - before[1])

    def _snap(self, position: float, *, forward: bool) -> int:
        """The nearest end of a word, or with forward=False its beginning."""
        edges = [match.end() if forward else match.start() for match in _CHUNK.finditer(self._target)]
        return min(edges, key=lambda edge: abs(edge - position), default=0)


def _segments(source: str, translation: Translation) -> Iterator[tuple[Range, Range]]:
    """The sentences, as ranges of the source and of the translation."""
    here, there = 0, 0
    for segment in translation.segments:
        start, place = source.find(segment.source, here), translation.text.find(segment.text, there)
        if start < 0 or place < 0:  # the layout of the block changed the text: no sentence is known
            return
        here, there = start + len(segment.source), place + len(segment.text)
        yield (start, here), (place, there)


def _needles(stretch: str, alone: str | None) -> Iterator[str]:
    """What to search for: the stretch as it is (a name), then its own translation with and without its article."""
    yield stretch
    yield stretch.strip(_QUOTES + _EDGE_PUNCTUATION)
    if alone:
        own = alone.strip()
        if stretch[-1] not in _EDGE_PUNCTUATION:
            own = own.rstrip(_EDGE_PUNCTUATION)
        yield own
        bare = own.strip(_QUOTES + _EDGE_PUNCTUATION)
        yield bare
        yield re.sub(r"\A(?:the|a|an)\s+", "", bare, flags=re.IGNORECASE)


def _search(needle: str, text: str, low: int, high: int) -> Iterator[re.Match[str]]:
    if not needle.strip():
        return
    before = r"(?<!\w)" if needle[0].isalnum() else ""
    after = r"(?!\w)" if needle[-1].isalnum() else ""
    yield from re.compile(before + re.escape(needle) + after, re.IGNORECASE).finditer(text, low, high)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _unique(text: str, place: Range) -> dict[str, int]:
    """The words that stand once in text[place], with their positions."""
    found = [(match[0].casefold(), match.start()) for match in _WORD.finditer(text, *place)]
    counts = Counter(word for word, _ in found)
    return {word: start for word, start in found if counts[word] == 1}


def _longest_rising(pairs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The longest selection of pairs in which the second numbers rise as the first do."""
    best: list[list[tuple[int, int, int]]] = []
    for pair in pairs:
        before = max((chain for chain in best if chain[-1][1] < pair[1]), key=len, default=[])
        best.append([*before, pair])
    return max(best, key=len, default=[])


def _overlaps(place: Range, taken: Sequence[Range]) -> bool:
    return any(place[0] < stop and start < place[1] for start, stop in taken)


def _without_punctuation(text: str, start: int, stop: int, place: Range) -> int:
    """The end of a place without the punctuation of its last word, unless the place itself had it."""
    while stop > start + 1 and stop > place[1] and text[stop - 1] in _EDGE_PUNCTUATION:
        stop -= 1
    return stop
