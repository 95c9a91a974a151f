"""A trained network as a Hugging Face Marian directory in float16 safetensors, with no transformers needed."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from models.training.config import ModelConfig, Recipe
from models.training.network import as_marian
from models.training.prepare import VOCABULARY_FILE
from models.training.records import load_checkpoint
from models.training.vocabulary import PRETOKENIZATION, Vocabulary

__all__ = ["export", "export_run", "marian_config"]


def export(
    weights: Mapping[str, Tensor],
    config: ModelConfig,
    vocabulary: Vocabulary,
    directory: Path,
    *,
    segment_tokens: int = 0,
    shard_bytes: int = 0,
) -> None:
    """Write the checkpoint's files into a directory, each complete or not at all; other files there stay.

    weights: under the names of MarianMTModel. shard_bytes: largest weight file (0: one file), for machines from which
    only small files come back; several files get the index that transformers reads. newsmt.json tells the library what
    transformers has no place for: the folding of the text, and the longest segment to give the model (0: no limit).
    """
    if not bool((weights["model.shared.weight"][-1] == 0).all()):
        raise ValueError("the embedding of <pad> is not zero: CTranslate2 would disagree from the first token")
    directory.mkdir(parents=True, exist_ok=True)
    partial = directory / f".{uuid.uuid4().hex[:8]}.partial"
    partial.mkdir()
    try:
        _write_weights(weights, partial, shard_bytes)
        _write_json(partial / "config.json", marian_config(config))
        _write_json(partial / "generation_config.json", _generation_config(config))
        _write_json(partial / "tokenizer_config.json", _tokenizer_config(config))
        facts = {"normalization": "ascii", "pretokenization": PRETOKENIZATION, "segment_tokens": segment_tokens}
        _write_json(partial / "newsmt.json", {name: value for name, value in facts.items() if value})
        vocabulary.save(partial)
        for path in sorted(partial.iterdir()):
            path.chmod(0o644)
            path.replace(directory / path.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def export_run(recipe: Recipe, run: Path, directory: Path, *, raw: bool = False, shard_bytes: int = 0) -> None:
    """Export the moving average (or the last weights) of a run's checkpoint."""
    state = load_checkpoint(run)
    if state is None:
        raise FileNotFoundError(f"{run} holds no checkpoint: train first")
    export(
        as_marian(state["network" if raw else "average"]),
        recipe.model,
        Vocabulary(run / VOCABULARY_FILE),
        directory,
        segment_tokens=recipe.segment_tokens,
        shard_bytes=shard_bytes,
    )


def marian_config(config: ModelConfig) -> dict[str, Any]:
    """config.json of the shape."""
    pad = config.vocabulary_size - 1
    return {
        "activation_dropout": 0.0,
        "activation_function": "relu",
        "architectures": ["MarianMTModel"],
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "d_model": config.d_model,
        "decoder_attention_heads": config.heads,
        "decoder_ffn_dim": config.feed_forward,
        "decoder_layerdrop": 0.0,
        "decoder_layers": config.decoder_layers,
        "decoder_start_token_id": pad,
        "decoder_vocab_size": config.vocabulary_size,
        "dropout": 0.0,
        "dtype": "float16",
        "encoder_attention_heads": config.heads,
        "encoder_ffn_dim": config.feed_forward,
        "encoder_layerdrop": 0.0,
        "encoder_layers": config.encoder_layers,
        "eos_token_id": 0,
        "forced_eos_token_id": 0,
        "init_std": 0.02,
        "is_decoder": False,
        "is_encoder_decoder": True,
        "max_position_embeddings": config.max_positions,
        "model_type": "marian",
        "normalize_before": False,
        "normalize_embedding": False,
        "pad_token_id": pad,
        "scale_embedding": True,
        "share_encoder_decoder_embeddings": True,
        "static_position_embeddings": True,
        "tie_word_embeddings": True,
        "use_cache": True,
        "vocab_size": config.vocabulary_size,
    }


def _generation_config(config: ModelConfig) -> dict[str, Any]:
    pad = config.vocabulary_size - 1
    return {
        "bad_words_ids": [[pad]],
        "bos_token_id": 0,
        "decoder_start_token_id": pad,
        "eos_token_id": 0,
        "forced_eos_token_id": 0,
        "max_length": config.max_positions,
        "num_beams": 4,
        "pad_token_id": pad,
        "renormalize_logits": True,
    }


def _tokenizer_config(config: ModelConfig) -> dict[str, Any]:
    return {
        "source_lang": "de",
        "target_lang": "en",
        "tokenizer_class": "MarianTokenizer",
        "model_max_length": config.max_positions,
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "separate_vocabs": False,
        "clean_up_tokenization_spaces": False,
    }


def _write_weights(weights: Mapping[str, Tensor], directory: Path, shard_bytes: int) -> None:
    halves = {name: tensor.to(torch.float16).contiguous() for name, tensor in sorted(weights.items())}
    shards = _shards(halves, shard_bytes)
    if len(shards) == 1:
        save_file(halves, directory / "model.safetensors", metadata={"format": "pt"})
        return
    index: dict[str, str] = {}
    for number, names in enumerate(shards, start=1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file({name: halves[name] for name in names}, directory / file, metadata={"format": "pt"})
        index |= dict.fromkeys(names, file)
    total = sum(tensor.nbytes for tensor in halves.values())
    _write_json(directory / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": index})


def _shards(tensors: Mapping[str, Tensor], limit: int) -> list[list[str]]:
    shards: list[list[str]] = [[]]
    filled = 0
    for name, tensor in tensors.items():
        if limit and shards[-1] and filled + tensor.nbytes > limit:
            shards.append([])
            filled = 0
        shards[-1].append(name)
        filled += tensor.nbytes
    return shards


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
