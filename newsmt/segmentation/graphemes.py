"""Where a text may be cut without tearing a character as its reader sees it."""

from __future__ import annotations

import unicodedata

__all__ = ["is_grapheme_start"]

_ZERO_WIDTH_JOINER = "\u200d"


def is_grapheme_start(text: str, index: int) -> bool:
    """Whether a character begins here: no accent, joined emoji, flag, line break pair or Korean syllable is torn."""
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if after < "\u0300":
        return not (before == "\r" and after == "\n") and before != _ZERO_WIDTH_JOINER
    if before == _ZERO_WIDTH_JOINER or after == _ZERO_WIDTH_JOINER or _extends(after):
        return False
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return False
    if _is_flag_letter(after) and _is_flag_letter(before):
        return _flag_letters_before(text, index) % 2 == 0
    return not _is_jamo_pair(before, after)


def _extends(character: str) -> bool:
    """Accents, variation selectors, skin tones and the tags of regional flags."""
    return (
        unicodedata.category(character) in {"Mn", "Me", "Mc"}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or character == "\u200c"
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


_LONGEST_RUN_OF_FLAGS = 64


def _flag_letters_before(text: str, index: int) -> int:
    count = 0
    while count < min(index, _LONGEST_RUN_OF_FLAGS) and _is_flag_letter(text[index - 1 - count]):
        count += 1
    return count


def _is_jamo_pair(before: str, after: str) -> bool:
    """Korean syllables written in single letters: a vowel or a final goes with what stands before it."""
    return "\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff"
