"""Marks set apart from the words they touch, so that a word is the same pieces in a quotation and in a compound.

SentencePiece knows words by the space before them: in „Russland hat“ and in Ukraine-Krieg a small vocabulary finds
neither Russland nor Krieg, only crumbs of them, and a small model leaves those in German.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["PRETOKENIZATIONS", "rejoin", "separate"]

# An opening mark: at the start, after a space, or after another one, and before something.
_OPENING = re.compile(r"(?:(?<=\s)|(?<=[(\[\"'–—-])|\A)([(\[\"'])(?=\S)")
_CLOSES = re.compile(r"[\"')\]]*[.,;:!?]*(?:\s|\Z)")
_HYPHEN = re.compile(r"(?<=[^\W_])-(?=[^\W\d_])")
_DASH = re.compile(r"(?<=\S) - (?=\S)")
_SPACED_HYPHEN = re.compile(r"(?<=[^\W_]) - (?=[^\W\d_])")
_SPACED_OPENING = re.compile(r"(?:(?<=[\s–—-])|\A)((?:[(\[\"'] ?)*[(\[\"'] )(?=\S)")


def separate(text: str) -> str:
    """The text with a space after opening marks and around hyphens between words; a dash becomes an en dash.

    text: with ASCII quotation marks.
    """
    text = _HYPHEN.sub(" - ", _DASH.sub(" – ", text))
    return _OPENING.sub(lambda match: match[1] if _CLOSES.match(text, match.end()) else match[1] + " ", text)


def rejoin(text: str) -> str:
    """The text with what separate() has put apart together again."""
    return _SPACED_OPENING.sub(lambda match: match[1].replace(" ", ""), _SPACED_HYPHEN.sub("-", text))


def _identity(text: str) -> str:
    return text


# What a model's pieces were made from, by name: how its text is put apart, and together again.
PRETOKENIZATIONS: Mapping[str, tuple[Callable[[str], str], Callable[[str], str]]] = MappingProxyType(
    {"none": (_identity, _identity), "separated": (separate, rejoin)}
)
