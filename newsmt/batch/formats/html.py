"""HTML: the prose of a page is replaced where it stands, every tag, script and comment stays as it is written."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from newsmt.batch.formats.protocol import Part, Passage, SourceFile, SummaryPlace
from newsmt.batch.formats.splicing import Slot, splice
from newsmt.batch.markup import Marked, Piece, Point, Text
from newsmt.batch.markup.tags import as_pieces, tag_name
from newsmt.errors import InputError

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["FORMAT"]


class _Html:
    name = "html"
    suffixes = (".html", ".htm", ".xhtml")
    is_stream = False
    summaries: SummaryPlace = "file"

    def parts(self, source: SourceFile) -> Iterator[Part]:
        """The one part."""
        text = source.text()
        try:
            finder = _ProseFinder(text)
        except AssertionError as error:  # how html.parser says that it gives up
            raise InputError(f"{source.name}: this is no HTML: {error}") from None
        yield splice(text, sorted(finder.slots(), key=lambda slot: slot.start))


FORMAT = _Html()

# What stands in a line of text; every other tag begins or ends a block.
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark meter nobr output picture "
    "progress q ruby rb rt rp s samp small source span strike strong sub sup time tt u var wbr".split()
)
# What is no prose, whatever it holds.
_OPAQUE = frozenset(
    "script style pre textarea svg math template noscript iframe object video audio canvas select datalist xmp "
    "noembed noframes plaintext listing".split()
)
_LITERAL = frozenset("code kbd samp var tt".split())
_PROSE_META = frozenset({"description", "og:title", "og:description", "twitter:title", "twitter:description"})


@dataclass(frozen=True, slots=True)
class _Token:
    """Markup or text at raw = text[start:stop]; name and nesting of a tag, "" for text."""

    start: int
    stop: int
    raw: str
    kind: str
    name: str = ""
    nesting: int = 0
    attributes: dict[str, str] = field(default_factory=dict)


# A tag or a comment that never ends: to a browser it is none of the text, though the parser says so.
_GIVEN_UP = re.compile(r"<[A-Za-z/!?]")


class _Tokens(HTMLParser):
    """The tokens of a page with their places; joined they are the page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self._text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._begun: list[tuple[int, str, dict[str, str]]] = []
        self.feed(text)
        self.close()

    def __iter__(self) -> Iterator[_Token]:
        stops = [*(start for start, _, _ in self._begun[1:]), len(self._text)]
        for (start, begun, attributes), stop in zip(self._begun, stops, strict=False):
            raw = self._text[start:stop]
            kind = "other" if begun == "text" and _GIVEN_UP.search(raw) else begun
            name, nesting = tag_name(raw) if kind == "tag" else ("", 0)
            yield _Token(start, stop, raw, kind, name, nesting, attributes)

    def _begin(self, kind: str, attributes: Sequence[tuple[str, str | None]] = ()) -> None:
        line, column = self.getpos()
        start = self._lines[line - 1] + column
        if kind != "text" or not self._begun or self._begun[-1][1] != "text":
            self._begun.append((start, kind, {name: value or "" for name, value in attributes}))

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin("tag", attrs)

    def handle_startendtag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin("tag", attrs)

    def handle_endtag(self, _tag: str) -> None:
        self._begin("tag")

    def handle_data(self, _data: str) -> None:
        self._begin("text")

    def handle_entityref(self, _name: str) -> None:
        self._begin("text")

    def handle_charref(self, _name: str) -> None:
        self._begin("text")

    def handle_comment(self, _data: str) -> None:
        self._begin("other")

    def handle_decl(self, _decl: str) -> None:
        self._begin("other")

    def handle_pi(self, _data: str) -> None:
        self._begin("other")

    def unknown_decl(self, _data: str) -> None:
        self._begin("other")


