"""A block of prose as text with markup inside, whatever the format writes its markup like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from newsmt.batch.formats.protocol import Passage
from newsmt.batch.markup.placing import Placing

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["Close", "Marked", "Open", "Piece", "Point", "Text"]


@dataclass(frozen=True, slots=True)
class Text:
    """Prose, as a reader sees it: no escapes, no entities."""

    text: str


@dataclass(frozen=True, slots=True)
class Open:
    """Markup that begins a span, as it stands in the file."""

    raw: str


@dataclass(frozen=True, slots=True)
class Close:
    """Markup that ends a span, as it stands in the file."""

    raw: str


@dataclass(frozen=True, slots=True)
class Point:
    """Markup that stands between words, or text that no model must change, as it stands in the file.

    text: what a reader reads there, such as code; "" for what is no part of the sentence.
    """

    raw: str
    text: str = ""


Piece = Text | Open | Close | Point


@dataclass(slots=True)
class _Span:
    """Markup around plain[start:stop]; a point where open holds everything and start == stop."""

    start: int
    open: str
    close: str = ""
    stop: int = 0
    children: list[_Span] = field(default_factory=list)


_LONGEST_AID = 150
_WORD = re.compile(r"[^\W\d_]{2}")


class Marked:
    """A block of prose with its markup.

    plain: the prose on one line, without markup; "" where there is none.
    passages: what the translator is to translate: the prose, then the spans whose place their translation shows.
    """

    def __init__(self, pieces: Iterable[Piece], label: str = "") -> None:
        self._pieces = pieces = _paired(list(pieces))
        self._atoms = [piece for piece in pieces if isinstance(piece, Point) and piece.text]
        builder = _Builder()
        for piece in pieces:
            builder.add(piece)
        builder.end()
        self.plain = builder.text
        self._spans = builder.root.children
        self._trim(self._spans)
        self._aids = [span for span in _walk(self._spans) if self._needs_aid(span)]
        self.passages: tuple[Passage, ...] = ()
        if self.plain:
            aids = (Passage(self.plain[span.start : span.stop], aid=True) for span in self._aids)
            self.passages = (Passage(self.plain, label=label), *aids)
        self._own = len(self.passages)
        self._read: Marked | None = None
        if self.plain and self._atoms:  # the sentence as it is read, for a model may well leave code where it is
            self._read = Marked(Text(piece.text) if piece in self._atoms else piece for piece in pieces)
            self.passages += tuple(Passage(passage.text, aid=True) for passage in self._read.passages)

    def place(self, translations: Sequence[Translation]) -> list[Piece]:
        """The translation as pieces, each piece of markup once; the pieces given where nothing changed.

        translations: one per passage, in order.
        """
        if not self.plain or translations[0].text == self.plain:
            return list(self._pieces)
        if self._read and (placed := self._with_atoms(self._read.place(translations[self._own :]))):
            return placed
        whole, *aids = translations[: self._own]
        known = {id(span): aid.text for span, aid in zip(self._aids, aids, strict=True)}
        placing = Placing(self.plain, whole)
        places: dict[int, tuple[int, int]] = {}
        self._place(self._spans, 0, len(whole.text), placing, known, places)
        return list(self._emit(whole.text, self._spans, 0, len(whole.text), places))

    def _with_atoms(self, pieces: list[Piece]) -> list[Piece] | None:
        """The pieces with the atoms cut out of their texts again; None where a model has changed one."""
        for atom in self._atoms:
            found = [index for index, piece in enumerate(pieces) if isinstance(piece, Text) and atom.text in piece.text]
            if len(found) != 1:
                return None
            before, *after = pieces[found[0]].text.split(atom.text)  # type: ignore[union-attr]  # a text, as seen above
            if len(after) != 1:
                return None
            cut: list[Piece] = [Text(before), atom, Text(after[0])]
            pieces[found[0] : found[0] + 1] = [piece for piece in cut if piece != Text("")]
        return pieces

    def _trim(self, spans: list[_Span]) -> None:
        for span in spans:
            self._trim(span.children)
            span.stop = min(span.stop, len(self.plain))
            span.start = min(span.start, span.stop)
            text = self.plain[span.start : span.stop]
            if text.strip():
                span.start += len(text) - len(text.lstrip())
                span.stop -= len(text) - len(text.rstrip())
            else:
                span.stop = span.start

    def _needs_aid(self, span: _Span) -> bool:
        text = self.plain[span.start : span.stop]
        return 0 < len(text) <= _LONGEST_AID and text != self.plain and bool(_WORD.search(text))

    def _place(
        self,
        spans: Sequence[_Span],
        low: int,
        high: int,
        placing: Placing,
        known: dict[int, str],
        placed: dict[int, tuple[int, int]],
    ) -> None:
        """Give every span its place in the translation, inside low:high and beside its neighbours."""
        taken: list[tuple[int, int]] = []
        ordered = sorted((span for span in spans if span.stop > span.start), key=lambda span: span.start - span.stop)
        for span in ordered:
            start, stop = placing.span(span.start, span.stop, known.get(id(span)), low, high, taken)
            placed[id(span)] = (start, stop)
            taken.append((start, stop))
            self._place(span.children, start, stop, placing, known, placed)
        for span in spans:
            if span.stop == span.start:
                place = placing.point(span.start, low, high, taken)
                placed[id(span)] = (place, place)
                self._place(span.children, place, place, placing, known, placed)

    def _emit(
        self, text: str, spans: Sequence[_Span], low: int, high: int, placed: dict[int, tuple[int, int]]
    ) -> Iterator[Piece]:
        position = low
        numbered = sorted(enumerate(spans), key=lambda one: (*placed[id(one[1])], one[0]))
        for _, span in numbered:
            start, stop = placed[id(span)]
            if start > position:
                yield Text(text[position:start])
            if span.close or span.children:
                yield Open(span.open)
                yield from self._emit(text, span.children, start, stop, placed)
                yield Close(span.close)
            else:
                yield Point(span.open)
            position = max(position, stop)
        if high > position:
            yield Text(text[position:high])


def _is_point(span: _Span, position: int) -> bool:
    return span.start == position and not span.close and not span.children


def _walk(spans: Sequence[_Span]) -> Iterator[_Span]:
    for span in spans:
        yield span
        yield from _walk(span.children)


def _paired(pieces: Sequence[Piece]) -> list[Piece]:
    """The same pieces, with what opens but never closes, or closes what is not open, as points."""
    paired = list(pieces)
    opened: list[int] = []
    for index, piece in enumerate(pieces):
        if isinstance(piece, Open):
            opened.append(index)
        elif isinstance(piece, Close):
            if opened:
                opened.pop()
            else:
                paired[index] = Point(piece.raw)
    for index in opened:
        paired[index] = Point(pieces[index].raw)  # type: ignore[union-attr]  # only openings are remembered
    return paired


# Line ends and tabs, but not the no-break spaces that belong to the prose.
_SPACE = re.compile("[ \\t\\n\\r\\f\\v\\x1c-\\x1f\\x85\\u2028\\u2029]+")
_CLOSING = (".", ",", ";", ":", "!", "?", "…")


class _Builder:
    """Puts the prose on one line and remembers where the markup stood."""

    def __init__(self) -> None:
        self.text = ""
        self.root = _Span(0, "")
        self._open = [self.root]
        self._point: _Span | None = None

    def add(self, piece: Piece) -> None:
        here = len(self.text)
        if isinstance(piece, Text):
            self._add_text(_SPACE.sub(" ", piece.text))
        elif isinstance(piece, Open):
            span = _Span(here, piece.raw)
            self._open[-1].children.append(span)
            self._open.append(span)
        elif isinstance(piece, Close):
            span = self._open.pop()
            span.close, span.stop = piece.raw, here
        else:
            self._open[-1].children.append(_Span(here, piece.raw, stop=here))
            self._point = self._open[-1].children[-1]
            return
        if not isinstance(piece, Text) or piece.text.strip():
            self._point = None

    def end(self) -> None:
        """Leave no space at the end of the prose: it stands before what follows the last word."""
        if self._point and self._point.open.endswith(" "):
            self._point.open = self._point.open[:-1]
        stripped = self.text.rstrip(" ")
        if stripped != self.text:
            after = next((one for one in _walk(self.root.children) if _is_point(one, len(self.text))), None)
            if after:
                after.open = " " + after.open
        self.text = stripped

    def _add_text(self, text: str) -> None:
        point = self._point
        if text.startswith(" ") and (not self.text or self.text.endswith(" ")):
            text = text[1:]
            if point:  # the second of two spaces around it
                point.open += " "
        elif point and self.text.endswith(" ") and text.startswith(_CLOSING):
            self.text = self.text[:-1]
            point.open = " " + point.open
            point.start = point.stop = len(self.text)
        self.text += text
