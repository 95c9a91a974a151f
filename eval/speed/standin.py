"""A stand-in for opus-mt-de-en where its weights cannot be had: its real shape and vocabulary, random weights.

Speed does not depend on the values of weights, except that random ones never end a sentence: a run with this model has
to set the length of all hypotheses.
"""

from __future__ import annotations

import json
import math
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

__all__ = ["build_standin"]

_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
NEVER = -1000.0  # a logit


def build_standin(configuration: Path, destination: Path) -> Path:
    """A checkpoint in destination with the config.json and vocab.json of the directory configuration."""
    import torch
    from transformers import MarianConfig, MarianMTModel

    destination.mkdir(parents=True, exist_ok=True)
    if (destination / "model.safetensors").is_file():
        return destination
    for name in ("vocab.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copyfile(configuration / name, destination / name)
    vocabulary: dict[str, int] = json.loads((configuration / "vocab.json").read_text(encoding="utf-8"))
    for name in ("source.spm", "target.spm"):
        (destination / name).write_bytes(sentencepiece_of(vocabulary))
    torch.manual_seed(1)
    model = MarianMTModel(MarianConfig.from_pretrained(configuration)).eval()
    with torch.no_grad():
        model.model.shared.weight[-1].zero_()
        model.final_logits_bias[0, 0] = NEVER
    model.save_pretrained(destination)
    return destination


def sentencepiece_of(vocabulary: dict[str, int]) -> bytes:
    """A SentencePiece unigram model with exactly these pieces, the more frequent (lower) numbers the more likely."""
    pieces = [("<unk>", 0.0, _UNKNOWN), ("<s>", 0.0, _CONTROL), ("</s>", 0.0, _CONTROL)]
    pieces += [
        (piece, -math.log(number + 10.0), _NORMAL)
        for piece, number in vocabulary.items()
        if piece not in ("<unk>", "</s>", "<pad>")
    ]
    return b"".join(_model(pieces))


def _model(pieces: list[tuple[str, float, int]]) -> Iterator[bytes]:
    """SentencePiece's ModelProto: the pieces, then a normalizer that changes nothing but whitespace."""
    for piece, score, kind in pieces:
        text = piece.encode()
        yield _field(1, _field(1, text) + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind]))
    yield _field(3, _field(1, b"identity"))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
