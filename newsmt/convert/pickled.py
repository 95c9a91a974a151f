"""pytorch_model.bin read without torch, by an unpickler that knows tensors and nothing else.

A .bin is a pickle, and a pickle can name any function of any installed package to be called on loading. Here only
what a table of tensors needs is admitted, as stand-ins of our own; every other name is refused before anything runs.
Both of PyTorch's formats are read: the zip archive of version 1.6 and later, and the row of pickles before it, in
which older checkpoints of the hub still lie.
"""

from __future__ import annotations

import collections
import io
import math
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from newsmt.errors import ModelFilesError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_pickled_weights"]

# torch's storage classes and the type of their elements; bfloat16 has no numpy type and stays as its 16 bits.
STORAGE_TYPES: Mapping[str, str] = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}
MAXIMUM_PICKLE_BYTES = 64 * 1024 * 1024
LEGACY_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL_VERSION = 1001


class _Closed:
    """An object that the pickle may hold, but neither change nor look into."""

    __slots__ = ()

    def __setstate__(self, state: object) -> NoReturn:
        raise pickle.UnpicklingError("the pickle sets the state of an object, which no checkpoint does")


class _Storage(_Closed):
    """The numbers behind one or more tensors; filled when the archive is read."""

    __slots__ = ("data", "element_type", "elements", "key")

    def __init__(self, key: str, element_type: str, elements: int) -> None:
        self.key = key
        self.element_type = element_type
        self.elements = elements
        self.data: NDArray[Any] | None = None


