"""Pairs made from pairs: kickers in capitals, quotations and paragraphs, made alike on both sides."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from models.training.corpora import Pair

__all__ = ["join_neighbours", "make_kickers", "make_quotations", "shared_names"]

_NAME = re.compile(r"\b[A-ZÄÖÜ][a-zäöüßéèçñćčšž]{3,}\b")
_QUOTABLE = re.compile(r"^[A-ZÄÖÜ][^\"':;()]{15,110}\.$")
_SAID = (
    ('"{0}", sagte {name}.', '"{0}," said {name}.'),
    ('"{0}", so {name}.', '"{0}," according to {name}.'),
    ('"{0}", erklärte {name} am {day}.', '"{0}," {name} explained on {eng_day}.'),
    ('{name} sagte: "{0}."', '{name} said: "{0}."'),
    ('{name}: "{0}"', '{name}: "{0}"'),
    ('"{0}", heißt es in dem Bericht.', '"{0}," says the report.'),
)
_DAYS = (
    ("Montag", "Monday"),
    ("Dienstag", "Tuesday"),
    ("Mittwoch", "Wednesday"),
    ("Donnerstag", "Thursday"),
    ("Freitag", "Friday"),
)


def join_neighbours(pairs: Sequence[Pair], share: float, rng: random.Random) -> list[Pair]:
    """Runs of two or three pairs that follow each other in their file, as one pair each; a share of all runs."""
    joined, start = [], 0
    while start < len(pairs) - 1:
        run = pairs[start : start + rng.choice((2, 2, 3))]
        start += len(run)
        if rng.random() < share and _is_prose(run):
            joined.append(Pair(" ".join(pair.source for pair in run), " ".join(pair.target for pair in run)))
    return joined


def make_kickers(pairs: Sequence[Pair], count: int, rng: random.Random) -> list[Pair]:
    """Short pairs in capitals, alone or as a kicker before their own sentence ("POLITIK: ...")."""
    short = [pair for pair in pairs if 3 <= len(pair.source) <= 50 and _is_title(pair.source)]
    chosen = rng.sample(short, min(count, len(short)))
    return [Pair(_upper(pair.source), pair.target.upper()) for pair in chosen]


def make_quotations(pairs: Sequence[Pair], count: int, rng: random.Random, names: Sequence[str]) -> list[Pair]:
    """Statements as somebody's words, with the punctuation that each language sets around them."""
    statements = [pair for pair in pairs if _QUOTABLE.match(pair.source) and _QUOTABLE.match(pair.target)]
    quoted = []
    for pair in rng.sample(statements, min(count, len(statements))):
        german, english = rng.choice(_SAID)
        (day, eng_day), name = rng.choice(_DAYS), rng.choice(names)
        quoted.append(
            Pair(
                german.format(pair.source[:-1], name=name, day=day),
                english.format(pair.target[:-1], name=name, eng_day=eng_day),
            )
        )
    return quoted


def shared_names(pairs: Sequence[Pair]) -> list[str]:
    """Capitalised words inside a sentence that stand in the German and the English text alike: names, nearly always."""
    names: dict[str, int] = {}
    for source, target in pairs:
        for match in _NAME.finditer(source):
            if match.start() and re.search(rf"\b{match[0]}\b", target):
                names[match[0]] = names.get(match[0], 0) + 1
    return sorted(names)


def _is_prose(run: Sequence[Pair]) -> bool:
    sources = {pair.source for pair in run}
    return len(run) > 1 and len(sources) == len(run) and all(len(pair.source) > 20 for pair in run)


def _is_title(text: str) -> bool:
    return text[-1] not in ".,;:" and any(sign.isalpha() for sign in text)


def _upper(text: str) -> str:
    return text.replace("ß", "SS").upper()
