"""One TOML file per model: its shape, its data and its phases of training."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["CorpusShare", "DataConfig", "ModelConfig", "Phase", "Recipe", "TrainConfig", "load_recipe"]

T = TypeVar("T")


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a Marian model: post-norm, ReLU, embeddings shared and tied."""

    d_model: int = 256
    feed_forward: int = 1024
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 2
    vocabulary_size: int = 8000
    max_positions: int = 512

    def __post_init__(self) -> None:
        if self.d_model % (2 * self.heads):
            raise ValueError(f"d_model {self.d_model} must be a multiple of twice the {self.heads} heads")


@dataclass(frozen=True)
class CorpusShare:
    """How much of one corpus goes into a mixture.

    `copies`: how often each pair occurs; from the second on with a sampled segmentation where the mixture asks for it.
    `at_most`: a random sample of so many pairs (0: all). `joined`: share of the pairs that come once more, joined with
    their next one or two neighbours, so that the model knows lines of several sentences.
    """

    corpus: str
    copies: int = 1
    at_most: int = 0
    joined: float = 0.0


@dataclass(frozen=True)
class DataConfig:
    """What is read, what is kept, and what is mixed."""

    mixtures: Mapping[str, tuple[CorpusShare, ...]]
    held_out_corpus: str = "wmt0816_ref"
    held_out_pairs: int = 300
    max_words: int = 120
    max_pieces: int = 180
    max_ratio: float = 2.2
    sampling_alpha: float = 0.0
    generated: Mapping[str, int] = field(default_factory=dict)
    vocabulary_mixture: str = ""
    near_duplicate_share: float = 0.5
    seed: int = 1


@dataclass(frozen=True)
class Phase:
    """A stretch of training on one mixture, the learning rate going in a straight line between two factors.

    It lasts for so many minutes of training, or for so many steps.
    """

    name: str
    mixture: str
    minutes: float = 0.0
    steps: int = 0
    factor_from: float = 1.0
    factor_to: float = 1.0
    batch_pieces: int = 3000
    max_pieces: int = 180

    def __post_init__(self) -> None:
        if (self.minutes > 0) == (self.steps > 0):
            raise ValueError(f"phase {self.name!r} needs either minutes or steps")


@dataclass(frozen=True)
class TrainConfig:
    """How the weights are changed."""

    phases: tuple[Phase, ...]
    muon_rate: float = 0.02
    adam_rate: float = 2e-3
    warm_up_steps: int = 300
    clip: float = 5.0
    label_smoothing: float = 0.1
    dropout: float = 0.0
    average_decay: float = 0.999
    guide_weight: float = 0.0
    guide_floor: float = 0.03
    guide_steps: int = 8000
    checkpoint_minutes: float = 10.0
    score_minutes: float = 20.0
    scored_lines: int = 200
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.phases:
            raise ValueError("a recipe needs at least one [[train.phases]]")


@dataclass(frozen=True)
class Recipe:
    """Everything that makes one model.

    start: directory of a Marian checkpoint to go on from ("": from nothing); segment_tokens: longest segment that the
    library should give the model (0: as long as it takes).
    """

    name: str
    description: str
    model: ModelConfig
    data: DataConfig
    train: TrainConfig
    licences: Mapping[str, str]
    start: str = ""
    segment_tokens: int = 0
    weaknesses: tuple[str, ...] = ()


def load_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file.

    Raises ValueError that names the file for a key that no part of the recipe knows, so that a misspelt setting cannot
    pass unseen.
    """
    try:
        return _recipe(tomllib.loads(path.read_text(encoding="utf-8")))
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _recipe(table: dict[str, Any]) -> Recipe:
    data, train = dict(table["data"]), dict(table["train"])
    data["mixtures"] = {
        name: tuple(CorpusShare(corpus=corpus, **share) for corpus, share in shares.items())
        for name, shares in data["mixtures"].items()
    }
    train["phases"] = tuple(_build(Phase, phase) for phase in train["phases"])
    recipe = Recipe(
        name=table["name"],
        description=table["description"],
        model=_build(ModelConfig, table.get("model", {})),
        data=_build(DataConfig, data),
        train=_build(TrainConfig, train),
        licences=table.get("licences", {}),
        start=table.get("start", ""),
        segment_tokens=table.get("segment_tokens", 0),
        weaknesses=tuple(table.get("weaknesses", ())),
    )
    unknown = {phase.mixture for phase in recipe.train.phases} - set(recipe.data.mixtures)
    if unknown:
        raise ValueError(f"phases name mixtures that are not there: {', '.join(sorted(unknown))}")
    return recipe


def _build(kind: type[T], table: dict[str, Any]) -> T:
    unknown = set(table) - {part.name for part in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"unknown setting {', '.join(sorted(unknown))} of {kind.__name__}")
    return kind(**table)
