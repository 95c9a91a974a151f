"""Several processes with a model each: one per GPU, or groups of processor cores."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from threading import Event
from typing import Any

from newsmt.batch.job import Job, Outcome, Settings
from newsmt.batch.model import ModelChoice
from newsmt.errors import BatchFailed, NewsmtError
from newsmt.translation import System

__all__ = ["ProcessEngine", "choices_for"]

# Bytes of files that one worker may hold: enough that it never waits, little enough that all end together.
_MOST_BYTES, _FEWEST_BYTES = 400_000, 20_000
_POLL_SECONDS = 0.2
_STOP = "stop"


def choices_for(choice: ModelChoice, workers: int) -> list[ModelChoice]:
    """The model choice of each worker: a GPU each where there are some, else a share of the processor's cores."""
    from newsmt.backends.cores import available_cores

    gpus = _gpus() if choice.device in {"auto", "cuda"} else 0
    if gpus:
        return [replace(choice, device=f"cuda:{index % gpus}") for index in range(workers)]
    cores = choice.threads or available_cores()
    return [replace(choice, threads=max(1, cores // workers + (index < cores % workers))) for index in range(workers)]


def _gpus() -> int:
    try:
        import ctranslate2
    except ImportError:
        return 0
    return int(ctranslate2.get_cuda_device_count())


@dataclass(slots=True, eq=False)
class _Process:
    """A worker process and the jobs it holds.

    is_careful: gets one job at a time, for one of those it has to do killed a process before.
    """

    process: Any
    pipe: Connection
    choice: ModelChoice
    held: dict[str, Job] = field(default_factory=dict)
    is_ready: bool = False
    is_careful: bool = False

    @property
    def bytes_held(self) -> int:
        return sum(job.size for job in self.held.values())


class ProcessEngine:
    """Starts the processes, hands out files by their size, and starts a process again that died.

    A file that was alone with a process when it died has failed; those that were with it are tried again one by one.
    Raises what a process raises while it loads its model.
    """

    def __init__(self, choices: Sequence[ModelChoice], settings: Settings) -> None:
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[_Process] = []
        self._failed_starts = 0
        first = self._start(choices[0])
        try:
            self._system = self._await_ready(first)  # it converts the model if need be, and the others find it there
            for choice in choices[1:]:
                self._start(choice)
        except BaseException:
            self.close()
            raise

    @property
    def system(self) -> System:
        """What the first process says it runs."""
        return self._system

    def _start(self, choice: ModelChoice, *, careful: bool = False) -> _Process:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, choice, self._settings, logging.getLogger("newsmt").level), daemon=True
        )
        process.start()
        theirs.close()
        started = _Process(process, ours, choice, is_careful=careful)
        self._processes.append(started)
        return started

    def _await_ready(self, process: _Process) -> System:
        try:
            message = process.pipe.recv()
        except EOFError:
            process.process.join()
            raise BatchFailed(f"a worker process died while it loaded the model ({_death(process)})") from None
        if isinstance(message, BaseException):
            raise message
        process.is_ready = True
        system: System = message
        return system

    def run(self, jobs: Sequence[Job], stop: Event) -> Iterator[Outcome]:
        """One outcome per job, as they are ready."""
        waiting = deque(jobs)
        suspects: deque[Job] = deque()
        stopped = False
        while waiting or suspects or any(process.held for process in self._processes):
            if stop.is_set() and not stopped:
                stopped = True
                waiting.clear()
                suspects.clear()
                for process in self._processes:
                    self._send(process, _STOP)
            if not stopped:
                self._hand_out(waiting, suspects)
            for process in self._with_news():
                yield from self._hear(process, suspects, stopped=stopped)
        self._failed_starts = 0

    def _hand_out(self, waiting: deque[Job], suspects: deque[Job]) -> None:
        left = sum(job.size for job in waiting)
        share = min(_MOST_BYTES, max(_FEWEST_BYTES, left // (2 * max(1, len(self._processes)))))
        for process in self._processes:
            queue = suspects if process.is_careful else waiting
            if process.is_careful and not suspects and not process.held:
                process.is_careful = False
            while queue and process.is_ready and (not process.held or self._has_room(process, share)):
                job = queue.popleft()
                process.held[job.source] = job
                self._send(process, job)

    def _has_room(self, process: _Process, share: int) -> bool:
        return not process.is_careful and process.bytes_held < share

    def _send(self, process: _Process, message: object) -> None:
        with suppress(OSError):  # it is dead, which is seen and dealt with when it is heard
            process.pipe.send(message)

    def _with_news(self) -> list[_Process]:
        ready = wait([process.pipe for process in self._processes], _POLL_SECONDS)
        return [process for process in self._processes if process.pipe in ready]

    def _hear(self, process: _Process, suspects: deque[Job], *, stopped: bool) -> Iterator[Outcome]:
        try:
            message = process.pipe.recv()
        except (EOFError, OSError):
            yield from self._bury(process, suspects, stopped=stopped)
            return
        if isinstance(message, Outcome):
            process.held.pop(message.job.source, None)
            yield message
        elif isinstance(message, System):
            process.is_ready = True
        elif isinstance(message, BaseException):
            raise message
        else:  # it has ended because it was told to; what it holds was not begun
            process.held.clear()

    def _bury(self, process: _Process, suspects: deque[Job], *, stopped: bool) -> Iterator[Outcome]:
        process.process.join()
        process.pipe.close()
        self._processes.remove(process)
        held = list(process.held.values())
        if stopped:
            return
        if not process.is_ready:
            self._failed_starts += 1
            if self._failed_starts > 2:
                raise BatchFailed(f"worker processes die while they load the model ({_death(process)})")
        if len(held) == 1:
            message = f"the worker process died while it had this file alone ({_death(process)})"
            yield Outcome(held[0], "", error=("WorkerDied", message))
        else:
            suspects.extend(held)
        self._start(process.choice, careful=bool(suspects))

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.pipe.close()
        for process in self._processes:
            process.process.join(5)
            if process.process.is_alive():
                process.process.kill()
                process.process.join()
        self._processes.clear()


def _death(process: _Process) -> str:
    code = process.process.exitcode
    return f"signal {-code}, perhaps for want of memory" if code is not None and code < 0 else f"exit code {code}"


def _work(pipe: Connection, choice: ModelChoice, settings: Settings, log_level: int) -> None:
    """What a worker process does: load, then translate what comes through the pipe until it closes."""
    import signal

    from newsmt.batch.worker import Worker
    from newsmt.cli.logs import log_to_stderr

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which says when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    log_to_stderr(quiet=log_level >= logging.ERROR)
    try:
        translator = choice.load(settings.options)
        summaries = settings.summaries.load(translator, choice) if settings.summaries else None
    except NewsmtError as error:
        pipe.send(error)
        return
    stop = Event()
    jobs: SimpleQueue[Job | None] = SimpleQueue()
    pipe.send(translator.system)
    threading.Thread(target=_listen, args=(pipe, jobs, stop), daemon=True).start()
    for outcome in Worker(translator, settings, stop, summaries).run(iter(jobs.get, None)):
        pipe.send(outcome)
    pipe.send(None)


def _listen(pipe: Connection, jobs: SimpleQueue[Job | None], stop: Event) -> None:
    """Take in jobs; without its parent the process ends at once, for nobody would give its files their names."""
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            os._exit(1)
        if message == _STOP:
            stop.set()
            jobs.put(None)
        else:
            jobs.put(message)
