"""What a translation is made of: text, blocks, segments, and what is doubtful about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from newsmt.document import BlockKind

__all__ = ["SegmentWarning", "System", "TranslatedBlock", "TranslatedSegment", "Translation"]


class SegmentWarning(StrEnum):
    """Why a segment deserves a second look."""

    CUT = "cut"  # the model reached its length limit before it was done
    EMPTY = "empty"  # the model wrote nothing; the German text stands in its place
    REPETITION = "repetition"  # the model repeats itself
    MISSING_NUMBER = "missing_number"  # a number of the source is not in the translation
    NOT_GERMAN = "not_german"  # passed on as it is, because it is not German


@dataclass(frozen=True, slots=True)
class System:
    """What made a translation: model, backend, and exactly which weights."""

    model: str
    backend: str
    revision: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class TranslatedSegment:
    """One sentence, or what else went to the model in one piece.

    source: the German text as it stands in its block.
    hypothesis: what the model wrote; the source where nothing was sent to a model.
    text: what the reader sees, with English quotation marks.
    score: mean log-probability of the hypothesis; None where nothing was sent to a model.
    """

    source: str
    hypothesis: str
    text: str
    score: float | None = None
    warnings: tuple[SegmentWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class TranslatedBlock:
    """A headline, paragraph, list item, byline or caption with its translation, each on one line."""

    source: str
    text: str
    kind: BlockKind
    segments: tuple[TranslatedSegment, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated article.

    text: the whole article, with the blank lines, indentation and line ends of the source.
    blocks: as many as the source has, in its order.
    """

    text: str
    blocks: tuple[TranslatedBlock, ...]
    system: System

    def __str__(self) -> str:
        return self.text

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The translated blocks, each on one line."""
        return tuple(block.text for block in self.blocks)

    @property
    def segments(self) -> tuple[TranslatedSegment, ...]:
        """The segments of all blocks, in order."""
        return tuple(segment for block in self.blocks for segment in block.segments)

    @property
    def warnings(self) -> tuple[tuple[TranslatedSegment, SegmentWarning], ...]:
        """Every warning with the segment it is about."""
        return tuple((segment, warning) for segment in self.segments for warning in segment.warnings)

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.system.model

    def to_dict(self) -> dict[str, Any]:
        """The translation as plain data, for JSON."""
        return {
            "text": self.text,
            "model": self.system.model,
            "revision": self.system.revision,
            "fingerprint": self.system.fingerprint,
            "backend": self.system.backend,
            "blocks": [
                {
                    "kind": block.kind.value,
                    "source": block.source,
                    "text": block.text,
                    "segments": [
                        {
                            "source": segment.source,
                            "hypothesis": segment.hypothesis,
                            "text": segment.text,
                            "score": segment.score,
                            "warnings": [warning.value for warning in segment.warnings],
                        }
                        for segment in block.segments
                    ],
                }
                for block in self.blocks
            ],
        }
