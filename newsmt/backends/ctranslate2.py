"""CTranslate2: the fast engine, int8 on processors, and no torch needed."""

from __future__ import annotations

import atexit
import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.backends import Hypothesis, check_count
from newsmt.backends.cores import available_cores
from newsmt.backends.tokenizer import END, Tokenizer, load_tokenizer
from newsmt.batching import Batch, plan_decoding
from newsmt.errors import (
    BackendContractError,
    BackendUnavailableError,
    ModelFilesError,
    UsageError,
)
from newsmt.options import DecodingOptions

if TYPE_CHECKING:
    from newsmt.checkpoint import Checkpoint

__all__ = ["CTranslate2Backend"]

# What lies on disk for each precision; CTranslate2 makes the rest of it while loading.
STORED = {
    "int8": "int8",
    "int8_float32": "int8",
    "int8_float16": "int8",
    "int8_bfloat16": "int8",
    "int16": "int16",
    "float16": "float16",
    "bfloat16": "float32",
    "float32": "float32",
}
# In order of preference, for precision="auto". float16 needs no more memory traffic than int8_float16 computes away.
AUTOMATIC = {"cpu": ("int8", "float32"), "cuda": ("float16", "bfloat16", "float32")}
# Batches handed to CTranslate2 before their turn, per worker: none is idle, and Ctrl-C waits for few.
QUEUED_PER_WORKER = 2


class CTranslate2Backend:
    """A Marian or T5 model run by CTranslate2; made by load().

    Results are the same whatever else is in the call, and however many threads use one backend at once.
    """

    def __init__(
        self,
        translator: Any,
        tokenizer: Tokenizer,
        *,
        name: str,
        max_source_tokens: int,
        max_target_tokens: int,
    ) -> None:
        self._translator = translator
        self._tokenizer = tokenizer
        self._name = name
        self._max_source_tokens = max_source_tokens
        self._max_target_tokens = max_target_tokens
        self._kept = False

    @classmethod
    def load(
        cls,
        checkpoint: Checkpoint,
        *,
        device: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
    ) -> CTranslate2Backend:
        """Load a checkpoint, converting it first where that has not been done yet.

        device: "auto" (every GPU there is, else the processor), "cpu", "cuda", "cuda:1" or "cuda:0,1".
        precision: "auto" (int8 on processors, float16 on GPUs) or one that CTranslate2 has, such as "float32".
        threads: processor cores to use; None for all that the process may use.

        Raises BackendUnavailableError for a missing package or device, UsageError for a precision the device cannot
        do, ModelFilesError for files that are damaged.
        """
        engine = _import_ctranslate2()
        if threads is not None and threads < 1:
            raise UsageError(f"threads={threads} is not allowed: expected 1 or more")
        kind, indices = _devices(engine, device)
        compute_type = _compute_type(engine, kind, indices, precision, checkpoint)
        directory = _converted(checkpoint, STORED[compute_type])
        return cls(
            _translator(engine, directory, kind, indices, compute_type, threads or available_cores()),
            load_tokenizer(checkpoint, directory),
            name=f"ctranslate2 {compute_type} {_device_name(kind, indices)}",
            max_source_tokens=checkpoint.spec.max_source_tokens,
            max_target_tokens=checkpoint.spec.max_target_tokens,
        )

    @property
    def name(self) -> str:
        """The engine with its precision and device."""
        return self._name

    @property
    def max_source_tokens(self) -> int:
        """Most tokens a source may have, end of sentence excluded."""
        return self._max_source_tokens

    @property
    def tokenizer(self) -> Tokenizer:
        """How this model's texts become pieces."""
        return self._tokenizer

    def count_tokens(self, sources: Sequence[str]) -> list[int]:
        """Tokens of each source, end of sentence excluded."""
        return self._tokenizer.count(sources)

    def generate(self, sources: Sequence[str], options: DecodingOptions) -> list[Hypothesis]:
        """One hypothesis per source, in order; see newsmt.backends.Backend for the contract."""
        return [best[0] for best in self.generate_nbest(sources, options, 1)]

    def generate_nbest(self, sources: Sequence[str], options: DecodingOptions, count: int) -> list[list[Hypothesis]]:
        """The best hypotheses of each source; see newsmt.backends.SearchBackend."""
        check_count(count, options)
        pieces = self._tokenizer.encode_for_model(sources, self._max_source_tokens)
        batches = plan_decoding(
            [len(one) for one in pieces],
            options,
            max_target_tokens=self._max_target_tokens,
            workers=self._translator.num_translators,
        )
        hypotheses = {index: [Hypothesis("", 0.0, 0)] * count for index, one in enumerate(pieces) if not one}
        try:
            for decoded in self._run(pieces, batches, options, count):
                hypotheses |= decoded
        except BaseException:
            self._keep_until_idle()
            raise
        return [hypotheses[index] for index in range(len(sources))]

    def _run(
        self, pieces: list[list[str]], batches: list[Batch], options: DecodingOptions, count: int
    ) -> Iterator[dict[int, list[Hypothesis]]]:
        """Hypotheses by the index of their source, batch by batch, while the next batches are being decoded."""
        in_flight: deque[tuple[Batch, list[Any]]] = deque()
        for batch in batches:
            in_flight.append((batch, self._submit([pieces[index] for index in batch.indices], batch, options, count)))
            if len(in_flight) > QUEUED_PER_WORKER * self._translator.num_translators:
                yield self._collect(*in_flight.popleft())
        while in_flight:
            yield self._collect(*in_flight.popleft())

    def _keep_until_idle(self) -> None:
        """Leave the engine to the end of the process, which then waits for the batches in flight.

        Deleted earlier, the engine would make a program that Ctrl-C has stopped hang for as long as they take; not
        waited for at all, its threads would run on while the process is taken apart beneath them, and crash.
        """
        if not self._kept:
            self._kept = True
            atexit.register(_wait_until_idle, self._translator)

    def _submit(self, pieces: list[list[str]], batch: Batch, options: DecodingOptions, count: int) -> list[Any]:
        results: list[Any] = self._translator.translate_batch(
            [[*one, END] for one in pieces],
            asynchronous=True,
            beam_size=options.beam_size,
            num_hypotheses=count,
            length_penalty=options.length_penalty,
            repetition_penalty=options.repetition_penalty,
            no_repeat_ngram_size=options.no_repeat_ngram_size,
            patience=1,
            disable_unk=True,
            max_input_length=0,  # nothing is cut: too long a source has raised SegmentTooLongError by now
            min_decoding_length=0,
            max_decoding_length=batch.target_limit,
            max_batch_size=0,  # the batch is decoded as it was planned
            return_scores=True,
            return_end_token=True,  # a hypothesis without it was cut at the limit
        )
        return results

    def _collect(self, batch: Batch, results: list[Any]) -> dict[int, list[Hypothesis]]:
        collected = [_wait(result) for result in results]
        if len(collected) != len(batch.indices):
            raise BackendContractError(f"CTranslate2 gave {len(collected)} results for {len(batch.indices)} sources")
        return {index: self._hypotheses(result) for index, result in zip(batch.indices, collected, strict=True)}

    def _hypotheses(self, result: Any) -> list[Hypothesis]:
        return [self._hypothesis(*one) for one in zip(result.hypotheses, result.scores, strict=True)]

    def _hypothesis(self, pieces: list[str], score: float) -> Hypothesis:
        finished = bool(pieces) and pieces[-1] == END
        written = pieces[:-1] if finished else pieces
        return Hypothesis(self._tokenizer.decode(written), score, len(written), finished)


