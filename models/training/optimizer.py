"""Muon for the layers' matrices, Adam for embeddings, biases and norms: half the steps of Adam alone."""

from __future__ import annotations

import copy
from concurrent.futures import Executor
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Optimizer", "orthogonalise"]

MOMENTUM = 0.95
WEIGHT_DECAY = 0.02
STACK = 8


def orthogonalise(stack: Tensor, steps: int = 5) -> Tensor:
    """Each matrix of a stack (n, rows <= columns) with all singular values near 1, by Newton-Schulz iterations.

    In bfloat16 on a GPU. Coefficients: Keller Jordan's Muon, 2024.
    """
    matrices = stack.bfloat16() if stack.is_cuda else stack
    matrices = matrices / (matrices.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(steps):
        gram = matrices @ matrices.transpose(1, 2)
        polynomial = torch.baddbmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
        matrices = torch.baddbmm(matrices, polynomial, matrices, beta=3.4445)
    return matrices.to(stack.dtype)


class Optimizer:
    """Both optimisers over one network, with gradients handed over as a list in the order of `parameters`."""

    def __init__(self, network: nn.Module, *, muon_rate: float, adam_rate: float) -> None:
        self.muon_rate, self.adam_rate = muon_rate, adam_rate
        self.parameters = list(network.parameters())
        named = list(network.named_parameters())
        self._matrices = [weight for name, weight in named if _is_layer_matrix(name, weight)]
        self._adam = torch.optim.Adam(
            [weight for name, weight in named if not _is_layer_matrix(name, weight)],
            lr=adam_rate,
            betas=(0.9, 0.98),
            eps=1e-9,
        )
        self._momentum = [torch.zeros_like(weight) for weight in self._matrices]
        self._stacks = self._group()

    def step(self, factor: float, pool: Executor) -> None:
        """Change the weights by their .grad at `factor` times the rates; the stacks of matrices are shared out."""
        for group in self._adam.param_groups:
            group["lr"] = self.adam_rate * factor
        list(pool.map(lambda stack: self._muon(stack, self.muon_rate * factor), self._stacks))
        self._adam.step()

    def state(self) -> dict[str, Any]:
        """What `load` takes."""
        return {"adam": self._adam.state_dict(), "momentum": self._momentum}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state of an optimiser over the same network."""
        self._adam.load_state_dict(copy.deepcopy(state["adam"]))
        for own, saved in zip(self._momentum, state["momentum"], strict=True):
            own.copy_(saved)

    def _group(self) -> list[list[int]]:
        shapes: dict[tuple[int, ...], list[int]] = {}
        for index, matrix in enumerate(self._matrices):
            shapes.setdefault(tuple(matrix.shape), []).append(index)
        return [indices[at : at + STACK] for indices in shapes.values() for at in range(0, len(indices), STACK)]

    @torch.no_grad()
    def _muon(self, indices: list[int], rate: float) -> None:
        gradients = torch.stack([self._matrices[index].grad for index in indices])  # type: ignore[misc]
        momentum = torch.stack([self._momentum[index] for index in indices]).mul_(MOMENTUM).add_(gradients)
        for index, values in zip(indices, momentum, strict=True):
            self._momentum[index].copy_(values)
        nesterov = gradients.add_(momentum, alpha=MOMENTUM)
        tall = nesterov.shape[1] > nesterov.shape[2]
        update = orthogonalise(nesterov.transpose(1, 2) if tall else nesterov)
        update = update.transpose(1, 2) if tall else update
        rows, columns = nesterov.shape[1:]
        scale = max(1.0, rows / columns) ** 0.5
        for index, values in zip(indices, update, strict=True):
            self._matrices[index].mul_(1 - WEIGHT_DECAY * rate).add_(values, alpha=-rate * scale)


def _is_layer_matrix(name: str, weight: Tensor) -> bool:
    return weight.dim() == 2 and name != "shared.weight"
