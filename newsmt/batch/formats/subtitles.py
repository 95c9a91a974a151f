"""Subtitles, SubRip and WebVTT: cues keep their timings; a sentence that runs over several is translated whole."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsmt.batch.formats.protocol import Part, SourceFile, SummaryPlace
from newsmt.batch.formats.splicing import Slot, splice
from newsmt.batch.markup import Marked, Piece, Point, Text
from newsmt.batch.markup.tags import as_pieces
from newsmt.errors import InputError

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["FORMAT"]


class _Subtitles:
    name = "subtitles"
    suffixes = (".srt", ".vtt")
    is_stream = False
    summaries: SummaryPlace = "none"

    def parts(self, source: SourceFile) -> Iterator[Part]:
        """The one part."""
        text = source.text()
        has_entities = source.path.suffix.lower() == ".vtt"
        groups = _groups(list(_cues(text, source.name)))
        yield splice(text, [_Group(text, cues, has_entities).slot() for cues in groups])


FORMAT = _Subtitles()

_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}[,.]\d{1,3}"
_TIMING = re.compile(rf"[ \t]*({_CLOCK})[ \t]*-->[ \t]*({_CLOCK})(?:[ \t].*)?\Z")
_LINE = re.compile(r"[^\r\n]+(?:\r\n|\n|\r|\Z)|\r\n|\n|\r")
_SPEAKER_DASH = re.compile(r"\s*[-–—]\s*(?=\S)")
_SENTENCE_END = re.compile(r"[.!?…:][\"“”’'«»)\]]*\Z")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_LONGEST_PAUSE = 2.0
_MOST_CUES = 6


@dataclass(frozen=True, slots=True)
class _Cue:
    """The text of one cue, or one speaker's line of it: text[start:stop] without what surrounds it."""

    start: int
    stop: int
    lines: tuple[str, ...]
    line_break: str
    begins: float
    ends: float
    alone: bool  # what another speaker says in the same cue

    @property
    def raw(self) -> str:
        return self.line_break.join(self.lines)

    @property
    def prose(self) -> str:
        return " ".join(_TAG.sub("", " ".join(self.lines)).split())

    @property
    def frame(self) -> tuple[str, str, str]:
        """Tags before the text, the text, tags after it."""
        inside = self.raw
        before = re.match(rf"(?:{_TAG.pattern}|\s)*", inside)
        head = before[0] if before else ""
        after = re.search(rf"(?:(?:{_TAG.pattern})|\s)*\Z", inside[len(head) :])
        tail = after[0] if after else ""
        return head, inside[len(head) : len(inside) - len(tail)], tail


def _cues(text: str, name: str) -> Iterator[_Cue]:
    """The cues with text, in order.

    Raises InputError for a file in which no line is a timing, or one that is none has an arrow in it.
    """
    timing: re.Match[str] | None = None
    lines: list[tuple[int, str]] = []
    found = False
    for number, match in enumerate(_LINE.finditer(text), 1):
        line = match[0].rstrip("\r\n")
        timed = _TIMING.match(line)
        if timed:
            yield from _cue(timing, _without_counter(lines))
            timing, lines, found = timed, [], True
        elif "-->" in line:
            raise InputError(
                f"{name}: line {number}: {line.strip()!r} is no timing such as 00:01:02,500 --> 00:01:04,000"
            )
        elif not line.strip():
            yield from _cue(timing, lines)
            timing, lines = None, []
        elif timing:
            lines.append((match.start(), match[0]))
    yield from _cue(timing, lines)
    if not found:
        raise InputError(f"{name}: no cue found: no line is a timing such as 00:01:02,500 --> 00:01:04,000")


