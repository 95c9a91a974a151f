"""What a file format is to a batch: parts of a file, each with the prose in it and a way to write it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from newsmt.errors import InputError
from newsmt.textfile import decode_text

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["Format", "Part", "Passage", "SourceFile", "SummaryPlace"]

SummaryPlace = Literal["file", "field", "none"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to translate.

    aid: translated only to find where markup goes; neither counted nor shown.
    label: what the passage is in its file, such as "title" or "line 7: text"; "" for running text.
    """

    text: str
    aid: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file.

    render: the stretch in English, given one translation per passage in order. The parts of a file, rendered and
        joined, are the output file.
    """

    passages: Sequence[Passage]
    render: Callable[[Sequence[Translation]], str]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to translate.

    name: what it is called in errors; fields: the names of the fields to translate, for formats made of records.
    summarize: makes the summary of a record from the translations of its passages; None where none is wanted.
    """

    path: Path
    name: str
    fields: tuple[str, ...] = ()
    summarize: Callable[[Sequence[Translation]], str] | None = None

    def text(self) -> str:
        """The whole text, line ends as they are.

        Raises InputError when it cannot be read or is no text.
        """
        with self.open() as file:
            return decode_text(file.read(), self.name)

    def open(self) -> BufferedReader:
        """The file, for formats that read it in parts.

        Raises InputError when it cannot be read.
        """
        try:
            return self.path.open("rb")
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read: {error.strerror or error}") from error


class Format(Protocol):
    """A file format; any module of newsmt.batch.formats with an object FORMAT of this shape is found by its suffixes.

    Contract, checked by one test over every format: a translation that changes nothing gives the file back byte for
    byte (as UTF-8); whatever the translations are, no markup is lost or broken and every passage's text comes through
    once; a file that is not in this format raises InputError with the line.
    """

    @property
    def name(self) -> str:
        """The name in the manifest."""
        ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The file name endings, in lower case with their dot."""
        ...

    @property
    def is_stream(self) -> bool:
        """Whether a file is read in parts that are small however large the file."""
        ...

    @property
    def summaries(self) -> SummaryPlace:
        """Where a summary goes: to a file of its own, to a field of every record, or nowhere."""
        ...

    def parts(self, source: SourceFile) -> Iterator[Part]:
        """The parts of a file, in order."""
        ...
