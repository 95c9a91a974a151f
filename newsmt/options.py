"""What a user may ask of the decoder."""

from __future__ import annotations

from dataclasses import dataclass

from newsmt.errors import UsageError

__all__ = ["DecodingOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingOptions:
    """How a backend searches for hypotheses; the same options give the same tokens on every backend.

    beam_size: hypotheses kept at each step; 1 is greedy search.
    length_penalty: exponent of the hypothesis length by which scores are divided; above 1 favours longer output.
    repetition_penalty: factor above 1 that makes tokens already written less likely; 1 changes nothing.
    no_repeat_ngram_size: n-grams of this size are never written twice; 0 allows every repetition.
    max_target_tokens: upper limit of tokens per hypothesis; None derives it from each segment's own length, so that a
        result never depends on what else is in its batch.
    batch_tokens: padded source tokens that one batch may hold; more is faster until the processor's cache is full.
    equal_lengths: decode only segments of equally many tokens together. Padding can change the last bit of a sum, and
        in int8 that changes one hypothesis in some hundreds; without it the others of a call have no influence at all.

    Raises UsageError for a value out of range.
    """

    beam_size: int = 4
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    max_target_tokens: int | None = None
    batch_tokens: int = 1024
    equal_lengths: bool = False

    def __post_init__(self) -> None:
        _require("beam_size", self.beam_size, 1 <= self.beam_size <= 64, "a whole number from 1 to 64")
        _require("length_penalty", self.length_penalty, 0 <= self.length_penalty <= 10, "a number from 0 to 10")
        _require("repetition_penalty", self.repetition_penalty, 0 < self.repetition_penalty <= 10, "above 0, up to 10")
        _require("no_repeat_ngram_size", self.no_repeat_ngram_size, self.no_repeat_ngram_size >= 0, "0 or more")
        limit = self.max_target_tokens
        _require("max_target_tokens", limit, limit is None or limit >= 1, "None or 1 or more")
        _require("batch_tokens", self.batch_tokens, self.batch_tokens >= 1, "1 or more")


def _require(name: str, value: object, allowed: bool, expected: str) -> None:
    if not allowed:
        raise UsageError(f"{name}={value!r} is not allowed: expected {expected}")
