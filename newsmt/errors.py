"""Every error newsmt raises on purpose, as one tree.

NewsmtError                     exit 1
├── UsageError                  exit 2   an option value that is not allowed
├── ModelError
│   ├── UnknownModelError       no model of that name
│   ├── ModelFilesError         a checkpoint is incomplete, damaged or not the pinned one
│   ├── HubError                the model hub cannot be reached or refuses
│   └── BackendUnavailableError the packages a backend needs are not installed
├── InputError
│   ├── TextDecodingError       bytes that are no text
│   └── SegmentTooLongError     a segment the model cannot take whole
├── BackendContractError        a backend broke its contract
├── EvaluationError
│   └── MisalignedTestSetError  sources and references do not pair up
├── BatchFailed                 exit 3   some files failed; the rest is written
└── RegressionError             exit 4   a benchmark fell below its baseline

A message says what happened with its value, what was expected, and what to do.
"""

from __future__ import annotations

__all__ = [
    "BackendContractError",
    "BackendUnavailableError",
    "BatchFailed",
    "EvaluationError",
    "HubError",
    "InputError",
    "MisalignedTestSetError",
    "ModelError",
    "ModelFilesError",
    "NewsmtError",
    "RegressionError",
    "SegmentTooLongError",
    "TextDecodingError",
    "UnknownModelError",
    "UsageError",
]


class NewsmtError(Exception):
    """Base of every error that newsmt raises on purpose."""

    exit_code = 1


class UsageError(NewsmtError, ValueError):
    """An option has a value that is not allowed; the message names the allowed ones."""

    exit_code = 2


class ModelError(NewsmtError):
    """A model cannot be named, found, read or run."""


class UnknownModelError(ModelError, LookupError):
    """No model has that name; the message names near matches."""


class ModelFilesError(ModelError):
    """A checkpoint lacks a file, or a file is damaged, forged or of another revision."""


class HubError(ModelError):
    """The model hub cannot be reached, or does not have what was asked for."""


class BackendUnavailableError(ModelError):
    """The packages or the device that a backend needs are missing; the message says how to get them."""


class InputError(NewsmtError):
    """What was given to translate cannot be read."""


class TextDecodingError(InputError):
    """Bytes that are not text in any encoding newsmt recognises; the message has the byte offset."""


class SegmentTooLongError(InputError, ValueError):
    """A segment has more tokens than the model takes; backends raise this instead of truncating."""

    def __init__(self, tokens: int, limit: int, segment: str) -> None:
        self.tokens = tokens
        self.limit = limit
        self.segment = segment
        super().__init__(
            f"a segment of {tokens} tokens does not fit the model's {limit}: {segment[:60]!r}; "
            "split it with newsmt.segmentation.split_to_fit()"
        )


class BackendContractError(NewsmtError):
    """A backend returned something its contract forbids, such as k hypotheses for n sources."""


class EvaluationError(NewsmtError):
    """A test set, system output or metric cannot be scored as asked."""


class MisalignedTestSetError(EvaluationError):
    """Sources, references or hypotheses differ in their number of lines."""


class BatchFailed(NewsmtError):  # noqa: N818 - the name says the outcome of a whole run, not of a call
    """Some files of a batch failed; everything else is written."""

    exit_code = 3


class RegressionError(NewsmtError):
    """A benchmark fell below its baseline by more than the tolerance."""

    exit_code = 4
