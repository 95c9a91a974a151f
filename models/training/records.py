"""What a run leaves behind: checkpoint, learning curve and the figures that the card is made of."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch

__all__ = [
    "CurvePoint",
    "append_point",
    "load_checkpoint",
    "plot_curve",
    "read_points",
    "save_checkpoint",
    "write_json",
]

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.csv"


@dataclass(frozen=True)
class CurvePoint:
    """One line of the learning curve: means since the last line, totals since the first step of all."""

    when: str
    phase: str
    step: int
    hours: float
    pairs: int
    pieces: int
    rate_factor: float
    perplexity: float
    pieces_per_second: float
    guide_loss: float | None = None
    bleu: float | None = None
    chrf: float | None = None


def save_checkpoint(run: Path, state: dict[str, Any]) -> None:
    """Write the state beside the old one, then put it in its place: a kill at any moment leaves a whole file."""
    temporary = run / f".{CHECKPOINT}.new"
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(run / CHECKPOINT)


def load_checkpoint(run: Path) -> dict[str, Any] | None:
    """The saved state, or None where no run has begun."""
    path = run / CHECKPOINT
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None


def append_point(run: Path, point: CurvePoint) -> None:
    """One more line of RUN/curve.csv."""
    path = run / CURVE
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [part.name for part in fields(CurvePoint)])
        if new:
            writer.writeheader()
        writer.writerow(asdict(point))


def read_points(run: Path) -> list[dict[str, str]]:
    """The learning curve's lines as they stand in the file."""
    with (run / CURVE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plot_curve(run: Path, image: Path) -> None:
    """Perplexity and dev scores over hours of training."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    points = read_points(run)
    scored = [point for point in points if point["bleu"]]
    figure, (upper, lower) = plt.subplots(2, 1, sharex=True, figsize=(8, 6))
    upper.plot([float(point["hours"]) for point in points], [float(point["perplexity"]) for point in points])
    upper.set_yscale("log")
    upper.set_ylabel("training perplexity")
    for name in ("bleu", "chrf"):
        lower.plot(
            [float(point["hours"]) for point in scored], [float(point[name]) for point in scored], "o-", label=name
        )
    lower.set_ylabel("held-out slice, greedy")
    lower.set_xlabel("hours")
    lower.legend()
    figure.tight_layout()
    figure.savefig(image)
    plt.close(figure)


def write_json(path: Path, content: Any) -> None:
    """A JSON file, complete or not there."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
