"""Batches of like length, in an order that a seed fixes, so that a run goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.training.packing import NO_LINK, PackedPairs

__all__ = ["Batch", "make_batch", "plan_epoch"]

# Pairs sorted by length together: few enough that an epoch stays mixed, enough that little padding is left.
WINDOW = 40_000


@dataclass(frozen=True)
class Batch:
    """sources (pairs, n), inputs, labels and links (pairs, m), padded; pieces: labels that are not padding."""

    sources: Tensor
    inputs: Tensor
    labels: Tensor
    links: Tensor
    pieces: int

    def to(self, device: str) -> Batch:
        """The batch on a device."""
        sources, inputs, labels, links = (
            part.to(device) for part in (self.sources, self.inputs, self.labels, self.links)
        )
        return Batch(sources, inputs, labels, links, self.pieces)


def plan_epoch(packed: PackedPairs, *, pieces: int, max_pieces: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Every pair of at most max_pieces once, as index arrays whose padded size is at most `pieces` (or one pair)."""
    rng = np.random.default_rng(seed)
    lengths = np.maximum(packed.source_lengths, packed.target_lengths) + 1
    order = rng.permutation(np.flatnonzero(lengths <= max_pieces + 1))
    batches: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(order), WINDOW):
        window = order[start : start + WINDOW]
        window = window[np.lexsort((packed.source_lengths[window], lengths[window]))]
        batches.extend(_cut(window, lengths[window], pieces))
    return [batches[index] for index in rng.permutation(len(batches))]


def make_batch(packed: PackedPairs, indices: npt.NDArray[np.int64], *, end: int, pad: int) -> Batch:
    """The pairs as padded tensors. The end of a target is aligned to the end of its source."""
    rows = len(indices)
    sources = np.full((rows, int(packed.source_lengths[indices].max()) + 1), pad, np.int64)
    labels = np.full((rows, int(packed.target_lengths[indices].max()) + 1), pad, np.int64)
    links = np.full(labels.shape, NO_LINK, np.int64)
    for row, index in enumerate(indices):
        source, target = packed.source(index), packed.target(index)
        sources[row, : len(source)], sources[row, len(source)] = source, end
        labels[row, : len(target)], labels[row, len(target)] = target, end
        if packed.links is not None:
            links[row, : len(target)], links[row, len(target)] = packed.links_of(index), len(source)
    inputs = np.full_like(labels, pad)
    inputs[:, 1:] = np.where(labels[:, :-1] == end, pad, labels[:, :-1])
    pieces = int(packed.target_lengths[indices].sum()) + rows
    tensors = map(torch.from_numpy, (sources, inputs, labels, links))
    return Batch(*tensors, pieces=pieces)


def _cut(window: npt.NDArray[np.int64], lengths: npt.NDArray[np.int32], pieces: int) -> Iterator[npt.NDArray[np.int64]]:
    """Consecutive runs of a window sorted by length, none larger than `pieces` once padded."""
    start = 0
    while start < len(window):
        stop = start + 1
        while stop < len(window) and lengths[stop] * (stop + 1 - start) <= pieces:
            stop += 1
        yield window[start:stop]
        start = stop
