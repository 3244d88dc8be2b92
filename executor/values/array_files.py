"""Files of named arrays, which arguments and weights come from: numpy's ``.npz``, and safetensors.

What a file is, its first bytes say, not its name. An archive's arrays are read into memory, those of a safetensors
file are mapped (see `tfrt.executor.values.safetensors`).
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tfrt.executor.support.archives import DAMAGE, open_archive
from tfrt.executor.support.errors import KernelError, UsageError
from tfrt.executor.support.files import open_regular
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.safetensors import map_safetensors
from tfrt.executor.values.stored_types import from_stored
from tfrt.executor.values.tensor_files import read_npy_array

_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
_NPY = b"\x93NUMPY"
_SUFFIX = ".npy"


def open_arrays(path: str | os.PathLike[str]) -> Mapping[str, np.ndarray]:
    """The arrays in a file by name, with the element types that they are stored with, read when they are asked for.

    Raises:
        UsageError: it cannot be read, or is none of these files; asking for an array raises it where that is corrupt.
    """
    try:
        file = open_regular(path)
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror or error}") from None
    with file:
        beginning = file.peek(len(_NPY))
        if beginning.startswith(_ARCHIVES):
            return _Archive(path, file.read())
        if beginning.startswith(_NPY):
            raise UsageError(f"'{path}' is an .npy file, which holds one array without a name")
        return map_safetensors(file, path)


def read_array(path: str, dtype: DType) -> np.ndarray:
    """The array in an ``.npy`` file, as one of `dtype` where the file stores such elements so; else as it is.

    Raises:
        UsageError: it cannot be read, or is no such file.
        MisfitError: see `from_stored`.
    """
    try:
        with open(path, "rb") as stream:
            return from_stored(read_npy_array(stream, f"'{path}'"), dtype)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"cannot read '{path}': {reason or error}") from error
    except KernelError as error:
        raise UsageError(str(error)) from None


class _Archive(Mapping[str, np.ndarray]):
    """The arrays of an ``.npz`` file."""

    def __init__(self, path: str | os.PathLike[str], content: bytes):
        self._path = path
        try:
            self._archive = open_archive(content)
        except zipfile.BadZipFile as error:
            raise UsageError(f"'{path}' is not an .npz file: {error}") from None
        self._names = {name.removesuffix(_SUFFIX): name for name in self._archive.namelist()}

    def __getitem__(self, name: str) -> np.ndarray:
        member = self._names[name]
        what = f"'{name}' in '{self._path}'"
        try:
            stream: Any = io.BufferedReader(io.BytesIO(self._archive.read(member)))
            return read_npy_array(stream, what)
        except DAMAGE as error:
            raise UsageError(f"cannot read {what}: {error}") from None
        except KernelError as error:
            raise UsageError(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
