"""The mean of several runs' weights: steadier than any of them where they began alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from models.training.records import load_checkpoint, save_checkpoint

__all__ = ["average_runs"]


def average_runs(destination: Path, runs: Sequence[Path]) -> None:
    """Write the mean of the runs' averaged weights as the checkpoint of `destination`, which must hold none yet.

    The new run's progress is that of the run that has gone furthest; its optimiser's state is new.
    """
    if load_checkpoint(destination) is not None:
        raise ValueError(f"{destination} holds a checkpoint already: name a new folder")
    states = []
    for run in runs:
        state = load_checkpoint(run)
        if state is None:
            raise FileNotFoundError(f"{run} holds no checkpoint")
        states.append(state)
    names = states[0]["average"].keys()
    mean = {name: torch.stack([state["average"][name] for state in states]).mean(0) for name in names}
    furthest = max(states, key=lambda state: state["progress"]["step"])
    destination.mkdir(parents=True, exist_ok=True)
    progress = {**furthest["progress"], "fresh_steps": 0}
    save_checkpoint(destination, {"network": mean, "average": mean, "progress": progress})
