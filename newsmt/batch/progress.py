"""How a run shows how far it is: a bar on a terminal, a line now and then elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

from newsmt.batch.job import Job, Outcome

__all__ = ["Bar", "Lines", "Progress", "Silent", "progress_for"]


class Progress(Protocol):
    """What a run tells as it goes on."""

    def start(self, todo: Sequence[Job], finished: int) -> None:
        """The files that are to do, and how many are done already."""
        ...

    def advance(self, outcome: Outcome) -> None:
        """A file is finished, well or not."""
        ...

    def say(self, text: str) -> None:
        """Something the user should read now."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, todo: Sequence[Job], finished: int) -> None:
        """Nothing."""

    def advance(self, outcome: Outcome) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class _Counting:
    """What both the bar and the lines count: files, words, and the time left by the bytes still to do."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = time.monotonic()
        self._files = self._all_files = self._words = self._bytes = self._all_bytes = self._failed = 0

    def _count_all(self, todo: Sequence[Job]) -> None:
        self._begun = time.monotonic()
        self._all_files = len(todo)
        self._all_bytes = sum(job.size for job in todo)

    def _count(self, outcome: Outcome) -> None:
        self._files += 1
        self._words += outcome.counts.words
        if outcome.error:  # it took no time, and says nothing about the rest
            self._failed += 1
            self._all_bytes -= outcome.job.size
        else:
            self._bytes += outcome.job.size

    @property
    def _elapsed(self) -> float:
        return max(1e-9, time.monotonic() - self._begun)

    def _summary(self) -> str:
        failed = f" · {self._failed} failed" if self._failed else ""
        return (
            f"{self._files:,}/{self._all_files:,} files{failed} · {self._words:,} words · "
            f"{self._words / self._elapsed:,.0f} words/s"
        )

    def _left(self) -> str:
        if not self._bytes or self._bytes >= self._all_bytes:
            return ""
        left = self._elapsed * (self._all_bytes - self._bytes) / self._bytes
        return f" · {_clock(left)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Bar(_Counting):
    """A bar on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._bar: Any = None

    def start(self, todo: Sequence[Job], finished: int) -> None:
        """Show the empty bar."""
        from tqdm import tqdm

        self._count_all(todo)
        if finished:
            print(f"newsmt: {finished:,} files are done already", file=self._stream)
        self._bar = tqdm(
            total=max(1, self._all_bytes),
            file=self._stream,
            bar_format="{percentage:3.0f}% |{bar:20}| {desc}",
            dynamic_ncols=True,
            leave=False,
            mininterval=0.2,
        )
        self._show()

    def advance(self, outcome: Outcome) -> None:
        """Move the bar."""
        self._count(outcome)
        if self._bar is not None:
            self._bar.total = max(1, self._all_bytes)
            self._bar.update(self._bytes - self._bar.n)
            self._show()

    def _show(self) -> None:
        self._bar.set_description_str(self._summary() + self._left(), refresh=False)

    def say(self, text: str) -> None:
        """Print above the bar."""
        if self._bar is not None:
            self._bar.write(f"newsmt: {text}", file=self._stream)
        else:
            print(f"newsmt: {text}", file=self._stream)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


class Lines(_Counting):
    """A line every so many seconds, for logs."""

    def __init__(self, stream: TextIO, seconds: float = 15.0) -> None:
        super().__init__(stream)
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def start(self, todo: Sequence[Job], finished: int) -> None:
        """Say what is to be done."""
        self._count_all(todo)
        already = f", {finished:,} are done already" if finished else ""
        files = f"{self._all_files:,} file{'' if self._all_files == 1 else 's'}"
        self.say(f"{files} to translate ({self._all_bytes:,} bytes){already}")

    def advance(self, outcome: Outcome) -> None:
        """Say how far it is, if it is time."""
        self._count(outcome)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._seconds
            self.say(self._summary() + self._left())

    def say(self, text: str) -> None:
        """Print a line."""
        print(f"newsmt: {text}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing: the outcome follows."""


def progress_for(stream: TextIO | None = None, *, quiet: bool = False) -> Progress:
    """What suits a stream, stderr by default: a bar for a terminal, lines for a log, nothing with quiet."""
    if quiet:
        return Silent()
    stream = stream or sys.stderr
    return Bar(stream) if stream.isatty() else Lines(stream)