def _wait(result: Any) -> Any:
    """The result once it is there; unlike result(), this lets Ctrl-C through at once."""
    pause = 0.0002
    while not result.done():
        time.sleep(pause)
        pause = min(pause * 1.2, 0.01)
    return result.result()


def _wait_until_idle(translator: Any) -> None:
    while translator.num_active_batches:
        time.sleep(0.01)


def _import_ctranslate2() -> Any:
    try:
        import ctranslate2
    except ImportError as error:
        raise BackendUnavailableError(
            f"the ctranslate2 backend needs the package ctranslate2 ({error}): pip install ctranslate2"
        ) from error
    return ctranslate2


def _devices(engine: Any, device: str) -> tuple[str, list[int]]:
    """Kind of device and the numbers of those to use."""
    gpus = engine.get_cuda_device_count() if device != "cpu" else 0
    if device == "cpu" or (device == "auto" and not gpus):
        return "cpu", [0]
    if device in ("auto", "cuda") and gpus:
        return "cuda", list(range(gpus))
    named = re.fullmatch(r"cuda(?::(\d+(?:,\d+)*))?", device)
    if named is None:
        raise UsageError(
            f"device={device!r} is not allowed: expected auto, cpu, cuda, or GPUs by number such as cuda:0 or cuda:0,1"
        )
    indices = sorted({int(number) for number in (named[1] or "0").split(",")})
    if indices[-1] >= gpus:
        raise BackendUnavailableError(
            f"device={device!r}, but CTranslate2 sees {gpus or 'no'} CUDA GPU{'' if gpus == 1 else 's'} here: "
            "use device='cpu', or install the NVIDIA driver and pip install nvidia-cublas-cu12"
        )
    return "cuda", indices


def _device_name(kind: str, indices: list[int]) -> str:
    return kind if kind == "cpu" else f"{kind}:{','.join(map(str, indices))}"


def _compute_type(engine: Any, kind: str, indices: list[int], precision: str, checkpoint: Checkpoint) -> str:
    supported = set.intersection(*(set(engine.get_supported_compute_types(kind, index)) for index in indices))
    usable = [one for one in STORED if one in supported and one not in checkpoint.spec.unsuitable_precisions]
    if precision == "auto":
        return next(one for one in (*AUTOMATIC[kind], *usable) if one in usable)
    if precision not in usable:
        reason = "overflows in this model" if precision in supported else f"is not what this {kind} can do"
        raise UsageError(
            f"precision={precision!r} {reason if precision in STORED else 'is unknown'}: expected auto or one of "
            f"{', '.join(usable)}"
        )
    return precision


def _converted(checkpoint: Checkpoint, stored: str) -> Path:
    from newsmt.conversion import ctranslate2_directory

    return ctranslate2_directory(checkpoint, stored)


def _translator(engine: Any, directory: Path, kind: str, indices: list[int], compute_type: str, threads: int) -> Any:
    """One worker per core, each with one thread: many batches at once beat many threads on one batch."""
    try:
        return engine.Translator(
            str(directory),
            device=kind,
            device_index=indices if kind == "cuda" else 0,
            compute_type=compute_type,
            inter_threads=1 if kind == "cuda" else threads,
            intra_threads=1,
            max_queued_batches=-1,
        )
    except (RuntimeError, ValueError) as error:
        raise ModelFilesError(
            f"CTranslate2 cannot load {directory}: {error}; remove that folder to have the model converted again"
        ) from error
