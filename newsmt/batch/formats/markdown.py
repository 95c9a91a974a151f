"""Markdown: CommonMark with tables and strikethrough; the prose is replaced where it stands, all else is left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from newsmt.batch.formats.frontmatter import front_matter_length, front_matter_slots
from newsmt.batch.formats.protocol import Part, SourceFile, SummaryPlace
from newsmt.batch.formats.splicing import Slot, splice
from newsmt.batch.markup import Close, Marked, Open, Piece, Point, Text
from newsmt.batch.markup.tags import as_pieces
from newsmt.errors import InputError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    from newsmt.translation import Translation

__all__ = ["FORMAT"]


class _Markdown:
    name = "markdown"
    suffixes = (".md", ".markdown")
    is_stream = False
    summaries: SummaryPlace = "file"

    def parts(self, source: SourceFile) -> Iterator[Part]:
        """The one part."""
        text = source.text()
        yield splice(text, [*front_matter_slots(text, source.name), *_block_slots(text, source.name)])


FORMAT = _Markdown()

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


def _block_slots(text: str, name: str) -> Iterator[Slot]:
    offset = front_matter_length(text)
    lines = [match.span() for match in _LINE.finditer(text, offset)]
    env: dict[str, Any] = {}
    row, column = -1, 0
    for token in _parser().parse(text[offset:], env):
        if token.type == "tr_open" and token.map:
            row, column = token.map[0], 0
        elif token.type in {"th_close", "td_close"}:
            column += 1
        elif token.type == "table_close":
            row = -1
        elif token.type == "inline" and token.map and token.content.strip():
            if row >= 0:
                place = _cell(text, lines[row], column)
            else:
                place = _place(text, lines[token.map[0] : token.map[1]], token.content)
            if place is None:
                raise InputError(f"{name}: line {text[: lines[token.map[0]][0]].count(chr(10)) + 1}: cannot be placed")
            yield _Inline(text[slice(*place)], token, env, in_table=row >= 0).slot(place[0])


def _place(text: str, lines: Sequence[tuple[int, int]], content: str) -> tuple[int, int] | None:
    """Where the content of a block stands: to the ends of its lines, but for the hashes that close a heading."""
    wanted = content.split("\n")
    first, last = (text[slice(*line)].rstrip() for line in (lines[0], lines[len(wanted) - 1]))
    start = first.rfind(wanted[0].rstrip())
    stop = last.rfind(wanted[-1].strip())
    if start < 0 or stop < 0:
        return None
    return lines[0][0] + start, lines[len(wanted) - 1][0] + stop + len(wanted[-1].strip())


_CELL = re.compile(r"(?:\\.|[^|\\])*")


def _cell(text: str, line: tuple[int, int], column: int) -> tuple[int, int] | None:
    """Where a table cell stands in its row."""
    row = text[slice(*line)]
    start = len(row) - len(row.lstrip().removeprefix("|"))
    for _ in range(column):
        start = _end(row, start) + 1
    if start > len(row):
        return None
    stop = _end(row, start)
    cell = row[start:stop]
    begin = line[0] + start + len(cell) - len(cell.lstrip())
    return begin, begin + len(cell.strip())


def _end(row: str, start: int) -> int:
    match = _CELL.match(row, start)
    return match.end() if match else start


@dataclass(frozen=True, slots=True)
class _Inline:
    """The running text of one block."""

    raw: str
    token: Token
    env: dict[str, Any]
    in_table: bool

    def slot(self, start: int) -> Slot:
        blocks = list(_blocks(_pieces(self.token)))
        marked = [Marked(pieces) for pieces, _ in blocks]
        passages = [passage for one in marked for passage in one.passages]

        def render(translations: Sequence[Translation]) -> str:
            placed: list[Piece] = []
            taken = 0
            for one, (_, line_break) in zip(marked, blocks, strict=True):
                placed += one.place(translations[taken : taken + len(one.passages)])
                placed += line_break
                taken += len(one.passages)
            return self._write(placed)

        return Slot(start, start + len(self.raw), passages, render)

    def _write(self, placed: list[Piece]) -> str:
        """The Markdown that reads as these pieces: as little escaped as possible, tags where asterisks cannot be."""
        wanted = _normal(placed)
        if wanted == _normal(_pieces(self.token)):
            return self.raw
        for write in (_as_it_is, _escaped):
            written = self._in_table("".join(write(placed)))
            if self._reads_as(written, wanted):
                return written
        written = self._in_table("".join(_escaped(_with_tags(placed))))
        return written if self._reads_as(written, None) else _PARAGRAPH + written

    def _reads_as(self, written: str, wanted: list[Piece] | None) -> bool:
        """Whether this is one paragraph, of these pieces (None: of any)."""
        tokens = _parser().parse(written.replace("\\|", "|") if self.in_table else written, dict(self.env))
        inline = [token for token in tokens if token.type == "inline"]
        if len(tokens) != 3 or len(inline) != 1:
            return False
        return wanted is None or _normal(_pieces(inline[0])) == wanted

    def _in_table(self, written: str) -> str:
        return re.sub(r"(?<!\\)\|", r"\\|", written) if self.in_table else written


# A character that is not seen. After it a tag is part of a paragraph; first on a line it would open an HTML block.
_PARAGRAPH = "&#8203;"
_HARD_BREAK = "\\\n"


def _blocks(pieces: Sequence[Piece]) -> Iterator[tuple[list[Piece], list[Piece]]]:
    """Stretches between hard line breaks, which end a line of verse or an address, each with its break."""
    block: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Point) and piece.raw.endswith("\n"):
            yield block, [piece]
            block = []
        else:
            block.append(piece)
    yield block, []


@cache
def _parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough, whose inline tokens know where they came from."""
    from markdown_it import MarkdownIt, rules_inline

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for rule, function in (
        ("escape", rules_inline.escape),
        ("newline", rules_inline.newline),
        ("backticks", rules_inline.backtick),
        ("link", rules_inline.link),
        ("image", rules_inline.image),
        ("autolink", rules_inline.autolink),
        ("html_inline", rules_inline.html_inline),
    ):
        parser.inline.ruler.at(rule, _remembering(function))
    return parser


