"""Which sentences of an article say most of it.

The value of a sentence is its centrality, how much it shares with all others, plus a prior for standing early, as
journalists write the news first. Centrality is the degree of a sentence in the graph of LexRank (Erkan and Radev 2004)
without its threshold: the sum of a sentence's cosine similarities to all others, which is one dot product with the sum
of all sentences. So it takes time in proportion to the length of the article, and no matrix. A sentence that repeats a
chosen one counts for less (maximal marginal relevance, Carbonell and Goldstein 1998).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from newsmt.summarization.article import ArticleSentence, Fitness
from newsmt.summarization.words import WORD, content_stems

__all__ = ["Ranking", "Weights"]

Vector = Mapping[str, float]

_ENOUGH_WORDS, _SAME = 30, 0.95


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts beside centrality, whose largest value is 1.

    They were set once, as round numbers, and not fitted; eval/summaries/compare.py shows what others do.

    position: for the first sentence; half of it for the sentence after halved_at others.
    length: for a sentence of 30 words or more, in proportion for a shorter one.
    reference: taken from one that begins with "she", "this", "but" and the like; quotation: with a quotation mark.
    redundancy: taken from one in proportion to its likeness to what was chosen before.
    likeness: for one in proportion to its likeness to what is wanted.
    """

    position: float = 1.0
    halved_at: float = 4.0
    length: float = 0.3
    reference: float = 0.3
    quotation: float = 0.3
    redundancy: float = 0.5
    likeness: float = 1.0


_REFERENCES = frozenset(
    """and after also among another because besides but his her he however instead it its meanwhile moreover now
    otherwise she so such that their then there therefore these they this those thus yet
    aber also auch außerdem daher damit danach dann darunter das denn deshalb dies diese dieser dieses doch dort er es
    ihr ihre jedoch jetzt nun oder sein seine sie so stattdessen und zudem""".split()
)


class Ranking:
    """The sentences of an article by their value for a summary; the same article gives the same ranking.

    sentences: the whole article in order.
    """

    def __init__(self, sentences: Sequence[ArticleSentence], weights: Weights = Weights()) -> None:
        self.sentences = tuple(sentences)
        self._weights = weights
        stems = [Counter(content_stems(sentence.text)) for sentence in sentences]
        occurrences = Counter(stem for counter in stems for stem in counter)
        self._rarity = {stem: math.log(1 + len(stems) / count) for stem, count in occurrences.items()}
        self._vectors = [self._vector(counter) for counter in stems]
        self._values = self._evaluate()

    def choose(
        self,
        count: int,
        *,
        among: Collection[int] | None = None,
        excluded: Collection[int] = (),
        beside: Sequence[str] = (),
        like: str = "",
    ) -> list[int]:
        """Indices of the best sentences, in the article's order; fewer where the article has no more.

        among: take only from these; excluded: never these.
        beside: what the summary says already, so that it is not said again.
        like: prefer sentences about the same.
        """
        taken = set(excluded)
        allowed = range(len(self.sentences)) if among is None else sorted(among)
        candidates = self._candidates(count, [i for i in allowed if i not in taken])
        wanted = self._vector(Counter(content_stems(like)))
        values = {i: self._values[i] + self._weights.likeness * _cosine(self._vectors[i], wanted) for i in candidates}
        said = [self._vector(Counter(content_stems(text))) for text in beside]
        redundancy = {i: max((_cosine(self._vectors[i], one) for one in said), default=0.0) for i in candidates}
        chosen: list[int] = []
        while len(chosen) < min(count, len(candidates)):
            best = max(
                values, key=lambda i: (redundancy[i] < _SAME, values[i] - self._weights.redundancy * redundancy[i], -i)
            )
            chosen.append(best)
            del values[best]
            for i in values:
                redundancy[i] = max(redundancy[i], _cosine(self._vectors[i], self._vectors[best]))
        return sorted(chosen)

    def nearest(self, text: str, among: Collection[int]) -> list[tuple[int, float]]:
        """Which of these sentences share content with a text: index and cosine similarity, the most similar first."""
        vector = self._vector(Counter(content_stems(text)))
        shares = [(i, _cosine(vector, self._vectors[i])) for i in among]
        return sorted(((i, share) for i, share in shares if share > 0), key=lambda one: (-one[1], one[0]))

    def _candidates(self, count: int, indices: Sequence[int]) -> list[int]:
        """The fittest sentences, and of less fit ones only as many kinds as are needed to fill the summary."""
        candidates: list[int] = []
        for fitness in (Fitness.SELF_CONTAINED, Fitness.DEPENDENT, Fitness.FURNITURE):
            more = [i for i in indices if self.sentences[i].fitness is fitness]
            if len(candidates) < count:
                candidates = self._filled(candidates, more, count) if candidates else more
        return candidates

    def _filled(self, candidates: list[int], more: list[int], count: int) -> list[int]:
        missing = sorted(more, key=lambda i: (-self._values[i], i))[: count - len(candidates)]
        return candidates + missing

    def _vector(self, stems: Counter[str]) -> Vector:
        weights = {stem: (1 + math.log(n)) * self._rarity.get(stem, 1.0) for stem, n in stems.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {stem: weight / length for stem, weight in weights.items()}

    def _evaluate(self) -> list[float]:
        total: dict[str, float] = {}
        for vector in self._vectors:
            for stem, weight in vector.items():
                total[stem] = total.get(stem, 0.0) + weight
        centralities = [_cosine(vector, total) - bool(vector) for vector in self._vectors]
        largest = max(centralities, default=0.0) or 1.0
        values = []
        position = 0
        for sentence, centrality in zip(self.sentences, centralities, strict=True):
            values.append(centrality / largest + self._prior(sentence, position))
            position += sentence.is_body and sentence.fitness is not Fitness.WORDLESS
        return values

    def _prior(self, sentence: ArticleSentence, position: int) -> float:
        """What a sentence is worth before one looks at the others; position: sentences of the body before it."""
        weights = self._weights
        words = WORD.findall(sentence.text)
        value = weights.position / (1 + position / weights.halved_at)
        value += weights.length * min(len(words), _ENOUGH_WORDS) / _ENOUGH_WORDS
        if words and words[0].lower() in _REFERENCES:
            value -= weights.reference
        if sentence.text.startswith(("“", "„", '"')):
            value -= weights.quotation
        return value


def _cosine(one: Vector, other: Vector) -> float:
    """Of two vectors of length one; the sum runs over the first, so that its order is always the same."""
    return sum(weight * other.get(stem, 0.0) for stem, weight in one.items())
