"""The seam between newsmt and the engines that run weights: text in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from newsmt.errors import UsageError
from newsmt.options import DecodingOptions

if TYPE_CHECKING:
    from newsmt.checkpoint import Checkpoint

__all__ = ["BACKENDS", "Backend", "Hypothesis", "SearchBackend", "check_count", "load_backend", "target_token_limit"]

# Module and class of each backend: imported when it is asked for, since the torch one takes seconds.
BACKENDS = MappingProxyType(
    {
        "ctranslate2": ("newsmt.backends.ctranslate2", "CTranslate2Backend"),
        "torch": ("newsmt.backends.torch", "TorchBackend"),
    }
)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One output of a backend.

    text: the detokenised output.
    score: log-probability of the tokens divided by length ** length_penalty; comparable within one backend only.
    tokens: the target pieces written, end of sentence excluded.
    finished: False when the token limit was reached before the model wrote its end of sentence: the text is cut.
    """

    text: str
    score: float
    tokens: int
    finished: bool = True


@runtime_checkable
class Backend(Protocol):
    """What translates segments; any object with these members can be put into a Translator.

    Contract: one hypothesis per source, in order; a source is never truncated (SegmentTooLongError) ; deterministic;
    no state between calls; a result does not depend on the other sources of the call; safe from several threads.
    A blank source is not allowed (ValueError): models invent text for it. Control tokens in a source are plain text.
    """

    @property
    def name(self) -> str:
        """The engine with its precision and device, such as "ctranslate2 int8 cpu"."""
        ...

    @property
    def max_source_tokens(self) -> int:
        """Most tokens a source may have, end of sentence excluded."""
        ...

    def count_tokens(self, sources: Sequence[str]) -> list[int]:
        """Tokens of each source, end of sentence excluded."""
        ...

    def generate(self, sources: Sequence[str], options: DecodingOptions) -> list[Hypothesis]:
        """One hypothesis per source, in order."""
        ...


@runtime_checkable
class SearchBackend(Backend, Protocol):
    """A backend whose search has more than one hypothesis to offer; a Translator takes one that is not."""

    def generate_nbest(self, sources: Sequence[str], options: DecodingOptions, count: int) -> list[list[Hypothesis]]:
        """The best hypotheses of each source, `count` of them, best first; the first is that of generate().

        Raises UsageError for a count that options.beam_size does not allow.
        """
        ...


def check_count(count: int, options: DecodingOptions) -> None:
    """Raise UsageError where a search of this width has not so many hypotheses to offer."""
    if not 1 <= count <= options.beam_size:
        raise UsageError(f"count={count} is not allowed: expected 1 to beam_size={options.beam_size}")


def target_token_limit(source_tokens: int, options: DecodingOptions, maximum: int) -> int:
    """Tokens a hypothesis may have for a source of so many tokens.

    Without an explicit option it is a step function of the source's own length (twice the next power of two, at
    least 64), so that segments of like length share a batch and a result never depends on its batch mates. No German
    news sentence needs twice its tokens in English; a hypothesis that reaches the limit is repeating itself.
    """
    if options.max_target_tokens is not None:
        return min(options.max_target_tokens, maximum)
    return min(maximum, max(64, 2 << max(0, source_tokens - 1).bit_length()))


def load_backend(
    name: str,
    checkpoint: Checkpoint,
    *,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
) -> Backend:
    """The backend of that name with the checkpoint's weights loaded; "auto" is the fastest that is installed.

    See the backends' load() for device, precision, threads (processor cores; None for all that may be used) and the
    errors. Raises UsageError for an unknown name.
    """
    chosen = _fastest_installed() if name == "auto" else name
    if chosen not in BACKENDS:
        raise UsageError(f"backend={name!r} is not allowed: expected auto, {' or '.join(BACKENDS)}")
    module, class_name = BACKENDS[chosen]
    backend_class = getattr(import_module(module), class_name)
    return cast(Backend, backend_class.load(checkpoint, device=device, precision=precision, threads=threads))


def _fastest_installed() -> str:
    """The first backend whose package is there; each is called like its package."""
    return next((name for name in BACKENDS if find_spec(name) is not None), "ctranslate2")