class _Tensor(_Closed):
    """A view into a storage: what torch would rebuild."""

    __slots__ = ("offset", "shape", "storage", "strides")

    def __init__(self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.strides = strides


class _Function(_Closed):
    """Stands for a function of torch that rebuilds a tensor."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)


class _ElementType(_Closed):
    """Stands for torch.FloatStorage and its kin: a value, never called."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def read_pickled_weights(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a pytorch_model.bin by name, as numpy arrays; bfloat16 is widened to float32.

    Raises ModelFilesError when the file is damaged or its pickle names anything but tensors: the message has the name.
    """
    try:
        if zipfile.is_zipfile(path):
            return _arrays(path, _read_zip(path))
        return _arrays(path, _read_legacy(path))
    except ModelFilesError:
        raise
    except (
        pickle.UnpicklingError, zipfile.BadZipFile, EOFError, OSError, ValueError, TypeError, KeyError, IndexError,
        AttributeError, OverflowError, MemoryError, NotImplementedError, UnicodeDecodeError,
    ) as error:  # fmt: skip
        raise ModelFilesError(
            f"{path} is damaged or no PyTorch checkpoint ({type(error).__name__}: {error}); "
            "fetch it again (newsmt models fetch NAME) or copy it anew"
        ) from error


class _ClosedUnpickler(pickle.Unpickler):
    """An unpickler for which the world has tensors, storages and ordered dictionaries only."""

    def __init__(self, stream: BinaryIO, path: Path, storages: dict[str, _Storage]) -> None:
        super().__init__(stream, encoding="utf-8")
        self.path = path
        self.storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if module in ("torch", "torch.storage") and name in STORAGE_TYPES:
            return _ElementType(name)
        admitted: dict[tuple[str, str], Callable[..., Any]] = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _Function(_rebuild_tensor),
            ("torch._utils", "_rebuild_parameter"): _Function(_rebuild_parameter),
        }
        found = admitted.get((module, name))
        if found is None:
            _refuse(self.path, f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> _Storage:
        kind, element_type, key, _location, elements, *_ = pid
        if kind != "storage" or not isinstance(element_type, _ElementType) or not isinstance(key, str):
            raise pickle.UnpicklingError(f"persistent id {pid!r} is no tensor storage")
        storage = self.storages.get(key)
        if storage is None:
            storage = _Storage(key, STORAGE_TYPES[element_type.name], _count(elements))
            self.storages[key] = storage
        return storage


def _refuse(path: Path, name: str) -> NoReturn:
    raise ModelFilesError(
        f"{path} asks for {name!r} on loading: a checkpoint needs only tensors, and this could run any command, so it "
        "was not loaded and nothing was run; get the model from its publisher again, best as model.safetensors"
    )


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_unused: Any
) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    sizes = tuple(_count(size) for size in shape)
    steps = tuple(_count(step) for step in strides)
    return _Tensor(storage, _count(offset), sizes, steps)


def _rebuild_parameter(data: _Tensor, *_unused: Any) -> _Tensor:
    return data


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise pickle.UnpicklingError(f"{value!r} is no size")
    return value


def _read_zip(path: Path) -> Any:
    """PyTorch's zip format: NAME/data.pkl holds the table, NAME/data/KEY the numbers of each storage."""
    storages: dict[str, _Storage] = {}
    with zipfile.ZipFile(path) as archive:
        tables = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(tables) != 1:
            raise ModelFilesError(f"{path} is a zip archive with {len(tables)} data.pkl files; a checkpoint has one")
        root = tables[0].removesuffix("data.pkl")
        _check_byte_order(path, archive, root)
        if archive.getinfo(tables[0]).file_size > MAXIMUM_PICKLE_BYTES:
            raise ModelFilesError(f"{path} has a table of more than {MAXIMUM_PICKLE_BYTES} bytes: no checkpoint has")
        table = _ClosedUnpickler(io.BytesIO(archive.read(tables[0])), path, storages).load()
        for storage in storages.values():
            entry = archive.getinfo(f"{root}data/{storage.key}")
            with archive.open(entry) as stream:
                storage.data = _read_elements(stream, storage, entry.file_size)
                stream.read(1)  # reaching the end is what makes zipfile compare the checksum
    return table


def _check_byte_order(path: Path, archive: zipfile.ZipFile, root: str) -> None:
    if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder").strip() != b"little":
        raise ModelFilesError(f"{path} was written on a big-endian machine; save it again on a little-endian one")


def _read_legacy(path: Path) -> Any:
    """The format before PyTorch 1.6: five pickles in a row, then each storage's length and numbers."""
    storages: dict[str, _Storage] = {}
    with path.open("rb") as stream:
        head = stream.read(64)
        if head.startswith(b"version https://git-lfs"):
            raise ModelFilesError(f"{path} is a Git LFS pointer, not the weights; run `git lfs pull` in its folder")
        if not head.startswith(b"\x80"):
            raise ModelFilesError(
                f"{path} is no PyTorch checkpoint (it starts with {head[:8]!r}; a zip archive or a pickle was "
                "expected); fetch it again or save it with a current PyTorch"
            )
        stream.seek(0)

        def load() -> Any:
            return _ClosedUnpickler(stream, path, storages).load()

        if load() != LEGACY_MAGIC_NUMBER or load() != LEGACY_PROTOCOL_VERSION:
            raise ModelFilesError(
                f"{path} is a pickle but not PyTorch's; save the weights with torch.save or as model.safetensors"
            )
        if load().get("little_endian") is not True:
            raise ModelFilesError(f"{path} was written on a big-endian machine; save it again on a little-endian one")
        table = load()
        for key in load():
            storage = storages[key]
            elements = int.from_bytes(stream.read(8), "little")
            if elements != storage.elements:
                raise ModelFilesError(f"{path} is damaged: storage {key} has {elements} of {storage.elements} numbers")
            storage.data = _read_elements(stream, storage, elements * _item_size(storage))
    return table


def _item_size(storage: _Storage) -> int:
    return 2 if storage.element_type == "bfloat16" else int(storage.element_type[2:])


def _read_elements(stream: Any, storage: _Storage, size: int) -> NDArray[Any]:
    import numpy as np

    expected = storage.elements * _item_size(storage)
    if size != expected:
        raise ValueError(f"storage {storage.key} has {size} bytes, expected {expected}")
    data = np.empty(storage.elements, dtype="<u2" if storage.element_type == "bfloat16" else storage.element_type)
    view = data.view(np.uint8).data if storage.elements else memoryview(b"")
    filled = 0
    while filled < size:
        count = stream.readinto(view[filled:])
        if not count:
            raise EOFError(f"storage {storage.key} ends after {filled} of {size} bytes")
        filled += count
    if storage.element_type == "bfloat16":
        return (data.astype(np.uint32) << 16).view(np.float32)
    return data


def _arrays(path: Path, table: Any) -> dict[str, NDArray[Any]]:
    if isinstance(table, dict) and isinstance(table.get("state_dict"), dict):
        table = table["state_dict"]
    if not isinstance(table, dict):
        raise ModelFilesError(f"{path} holds a {type(table).__name__}; a table of weights was expected")
    return {name: _view(value) for name, value in table.items() if isinstance(name, str) and isinstance(value, _Tensor)}


def _view(tensor: _Tensor) -> NDArray[Any]:
    import numpy as np

    data = tensor.storage.data
    if data is None:
        raise ValueError(f"storage {tensor.storage.key} has no numbers")
    elements = math.prod(tensor.shape)
    if elements == 0:
        return np.empty(tensor.shape, dtype=data.dtype)
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    if last >= len(data):
        raise ValueError(f"a tensor reaches to element {last} of a storage of {len(data)}")
    strides = tuple(step * data.itemsize for step in tensor.strides)
    return np.lib.stride_tricks.as_strided(data[tensor.offset :], tensor.shape, strides)
