"""The trained network: a post-norm Transformer with the parameter names and shapes of transformers' MarianMTModel."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.config import ModelConfig

__all__ = ["Network", "Output", "as_marian", "position_table"]

PAD_BIAS = -1e4
# Factors on the matrices that end a residual branch: branches that start small leave the embeddings visible.
ENCODER_BRANCH = 0.1
DECODER_BRANCH = 0.3


def position_table(positions: int, width: int) -> Tensor:
    """Sinusoids as Marian has them: sines in the first half, cosines in the second; (positions, width)."""
    place = torch.arange(positions, dtype=torch.float32)[:, None]
    rate = torch.exp(-math.log(10000) * 2 * torch.arange(width // 2) / width)
    return torch.cat([torch.sin(place * rate), torch.cos(place * rate)], dim=1)


class Attention(nn.Module):
    """Multi-head attention as matrix products and a softmax: on a CPU faster to differentiate than fused kernels."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, queries: Tensor, keys: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, queries, width) and the attention's logarithms (batch, heads, queries, keys).

        hidden: boolean, broadcast to (batch, heads, queries, keys), true where a key must not be seen.
        """
        query = self._split(self.q_proj(queries)) * (self.q_proj.out_features // self.heads) ** -0.5
        scores = query @ self._split(self.k_proj(keys)).transpose(-1, -2)
        scores = scores.masked_fill(hidden, -1e4)
        mixed = scores.softmax(-1) @ self._split(self.v_proj(keys))
        return self.out_proj(mixed.transpose(1, 2).flatten(2)), scores

    def _split(self, states: Tensor) -> Tensor:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each normalised after its residual."""

    def __init__(self, config: ModelConfig, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.self_attn = Attention(config.d_model, config.heads)
        self.self_attn_layer_norm = nn.LayerNorm(config.d_model)
        self.fc1 = nn.Linear(config.d_model, config.feed_forward)
        self.fc2 = nn.Linear(config.feed_forward, config.d_model)
        self.final_layer_norm = nn.LayerNorm(config.d_model)

    def forward(self, states: Tensor, hidden: Tensor) -> Tensor:
        attended, _ = self.self_attn(states, states, hidden)
        states = self.self_attn_layer_norm(states + self._drop(attended))
        return self.final_layer_norm(states + self._drop(self.fc2(functional.relu(self.fc1(states)))))

    def _drop(self, states: Tensor) -> Tensor:
        return functional.dropout(states, self.dropout, self.training) if self.dropout else states


class DecoderLayer(EncoderLayer):
    """An encoder layer with attention to the source between its two parts."""

    def __init__(self, config: ModelConfig, dropout: float) -> None:
        super().__init__(config, dropout)
        self.encoder_attn = Attention(config.d_model, config.heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(config.d_model)

    def decode(self, states: Tensor, hidden: Tensor, encoded: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """The states one layer up and the logarithms of the attention to the source, not normalised."""
        attended, _ = self.self_attn(states, states, hidden)
        states = self.self_attn_layer_norm(states + self._drop(attended))
        attended, scores = self.encoder_attn(states, encoded, padding)
        states = self.encoder_attn_layer_norm(states + self._drop(attended))
        return self.final_layer_norm(states + self._drop(self.fc2(functional.relu(self.fc1(states))))), scores


class Output(torch.autograd.Function):
    """Label-smoothed cross-entropy of a tied output layer, summed, with its gradients made in the forward pass.

    Rows are taken a few hundred at a time, so that the logits never leave the cache: twice as fast on a CPU as logits
    in one piece. <pad>, the last entry, is no class: CTranslate2 drops it too.
    """

    @staticmethod
    def forward(
        context: torch.autograd.function.FunctionCtx,
        states: Tensor,
        embeddings: Tensor,
        bias: Tensor,
        labels: Tensor,
        smoothing: float,
        rows: int,
    ) -> tuple[Tensor, Tensor]:
        """Smoothed and plain loss of states (n, width), embeddings (vocabulary, width), bias and labels (n,)."""
        classes = embeddings.shape[0] - 1
        matrix, offset = embeddings[:classes].to(states.dtype), bias[:classes].to(states.dtype)
        state_gradient = torch.empty_like(states)
        matrix_gradient = torch.zeros_like(embeddings)
        bias_gradient = torch.zeros_like(bias)
        plain = states.new_zeros((), dtype=torch.float32)
        spread = states.new_zeros((), dtype=torch.float32)
        for start in range(0, len(labels), rows):
            chunk, wanted = states[start : start + rows], labels[start : start + rows, None]
            logs = torch.addmm(offset, chunk, matrix.T).float().log_softmax(1)
            plain -= logs.gather(1, wanted).sum()
            spread -= logs.sum() / classes
            gradient = logs.exp_().sub_(smoothing / classes)
            gradient.scatter_add_(1, wanted, gradient.new_full(wanted.shape, smoothing - 1))
            bias_gradient[:classes] += gradient.sum(0)
            gradient = gradient.to(states.dtype)
            torch.mm(gradient, matrix, out=state_gradient[start : start + rows])
            matrix_gradient[:classes] += gradient.T @ chunk
        context.save_for_backward(state_gradient, matrix_gradient, bias_gradient)
        context.mark_non_differentiable(plain)
        return (1 - smoothing) * plain + smoothing * spread, plain

    @staticmethod
    def backward(context: torch.autograd.function.FunctionCtx, *outer: Tensor) -> tuple[Tensor | None, ...]:
        """The stored gradients times that of the smoothed loss."""
        states, matrix, bias = context.saved_tensors  # type: ignore[attr-defined]
        return states * outer[0], matrix * outer[0], bias * outer[0], None, None, None


class Stack(nn.Module):
    """Encoder or decoder: its layers under Marian's name."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)


class Network(nn.Module):
    """A Marian model in training: `marian_weights` gives a checkpoint's weights, `load_marian` takes them."""

    def __init__(self, config: ModelConfig, *, dropout: float = 0.0, embeddings: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        self.dropout = dropout
        self.pad = config.vocabulary_size - 1
        self.shared = nn.Embedding(config.vocabulary_size, config.d_model)
        self.encoder = Stack([EncoderLayer(config, dropout) for _ in range(config.encoder_layers)])
        self.decoder = Stack([DecoderLayer(config, dropout) for _ in range(config.decoder_layers)])
        self.final_logits_bias = nn.Parameter(torch.zeros(config.vocabulary_size))
        self.register_buffer("positions", position_table(config.max_positions, config.d_model), persistent=False)
        self._start(embeddings)

    def forward(
        self, sources: Tensor, inputs: Tensor, labels: Tensor, *, smoothing: float = 0.0, rows: int = 384
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Smoothed loss and plain loss, each summed over the labels that are not padding, and the last layer's scores.

        sources (batch, n), inputs and labels (batch, m), padded with <pad>; inputs begin with <pad>.
        """
        encoded, padding = self.encode(sources)
        states, scores = self.decode(inputs, encoded, padding)
        wanted = labels != self.pad
        loss, plain = Output.apply(
            states[wanted], self.shared.weight, self.final_logits_bias, labels[wanted], smoothing, rows
        )
        return loss, plain, scores

    def encode(self, sources: Tensor) -> tuple[Tensor, Tensor]:
        """Encoder states and the mask of the padding."""
        padding = (sources == self.pad)[:, None, None, :]
        states = self._embed(sources)
        for layer in self.encoder.layers:
            states = layer(states, padding)
        return states, padding

    def decode(self, inputs: Tensor, encoded: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """Decoder states and the scores of the last attention to the source."""
        length = inputs.shape[1]
        future = torch.ones(length, length, dtype=torch.bool, device=inputs.device).triu(1)
        states = self._embed(inputs)
        for layer in self.decoder.layers:
            states, scores = layer.decode(states, future, encoded, padding)  # type: ignore[operator]
        return states, scores

    def logits(self, states: Tensor) -> Tensor:
        """Logits over the vocabulary, <pad> ruled out."""
        logits = states @ self.shared.weight.T + self.final_logits_bias
        logits[..., self.pad] = PAD_BIAS
        return logits

    def marian_weights(self) -> dict[str, Tensor]:
        """The weights under the names of MarianMTModel, in float32; the row of <pad> is zero."""
        return as_marian(self.state_dict())

    def load_marian(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights of a Marian checkpoint; raises RuntimeError where names or shapes differ."""
        own = {name.removeprefix("model."): tensor.float() for name, tensor in weights.items()}
        bias = own["final_logits_bias"].flatten().clone()
        bias[self.pad] = 0
        self.load_state_dict({**own, "final_logits_bias": bias})

    def _embed(self, ids: Tensor) -> Tensor:
        states = self.shared(ids) * self.config.d_model**0.5 + self.positions[: ids.shape[1]]  # type: ignore[index]
        return functional.dropout(states, self.dropout, self.training) if self.dropout else states

    @torch.no_grad()
    def _start(self, embeddings: Tensor | None) -> None:
        """Weights from which translation, not only English, is learnt: see README.md, "Why it learns at all"."""
        nn.init.normal_(self.shared.weight, std=self.config.d_model**-0.5)
        if embeddings is not None:
            self.shared.weight.copy_(embeddings)
        self.shared.weight[self.pad] = 0
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and name != "shared.weight":
                nn.init.xavier_uniform_(weight)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)
        for layer in self.encoder.layers:
            for matrix in (layer.self_attn.out_proj, layer.fc2):  # type: ignore[union-attr]
                matrix.weight.mul_(ENCODER_BRANCH)  # type: ignore[union-attr, operator]
        for layer in self.decoder.layers:
            layer.self_attn.out_proj.weight.mul_(DECODER_BRANCH)  # type: ignore[union-attr, operator]
            layer.encoder_attn.out_proj.weight.mul_(DECODER_BRANCH)  # type: ignore[union-attr, operator]
            layer.fc2.weight.mul_(ENCODER_BRANCH)  # type: ignore[union-attr, operator]
        last = self.decoder.layers[-1]
        nn.init.eye_(last.encoder_attn.v_proj.weight)  # type: ignore[union-attr, arg-type]
        nn.init.eye_(last.encoder_attn.out_proj.weight)  # type: ignore[union-attr, arg-type]


def as_marian(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A Network's state under the names of MarianMTModel, in float32 on the CPU."""
    weights = {f"model.{name}": tensor.detach().float().cpu() for name, tensor in state.items()}
    bias = weights.pop("model.final_logits_bias").clone()
    bias[-1] = PAD_BIAS
    weights["model.shared.weight"] = weights["model.shared.weight"].clone()
    weights["model.shared.weight"][-1] = 0
    return {**weights, "final_logits_bias": bias[None]}
