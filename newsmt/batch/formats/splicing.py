"""Files in which prose is replaced where it stands, and everything around it stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsmt.batch.formats.protocol import Part, Passage

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["Slot", "splice"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch text[start:stop] with its passages, and what is written in its place."""

    start: int
    stop: int
    passages: Sequence[Passage]
    render: Callable[[Sequence[Translation]], str]


def splice(text: str, slots: Sequence[Slot]) -> Part:
    """The text as one part with its slots filled; slots are in order and do not overlap."""

    def render(translations: Sequence[Translation]) -> str:
        written: list[str] = []
        position = taken = 0
        for slot in slots:
            mine = translations[taken : taken + len(slot.passages)]
            written += [text[position : slot.start], slot.render(mine)]
            position, taken = slot.stop, taken + len(slot.passages)
        return "".join([*written, text[position:]])

    return Part([passage for slot in slots for passage in slot.passages], render)
