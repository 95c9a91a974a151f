"""One model in this process: the fastest way to use one machine without several GPUs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event

from newsmt.batch.job import Job, Outcome, Settings
from newsmt.batch.summaries import Summaries
from newsmt.batch.worker import Worker
from newsmt.translation import System
from newsmt.translator import Translator

__all__ = ["LocalEngine"]


class LocalEngine:
    """Runs a translator that is there already."""

    def __init__(self, translator: Translator, settings: Settings, summaries: Summaries | None = None) -> None:
        self._translator = translator
        self._settings = settings
        self._summaries = summaries

    @property
    def system(self) -> System:
        """The translator's."""
        return self._translator.system

    def run(self, jobs: Sequence[Job], stop: Event) -> Iterator[Outcome]:
        """One outcome per job, as they are ready."""
        return Worker(self._translator, self._settings, stop, self._summaries).run(jobs)

    def close(self) -> None:
        """Nothing: the translator is its owner's."""
