"""Batches for backends: segments of like length together, so that little is spent on padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsmt.backends import target_token_limit
from newsmt.options import DecodingOptions

__all__ = ["Batch", "plan_batches", "plan_decoding"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments that are decoded together.

    indices: their places among the segments of the call, longest first.
    target_limit: tokens each of their hypotheses may have.
    """

    indices: list[int]
    target_limit: int


def plan_batches(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Indices in batches, longest first, every index once.

    A batch padded to its longest member holds at most max_tokens tokens; a segment longer than that is alone in its
    batch. Segments of equal length keep their order.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        if not batches or longest * (len(batches[-1]) + 1) > max_tokens:
            batches.append([])
            longest = max(1, lengths[index])
        batches[-1].append(index)
    return batches


def plan_decoding(
    lengths: Sequence[int], options: DecodingOptions, *, max_target_tokens: int, workers: int = 1
) -> list[Batch]:
    """Batches whose members share a target limit, longest first, enough of them to keep all workers busy.

    A segment's target limit follows from its own length only (see target_token_limit), so no result depends on what
    else is decoded in the same call. Segments of no tokens are left out: there is nothing to decode.
    With equal_lengths the members of a batch have equally many tokens, too.
    """
    limits = [target_token_limit(length, options, max_target_tokens) for length in lengths]
    kinds = [(limit, length if options.equal_lengths else 0) for limit, length in zip(limits, lengths, strict=True)]
    budget = _share(sum(lengths), options.batch_tokens, workers)
    batches: list[Batch] = []
    for kind in sorted(set(kinds), reverse=True):
        members = [index for index, own in enumerate(kinds) if own == kind and lengths[index]]
        planned = plan_batches([lengths[index] for index in members], budget)
        batches += [Batch([members[index] for index in batch], kind[0]) for batch in planned]
    return batches


def _share(tokens: int, batch_tokens: int, workers: int) -> int:
    """Tokens per batch when the work is cut so that every worker gets equally many batches."""
    rounds = -(-tokens // (batch_tokens * workers))
    return max(1, -(-tokens // max(1, rounds * workers)))
