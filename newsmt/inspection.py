"""Signs that a hypothesis went wrong: cut off, empty, repeating itself."""

from __future__ import annotations

import re

from newsmt.backends import Hypothesis
from newsmt.translation import SegmentWarning

__all__ = ["find_faults", "repeats_itself"]

_WORD = re.compile(r"\w+|[^\w\s]")
_LONGEST_CYCLE = 8


def find_faults(source: str, hypothesis: Hypothesis) -> tuple[SegmentWarning, ...]:
    """What is wrong with a hypothesis; nothing for most of them."""
    if not hypothesis.text.strip():
        return (SegmentWarning.EMPTY,)
    faults = []
    if not hypothesis.finished:
        faults.append(SegmentWarning.CUT)
    if repeats_itself(hypothesis.text) and not repeats_itself(source):
        faults.append(SegmentWarning.REPETITION)
    return tuple(faults)


def repeats_itself(text: str) -> bool:
    """Whether the text says the same words over and over.

    One word four times in a row, two to eight words three times in a row, or, in a long text, few different words.
    """
    words = _WORD.findall(text.lower())
    for length in range(1, min(_LONGEST_CYCLE, len(words) // 3) + 1):
        repeats = 4 if length == 1 else 3
        run = 0
        for index in range(length, len(words)):
            run = run + 1 if words[index] == words[index - length] else 0
            if run >= length * (repeats - 1) and any(word.isalnum() for word in words[index - length + 1 : index + 1]):
                return True
    return len(words) >= 40 and len({*words}) < len(words) / 5
