"""Tags such as <b> and </b> as they stand in a text: which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsmt.batch.markup.marked import Close, Open, Piece, Point

__all__ = ["as_pieces", "tag_name"]

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)[^>]*?(/?)>\Z", re.DOTALL)
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())


def tag_name(raw: str) -> tuple[str, int]:
    """The name of a tag in lower case, and 1 where it opens, -1 where it closes, 0 where it does neither."""
    match = _TAG.match(raw)
    if not match:
        return "", 0
    name = match[2].lower()
    if match[1]:
        return name, -1
    return name, 0 if match[3] or name in VOID else 1


def as_pieces(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with points that are tags made into openings and closings, as far as they nest with all the others."""
    stack: list[tuple[str, int]] = []
    nested: dict[int, Piece] = {}
    for index, piece in enumerate(pieces):
        name, nesting = tag_name(piece.raw) if isinstance(piece, Point) else ("", 0)
        if isinstance(piece, Open):
            stack.append(("", index))
        elif isinstance(piece, Close):
            while stack and stack[-1][0]:  # opened inside, but not closed there
                stack.pop()
            if stack:
                stack.pop()
        elif nesting > 0:
            stack.append((name, index))
        elif nesting < 0 and isinstance(piece, Point):
            inside = _reachable(stack)
            if name in inside:
                while stack[-1][0] != name:
                    stack.pop()
                opening = stack.pop()[1]
                nested[opening] = Open(pieces[opening].raw)  # type: ignore[union-attr]  # a point, as seen above
                nested[index] = Close(piece.raw)
    return [nested.get(index, piece) for index, piece in enumerate(pieces)]


def _reachable(stack: Sequence[tuple[str, int]]) -> set[str]:
    """The names of tags that are open since the innermost markup that is no tag."""
    names: set[str] = set()
    for name, _ in reversed(stack):
        if not name:
            break
        names.add(name)
    return names
