"""Aligned text on disk: one NAME.tsv.xz per corpus, German, a tab, English, one pair a line."""

from __future__ import annotations

import lzma
import re
from pathlib import Path
from typing import NamedTuple

from newsmt.normalization import fold_ascii

__all__ = ["Pair", "corpus_names", "fold_pair", "read_corpus", "write_corpus"]

# fold_ascii writes digit groups with the German point; in English they get the comma first.
_SPACED_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?:[\u00a0\u2009\u202f\u2007]\d{3})+(?!\d)")
_DIGIT_SPACE = re.compile(r"[\u00a0\u2009\u202f\u2007]")
_ENGLISH_FRACTION = re.compile(r"(\d)\s?([½¼¾])")
_FRACTION_DIGITS = {"½": "5", "¼": "25", "¾": "75"}


class Pair(NamedTuple):
    """A German text and its English translation."""

    source: str
    target: str


def corpus_names(directory: Path) -> list[str]:
    """Names of the corpora in a directory, in order."""
    return sorted(path.name.removesuffix(".tsv.xz") for path in directory.glob("*.tsv.xz"))


def read_corpus(directory: Path, name: str) -> list[Pair]:
    """The pairs of a corpus in the order of its file, as they stand there.

    Raises ValueError with the line's number for a line that is not German, tab, English.
    """
    path = directory / f"{name}.tsv.xz"
    if not path.is_file():
        raise FileNotFoundError(
            f"no corpus {name!r}: {path} is not there; corpora in {directory}: {corpus_names(directory)}"
        )
    pairs = []
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            columns = line.rstrip("\n").split("\t")
            if len(columns) < 2:
                raise ValueError(f"{path}, line {number}: expected German, tab, English; got {line[:60]!r}")
            pairs.append(Pair(columns[0], columns[1]))
    return pairs


def write_corpus(directory: Path, name: str, pairs: list[Pair]) -> None:
    """A corpus file that read_corpus reads back."""
    with lzma.open(directory / f"{name}.tsv.xz", "wt", encoding="utf-8", newline="\n") as lines:
        lines.writelines(f"{pair.source}\t{pair.target}\n" for pair in pairs)


def fold_pair(pair: Pair) -> Pair:
    """The pair with both sides folded exactly as the library folds a source before the model sees it."""
    return Pair(fold_ascii(pair.source), fold_ascii(_english_numbers(pair.target)))


def _english_numbers(text: str) -> str:
    if text.isascii():
        return text
    text = _SPACED_NUMBER.sub(lambda match: _DIGIT_SPACE.sub(",", match[0]), text)
    return _ENGLISH_FRACTION.sub(lambda match: f"{match[1]}.{_FRACTION_DIGITS[match[2]]}", text)
