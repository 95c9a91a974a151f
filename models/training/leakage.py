"""No sentence that a model is scored on may be in its training data, neither as it is nor nearly so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from models.training.corpora import Pair
from models.training.filters import comparable

__all__ = ["LeakageReport", "ScoringSentences"]

GRAM = 5
MIN_WORDS = 7


@dataclass
class LeakageReport:
    """How many training pairs met a scoring sentence, and some of them to look at."""

    checked: int = 0
    exact: int = 0
    near: int = 0
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        found = f"{self.exact} exact, {self.near} near duplicates"
        return f"{self.checked:,} pairs checked against the scoring sets: {found}, all removed"


class ScoringSentences:
    """Sources and references of the sets a model is scored on.

    A training text of at least five words is an exact duplicate if it has the same words as a scoring line; one of at
    least seven words is a near duplicate if more than `share` of its word 5-grams occur in one and the same side of the
    scoring sets. Shorter lines ("Sport", "Was nun?") are common language and no leak.
    """

    def __init__(self, directories: Iterable[Path], *, share: float = 0.5) -> None:
        self.share = share
        self._lines: tuple[set[str], set[str]] = (set(), set())
        self._grams: tuple[set[int], set[int]] = (set(), set())
        for directory in directories:
            self._add(0, [directory / "source.de"])
            self._add(1, sorted(directory.glob("reference*.en")))

    def clean(self, pairs: Iterable[Pair], report: LeakageReport) -> list[Pair]:
        """The pairs that meet no scoring sentence on either side; the others are counted in `report`."""
        kept = []
        for pair in pairs:
            report.checked += 1
            kind = self.kind_of_leak(pair)
            if kind is None:
                kept.append(pair)
                continue
            setattr(report, kind, getattr(report, kind) + 1)
            if len(report.examples) < 20:
                report.examples.append(f"{kind}: {pair.source} | {pair.target}")
        return kept

    def kind_of_leak(self, pair: Pair) -> str | None:
        """Whether the pair is an "exact" or a "near" duplicate of a scoring sentence, or None."""
        kinds = [self._kind(side, text) for side, text in enumerate(pair)]
        return "exact" if "exact" in kinds else "near" if "near" in kinds else None

    def _add(self, side: int, files: list[Path]) -> None:
        for file in files:
            for line in file.read_text(encoding="utf-8").split("\n"):
                words = comparable(line).split()
                self._lines[side].add(" ".join(words))
                self._grams[side].update(_grams(words))

    def _kind(self, side: int, text: str) -> str | None:
        line = comparable(text)
        words = line.split()
        if len(words) >= GRAM and line in self._lines[side]:
            return "exact"
        if len(words) < MIN_WORDS:
            return None
        grams = _grams(words)
        shared = sum(gram in self._grams[side] for gram in grams)
        return "near" if shared > self.share * len(grams) else None


def _grams(words: list[str]) -> list[int]:
    return [hash(tuple(words[start : start + GRAM])) for start in range(len(words) - GRAM + 1)]