class _ProseFinder:
    """Walks through a page and collects its prose."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_Tokens(text))

    def slots(self) -> Iterator[Slot]:
        """The blocks of prose, the title and the description."""
        block: list[_Token] = []
        label = ""
        index = 0
        while index < len(self._tokens):
            token = self._tokens[index]
            after = self._skip(index)
            if after > index + 1 and token.name in _INLINE:  # stays where it is in its sentence
                last = self._tokens[after - 1]
                literal = _reading(self._tokens[index:after]) if token.name in _LITERAL else ""
                whole = _Token(token.start, last.stop, self._text[token.start : last.stop], "atom", literal)
                block.append(whole)
            elif after > index + 1 or (token.kind == "tag" and token.name not in _INLINE) or _is_declaration(token):
                yield from _block_slot(block, label)
                block = []
                label = "title" if token.name == "title" and token.nesting > 0 else ""
                yield from self._own_slots(index)
            else:
                block.append(token)
            index = after
        yield from _block_slot(block, label)

    def _skip(self, index: int) -> int:
        """The index after an element whose content is no prose, or after the one token."""
        token = self._tokens[index]
        if token.kind != "tag" or token.nesting <= 0 or not self._is_closed_to_us(index):
            return index + 1
        depth = 0
        for position in range(index, len(self._tokens)):
            if self._tokens[position].name == token.name:
                depth += self._tokens[position].nesting
                if depth == 0:
                    return position + 1
        return index + 1 if token.name not in _OPAQUE else len(self._tokens)

    def _is_closed_to_us(self, index: int) -> bool:
        token = self._tokens[index]
        if token.name in _OPAQUE or token.name in _LITERAL or token.attributes.get("translate", "").lower() == "no":
            return True
        if "notranslate" in token.attributes.get("class", "").split():
            return True
        language = token.attributes.get("lang", "").lower()
        if language and not language.startswith("de") and token.name != "html":
            return True
        return token.name == "sup" and self._is_note(index)

    def _is_note(self, index: int) -> bool:
        """Whether a superscript is the number or sign of a footnote."""
        for token in self._tokens[index + 1 : index + 8]:
            if token.name == "sup":
                return True
            if token.kind == "text" and re.search(r"[^\W\d_]{2}", html.unescape(token.raw)):
                return False
        return False

    def _own_slots(self, index: int) -> Iterator[Slot]:
        """What changes in a tag itself: the description, the language and the encoding that it states."""
        token = self._tokens[index]
        attributes = token.attributes
        if token.name == "meta":
            named = attributes.get("name", attributes.get("property", "")).lower()
            if named in _PROSE_META and attributes.get("content", "").strip():
                yield from _attribute_slot(token, "content", named)
            elif "charset" in attributes or attributes.get("http-equiv", "").lower() == "content-type":
                yield from _fixed_slot(token, r"(charset\s*=\s*[\"']?)([\w-]+)", _utf8)
        elif _is_declaration(token):
            yield from _fixed_slot(token, r"(encoding\s*=\s*[\"'])([\w.:-]+)", _utf8)
        elif token.name == "html" and attributes.get("lang", "").lower().startswith("de"):
            yield from _fixed_slot(token, r"(lang\s*=\s*[\"']?)(de[\w-]*)", lambda _: "en")


def _is_declaration(token: _Token) -> bool:
    return token.kind == "other" and token.raw.startswith("<?xml")


def _reading(tokens: Sequence[_Token]) -> str:
    return html.unescape("".join(token.raw for token in tokens if token.kind == "text")).strip()


def _utf8(stated: str) -> str:
    return stated if stated.lower() in {"utf-8", "utf8"} else "utf-8"


def _fixed_slot(token: _Token, pattern: str, change: object) -> Iterator[Slot]:
    match = re.search(pattern, token.raw, re.IGNORECASE)
    if match:
        text = change(match[2])  # type: ignore[operator]
        yield Slot(token.start + match.start(2), token.start + match.end(2), (), lambda _: text)


def _attribute_slot(token: _Token, name: str, label: str) -> Iterator[Slot]:
    match = re.search(rf"""\b{name}\s*=\s*("([^"]*)"|'([^']*)')""", token.raw, re.IGNORECASE)
    if not match:
        return
    raw = match[1][1:-1]
    value = " ".join(html.unescape(raw).split())

    def render(translations: Sequence[Translation]) -> str:
        text = translations[0].text
        return raw if text == value else html.escape(text)

    yield Slot(token.start + match.start(1) + 1, token.start + match.end(1) - 1, (Passage(value, label=label),), render)


def _block_slot(tokens: list[_Token], label: str) -> Iterator[Slot]:
    """The block, from its first to its last token that holds text, where there is prose in it."""
    prose = [index for index, token in enumerate(tokens) if token.kind == "text" and _reading([token])]
    if not prose:
        return
    pieces = as_pieces([_piece(token) for token in tokens])
    marked = Marked(pieces, label)
    start, stop = tokens[0].start, tokens[-1].stop
    raw = "".join(token.raw for token in tokens)
    lead = raw[: len(raw) - len(raw.lstrip())] if tokens[0].kind == "text" else ""
    tail = raw[len(raw.rstrip()) :] if tokens[-1].kind == "text" else ""

    def render(translations: Sequence[Translation]) -> str:
        placed = marked.place(translations)
        if _reads_like(placed, pieces):
            return raw
        return lead + "".join(_written(piece) for piece in placed) + tail

    yield Slot(start, stop, marked.passages, render)


def _piece(token: _Token) -> Piece:
    if token.kind == "text":
        return Text(html.unescape(token.raw))
    return Point(token.raw, token.name if token.kind == "atom" else "")


def _reads_like(placed: Sequence[Piece], pieces: Sequence[Piece]) -> bool:
    """Whether both say the same with the same markup, up to white space."""
    return _flat(placed) == _flat(pieces)


def _flat(pieces: Sequence[Piece]) -> str:
    """The pieces in one string without white space; a mark of its own before markup, which text cannot hold."""
    joined = "".join(piece.text if isinstance(piece, Text) else f"\0{piece.raw}\0" for piece in pieces)
    return re.sub(r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+", "", joined)


def _written(piece: Piece) -> str:
    return html.escape(piece.text, quote=False) if isinstance(piece, Text) else piece.raw
