"""Backends that need no weights, for tests of what is built on newsmt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from newsmt.backends import Hypothesis
from newsmt.errors import SegmentTooLongError
from newsmt.options import DecodingOptions

__all__ = ["EchoBackend", "ScriptedBackend"]

_TOKEN = re.compile(r"\w+|[^\w\s]")


class EchoBackend:
    """Gives every source back as its own hypothesis; a token is a word or a punctuation mark."""

    name = "echo"

    def __init__(self, max_source_tokens: int = 512) -> None:
        self.max_source_tokens = max_source_tokens

    def count_tokens(self, sources: Sequence[str]) -> list[int]:
        """Words and punctuation marks of each source."""
        return [len(_TOKEN.findall(source)) for source in sources]

    def generate(self, sources: Sequence[str], options: DecodingOptions) -> list[Hypothesis]:
        """The sources themselves.

        Raises ValueError for a blank source and SegmentTooLongError for one of too many tokens, as every backend.
        """
        del options
        return [_hypothesis(self._answer(source), tokens) for source, tokens in self._counted(sources)]

    def _counted(self, sources: Sequence[str]) -> list[tuple[str, int]]:
        counted = list(zip(sources, self.count_tokens(sources), strict=True))
        for source, tokens in counted:
            if not source.strip():
                raise ValueError("a blank source was given to a backend")
            if tokens > self.max_source_tokens:
                raise SegmentTooLongError(tokens, self.max_source_tokens, source)
        return counted

    def _answer(self, source: str) -> str | Hypothesis:
        return source


def _hypothesis(answer: str | Hypothesis, tokens: int) -> Hypothesis:
    return answer if isinstance(answer, Hypothesis) else Hypothesis(answer, 0.0, tokens)


class ScriptedBackend(EchoBackend):
    """Answers from a table or a function, and remembers what it was asked.

    script: source -> hypothesis (a str, or a Hypothesis to say that it was cut); a source that a table does not have is
        echoed.
    calls: the sources of every call of generate(), in order.
    """

    name = "scripted"

    def __init__(
        self,
        script: Mapping[str, str | Hypothesis] | Callable[[str], str | Hypothesis],
        max_source_tokens: int = 512,
    ) -> None:
        super().__init__(max_source_tokens)
        self._script = script
        self._lock = Lock()
        self.calls: list[list[str]] = []

    def generate(self, sources: Sequence[str], options: DecodingOptions) -> list[Hypothesis]:
        """The scripted hypotheses."""
        with self._lock:
            self.calls.append(list(sources))
        return super().generate(sources, options)

    def _answer(self, source: str) -> str | Hypothesis:
        if callable(self._script):
            return self._script(source)
        return self._script.get(source, source)
