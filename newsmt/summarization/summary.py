"""What a summary is made of: sentences with the blocks they come from, how they were made, and what is doubtful."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from newsmt.translation import SegmentWarning, System, Translation

__all__ = ["Method", "Order", "Summary", "SummaryFault", "SummarySentence", "SummaryWarning"]


class Method(StrEnum):
    """How a summary, or one sentence of it, was made."""

    EXTRACTIVE = "extractive"  # sentences of the translation as they are
    ABSTRACTIVE = "abstractive"  # written by a model
    WHOLE = "whole"  # the article has no more sentences than were asked for, so it is its own summary


class Order(StrEnum):
    """Whether the article is translated before it is summarised, or its summary afterwards."""

    TRANSLATE_FIRST = "translate-first"
    SUMMARIZE_FIRST = "summarize-first"


class SummaryFault(StrEnum):
    """What can be wrong with a sentence that a model wrote."""

    EMPTY = "empty"  # the model wrote nothing
    CUT = "cut"  # the model reached its length limit before it was done
    PLACEHOLDER = "placeholder"  # <extra_id_0> and its like: the model was never trained to summarise
    REPETITION = "repetition"  # the sentence repeats itself or one before it
    WRONG_LANGUAGE = "wrong_language"
    UNSUPPORTED_NUMBER = "unsupported_number"  # a number that neither the article nor its translation has
    UNSUPPORTED_DATE = "unsupported_date"
    UNSUPPORTED_NAME = "unsupported_name"
    UNRELATED = "unrelated"  # most of its words are nowhere in the article


@dataclass(frozen=True, slots=True)
class SummaryWarning:
    """Why a summary deserves a second look.

    kind: a fault of a sentence the model wrote, which was replaced; or a warning of the translation, passed on.
    text: the rejected sentence, or the German segment that the warning is about.
    detail: what is unsupported; "" where the kind says it all.
    """

    kind: SummaryFault | SegmentWarning
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """One sentence of a summary.

    blocks: indices of the article's blocks it comes from: the block an extractive sentence stands in; for one that a
        model wrote, the blocks that share most of its words, best first.
    method: extractive, abstractive, or whole.
    source: the German sentence it is the translation of; "" for one that a model wrote in English.
    """

    text: str
    blocks: tuple[int, ...]
    method: Method
    source: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """An English summary of a German article.

    text: the summary on one line; the translation with its layout where the article is its own summary.
    sentences: in the order of the text.
    method: abstractive if at least one sentence was written by a model.
    system: what made the summary, or at least tried to.
    order: translated first, or summarised first.
    coverage: the share of the article's words that the summariser has read; 1.0 is all of them.
    blocks: the article's blocks in German, which the sentences' indices count.
    translation: the article's translation; None when its summary was translated only.
    """

    text: str
    sentences: tuple[SummarySentence, ...]
    method: Method
    system: System
    order: Order
    coverage: float
    blocks: tuple[str, ...]
    warnings: tuple[SummaryWarning, ...] = ()
    translation: Translation | None = None

    @property
    def model(self) -> str:
        """The name of the summariser: "extractive", or a model."""
        return self.system.model

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain data, for JSON, with the blocks it comes from; the translation is named only."""
        blocks = sorted({index for one in self.sentences for index in one.blocks})
        return {
            "text": self.text,
            "sentences": [
                {
                    "text": one.text,
                    "blocks": list(one.blocks),
                    "method": one.method.value,
                    "source": one.source or None,
                }
                for one in self.sentences
            ],
            "blocks": [{"index": index, "source": self.blocks[index]} for index in blocks],
            "method": self.method.value,
            "model": self.system.model,
            "revision": self.system.revision,
            "fingerprint": self.system.fingerprint,
            "backend": self.system.backend,
            "order": self.order.value,
            "coverage": self.coverage,
            "translation_model": self.translation.model if self.translation else None,
            "warnings": [{"kind": one.kind.value, "text": one.text, "detail": one.detail} for one in self.warnings],
        }
