"""A news text as blocks (headline, paragraph, list item ...) and the gaps between them.

parse() and render() are inverses: whatever the text, render(parse(text)) == text. Blank lines, indentation, list
markers, quoting marks of e-mails and line ends live in the gaps and are never sent to a model.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Literal, get_args

from newsmt.errors import UsageError

__all__ = ["Block", "BlockKind", "Document", "LineBreaks", "parse", "render"]

LineBreaks = Literal["auto", "join", "keep"]


class BlockKind(StrEnum):
    """What a block is in the article."""

    HEADLINE = "headline"
    BYLINE = "byline"
    CAPTION = "caption"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"


@dataclass(frozen=True, slots=True)
class Block:
    """One headline, paragraph, list item, byline or caption.

    text: exactly as it stands in the article; a hard-wrapped block holds its line breaks and indentation.
    width: columns at which the block is wrapped; None for a block on one line.
    indent: what stands before its second and later lines.
    line_break: what ends its lines.
    """

    text: str
    kind: BlockKind = BlockKind.PARAGRAPH
    width: int | None = None
    indent: str = ""
    line_break: str = "\n"

    @property
    def prose(self) -> str:
        """The block on one line, as a reader takes it: words cut by a hyphen at a line's end are whole again."""
        return self.text if self.width is None else _join(self._lines())

    def wrap(self, text: str) -> str:
        """Another text laid out as this block is."""
        if self.width is None:
            return text
        width = max(20, self.width - len(self.indent))
        lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        return (self.line_break + self.indent).join(lines)

    def _lines(self) -> list[str]:
        first, *rest = self.text.splitlines()
        return [first.rstrip(), *(line.removeprefix(self.indent).strip() for line in rest)]


@dataclass(frozen=True, slots=True)
class Document:
    """Blocks in the order of the article; gaps[i] stands before blocks[i], and the last gap after all of them."""

    blocks: tuple[Block, ...]
    gaps: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.gaps) != len(self.blocks) + 1:
            raise ValueError(f"{len(self.blocks)} blocks need {len(self.blocks) + 1} gaps, not {len(self.gaps)}")


def parse(text: str, *, line_breaks: LineBreaks = "auto") -> Document:
    """Find the blocks of an article.

    line_breaks: "auto" joins the lines of a paragraph that is wrapped at 40 to 100 columns, found out block by block;
        "join" joins all lines up to the next blank one; "keep" makes each line a block.

    Raises UsageError for another value of line_breaks.
    """
    if line_breaks not in get_args(LineBreaks):
        raise UsageError(
            f"line_breaks={line_breaks!r} is not allowed: expected one of {', '.join(get_args(LineBreaks))}"
        )
    lines = [_Line(line) for line in text.splitlines(keepends=True)]
    _mark_numbered_items(lines)
    groups = list(_groups(lines, line_breaks))
    blocks: list[Block] = []
    gaps: list[str] = []
    gap = ""
    for group in groups:
        if group[0].blank:
            gap += group[0].raw
            continue
        gaps.append(gap + group[0].margin)
        blocks.append(_block(group))
        gap = group[-1].after
    return Document(_with_kinds(blocks, [*gaps, gap]), (*gaps, gap))


def render(document: Document, texts: Sequence[str] | None = None) -> str:
    """The article with its own blocks, or with others in their places: one text per block, laid out by the caller.

    Raises ValueError when there are more or fewer texts than blocks.
    """
    if texts is None:
        texts = [block.text for block in document.blocks]
    filled = zip(document.gaps, (*texts, ""), strict=True)
    return "".join(gap + text for gap, text in filled)


# Indentation and the ">" of quoted e-mails.
_INDENT = re.compile(r"(?:[^\S\r\n]|>(?=[>\s]|$))*")
_BULLET = re.compile(r"(?:[-*+•·◦▪‣–—]|[a-z]\))[^\S\r\n]+(?=\S)")
_NUMBERED = re.compile(r"(?:\(?(\d{1,3})[.)])[^\S\r\n]+(?=\S)")
_LINE_END = re.compile(r"\s*\Z")
_SENTENCE_END = re.compile(r"[.!?…:][\"“”’'«»)\]]*$")


