"""What a summary may say: only numbers, dates and names that the article or its translation has.

This catches inventions that can be seen word by word. It cannot see a negation dropped, or who did what to whom turned
round: that is why the default summary takes sentences of the article as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from newsmt.inspection import repeats_itself
from newsmt.summarization.language import is_written_in
from newsmt.summarization.names import NameList
from newsmt.summarization.quantities import find_dates, find_quantities
from newsmt.summarization.summary import SummaryFault, SummaryWarning
from newsmt.summarization.words import content_stems, distinct_stems

__all__ = ["Evidence", "says_again"]

_PLACEHOLDER = re.compile(r"<[^\s<>]{1,40}>|⁇|▁|\ufffd|\[(?:UNK|PAD|MASK|CLS|SEP)\]")
# Shares of a sentence's content words: found in the article, and found in one sentence of the summary before it.
_FEWEST_FOUND, _SAME_SENTENCE = 0.4, 0.85


class Evidence:
    """The article as what the sentences of its summary are checked against.

    source: the German article; translation: its English one, "" where only its summary will be translated.
    """

    def __init__(self, source: str, translation: str = "") -> None:
        self._names = NameList(source, translation)
        self._quantities = {
            reading
            for text, language in _texts(source, translation)
            for quantity in find_quantities(text, language)
            for reading in quantity.readings
        }
        self._dates = {date for text, language in _texts(source, translation) for date in find_dates(text, language)}
        self._stems = {*content_stems(source), *content_stems(translation)}

    def faults(
        self, sentence: str, *, language: Literal["de", "en"] = "en", before: Iterable[str] = ()
    ) -> list[SummaryWarning]:
        """What is wrong with a sentence of a summary in that language; nothing for a faithful one.

        before: the sentences of the summary before it.
        """
        if not sentence.strip():
            return [SummaryWarning(SummaryFault.EMPTY, sentence)]
        return [SummaryWarning(kind, sentence, detail) for kind, detail in self._faults(sentence, language, before)]

    def _faults(
        self, sentence: str, language: Literal["de", "en"], before: Iterable[str]
    ) -> Iterator[tuple[SummaryFault, str]]:
        if placeholders := _PLACEHOLDER.findall(sentence):
            yield SummaryFault.PLACEHOLDER, ", ".join(placeholders)
        if repeats_itself(sentence) or any(says_again(sentence, one) for one in before):
            yield SummaryFault.REPETITION, ""
        if not is_written_in(sentence, language):
            yield SummaryFault.WRONG_LANGUAGE, ""
        if numbers := self.unsupported_numbers(sentence, language):
            yield SummaryFault.UNSUPPORTED_NUMBER, ", ".join(numbers)
        dates = find_dates(sentence, language)
        if unsupported := [shown for date, shown in dates.items() if date not in self._dates]:
            yield SummaryFault.UNSUPPORTED_DATE, ", ".join(unsupported)
        if names := self._names.unsupported(sentence, language):
            yield SummaryFault.UNSUPPORTED_NAME, ", ".join(names)
        stems = content_stems(sentence)
        if sum(stem in self._stems for stem in stems) < _FEWEST_FOUND * len(stems):
            yield SummaryFault.UNRELATED, ""

    def unsupported_numbers(self, text: str, language: Literal["de", "en"] = "en") -> list[str]:
        """The numbers of a text that the article does not have, as the text writes them."""
        return [
            one.text
            for one in find_quantities(text, language)
            if not any(self._has(reading) for reading in one.readings)
        ]

    def unsupported_names(self, text: str) -> list[str]:
        """The names of a text that the article does not have."""
        return self._names.unsupported(text)

    def _has(self, reading: str) -> bool:
        if reading in self._quantities:
            return True
        if not reading.startswith(">"):
            return False
        least = int(reading[1:])  # "thousands" may be what the article counts exactly
        return any(one.isdigit() and 2 * least <= int(one) < 1000 * least for one in self._quantities)


def _texts(source: str, translation: str) -> Iterator[tuple[str, Literal["de", "en"]]]:
    yield source, "de"
    yield translation, "en"


def says_again(sentence: str, before: str) -> bool:
    """Whether a sentence says what another one has said; not if it has a number that the other one has not."""
    stems = distinct_stems(sentence)
    new = stems - distinct_stems(before)
    if not stems or any(stem[0].isdigit() for stem in new):
        return False
    return len(new) <= (1 - _SAME_SENTENCE) * len(stems)
