"""A model at work on many files: they are read ahead of it, share its batches, and are written behind it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import BoundedSemaphore, Condition, Event, Lock, Thread
from typing import TYPE_CHECKING

from newsmt.batch.formats import Part
from newsmt.batch.job import Job, Outcome, Settings
from newsmt.batch.task import FileTask
from newsmt.errors import BackendContractError

if TYPE_CHECKING:
    from newsmt.batch.summaries import Summaries
    from newsmt.translation import Translation
    from newsmt.translator import Translator

__all__ = ["Worker"]

# While one window of texts is decoded, the next is split and prepared.
_STREAMS = 2
_READERS = 2
_WRITERS = 4
_BACKLOG_CHARACTERS = 2_000_000
_UNWRITTEN_PARTS = 256
# A window is what a stream translates in this time: long enough for full batches, short enough to stop after it.
_WINDOW_SECONDS = 4.0
_FIRST_WINDOW, _SMALLEST_WINDOW, _LARGEST_WINDOW = 10_000, 10_000, 400_000
_PATIENCE = 0.1


@dataclass(frozen=True, slots=True)
class _Item:
    """A part of a file that waits for the model."""

    task: FileTask
    index: int
    part: Part

    @property
    def characters(self) -> int:
        return sum(len(passage.text) for passage in self.part.passages) + 1


class Worker:
    """Translates files with one translator.

    summaries: what makes their summaries, where they are to have some.
    stop: once set, no more files are begun; those whose text the model has got are finished, the others are left.
    """

    def __init__(
        self,
        translator: Translator,
        settings: Settings,
        stop: Event | None = None,
        summaries: Summaries | None = None,
    ) -> None:
        self._translator = translator
        self._settings = settings
        self._summaries = summaries
        self._stop = stop or Event()

    def run(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """One outcome per job, in the order in which they are ready.

        jobs are taken as they are needed; their iterator is used by one thread at a time.
        """
        run = _Run(self._translator, self._settings, self._stop, iter(jobs), self._summaries)
        try:
            yield from run.outcomes()
        finally:
            run.close()


class _Run:
    """The threads of one Worker.run()."""

    def __init__(
        self,
        translator: Translator,
        settings: Settings,
        stop: Event,
        jobs: Iterator[Job],
        summaries: Summaries | None,
    ) -> None:
        self._translator = translator
        self._summaries = summaries
        self._settings = settings
        self._stop = stop
        self._jobs = jobs
        self._jobs_lock = Lock()
        self._backlog = _Backlog(stop)
        self._outcomes: SimpleQueue[Outcome | BaseException | None] = SimpleQueue()
        self._writers = ThreadPoolExecutor(_WRITERS, "newsmt-write")
        self._unwritten = BoundedSemaphore(_UNWRITTEN_PARTS)
        self._open: set[FileTask] = set()
        self._open_lock = Lock()
        self._readers = [Thread(target=self._guard, args=(self._read,), daemon=True) for _ in range(_READERS)]
        self._streams = [Thread(target=self._guard, args=(self._translate,), daemon=True) for _ in range(_STREAMS)]
        self._end = Thread(target=self._finish, daemon=True)
        for thread in (*self._readers, *self._streams, self._end):
            thread.start()

    def outcomes(self) -> Iterator[Outcome]:
        while (outcome := self._outcomes.get()) is not None:
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome

    def close(self) -> None:
        """Stop what still runs, if the outcomes were not taken to their end."""
        if self._end.is_alive():
            self._stop.set()
            self._backlog.wake()
            self._end.join()

    def _guard(self, work: Callable[[], None]) -> None:
        """Run a thread's work; a mistake of ours ends the run instead of hanging it."""
        try:
            work()
        except BaseException as error:
            self._stop.set()
            self._backlog.wake()
            self._outcomes.put(error)

    def _finish(self) -> None:
        for thread in self._readers:
            thread.join()
        self._backlog.close()
        for thread in self._streams:
            thread.join()
        self._writers.shutdown()
        for task in self._open:  # left behind by a stop
            task.drop()
        self._outcomes.put(None)

    def _read(self) -> None:
        while (job := self._next_job()) is not None:
            task = FileTask(job, self._settings, self._summaries)
            with self._open_lock:
                self._open.add(task)
            for index, part in enumerate(task.read()):
                if self._stop.is_set() or task.has_failed:
                    break
                self._backlog.put(_Item(task, index, part))
            self._settle(task)

    def _next_job(self) -> Job | None:
        with self._jobs_lock:
            return None if self._stop.is_set() else next(self._jobs, None)

    def _translate(self) -> None:
        characters = _FIRST_WINDOW
        while window := self._backlog.take(characters):
            started = time.perf_counter()
            self._translate_window(window)
            elapsed = max(1e-3, time.perf_counter() - started)
            rate = sum(item.characters for item in window) / elapsed
            characters = int(min(max(rate * _WINDOW_SECONDS, _SMALLEST_WINDOW), _LARGEST_WINDOW))

    def _translate_window(self, window: Sequence[_Item]) -> None:
        """Translate the texts of many files at once, or of each file on its own where that fails."""
        window = [item for item in window if not item.task.has_failed]
        started = time.perf_counter()
        try:
            translations = self._translations(window)
        except Exception as error:  # one text may fail, whoever made the backend; the others go on
            self._translate_alone(window, error)
            return
        rate = (time.perf_counter() - started) / max(1, sum(item.characters for item in window))
        taken = 0
        for item in window:
            mine = translations[taken : taken + len(item.part.passages)]
            taken += len(item.part.passages)
            self._unwritten.acquire()
            self._writers.submit(self._guard, partial(self._write, item, mine, rate))

    def _translations(self, window: Sequence[_Item]) -> list[Translation]:
        texts = [passage.text for item in window for passage in item.part.passages]
        translations = list(self._translator.translate_documents(texts, self._settings.options))
        if len(translations) != len(texts):
            raise BackendContractError(f"the translator gave {len(translations)} translations for {len(texts)} texts")
        return translations

    def _translate_alone(self, window: Sequence[_Item], error: Exception) -> None:
        tasks = list(dict.fromkeys(item.task for item in window))
        if len(tasks) == 1:
            tasks[0].fail(error)
            self._settle(tasks[0])
        else:
            for task in tasks:
                self._translate_window([item for item in window if item.task is task])

    def _write(self, item: _Item, translations: Sequence[Translation], rate: float) -> None:
        self._unwritten.release()
        item.task.accept(item.index, item.part, translations, rate * item.characters)
        self._settle(item.task)

    def _settle(self, task: FileTask) -> None:
        """Hand the file in once it is complete, by whichever thread sees it first."""
        if not task.is_complete:
            return
        with self._open_lock:
            if task not in self._open:
                return
            self._open.remove(task)
        self._outcomes.put(task.outcome())


class _Backlog:
    """Parts that were read and wait for the model, up to a number of characters."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._items: deque[_Item] = deque()
        self._characters = 0
        self._is_closed = False
        self._changed = Condition()

    def put(self, item: _Item) -> None:
        """Add a part, once there is room for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._characters < _BACKLOG_CHARACTERS or self._stop.is_set())
            self._items.append(item)
            self._characters += item.characters
            self._changed.notify_all()

    def take(self, characters: int) -> list[_Item]:
        """Parts of so many characters, or what there is when no more comes for a moment; none at the end."""
        window: list[_Item] = []
        taken = 0
        with self._changed:
            while taken < characters and self._wait(_PATIENCE if window else None):
                item = self._items.popleft()
                window.append(item)
                taken += item.characters
                self._characters -= item.characters
                self._changed.notify_all()
        return window

    def _wait(self, patience: float | None) -> bool:
        """Whether there is a part to take, waiting for one."""
        self._changed.wait_for(lambda: self._items or self._is_closed or self._stop.is_set(), patience)
        return bool(self._items) and not self._stop.is_set()

    def close(self) -> None:
        """Say that no more parts come."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def wake(self) -> None:
        """Let everybody see that the run was stopped."""
        with self._changed:
            self._changed.notify_all()
