"""Systems: hypotheses of one test set, from a file or from a model that newsmt runs."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsmt.errors import EvaluationError, MisalignedTestSetError, UsageError
from newsmt.evaluation.lines import read_lines

if TYPE_CHECKING:
    from newsmt.evaluation.generation import Generation
    from newsmt.evaluation.testset import TestSet

__all__ = ["System", "file_name", "hypotheses_fingerprint", "load_system", "parse_system", "require_distinct_labels"]

_TOKENISED_LINES = 100


@dataclass(frozen=True, slots=True)
class System:
    """The hypotheses of one system for one test set.

    label: its name in every table.
    hypotheses: one per source, in order.
    path: the file they are in, if any.
    generation: how newsmt made them, None for outputs of others.
    notes: what was put right or looks odd, for the user to see.
    """

    label: str
    hypotheses: tuple[str, ...]
    path: Path | None = None
    generation: Generation | None = None
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the hypotheses."""
        return hypotheses_fingerprint(self.hypotheses)


def hypotheses_fingerprint(hypotheses: Iterable[str]) -> str:
    """SHA-256 over hypotheses, each followed by a line feed."""
    digest = hashlib.sha256()
    for hypothesis in hypotheses:
        digest.update(hypothesis.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def parse_system(argument: str, test_set: TestSet) -> tuple[str, Path]:
    """Read "google=google.en", or "google" for an output that lies beside the test set, into label and file."""
    label, separator, file = argument.partition("=")
    label = label.strip()
    if separator:
        if not label or not file:
            raise UsageError(f"--system {argument!r} is not allowed: expected LABEL=FILE, such as google=google.en")
        return label, Path(file)
    if label in test_set.systems:
        return label, test_set.systems[label]
    if not test_set.systems:
        raise UsageError(f"--system {argument!r} is not allowed: expected LABEL=FILE, such as google=google.en")
    near = difflib.get_close_matches(label, test_set.systems, n=2, cutoff=0.4)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(
        f"test set {test_set.name} has no output of a system {label!r}; {meant}it has {', '.join(test_set.systems)}; "
        "give a file of your own as LABEL=FILE"
    )


def load_system(label: str, path: Path, test_set: TestSet) -> System:
    """Read a system's hypotheses, one per line, and check them against the test set.

    Raises MisalignedTestSetError for another number of lines, EvaluationError where every line is blank.
    """
    file = read_lines(path)
    if len(file.lines) != len(test_set):
        raise MisalignedTestSetError(
            f"{path} has {len(file.lines)} lines but test set {test_set.name} has {len(test_set)} segments "
            f"({test_set.origin}): a system needs exactly one line per segment{_hint(file.lines)}"
        )
    return System(label, file.lines, path, notes=(*file.notes, *require_sound(label, file.lines, str(path))))


def require_sound(label: str, hypotheses: Sequence[str], where: str) -> list[str]:
    """Notes on hypotheses that look odd; raises EvaluationError where all of them are blank."""
    blank = sum(not hypothesis.strip() for hypothesis in hypotheses)
    if blank == len(hypotheses):
        raise EvaluationError(f"all {blank} hypotheses of {label} are blank ({where}): there is nothing to score")
    notes = []
    if blank:
        first = next(number for number, hypothesis in enumerate(hypotheses, start=1) if not hypothesis.strip())
        notes.append(f"{label}: {blank} hypotheses are blank (the first on line {first}) and score nothing")
    tokenised = sum(hypothesis.endswith(" .") for hypothesis in hypotheses)
    if tokenised >= _TOKENISED_LINES:
        notes.append(f"{label}: {tokenised} hypotheses end in ' .': scores are meant for detokenised text")
    return notes


def file_name(name: str) -> str:
    """A name that is safe as a file name on every system: "owner/model" becomes "owner--model"."""
    return re.sub(r"[^\w.+-]", "_", name.strip("/\\").replace("/", "--").replace("\\", "--")).lstrip(".") or "_"


def require_distinct_labels(labels: Iterable[str]) -> None:
    """Raise UsageError where two systems share a label or the file name it makes: rows or records would be mixed."""
    seen: dict[str, str] = {}
    for label in labels:
        name = file_name(label).casefold()
        if seen.get(name) == label:
            raise UsageError(
                f"two systems are labelled {label!r}: give each file a label of its own, as LABEL=FILE, and each "
                "model's directory a name of its own"
            )
        if name in seen:
            raise UsageError(
                f"the labels {seen[name]!r} and {label!r} make one file name: let them differ in letters or digits"
            )
        seen[name] = label


def _hint(lines: Sequence[str]) -> str:
    blank = next((number for number, line in enumerate(lines, start=1) if not line), None)
    if blank:
        return f"; line {blank} is blank"
    if len(lines) == 1 and "\r" in lines[0]:
        return "; it has carriage returns for line ends: convert them with `tr '\\r' '\\n'`"
    return ""
