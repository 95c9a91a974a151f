"""Where the models of a batch run: in this process, in several processes, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event
from typing import Protocol

from newsmt.batch.job import Job, Outcome
from newsmt.translation import System

__all__ = ["Engine"]


class Engine(Protocol):
    """Turns jobs into outcomes.

    Contract: every job has one outcome, in any order, unless stop was set first; outputs lie under temporary names in
    their folders, for the caller to commit; closing the iterator, or the engine, ends all work.
    """

    @property
    def system(self) -> System:
        """What makes the translations."""
        ...

    def run(self, jobs: Sequence[Job], stop: Event) -> Iterator[Outcome]:
        """One outcome per job, as they are ready."""
        ...

    def close(self) -> None:
        """Let go of the models."""
        ...
