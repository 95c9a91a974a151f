"""The weights of a checkpoint as float32 arrays, from safetensors or pytorch_model.bin, whole or in shards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.convert.pickled import read_pickled_weights
from newsmt.errors import ModelFilesError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["WEIGHT_FILES", "Weights", "read_json", "read_weights", "weight_files"]

# The first of these that is there is taken: safetensors hold nothing that could run.
WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
SAFETENSORS_TYPES: Mapping[str, str] = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}


class Weights:
    """Named float32 arrays of one checkpoint; says which one is missing and where."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], source: Path) -> None:
        self.source = source
        self._arrays = dict(arrays)
        self._widened: dict[int, NDArray[np.float32]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """The array as contiguous, writable float32: the conversion scales weights in place."""
        import numpy as np

        array = self._stored(name)
        known = self._widened.get(id(array))
        if known is None:
            known = np.require(array, dtype=np.float32, requirements=["C", "W"])
            self._widened[id(array)] = known
        return known

    def shaped(self, name: str, *shape: int) -> NDArray[np.float32]:
        """The array, when it has the shape that config.json promises; looked at before anything is copied."""
        stored = self._stored(name).shape
        if stored != shape:
            raise ModelFilesError(
                f"{self.source} has {name!r} in shape {stored}, but its config.json calls for {shape}: the two files "
                "do not belong together; fetch the model again"
            )
        return self[name]

    def _stored(self, name: str) -> NDArray[Any]:
        if name not in self._arrays:
            raise ModelFilesError(
                f"{self.source} has no weight {name!r}, which its config.json calls for: the file is damaged or "
                "belongs to another architecture; fetch the model again or name the right directory"
            )
        return self._arrays[name]


def weight_files(directory: Path) -> tuple[str, ...]:
    """Names of the files that hold a checkpoint's weights, index first; empty when there are none."""
    for name in WEIGHT_FILES:
        if (directory / name).is_file():
            return (name, *shards(directory / name)) if name.endswith(".index.json") else (name,)
    return ()


def shards(index: Path) -> tuple[str, ...]:
    """File names that an index of sharded weights lists."""
    weight_map = read_json(index).get("weight_map")
    names = set(weight_map.values()) if isinstance(weight_map, dict) else set()
    if not names or not all(isinstance(name, str) and name == Path(name).name for name in names):
        raise ModelFilesError(f"{index} is no index of weight files; fetch the model again")
    return tuple(sorted(names))


def read_weights(directory: Path) -> Weights:
    """All weights of the checkpoint in a directory."""
    names = [name for name in weight_files(directory) if not name.endswith(".index.json")]
    if not names:
        raise ModelFilesError(
            f"{directory} has no weights: expected one of {', '.join(WEIGHT_FILES)}; fetch the model again"
        )
    arrays: dict[str, NDArray[Any]] = {}
    for name in names:
        path = directory / name
        if not path.is_file():
            raise ModelFilesError(f"{directory} lacks {name}, which its index lists; fetch the model again")
        arrays.update(_read_safetensors(path) if name.endswith(".safetensors") else read_pickled_weights(path))
    return Weights(arrays, directory / names[0] if len(names) == 1 else directory)


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    import numpy as np
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np"):  # checks the header: every offset lies within the file
            pass
    except (SafetensorError, OSError) as error:
        raise ModelFilesError(
            f"{path} is damaged or no safetensors file ({error}); fetch it again or copy it anew"
        ) from error
    with path.open("rb") as stream:
        start = int.from_bytes(stream.read(8), "little")
        header: dict[str, Any] = json.loads(stream.read(start))
    arrays: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in SAFETENSORS_TYPES:
            raise ModelFilesError(f"{path} stores {name!r} as {entry['dtype']}; float32, float16 or bfloat16 is needed")
        begin, end = entry["data_offsets"]
        element = np.dtype(SAFETENSORS_TYPES[entry["dtype"]])
        count = (end - begin) // element.itemsize
        array = np.fromfile(path, dtype=element, count=count, offset=8 + start + begin).reshape(entry["shape"])
        arrays[name] = (array.astype(np.uint32) << 16).view(np.float32) if entry["dtype"] == "BF16" else array
    return arrays


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of a model directory."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFilesError(f"{path.parent} lacks {path.name}; fetch the model again or name its directory") from None
    except (OSError, ValueError) as error:
        raise ModelFilesError(f"{path} is damaged ({error}); fetch the model again or copy the file anew") from error
    if not isinstance(value, dict):
        raise ModelFilesError(
            f"{path} holds a {type(value).__name__}, a JSON object was expected; fetch the model again"
        )
    return value
