"""The reference workload: the same decoding work on every machine, so that speeds can be told apart from machines.

A small Transformer with random weights in int8 translates fixed token sequences to a fixed length, directly by
CTranslate2. It runs the kernels that real models run, so that a slower processor slows both alike, but none of newsmt's
own code and no real weights, so that a change of newsmt or of a model cannot hide in it.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.evaluation.machine import available_processors

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["WORKLOAD", "ReferenceWorkload"]

WORKLOAD = "transformer 2+2x512 int8, beam 4, 24 x 16 to 16 tokens in batches of 6, version 2"
"""What the workload is; speeds relative to another one are not comparable."""

_LAYERS, _WIDTH, _FEED_FORWARD, _HEADS, _VOCABULARY = 2, 512, 2048, 8, 4000
_SEQUENCES, _LENGTH, _BEAM, _BATCH = 24, 16, 4, 6
_BATCHES_PER_WORKER = 2


class ReferenceWorkload:
    """The workload, ready to run; a context manager, because its weights lie in a temporary folder."""

    def __init__(self, *, device: str = "cpu", threads: int | None = None) -> None:
        import ctranslate2

        self._folder = tempfile.TemporaryDirectory(prefix="newsmt-reference-")
        _write_model(self._folder.name)
        # One worker per processor is the fastest way to use them for many short sequences; each gets as much to do.
        workers = 1 if device == "cuda" else threads or available_processors()
        self._translator = ctranslate2.Translator(
            self._folder.name,
            device=device,
            compute_type="int8",
            inter_threads=workers,
            intra_threads=1,
        )
        self.workers = workers
        self._sources = [
            [f"t{(31 * row + 17 * column) % (_VOCABULARY - 3) + 3}" for column in range(_LENGTH)]
            for row in range(workers * _BATCHES_PER_WORKER * _BATCH)
        ]

    def __enter__(self) -> ReferenceWorkload:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def seconds(self) -> tuple[float, float]:
        """The time that the workload takes, by the clock and of processors.

        Both are for 24 sequences, however many were run to keep all workers busy.
        """
        started, worked = time.perf_counter(), time.process_time()
        self._translator.translate_batch(
            self._sources,
            beam_size=_BEAM,
            min_decoding_length=_LENGTH,
            max_decoding_length=_LENGTH,
            max_batch_size=_BATCH,
        )
        part = _SEQUENCES / len(self._sources)
        return (time.perf_counter() - started) * part, (time.process_time() - worked) * part


def _write_model(folder: str) -> None:
    """A pre-norm Transformer whose weights come from a fixed seed."""
    import numpy as np
    from ctranslate2.specs import transformer_spec

    spec = transformer_spec.TransformerSpec.from_config((_LAYERS, _LAYERS), _HEADS)
    rng = np.random.default_rng(0)
    _fill(spec, rng)
    tokens = ["<unk>", "<s>", "</s>", *(f"t{index}" for index in range(3, _VOCABULARY))]
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(folder)
    if not Path(folder, "model.bin").is_file():
        raise RuntimeError("CTranslate2 saved no model")


def _fill(spec: Any, rng: Any) -> None:
    for embeddings in (spec.encoder.embeddings[0], spec.decoder.embeddings):
        embeddings.weight = _random(rng, (_VOCABULARY, _WIDTH), 0.05)
    _linear(spec.decoder.projection, _VOCABULARY, _WIDTH, rng)
    for part in (spec.encoder, spec.decoder):
        part.position_encodings.encodings = _random(rng, (_LENGTH + 8, _WIDTH), 0.05)
        _norm(part.layer_norm)
        for layer in part.layer:
            _attention(layer.self_attention, rng)
            if hasattr(layer, "attention"):
                _attention(layer.attention, rng, is_cross=True)
            _norm(layer.ffn.layer_norm)
            _linear(layer.ffn.linear_0, _FEED_FORWARD, _WIDTH, rng)
            _linear(layer.ffn.linear_1, _WIDTH, _FEED_FORWARD, rng)


def _attention(spec: Any, rng: Any, *, is_cross: bool = False) -> None:
    _norm(spec.layer_norm)
    widths = [_WIDTH, 2 * _WIDTH, _WIDTH] if is_cross else [3 * _WIDTH, _WIDTH]
    for linear, width in zip(spec.linear, widths, strict=True):
        _linear(linear, width, _WIDTH, rng)


def _linear(spec: Any, outputs: int, inputs: int, rng: Any) -> None:
    import numpy as np

    spec.weight = _random(rng, (outputs, inputs), inputs**-0.5)
    spec.bias = np.zeros(outputs, dtype=np.float32)


def _random(rng: Any, shape: tuple[int, int], scale: float) -> Any:
    import numpy as np

    return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)


def _norm(spec: Any) -> None:
    import numpy as np

    spec.gamma = np.ones(_WIDTH, dtype=np.float32)
    spec.beta = np.zeros(_WIDTH, dtype=np.float32)
