"""Reads gold.de.txt and scores sentence boundaries; shared by the comparison script and the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["GOLD", "HELD_OUT", "Case", "Score", "boundaries", "read_gold", "score"]

GOLD = Path(__file__).with_name("gold.de.txt")
HELD_OUT = Path(__file__).with_name("heldout.de.txt")
_SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Case:
    """One text of the gold file with its category and its sentences."""

    category: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences as running text."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class Score:
    """Sentence boundaries found, and how many of them are right."""

    right: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.false + other.false, self.missed + other.missed)

    @property
    def errors(self) -> int:
        """False and missed boundaries together."""
        return self.false + self.missed

    @property
    def found(self) -> float:
        """Share of the true boundaries that were found, from 0 to 1."""
        true = self.right + self.missed
        return self.right / true if true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, from 0 to 1."""
        return 2 * self.right / (2 * self.right + self.errors) if self.right + self.errors else 1.0


def read_gold(path: Path = GOLD) -> list[Case]:
    """The cases of the gold file in order; raises ValueError where a line stands before any category."""
    cases = []
    category = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("## "):
            category = line.removeprefix("## ")
        elif line and not line.startswith("#"):
            if not category:
                raise ValueError(f"{path}:{number}: a case before the first category")
            cases.append(Case(category, tuple(line.split(_SEPARATOR))))
    return cases


def boundaries(sentences: Iterable[str]) -> set[int]:
    """Where sentences end, counted in characters that are not white space, so that every splitter's output compares.

    The end of the text is no boundary.
    """
    ends = []
    place = 0
    for sentence in sentences:
        place += len("".join(sentence.split()))
        ends.append(place)
    return {end for end in ends if 0 < end < place}


def score(expected: Sequence[str], found: Sequence[str]) -> Score:
    """Compare the sentences of one text with those that a splitter found."""
    true, claimed = boundaries(expected), boundaries(found)
    return Score(len(true & claimed), len(claimed - true), len(true - claimed))
