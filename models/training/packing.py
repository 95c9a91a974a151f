"""Pairs as packed token arrays: one compressed file per mixture, small enough to carry to a rented machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["NO_LINK", "PackedPairs", "pack", "read_packed", "write_packed"]

NO_LINK = 255


@dataclass(frozen=True)
class PackedPairs:
    """Token ids of all pairs end to end.

    sources, targets: uint16 ids without the end of sentence; source_lengths, target_lengths: int32 per pair; links:
    uint8 per target id, the source position it is aligned to (NO_LINK: none), or None where nothing was aligned.
    """

    sources: npt.NDArray[np.uint16]
    targets: npt.NDArray[np.uint16]
    source_lengths: npt.NDArray[np.int32]
    target_lengths: npt.NDArray[np.int32]
    links: npt.NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_source_starts", _starts(self.source_lengths))
        object.__setattr__(self, "_target_starts", _starts(self.target_lengths))

    def __len__(self) -> int:
        return len(self.source_lengths)

    def source(self, index: int) -> npt.NDArray[np.uint16]:
        """Source ids of a pair."""
        start = self._source_starts[index]  # type: ignore[attr-defined]
        return self.sources[start : start + self.source_lengths[index]]

    def target(self, index: int) -> npt.NDArray[np.uint16]:
        """Target ids of a pair."""
        start = self._target_starts[index]  # type: ignore[attr-defined]
        return self.targets[start : start + self.target_lengths[index]]

    def links_of(self, index: int) -> npt.NDArray[np.uint8]:
        """Aligned source position of each target id of a pair."""
        if self.links is None:
            return np.full(self.target_lengths[index], NO_LINK, np.uint8)
        start = self._target_starts[index]  # type: ignore[attr-defined]
        return self.links[start : start + self.target_lengths[index]]


def pack(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> PackedPairs:
    """Token lists as one PackedPairs; ids must fit in 16 bits."""
    if len(sources) != len(targets):
        raise ValueError(f"{len(sources)} sources and {len(targets)} targets do not pair up")
    return PackedPairs(_flat(sources), _flat(targets), _lengths(sources), _lengths(targets))


def write_packed(path: Path, packed: PackedPairs) -> None:
    """A compressed .npz that read_packed reads back, never half written."""
    arrays = {name: getattr(packed, name) for name in ("sources", "targets", "source_lengths", "target_lengths")}
    if packed.links is not None:
        arrays["links"] = packed.links
    temporary = path.with_suffix(".new.npz")
    np.savez_compressed(temporary, **arrays)
    temporary.replace(path)


def read_packed(path: Path) -> PackedPairs:
    """What write_packed wrote."""
    with np.load(path) as arrays:
        return PackedPairs(**{name: arrays[name] for name in arrays.files})


def _flat(lists: Sequence[Sequence[int]]) -> npt.NDArray[np.uint16]:
    flat = np.fromiter((identifier for ids in lists for identifier in ids), dtype=np.int64)
    if len(flat) and flat.max() > np.iinfo(np.uint16).max:
        raise ValueError(f"id {flat.max()} does not fit in 16 bits")
    return flat.astype(np.uint16)


def _lengths(lists: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    return np.array([len(ids) for ids in lists], dtype=np.int32)


def _starts(lengths: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
