"""Which pairs are worth learning from: each rule names what is wrong with a pair."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from models.training.corpora import Pair

__all__ = ["comparable", "deduplicate", "fault", "keep_good"]

_WORD = re.compile(r"\w+")
_MOJIBAKE = re.compile(r"Ã[\x80-\xbf¤¶¼ŸŸ„–œ]|Â[\xa0-\xbf]|â€|\ufffd")
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|&[a-z]+;|\{\{|\}\}|%\(\w+\)s|\\[nt]")
_GERMAN = frozenset(
    "der die das und ist nicht ein eine den dem des mit von für auf sich auch wird werden wurde sind dass zu im".split()
)
_ENGLISH = frozenset(
    "the and is not of to in that with for on was were are this it by from have has be as at which an".split()
)
_LONG_NUMBER = re.compile(r"\d[\d.,]*\d")


class _Words(NamedTuple):
    """The words of both sides in lower case."""

    source: list[str]
    target: list[str]


def fault(pair: Pair, *, max_words: int = 120, max_ratio: float = 2.2) -> str | None:
    """What is wrong with a folded pair, in a word or two; None if it is good."""
    if not pair.source or not pair.target:
        return "empty"
    words = _Words(*(_WORD.findall(text.lower()) for text in pair))
    if not words.source or not words.target:
        return "no words"
    if max(len(words.source), len(words.target)) > max_words:
        return "too long"
    if not _similar_length(len(pair.source), len(pair.target), max_ratio):
        return "lengths differ"
    return _bad_characters(pair) or _wrong_language(pair, words) or _wrong_numbers(pair)


def keep_good(
    pairs: Iterable[Pair], *, max_words: int = 120, max_ratio: float = 2.2
) -> tuple[list[Pair], Counter[str]]:
    """The pairs without a fault, in order, and how often each fault was found."""
    kept, faults = [], Counter[str]()
    for pair in pairs:
        found = fault(pair, max_words=max_words, max_ratio=max_ratio)
        if found is None:
            kept.append(pair)
        else:
            faults[found] += 1
    return kept, faults


def deduplicate(pairs: Iterable[Pair], seen: set[Pair] | None = None) -> list[Pair]:
    """The pairs without those that equal an earlier one but for case and punctuation; `seen` is carried on."""
    seen = set() if seen is None else seen
    unique = []
    for pair in pairs:
        key = Pair(comparable(pair.source), comparable(pair.target))
        if key not in seen:
            seen.add(key)
            unique.append(pair)
    return unique


def comparable(text: str) -> str:
    """The words of a text in lower case, one space between."""
    return " ".join(_WORD.findall(text.lower()))


def _bad_characters(pair: Pair) -> str | None:
    for text in pair:
        if _MOJIBAKE.search(text):
            return "broken characters"
        if _MARKUP.search(text):
            return "markup"
        if _mostly_foreign(text):
            return "not Latin script"
    return None


def _wrong_language(pair: Pair, words: _Words) -> str | None:
    if pair.source == pair.target and len(words.source) > 3:
        return "copied"
    if _reads_as(words.source, _ENGLISH, _GERMAN):
        return "source not German"
    return "target not English" if _reads_as(words.target, _GERMAN, _ENGLISH) else None


def _similar_length(source: int, target: int, max_ratio: float) -> bool:
    shorter, longer = sorted((source, target))
    return longer <= max_ratio * shorter + 12


def _mostly_foreign(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    foreign = sum(not unicodedata.name(sign, "").startswith("LATIN") for sign in letters if not sign.isascii())
    return foreign > 0.2 * len(letters)


def _reads_as(words: list[str], language: frozenset[str], other: frozenset[str]) -> bool:
    marks = sum(word in language for word in words)
    return marks >= 3 and marks > 2 * sum(word in other for word in words)


def _wrong_numbers(pair: Pair) -> str | None:
    """Whether most of the longer numbers on either side have no counterpart in digits."""
    ours, theirs = _digit_strings(pair.source), _digit_strings(pair.target)
    shared = sum((ours & theirs).values())
    return "numbers differ" if shared * 2 < max(sum(ours.values()), sum(theirs.values())) else None


def _digit_strings(text: str) -> Counter[str]:
    digits = (re.sub(r"\D", "", match[0]) for match in _LONG_NUMBER.finditer(text))
    return Counter(run for run in digits if len(run) >= 3)
