"""Reads the weights of torch's old file format (before 1.6) with numpy alone."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

DTYPES = {"FloatStorage": np.float32, "LongStorage": np.int64}


class Storage(NamedTuple):
    key: str
    dtype: type
    length: int


class Tensor(NamedTuple):
    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Builds tensors' descriptions; refuses to construct anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: Tensor(storage, offset, size, stride)
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"refused {module}.{name}")

    def persistent_load(self, pid: Any) -> Storage:
        return Storage(key=pid[2], dtype=DTYPES[pid[1]], length=pid[4])


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Every tensor by its name. The file holds: magic, protocol, system, state, keys, raw storages."""
    with path.open("rb") as file:
        for _ in range(3):
            _Reader(file).load()
        state: dict[str, Tensor] = _Reader(file).load()
        keys: list[str] = _Reader(file).load()
        storages = {tensor.storage.key: tensor.storage for tensor in state.values()}
        raw = {key: _read_storage(file, storages[key]) for key in keys}
    return {name: _array(raw[tensor.storage.key], tensor) for name, tensor in state.items()}


def _read_storage(file: BinaryIO, storage: Storage) -> np.ndarray:
    length = int(np.frombuffer(file.read(8), "<i8")[0])
    if length != storage.length:
        raise ValueError(f"storage {storage.key} holds {length} values, not {storage.length}")
    return np.frombuffer(file.read(length * np.dtype(storage.dtype).itemsize), storage.dtype)


def _array(raw: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Honours the strides: some tensors are stored transposed, and ignoring that ruins the model."""
    strides = [step * raw.itemsize for step in tensor.stride]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(raw[tensor.offset :], tensor.size, strides))
