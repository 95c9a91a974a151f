"""Word alignments of the pieces by an outside aligner, as guides of the attention and as bilingual embeddings."""

from __future__ import annotations

import dataclasses
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.training.config import Recipe
from models.training.packing import NO_LINK, PackedPairs, read_packed, write_packed

__all__ = ["align_run", "bilingual_embeddings", "guide_links", "run_aligner"]

Links = list[tuple[int, int]]
# How much of an embedding is its own random direction and how much that of its translations.
OWN_SHARE, TRANSLATED_SHARE = 0.75, 0.66
EMBEDDINGS_FILE = "embeddings.npy"


def align_run(recipe: Recipe, run: Path, *, aligner: str) -> None:
    """Add links to the mixture of the first phase and write the embeddings that training starts from."""
    mixture = recipe.train.phases[0].mixture
    path = run / f"{mixture}.npz"
    packed = read_packed(path)
    forward, backward = run_aligner(packed, aligner=aligner)
    links, pairs = guide_links(packed, forward, backward)
    write_packed(path, dataclasses.replace(packed, links=links))
    embeddings = bilingual_embeddings(pairs, recipe.model.vocabulary_size, recipe.model.d_model, seed=recipe.train.seed)
    np.save(run / EMBEDDINGS_FILE, embeddings)
    print(
        f"{mixture}: {np.mean(links != NO_LINK):.1%} of the target pieces aligned, {len(pairs):,} links both ways",
        flush=True,
    )


def run_aligner(packed: PackedPairs, *, aligner: str) -> tuple[list[Links], list[Links]]:
    """Links (source position, target position) of each pair, as found in either direction.

    aligner: a program that takes eflomal-align's options. It runs as a process of its own; model 2 with one sampler is
    ten times as fast as the default and links nine pieces in ten.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _write_ids(folder / "source", (packed.source(index) for index in range(len(packed))))
        _write_ids(folder / "target", (packed.target(index) for index in range(len(packed))))
        command = [aligner, "-s", "source", "-t", "target", "-f", "forward", "-r", "backward"]
        command += ["--model", "2", "--n-samplers", "1", "--overwrite"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"{aligner} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return _read_links(folder / "forward"), _read_links(folder / "backward")


def guide_links(
    packed: PackedPairs, forward: Sequence[Links], backward: Sequence[Links]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The source position of every target piece (NO_LINK: none), and the ids (n, 2) of pieces linked both ways.

    Where the directions differ, a link found both ways wins over a forward one, that over a backward one.
    """
    if not len(packed) == len(forward) == len(backward):
        raise ValueError(f"{len(packed)} pairs, but alignments of {len(forward)} and {len(backward)}")
    links = np.full(len(packed.targets), NO_LINK, np.uint8)
    sure: list[tuple[int, int]] = []
    start = 0
    for index in range(len(packed)):
        source, target = packed.source(index), packed.target(index)
        both = set(forward[index]) & set(backward[index])
        for found in (backward[index], forward[index], sorted(both)):
            for source_place, target_place in found:
                if source_place < NO_LINK:
                    links[start + target_place] = source_place
        sure += [(int(source[source_place]), int(target[target_place])) for source_place, target_place in sorted(both)]
        start += len(target)
    return links, np.array(sure, np.int64).reshape(-1, 2)


def bilingual_embeddings(
    pairs: npt.NDArray[np.int64], size: int, width: int, *, seed: int = 0, min_count: int = 2
) -> npt.NDArray[np.float32]:
    """Unit vectors (size, width) in which pieces that translate each other start close (cosine near 0.9).

    Each is a random vector mixed with those of the pieces it is linked to, weighted by the geometric mean of the two
    link probabilities. pairs: ids (n, 2) of linked pieces; links seen fewer than min_count times are noise.
    """
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((size, width), dtype=np.float32) / width**0.5
    if not len(pairs):
        return _unit(own)
    links, counts = np.unique(pairs, axis=0, return_counts=True)
    kept = (counts >= min_count) & (links[:, 0] != links[:, 1])
    links, counts = links[kept], counts[kept].astype(np.float64)
    totals = [np.maximum(np.bincount(links[:, side], counts, minlength=size), 1) for side in (0, 1)]
    weights = (counts / np.sqrt(totals[0][links[:, 0]] * totals[1][links[:, 1]])).astype(np.float32)
    translated = np.zeros_like(own)
    for mine, theirs in ((0, 1), (1, 0)):
        np.add.at(translated, links[:, mine], weights[:, None] * own[links[:, theirs]])
    return _unit(OWN_SHARE * own + TRANSLATED_SHARE * _unit(translated))


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)).astype(np.float32)


def _write_ids(path: Path, texts: Iterable[npt.NDArray[np.uint16]]) -> None:
    with path.open("w", encoding="ascii") as file:
        file.writelines(" ".join(map(str, ids)) + "\n" for ids in texts)


def _read_links(path: Path) -> list[Links]:
    return list(_parse_links(path.read_text(encoding="ascii").split("\n")[:-1]))


def _parse_links(lines: Iterable[str]) -> Iterator[Links]:
    for line in lines:
        places = (link.split("-") for link in line.split())
        yield [(int(source), int(target)) for source, target in places]