class _Line:
    """A line cut into margin (indentation and list marker), core and what comes after it."""

    __slots__ = ("after", "blank", "core", "indent", "marker", "raw")

    def __init__(self, raw: str) -> None:
        self.raw = raw
        indent = _INDENT.match(raw)
        self.indent = indent[0] if indent else ""
        rest = raw[len(self.indent) :]
        core = _LINE_END.sub("", rest)
        self.blank = not core
        self.after = rest[len(core) :]
        bullet = _BULLET.match(core)
        self.marker = bullet[0] if bullet else ""
        self.core = core[len(self.marker) :]

    @property
    def margin(self) -> str:
        return self.indent + self.marker

    @property
    def columns(self) -> int:
        return len(self.margin) + len(self.core)

    @property
    def line_break(self) -> str:
        return self.after[len(self.after.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")) :]

    @property
    def number(self) -> int | None:
        match = None if self.marker else _NUMBERED.match(self.core)
        return int(match[1]) if match else None

    def take_number_as_marker(self) -> None:
        match = _NUMBERED.match(self.core)
        if match:
            self.marker = match[0]
            self.core = self.core[match.end() :]


def _mark_numbered_items(lines: list[_Line]) -> None:
    """Take "1. " for a list marker only beside its neighbour "2. ": "1. FC Köln siegt" and "5. November" are text."""
    numbered = [(line, number) for line in lines if not line.blank and (number := line.number) is not None]
    items = set()
    for (line, number), (after, following) in pairwise(numbered):
        if following == number + 1:
            items |= {id(line), id(after)}
    for line, _ in numbered:
        if id(line) in items:
            line.take_number_as_marker()


def _groups(lines: list[_Line], line_breaks: LineBreaks) -> Iterator[list[_Line]]:
    """Lines that make one block, in order; blank lines one by one."""
    runs = list(_runs(lines))
    widths = _wrap_widths(runs) if line_breaks == "auto" else {}
    for run in runs:
        joined = line_breaks == "join" or id(run[0]) in widths
        if run[0].blank or joined:
            yield run
        else:
            for line in run:
                yield [line]


def _runs(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Neighbouring lines that can belong to one paragraph: no blank line, list marker or new indentation between."""
    run: list[_Line] = []
    for line in lines:
        if run and not _continues(run, line):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _continues(run: list[_Line], line: _Line) -> bool:
    if line.blank or line.marker or run[0].blank:
        return False
    if len(run) > 1:
        return line.indent == run[1].indent
    first = run[0]
    if first.marker:  # a list item goes on below its text or its marker
        return len(line.indent) in {len(first.indent), len(first.margin)}
    return line.indent == first.indent or (line.indent == "" and first.indent.isspace())


def _wrap_widths(runs: list[list[_Line]]) -> dict[int, int]:
    """Runs that are hard-wrapped, by the identity of their first line: the columns they are wrapped at.

    A run of three lines or more shows by itself that it is wrapped; a run of two is believed when a longer one in the
    same article is wrapped at that width, or when a word could not have stood on the line before and goes on in lower
    case.
    """
    widths = {id(run[0]): width for run in runs if len(run) > 2 and (width := _wrap_width(run, surely=True))}
    common = max(widths.values(), default=None)
    for run in runs:
        if id(run[0]) not in widths and len(run) > 1 and (width := _wrap_width(run, surely=False, common=common)):
            widths[id(run[0])] = width
    return widths


_NARROWEST, _WIDEST = 40, 100


def _wrap_width(run: list[_Line], *, surely: bool, common: int | None = None) -> int | None:
    if any(line.blank for line in run):
        return None
    widest = max(line.columns for line in run)
    width = max(widest, common or 0)
    if not _NARROWEST <= width <= _WIDEST or (common is not None and widest > common):
        return None
    breaks = list(pairwise(run))
    forced = sum(_is_forced(line, after, width) for line, after in breaks)
    flowing = sum(_flows_on(line, after) for line, after in breaks)
    if surely:
        return widest if forced >= 0.9 * len(breaks) and flowing >= max(1, 0.2 * len(breaks)) else None
    return width if forced == len(breaks) and (flowing or common is not None) else None


def _is_forced(line: _Line, after: _Line, width: int) -> bool:
    """Whether the next line's first word had no room on this one, with some slack for ragged setting."""
    word = after.core.split(maxsplit=1)[0]
    return line.columns + 1 + len(word) > width - 4


def _flows_on(line: _Line, after: _Line) -> bool:
    """Whether a sentence goes over the line break, as far as its letters show."""
    return not _SENTENCE_END.search(line.core) and (after.core[0].islower() or line.core[-1] in ",;-")


def _block(group: list[_Line]) -> Block:
    first = group[0]
    kind = BlockKind.LIST_ITEM if first.marker else BlockKind.PARAGRAPH
    if len(group) == 1:
        return Block(first.core, kind)
    text = "".join([first.core + first.after, *(line.raw for line in group[1:-1]), group[-1].indent + group[-1].core])
    width = max(line.columns for line in group)
    return Block(text, kind, width, group[1].indent, first.line_break)


_HYPHENATED = re.compile(r"[a-zäöüß]-$")
_AND_OR = re.compile(r"(?:und|oder|bzw\.|sowie|bis)\b")


def _join(lines: list[str]) -> str:
    """Lines as one; "Kranken-" + "haus" is one word, "Bundes-" + "und Landesrecht" and "EU-" + "Staaten" are not."""
    text = lines[0]
    for line in lines[1:]:
        if _HYPHENATED.search(text) and line[:1].islower() and not _AND_OR.match(line):
            text = text[:-1] + line
        elif text.endswith("-") and line[:1].isupper():
            text += line
        else:
            text += " " + line
    return text


_BYLINE = re.compile(r"(?:[Vv]on|VON)\s+\S|Aus\s+.*\bberichtet\b")
_CAPTION = re.compile(
    r"(?:Foto|Fotos|Bild|Bilder|Grafik|Symbolbild|Archivbild|Archivfoto|Quelle|Video)\s*[:(]", re.IGNORECASE
)
_CREDIT_AT_END = re.compile(r"[.!?…)]\s+(?:\(?(?:Foto|Bild|Grafik)s?: [^.!?]{2,60}\)?)\Z")
_HEADLINE_LENGTH = 140
_TOP = 3  # kicker, headline and subheadline may follow each other with no blank line


def _with_kinds(blocks: list[Block], gaps: list[str]) -> tuple[Block, ...]:
    """Name the blocks by their form and place; gaps has one entry more than blocks."""
    apart = [len(gap.splitlines()) > 1 for gap in gaps[1:-1]]
    alone = [before and after for before, after in zip([True, *apart], [*apart, True], strict=True)] if blocks else []
    return tuple(
        block
        if block.kind is BlockKind.LIST_ITEM
        else replace(block, kind=_kind(block.prose, index, len(blocks), may_be_headline=index < _TOP or alone[index]))
        for index, block in enumerate(blocks)
    )


def _kind(text: str, index: int, blocks: int, *, may_be_headline: bool) -> BlockKind:
    ends_sentence = bool(_SENTENCE_END.search(text))
    below_headline = 0 < index < 6 or blocks == 1  # test sets have every line on its own
    if len(text) <= 80 and _BYLINE.match(text) and not ends_sentence and below_headline:
        return BlockKind.BYLINE
    if len(text) <= 300 and (_CAPTION.match(text) or _CREDIT_AT_END.search(text)):
        return BlockKind.CAPTION
    if len(text) <= _HEADLINE_LENGTH and not ends_sentence and may_be_headline:
        return BlockKind.HEADLINE
    return BlockKind.PARAGRAPH
