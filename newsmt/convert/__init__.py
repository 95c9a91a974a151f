"""Conversion of a checkpoint to CTranslate2's format, with neither torch nor transformers.

The files are equal byte for byte to those of ctranslate2.converters.TransformersConverter for float32 checkpoints;
weights stored in float16 or bfloat16 are widened to float32 first, because CTranslate2 would otherwise keep the
remaining weights in 16 bits, which processors answer with a warning at every load.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsmt.convert.weights import Weights, read_json, read_weights
from newsmt.errors import BackendUnavailableError, ModelFilesError, UsageError

__all__ = ["CONVERTER_VERSION", "PRECISIONS", "convert"]

# Goes up when the files this module writes change, so that older conversions in a cache are not taken for new ones.
CONVERTER_VERSION = 1
PRECISIONS = (
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)
# What a tokenizer needs and what newsmt says of a model; they go with the weights, so that DEST is a model by itself.
COMPANIONS = ("source.spm", "target.spm", "spiece.model", "newsmt.json")


def convert(
    source: Path, destination: Path, *, precision: str = "int8", facts: Mapping[str, Any] | None = None
) -> None:
    """Convert the checkpoint in one directory into a CTranslate2 model in another.

    destination must not exist (or be an empty directory): it appears complete or not at all.
    precision: one of PRECISIONS; the bfloat16 ones need torch.
    facts: what newsmt.json in the destination shall say of the model, in place of the source's own.

    Raises ModelFilesError for a checkpoint that is incomplete, damaged or of an architecture that would not come out
    right, UsageError for a destination that is taken.
    """
    source, destination = Path(source), Path(destination)
    _check_precision(precision)
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise UsageError(f"{destination} exists already; name a new directory, or remove it first")
    spec = _specification(source)
    _optimize(spec, source, precision)
    partial = destination.parent / f".{destination.name}.{uuid.uuid4().hex[:12]}.partial"
    try:
        partial.mkdir(parents=True)
        spec.save(str(partial))
        for name in COMPANIONS:
            if (source / name).is_file():
                shutil.copyfile(source / name, partial / name)
        if facts is not None:
            (partial / "newsmt.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        _flush(partial)
        if destination.is_dir():
            destination.rmdir()
        partial.rename(destination)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        raise UsageError(f"precision={precision!r} is not allowed: expected one of {', '.join(PRECISIONS)}")
    if "bfloat16" in precision:
        from importlib.util import find_spec

        if find_spec("torch") is None:
            raise BackendUnavailableError(
                f"conversion to {precision} needs torch: pip install 'newsmt[torch]', or take int8, float16 or float32"
            )


def _specification(source: Path) -> Any:
    from newsmt.convert.marian import marian_spec
    from newsmt.convert.t5 import t5_spec

    if not source.is_dir():
        raise ModelFilesError(f"{source} is no directory; name the folder that holds config.json and the weights")
    config = read_json(source / "config.json")
    architectures = {"marian": marian_spec, "mt5": t5_spec, "t5": t5_spec}
    architecture = config.get("model_type")
    if architecture not in architectures:
        raise ModelFilesError(
            f"{source / 'config.json'} says model_type={architecture!r}; newsmt converts {', '.join(architectures)}: "
            "use --backend torch for another sequence-to-sequence model"
        )
    weights: Weights = read_weights(source)
    try:
        return architectures[architecture](source, config, weights)
    except KeyError as error:
        raise ModelFilesError(f"{source / 'config.json'} lacks {error}; fetch the model again") from error


def _optimize(spec: Any, source: Path, precision: str) -> None:
    try:
        spec.validate()
    except ValueError as error:
        raise ModelFilesError(f"{source} cannot be converted: {error}; fetch the model again") from error
    spec.optimize(quantization=precision)


def _flush(directory: Path) -> None:
    """Make sure that what is in the directory outlives a power cut before its name appears."""
    for path in directory.iterdir():
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
    if os.name == "posix":
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
