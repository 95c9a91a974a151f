"""Generations: how newsmt made the hypotheses of a model, and how fast."""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Generation", "Speed", "TimedPasses"]

# Of the processors it can use, the share that the reference workload must have had.
_UNDISTURBED = 0.8


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model translated a test set, on the machine its Generation names.

    load_seconds: from nothing to a model ready to translate.
    seconds, source_words, segments: of the whole test set, in the one pass that made the hypotheses.
    peak_memory_bytes: the most memory that the process running this one model held; None where unknown.
    """

    load_seconds: float
    seconds: float
    source_words: int
    segments: int
    peak_memory_bytes: int | None = None

    @property
    def words_per_second(self) -> float:
        """Source words per second."""
        return self.source_words / self.seconds if self.seconds else math.nan

    @property
    def segments_per_second(self) -> float:
        """Segments (lines of the test set, most of them sentences) per second."""
        return self.segments / self.seconds if self.seconds else math.nan


@dataclass(frozen=True, slots=True)
class TimedPasses:
    """A benchmark's passes over a sample of the test set, each between two runs of the reference workload.

    passes, reference_passes: seconds by the clock, in order; there is one reference pass more.
    processor_passes, reference_processor_passes: seconds that processors worked for them; empty where a GPU did.
    workers: how many processors the reference workload keeps busy.
    """

    passes: tuple[float, ...]
    reference_passes: tuple[float, ...]
    processor_passes: tuple[float, ...]
    reference_processor_passes: tuple[float, ...]
    source_words: int
    segments: int
    workers: int

    @property
    def words_per_second(self) -> float:
        """Source words per second of the best pass."""
        return self.source_words / min(self.passes)

    @property
    def segments_per_second(self) -> float:
        """Segments per second of the best pass."""
        return self.segments / min(self.passes)

    @property
    def relative_by_clock(self) -> float:
        """Words per run of the reference workload: a speed that does not depend on how fast the machine is."""
        return self._relative(self.passes, self.reference_passes)

    @property
    def relative_by_processor(self) -> float | None:
        """The same by processor time, which waiting for processors that others use does not lengthen."""
        if not self.processor_passes:
            return None
        return self._relative(self.processor_passes, self.reference_processor_passes)

    @property
    def undisturbed(self) -> bool:
        """Whether the reference workload had nearly all the processors it can use, or ran on a GPU."""
        if not self.processor_passes:
            return True
        had = sum(self.reference_processor_passes) / sum(self.reference_passes)
        return had >= _UNDISTURBED * self.workers

    @property
    def relative(self) -> float:
        """By the clock where nothing disturbed it, else by processor time."""
        by_processor = self.relative_by_processor
        return self.relative_by_clock if self.undisturbed or by_processor is None else by_processor

    def _relative(self, passes: tuple[float, ...], references: tuple[float, ...]) -> float:
        """The median over the passes, each related to the mean of its two neighbours.

        So a machine that is busy for a while slows both sides of the ratio.
        """
        neighbours = itertools.pairwise(references)
        return statistics.median(
            self.source_words * (before + after) / 2 / seconds
            for seconds, (before, after) in zip(passes, neighbours, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Generation:
    """How newsmt made the hypotheses of a model.

    model: name, hub id, revision and fingerprint of the weights.
    backend: the engine as asked for ("ctranslate2"); engine: with precision and device, such as
        "ctranslate2 int8 cpu".
    scored: "text" for what a user sees, "hypothesis" for the model's own output.
    options: decoding options; versions: packages; machine: processor and memory.
    """

    model: Mapping[str, str | None]
    backend: str
    engine: str
    scored: str
    options: Mapping[str, Any]
    threads: int | None
    source_fingerprint: str
    hypotheses_fingerprint: str
    versions: Mapping[str, str]
    machine: Mapping[str, str | int | float]
    speed: Speed
    warnings: Mapping[str, int] = dataclasses.field(default_factory=dict)
    timed: TimedPasses | None = None

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Generation:
        """Read what `as_json` wrote; raises KeyError or TypeError for anything else."""
        names = {field.name for field in dataclasses.fields(cls)}
        values = {name: entry[name] for name in names}
        values["speed"] = Speed(**_of_class(Speed, entry["speed"]))
        values["timed"] = TimedPasses(**_of_class(TimedPasses, entry["timed"])) if entry["timed"] else None
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """All fields, with the rates worked out."""
        entry = dataclasses.asdict(self)
        entry["speed"]["words_per_second"] = round(self.speed.words_per_second, 2)
        entry["speed"]["segments_per_second"] = round(self.speed.segments_per_second, 3)
        if self.timed:
            entry["timed"]["words_per_second"] = round(self.timed.words_per_second, 2)
            entry["timed"]["relative"] = round(self.timed.relative, 2)
            entry["timed"]["undisturbed"] = self.timed.undisturbed
        return entry


def _of_class(kind: type, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that are fields of a data class; JSON has lists where it has tuples."""
    values = {field.name: entry[field.name] for field in dataclasses.fields(kind)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
