"""T5 and mT5: from the names of transformers' weights to those of CTranslate2."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.convert.marian import ACTIVATIONS
from newsmt.convert.weights import Weights, read_json
from newsmt.errors import ModelFilesError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["t5_spec"]

DEFAULT_FEED_FORWARD = {"t5": "relu", "mt5": "gated-gelu"}
DEFAULT_SENTINELS = 100
# What CTranslate2 adds to the variance in its root mean square norm; it cannot be told another number for T5.
NORM_EPSILON = 1e-6


def t5_spec(directory: Path, config: dict[str, Any], weights: Weights) -> Any:
    """CTranslate2's specification of the T5 or mT5 model in a directory.

    Equal to that of CTranslate2's own converter, but for one thing: run with transformers 5, that one scales the output
    of every model, because transformers 5 calls all of them tied. Only the first T5 scales; mT5 and T5 1.1 do not.
    """
    architecture = str(config["model_type"])
    activation, gated = _feed_forward(directory, config, architecture)
    if config.get("layer_norm_epsilon", NORM_EPSILON) != NORM_EPSILON:
        raise ModelFilesError(
            f"{directory / 'config.json'} says layer_norm_epsilon={config['layer_norm_epsilon']}; CTranslate2 computes "
            f"with {NORM_EPSILON}: use --backend torch"
        )
    spec = _T5Converter(config, weights).convert(activation, gated=gated)
    if scales_output(config):
        spec.decoder.scale_outputs = int(config["d_model"]) ** -0.5
    tokens = _vocabulary(directory, int(config["vocab_size"]))
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.bos_token = "<pad>"  # noqa: S105 - a token of text
    spec.config.eos_token = "</s>"  # noqa: S105
    spec.config.unk_token = "<unk>"  # noqa: S105
    spec.config.decoder_start_token = tokens[int(config.get("decoder_start_token_id") or 0)]
    return spec


def scales_output(config: dict[str, Any]) -> bool:
    """Whether the last hidden state is scaled before the output layer: in T5 1.0 only.

    transformers 5 writes scale_decoder_outputs; before, tie_word_embeddings meant both.
    """
    if config["model_type"] != "t5":
        return False
    return bool(config.get("scale_decoder_outputs", config.get("tie_word_embeddings", True) is not False))


def _feed_forward(directory: Path, config: dict[str, Any], architecture: str) -> tuple[str, bool]:
    """Activation, and whether it gates a second projection: from "relu", "gated-gelu" and the like."""
    named = str(config.get("feed_forward_proj", DEFAULT_FEED_FORWARD[architecture]))
    parts = named.split("-")
    activation = "gelu_new" if named == "gated-gelu" else parts[-1]
    if activation not in ACTIVATIONS or len(parts) > 2 or (len(parts) == 2 and parts[0] != "gated"):
        raise ModelFilesError(
            f"{directory / 'config.json'} says feed_forward_proj={named!r}; newsmt converts "
            f"{', '.join(ACTIVATIONS)}, each also with gated- before it: use --backend torch"
        )
    return ACTIVATIONS[activation], parts[0] == "gated"


class _T5Converter:
    """One conversion: the configuration and the weights it reads."""

    def __init__(self, config: dict[str, Any], weights: Weights) -> None:
        self.config = config
        self.weights = weights
        self.width = int(config["d_model"])
        self.heads = int(config["num_heads"])
        self.attention_width = self.heads * int(config["d_kv"])
        self.inner = int(config["d_ff"])

    def convert(self, activation: str, *, gated: bool) -> Any:
        from ctranslate2.specs import common_spec, transformer_spec

        layers = int(self.config["num_layers"])
        spec = transformer_spec.TransformerSpec.from_config(
            (layers, int(self.config.get("num_decoder_layers") or layers)),
            self.heads,
            pre_norm=True,
            activation=getattr(common_spec.Activation, activation),
            ffn_glu=gated,
            relative_attention_bias=True,
            rms_norm=True,
        )
        self._set_stack(spec.encoder, "encoder", spec.encoder.embeddings[0])
        self._set_stack(spec.decoder, "decoder", spec.decoder.embeddings)
        spec.decoder.projection.weight = self._embedding("lm_head.weight")
        return spec

    def _set_stack(self, spec: Any, side: str, embeddings: Any) -> None:
        import numpy as np

        spec.layer_norm.gamma = self.weights.shaped(f"{side}.final_layer_norm.weight", self.width)
        embeddings.weight = self._embedding(f"{side}.embed_tokens.weight")
        spec.scale_embeddings = False
        # Positions are a bias of the first layer's attention, which all layers share.
        buckets = int(self.config.get("relative_attention_num_buckets", 32))
        name = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        bias = self.weights.shaped(name, buckets, self.heads)
        distance = np.dtype("int32").type(self.config.get("relative_attention_max_distance", 128))
        for number, layer in enumerate(spec.layer):
            name = f"{side}.block.{number}.layer"
            self._set_attention(layer.self_attention, f"{name}.0", "SelfAttention")
            layer.self_attention.relative_attention_bias = bias
            layer.self_attention.relative_attention_max_distance = distance
            if side == "decoder":
                self._set_attention(layer.attention, f"{name}.1", "EncDecAttention")
            self._set_feed_forward(layer.ffn, f"{name}.{2 if side == 'decoder' else 1}")

    def _set_attention(self, spec: Any, name: str, kind: str) -> None:
        spec.queries_scale = 1.0
        for linear, letters in zip(spec.linear, ("qkv",) if kind == "SelfAttention" else ("q", "kv"), strict=False):
            linear.weight = self._fused([f"{name}.{kind}.{letter}.weight" for letter in letters])
        spec.linear[-1].weight = self.weights.shaped(f"{name}.{kind}.o.weight", self.width, self.attention_width)
        spec.layer_norm.gamma = self.weights.shaped(f"{name}.layer_norm.weight", self.width)

    def _set_feed_forward(self, spec: Any, name: str) -> None:
        inwards = self.inner, self.width
        if hasattr(spec, "linear_0_noact"):
            spec.linear_0.weight = self.weights.shaped(f"{name}.DenseReluDense.wi_0.weight", *inwards)
            spec.linear_0_noact.weight = self.weights.shaped(f"{name}.DenseReluDense.wi_1.weight", *inwards)
        else:
            spec.linear_0.weight = self.weights.shaped(f"{name}.DenseReluDense.wi.weight", *inwards)
        spec.linear_1.weight = self.weights.shaped(f"{name}.DenseReluDense.wo.weight", self.width, self.inner)
        spec.layer_norm.gamma = self.weights.shaped(f"{name}.layer_norm.weight", self.width)

    def _fused(self, names: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        return np.concatenate([self.weights.shaped(name, self.attention_width, self.width) for name in names])

    def _embedding(self, name: str) -> NDArray[np.float32]:
        """Token embeddings or the output layer: of its own where the checkpoint has one, else the shared one."""
        rows = int(self.config["vocab_size"])
        return self.weights.shaped(name if name in self.weights else "shared.weight", rows, self.width)


def _vocabulary(directory: Path, size: int) -> list[str]:
    """The token of each row: pieces, sentinels, and names for the rows that round the table up."""
    tokens = _tokens(directory, size)
    if len(tokens) > size:
        raise ModelFilesError(
            f"{directory} has {len(tokens)} pieces and sentinels, but config.json has {size}: the tokenizer and the "
            "weights are not of the same model; fetch the model again"
        )
    return [*tokens, *(f"<extra_id_{number}>" for number in range(size - len(tokens)))]


def _tokens(directory: Path, size: int) -> list[str]:
    if (directory / "tokenizer.json").is_file():
        return _tokens_of_tokenizer(directory / "tokenizer.json")
    path = directory / "spiece.model"
    if not path.is_file():
        raise ModelFilesError(f"{directory} lacks spiece.model; fetch the model again")
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_file=str(path))
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    sentinels = [f"<extra_id_{number}>" for number in range(_sentinel_count(directory, pieces) - 1, -1, -1)]
    return [*pieces, *sentinels[: max(0, size - len(pieces))]]


def _sentinel_count(directory: Path, pieces: Sequence[str]) -> int:
    """How many sentinels follow the pieces; mT5's are among them already."""
    configuration = directory / "tokenizer_config.json"
    stated = read_json(configuration).get("extra_ids") if configuration.is_file() else None
    if stated is not None:
        return int(stated)
    return 0 if any("<extra_id_" in piece for piece in pieces) else DEFAULT_SENTINELS


def _tokens_of_tokenizer(path: Path) -> list[str]:
    """Tokens by their number from the file of Hugging Face's tokenizers library."""
    value = read_json(path)
    try:
        tokens = [str(piece) for piece, _score in value["model"]["vocab"]]
        for added in sorted(value["added_tokens"], key=lambda one: one["id"]):
            if added["id"] == len(tokens):
                tokens.append(added["content"])
            elif tokens[added["id"]] != added["content"]:
                raise ValueError(f"token {added['id']} has two names")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelFilesError(f"{path} is no unigram tokenizer ({json.dumps(str(error))}); fetch it again") from error
    return tokens