def _without_counter(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines before a timing that follows with no blank line between: the last is the next cue's number."""
    return lines[:-1] if lines and lines[-1][1].strip().isdigit() else lines


def _cue(timing: re.Match[str] | None, lines: Sequence[tuple[int, str]]) -> Iterator[_Cue]:
    """The cue, or one for each speaker where its lines begin with dashes."""
    if not timing or not lines:
        return
    speakers: list[list[tuple[int, str]]] = []
    dashed = [bool(_SPEAKER_DASH.match(line)) for _, line in lines]
    several = sum(dashed) > 1 or (dashed[0] and len(lines) == 1)
    for (start, line), is_dashed in zip(lines, dashed, strict=True):
        if several and is_dashed:
            dash = _SPEAKER_DASH.match(line)
            length = dash.end() if dash else 0
            speakers.append([(start + length, line[length:])])
        elif speakers:
            speakers[-1].append((start, line))
        else:
            speakers.append([(start, line)])
    for speaker in speakers:
        raw = [line.rstrip("\r\n") for _, line in speaker]
        first = speaker[0][1]
        line_break = first[len(first.rstrip("\r\n")) :] or "\n"
        stop = speaker[-1][0] + len(raw[-1])
        yield _Cue(speaker[0][0], stop, tuple(raw), line_break, _seconds(timing[1]), _seconds(timing[2]), several)


def _seconds(clock: str) -> float:
    *minutes, seconds = clock.replace(",", ".").split(":")
    total = 0.0
    for part in minutes:
        total = 60 * total + float(part)
    return 60 * total + float(seconds)


def _groups(cues: Sequence[_Cue]) -> Iterator[list[_Cue]]:
    """Cues that make a sentence together: the one before does not end it and the pause is short."""
    group: list[_Cue] = []
    for cue in cues:
        if group and not _goes_on(group, cue):
            yield group
            group = []
        group.append(cue)
    if group:
        yield group


def _goes_on(group: Sequence[_Cue], cue: _Cue) -> bool:
    last = group[-1]
    return (
        len(group) < _MOST_CUES
        and not last.alone
        and not cue.alone
        and bool(last.prose)
        and bool(cue.prose)
        and not _SENTENCE_END.search(last.prose)
        and 0 <= cue.begins - last.ends <= _LONGEST_PAUSE
        and not _TAG.search(last.frame[1])
        and not _TAG.search(cue.frame[1])
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """Cues that are translated together.

    text: the whole file; has_entities: whether "&" and "<" are written as entities, as in WebVTT.
    """

    text: str
    cues: Sequence[_Cue]
    has_entities: bool

    def slot(self) -> Slot:
        if len(self.cues) == 1:
            return self._single(self.cues[0])
        prose = [self._read(" ".join(cue.frame[1].split())) for cue in self.cues]
        marked = Marked([Text(" ".join(prose))])

        def render(translations: Sequence[Translation]) -> str:
            whole = translations[0].text
            if whole == marked.plain:
                return self._joined([cue.raw for cue in self.cues])
            shares = _shares(whole, [len(one) for one in prose])
            return self._joined(
                [
                    cue.frame[0] + self._write(_laid_out(share, cue)) + cue.frame[2]
                    for cue, share in zip(self.cues, shares, strict=True)
                ]
            )

        return Slot(self.cues[0].start, self.cues[-1].stop, marked.passages, render)

    def _single(self, cue: _Cue) -> Slot:
        head, inside, tail = cue.frame
        pieces = as_pieces(list(self._pieces(inside)))
        marked = Marked(pieces)

        def render(translations: Sequence[Translation]) -> str:
            placed = marked.place(translations)
            if _flat(placed) == _flat(pieces):
                return cue.raw
            written = "".join(
                self._write(piece.text) if isinstance(piece, Text) else piece.raw.replace(" ", _HELD)
                for piece in placed
            )
            return head + _laid_out(written, cue).replace(_HELD, " ") + tail

        return Slot(cue.start, cue.stop, marked.passages, render)

    def _pieces(self, inside: str) -> Iterator[Piece]:
        position = 0
        for match in _TAG.finditer(inside):
            yield Text(self._read(inside[position : match.start()]))
            yield Point(match[0])
            position = match.end()
        yield Text(self._read(inside[position:]))

    def _joined(self, written: Sequence[str]) -> str:
        """The cues with what stands between them in the file."""
        parts = [written[0]]
        for before, cue, text in zip(self.cues, self.cues[1:], written[1:], strict=False):
            parts += [self.text[before.stop : cue.start], text]
        return "".join(parts)

    def _read(self, text: str) -> str:
        return html.unescape(text) if self.has_entities else text

    def _write(self, text: str) -> str:
        if self.has_entities:
            return html.escape(text, quote=False)
        return text.replace("-->", "->")  # a line with an arrow would be read as a timing


_HELD = "\ue000"  # stands for a space inside a tag while lines are filled


def _flat(pieces: Sequence[Piece]) -> str:
    joined = "".join(piece.text if isinstance(piece, Text) else f"\0{piece.raw}\0" for piece in pieces)
    return "".join(joined.split())


def _shares(whole: str, lengths: Sequence[int]) -> list[str]:
    """The sentence cut at spaces in the proportions of its source, a word at least in each as far as they go."""
    words = whole.split()
    total, position, taken = sum(lengths), 0, 0
    shares = []
    for index, length in enumerate(lengths):
        position += length
        left = len(lengths) - index - 1
        goal = len(whole) * position / max(1, total)
        stop = taken
        while stop < len(words) and (_reach(words[:stop], words[stop]) <= goal or not left):
            stop += 1
        stop = min(max(stop, taken + 1), max(taken, len(words) - left), len(words))
        shares.append(" ".join(words[taken:stop]))
        taken = stop
    return shares


def _reach(words: Sequence[str], following: str) -> float:
    """Characters up to the middle of the following word."""
    return sum(len(word) + 1 for word in words) + len(following) / 2


_WIDEST = 42


def _laid_out(text: str, cue: _Cue) -> str:
    """The text on as many lines as the cue had, of like length; on more only where they would be too wide."""
    text = " ".join(text.split())
    lines = len(cue.lines)
    if lines < 2 and len(text) <= max(_WIDEST, len(cue.raw)):
        return text
    width = max(_WIDEST // 2, -(-len(text) // max(lines, -(-len(text) // _WIDEST))))
    while len(wrapped := textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)) > max(
        lines, -(-len(text) // _WIDEST)
    ):
        width += 1
    return cue.line_break.join(wrapped)
