"""Marian: from the names of transformers' weights to those of CTranslate2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.convert.weights import Weights, read_json
from newsmt.errors import ModelFilesError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["marian_spec"]

ACTIVATIONS = {
    "gelu": "GELU",
    "gelu_fast": "GELUTanh",
    "gelu_new": "GELUTanh",
    "gelu_python": "GELU",
    "gelu_pytorch_tanh": "GELUTanh",
    "quick_gelu": "GELUSigmoid",
    "relu": "RELU",
    "silu": "SWISH",
    "swish": "SWISH",
}


def marian_spec(directory: Path, config: dict[str, Any], weights: Weights) -> Any:
    """CTranslate2's specification of the Marian model in a directory.

    Raises ModelFilesError for what CTranslate2's Marian decoder does not do, instead of converting it wrongly.
    """
    _check_architecture(directory, config)
    converter = _MarianConverter(config, weights)
    spec = converter.convert()
    source, target = _vocabularies(directory, config)
    spec.register_source_vocabulary(source)
    spec.register_target_vocabulary(target)
    spec.config.eos_token = "</s>"  # noqa: S105 - a token of text
    spec.config.unk_token = "<unk>"  # noqa: S105
    # The decoder starts from a zero embedding, so its start token may be any.
    spec.config.decoder_start_token = "</s>"  # noqa: S105
    return spec


def _check_architecture(directory: Path, config: dict[str, Any]) -> None:
    """Refuse what would be converted into another model than the one that was trained."""
    expected = {
        "normalize_before": (False,),
        "normalize_embedding": (False,),
        "add_final_layer_norm": (False,),
        "static_position_embeddings": (True,),
        "activation_function": tuple(ACTIVATIONS),
        "share_encoder_decoder_embeddings": (True, False),
        "tie_word_embeddings": (True,),
    }
    defaults = {
        "normalize_before": False,
        "normalize_embedding": False,
        "add_final_layer_norm": False,
        "static_position_embeddings": True,
        "activation_function": "gelu",
        "share_encoder_decoder_embeddings": True,
        "tie_word_embeddings": True,
    }
    for key, allowed in expected.items():
        value = config.get(key, defaults[key])
        if value not in allowed:
            raise ModelFilesError(
                f"{directory / 'config.json'} says {key}={value!r}; newsmt converts Marian models with "
                f"{' or '.join(repr(one) for one in allowed)} there: run this one with --backend torch"
            )
    if config.get("encoder_attention_heads") != config.get("decoder_attention_heads"):
        raise ModelFilesError(
            f"{directory / 'config.json'} has {config.get('encoder_attention_heads')} attention heads in the encoder "
            f"and {config.get('decoder_attention_heads')} in the decoder; CTranslate2 takes one number: "
            "use --backend torch"
        )


class _MarianConverter:
    """One conversion: the configuration and the weights it reads."""

    def __init__(self, config: dict[str, Any], weights: Weights) -> None:
        self.config = config
        self.weights = weights
        self.width = int(config["d_model"])

    def convert(self) -> Any:
        from ctranslate2.specs import common_spec, transformer_spec

        config = self.config
        activation = getattr(common_spec.Activation, ACTIVATIONS[config.get("activation_function", "gelu")])
        spec = transformer_spec.TransformerSpec.from_config(
            (int(config["encoder_layers"]), int(config["decoder_layers"])),
            int(config["encoder_attention_heads"]),
            pre_norm=False,
            activation=activation,
        )
        self._set_stack(spec.encoder, "encoder", spec.encoder.embeddings[0])
        self._set_stack(spec.decoder, "decoder", spec.decoder.embeddings)
        spec.decoder.start_from_zero_embedding = True
        spec.decoder.projection.weight = self._embedding("decoder")
        bias = self._output_bias()
        if bias is not None:
            spec.decoder.projection.bias = bias
        return spec

    def _set_stack(self, spec: Any, side: str, embeddings: Any) -> None:
        scaled = self.config.get("scale_embedding", False)
        spec.scale_embeddings = math.sqrt(self.width) if scaled else 1.0
        spec.position_encodings.encodings = self._positions(side)
        embeddings.weight = self._embedding(side)
        for number, layer in enumerate(spec.layer):
            self._set_layer(layer, f"model.{side}.layers.{number}", side)

    def _set_layer(self, layer: Any, name: str, side: str) -> None:
        inner = int(self.config[f"{side}_ffn_dim"])
        self._set_attention(layer.self_attention, f"{name}.self_attn", attends_to_itself=True)
        if side == "decoder":
            self._set_attention(layer.attention, f"{name}.encoder_attn", attends_to_itself=False)
        self._set_linear(layer.ffn.linear_0, f"{name}.fc1", inner, self.width)
        self._set_linear(layer.ffn.linear_1, f"{name}.fc2", self.width, inner)
        self._set_norm(layer.ffn.layer_norm, f"{name}.final_layer_norm")

    def _set_attention(self, spec: Any, name: str, *, attends_to_itself: bool) -> None:
        for linear, letters in zip(spec.linear, ("qkv",) if attends_to_itself else ("q", "kv"), strict=False):
            self._set_fused(linear, [f"{name}.{letter}_proj" for letter in letters])
        self._set_linear(spec.linear[-1], f"{name}.out_proj", self.width, self.width)
        self._set_norm(spec.layer_norm, f"{name}_layer_norm")

    def _set_fused(self, spec: Any, names: Sequence[str]) -> None:
        """Queries, keys and values in one matrix, as CTranslate2 multiplies them."""
        import numpy as np

        width = self.width
        spec.weight = np.concatenate([self.weights.shaped(f"{name}.weight", width, width) for name in names])
        spec.bias = np.concatenate([self.weights.shaped(f"{name}.bias", width) for name in names])

    def _set_linear(self, spec: Any, name: str, outputs: int, inputs: int) -> None:
        spec.weight = self.weights.shaped(f"{name}.weight", outputs, inputs)
        spec.bias = self.weights.shaped(f"{name}.bias", outputs)

    def _set_norm(self, spec: Any, name: str) -> None:
        spec.gamma = self.weights.shaped(f"{name}.weight", self.width)
        spec.beta = self.weights.shaped(f"{name}.bias", self.width)

    def _positions(self, side: str) -> NDArray[np.float32]:
        """The sinusoids, from the checkpoint where it stores them and computed where it does not."""
        import numpy as np

        name = f"model.{side}.embed_positions.weight"
        count = int(self.config["max_position_embeddings"])
        if name in self.weights:
            return self.weights.shaped(name, count, self.width)
        columns = np.arange(self.width)
        angles = np.arange(count)[:, None] / np.power(10000, 2 * (columns // 2) / self.width)[None, :]
        half = (self.width + 1) // 2
        encodings = np.zeros((count, self.width), np.float32)
        encodings[:, :half] = np.sin(angles[:, 0::2])
        encodings[:, half:] = np.cos(angles[:, 1::2])
        return encodings

    def _embedding(self, side: str) -> NDArray[np.float32]:
        """Token embeddings without the last row: <pad>, which only starts the decoder, from zero."""
        if self._shares_embeddings():
            size = int(self.config["vocab_size"])
            names = ("model.shared.weight", f"model.{side}.embed_tokens.weight", "lm_head.weight")
        else:
            size = int(self.config["vocab_size" if side == "encoder" else "decoder_vocab_size"])
            names = (f"model.{side}.embed_tokens.weight", *(("lm_head.weight",) if side == "decoder" else ()))
        name = next((name for name in names if name in self.weights), names[0])
        return self.weights.shaped(name, size, self.width)[:-1]

    def _shares_embeddings(self) -> bool:
        return bool(self.config.get("share_encoder_decoder_embeddings", True))

    def _output_bias(self) -> NDArray[np.float32] | None:
        if "final_logits_bias" not in self.weights:
            return None
        size = self.config["vocab_size" if self._shares_embeddings() else "decoder_vocab_size"]
        bias = self.weights.shaped("final_logits_bias", 1, int(size)).reshape(-1)
        return bias[:-1] if bias.any() else None


def _vocabularies(directory: Path, config: dict[str, Any]) -> tuple[list[str], list[str]]:
    source = _vocabulary(directory / "vocab.json", int(config["vocab_size"]))
    if config.get("share_encoder_decoder_embeddings", True):
        return source, source
    size = int(config.get("decoder_vocab_size") or config["vocab_size"])
    return source, _vocabulary(directory / "target_vocab.json", size)


def _vocabulary(path: Path, size: int) -> list[str]:
    """Pieces by their number, without <pad>."""
    numbers = read_json(path)
    pieces = sorted(numbers, key=lambda piece: int(numbers[piece]))
    if [numbers[piece] for piece in pieces] != list(range(size)):
        raise ModelFilesError(
            f"{path} numbers {len(pieces)} pieces, but config.json has {size}: they must run from 0 to {size - 1} "
            "without a gap; fetch the model again"
        )
    if pieces[-1] != "<pad>":
        raise ModelFilesError(
            f"{path} ends with {pieces[-1]!r}; CTranslate2 needs '<pad>' as the last piece of a Marian vocabulary "
            "(as in opus-mt): use --backend torch, or train with <pad> last"
        )
    return pieces[:-1]
