"""German news text into sentences, and sentences that a model cannot take whole into pieces."""

from __future__ import annotations

from newsmt.segmentation.fitting import split_to_fit
from newsmt.segmentation.sentences import split_sentences, split_with_gaps

__all__ = ["split_sentences", "split_to_fit", "split_with_gaps"]