def _remembering(rule: Callable[[Any, bool], bool]) -> Callable[[Any, bool], bool]:
    """The rule, noting for the tokens it makes what they were made from."""

    def remember(state: Any, silent: bool) -> bool:
        start, made = state.pos, len(state.tokens)
        label_end = -1
        if not silent and state.src[start] == "[":
            label_end = state.md.helpers.parseLinkLabel(state, start, True)
        matched = rule(state, silent)
        if matched and not silent:
            for token in state.tokens[made:]:
                token.meta.setdefault("raw", state.src[start : state.pos])
                token.meta.setdefault("label", state.src[start + 1 : label_end])
        return matched

    return remember


_POINTS = frozenset({"code_inline", "image", "html_inline", "hardbreak"})
# Footnotes, and the templates of Hugo, Jekyll and their kin.
_ATOM = re.compile(r"\[\^[^\]\s]+\]:?|\{\{.*?\}\}|\{%.*?%\}")


def _pieces(inline: Token) -> list[Piece]:
    pieces: list[Piece] = []
    autolink = False
    for token in inline.children or ():
        if token.info == "auto":  # <https://...> stays as it is, with the text between its tokens
            autolink = token.nesting == 1
            if autolink:
                pieces.append(Point(token.meta["raw"], token.meta["raw"][1:-1]))
        elif not autolink:
            pieces += _piece(token)
    return as_pieces(pieces)


def _piece(token: Token) -> Iterator[Piece]:
    if token.type == "link_open":
        yield Open("[")
    elif token.type == "link_close":
        yield Close(_link_end(token.meta["raw"], token.meta["label"]))
    elif token.type in _POINTS:
        yield Point(
            _HARD_BREAK if token.type == "hardbreak" else token.meta["raw"],
            token.content if token.type == "code_inline" else "",
        )
    elif token.nesting:
        yield (Open if token.nesting > 0 else Close)(token.markup)
    elif token.type == "softbreak":
        yield Text(" ")
    elif token.content:
        position = 0
        for match in _ATOM.finditer(token.content):
            yield Text(token.content[position : match.start()])
            yield Point(match[0])
            position = match.end()
        yield Text(token.content[position:])


def _link_end(raw: str, label: str) -> str:
    """What closes a link; one that is named by its own text gets its name spelt out, for the text will change."""
    end = raw[1 + len(label) :]
    return f"][{label}]" if end in {"]", "][]"} else end


def _normal(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with neighbouring texts in one, on one line, to compare them."""
    normal: list[Piece] = []
    for piece in _without_spaces(pieces):
        if isinstance(piece, Text):
            before = normal.pop().text if normal and isinstance(normal[-1], Text) else ""  # type: ignore[union-attr]
            normal.append(Text(" ".join(re.split(r"[ \t\n]+", before + piece.text))))
        else:
            normal.append(piece)
    return [piece for piece in normal if not (isinstance(piece, Text) and not piece.text)]


def _without_spaces(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces with the spaces around points in texts of their own, and points with nothing but what is written."""
    for piece in pieces:
        if isinstance(piece, Point):
            core = piece.raw.strip(" ")
            before, _, after = piece.raw.partition(core)
            yield from (Text(before), Point(core), Text(after))
        else:
            yield piece


_SPECIAL = re.compile(r"([\\`*\[\]<~|]|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|!\Z)")
_BLOCK_START = re.compile(r"\A(\s*)(?:([#>+=-])|(\d{1,9})([.)]))")


def _as_it_is(pieces: Sequence[Piece]) -> Iterator[str]:
    for piece in pieces:
        yield piece.text if isinstance(piece, Text) else piece.raw


def _escaped(pieces: Sequence[Piece]) -> Iterator[str]:
    for index, piece in enumerate(pieces):
        if not isinstance(piece, Text):
            yield piece.raw
            continue
        text = _SPECIAL.sub(r"\\\1", piece.text)
        yield _BLOCK_START.sub(_escaped_start, text) if index == 0 else text


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[1]}\\{match[2]}" if match[2] else f"{match[1]}{match[3]}\\{match[4]}"


_TAGS = {"*": "em", "_": "em", "**": "strong", "__": "strong", "~~": "del"}


def _with_tags(pieces: Sequence[Piece]) -> list[Piece]:
    """Emphasis as HTML tags, which need no space around them."""
    return [
        type(piece)(f"<{'/' * isinstance(piece, Close)}{_TAGS[piece.raw]}>")
        if isinstance(piece, Open | Close) and piece.raw in _TAGS
        else piece
        for piece in pieces
    ]
