"""Safetensors files: named arrays in one file, mapped into memory.

A file is::

    size of the header      u64, little-endian
    header                  JSON: {NAME: {"dtype": TYPE, "shape": [SIZE, …], "data_offsets": [BEGIN, END]}, …}
    elements                row by row, little-endian; offsets count from here

``__metadata__`` in the header is for people. Arrays lie side by side in any order, without gaps, as the format's
definition has it (https://github.com/huggingface/safetensors). Everything that the header says is checked against
the file before any of it is used.

Arrays are views of the file as it is mapped, which nobody may write to: nothing is read before it is used, and
processes that map one file share its memory. So the file must stay as it is while they are used: what is written to
it would show, and where it is cut short the operating system ends the process (SIGBUS). `write_safetensors` replaces a
file and never changes it in place; who has the old one mapped keeps it.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
from collections.abc import Iterable, Mapping
from io import BufferedReader
from typing import Any, NoReturn

import numpy as np

from tfrt.executor.support.cli import write_chunks
from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.dtype import DType

TYPES = {
    "BOOL": DType.I1,
    "U8": DType.UI8,
    "I8": DType.I8,
    "U16": DType.UI16,
    "I16": DType.I16,
    "U32": DType.UI32,
    "I32": DType.I32,
    "U64": DType.UI64,
    "I64": DType.I64,
    "F8_E4M3": DType.F8E4M3FN,
    "F8_E5M2": DType.F8E5M2,
    "F8_E8M0": DType.F8E8M0FNU,
    "F16": DType.F16,
    "BF16": DType.BF16,
    "F32": DType.F32,
    "F64": DType.F64,
    "C64": DType.COMPLEX64,
}
"""The element types that such files name."""

_NAMES = {dtype: name for name, dtype in TYPES.items()}
_SIZE = struct.Struct("<Q")
_MOST_HEADER_BYTES = 100_000_000
_ALIGNMENT = 8
_METADATA = "__metadata__"


def holds(dtype: DType) -> bool:
    """Whether a file can hold arrays of an element type."""
    return dtype in _NAMES


def map_safetensors(file: BufferedReader, path: str | os.PathLike[str]) -> Mapping[str, np.ndarray]:
    """The arrays of an open file, by name.

    Raises:
        UsageError: it is no such file, or cut short.
    """
    size = os.fstat(file.fileno()).st_size
    beginning = file.read(_SIZE.size)
    if len(beginning) < _SIZE.size:
        _refuse(path, "it is too short")
    (length,) = _SIZE.unpack(beginning)
    start = _SIZE.size + length
    if length > _MOST_HEADER_BYTES or start > size:
        _refuse(path, f"its header would have {length} bytes")
    described = _header(file.read(length), path)
    tensors = {name: _tensor(name, entry, size - start, path) for name, entry in described.items()}
    _check_layout(tensors, size - start, path)
    memory = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    arrays = {name: _array(memory, start, *found) for name, found in tensors.items()}
    for name, array in arrays.items():
        if array.dtype == bool and array.size and array.view(np.uint8).max() > 1:
            _refuse(path, f"'{name}' holds a byte that is no truth value")
    return arrays


def write_safetensors(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file of arrays, at once: whoever has an old one mapped keeps it.

    Raises:
        UsageError: it cannot be written, or files cannot hold an array's element type.
    """
    # Those with large elements come first, so that all lie at multiples of their elements' size.
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header: dict[str, Any] = {}
    position = 0
    for name, array in ordered:
        dtype = DType.of(array)
        if dtype not in _NAMES:
            raise UsageError(f"'{path}' cannot hold '{name}': safetensors files have no element type {dtype.mlir}")
        end = position + array.nbytes
        header[name] = {"dtype": _NAMES[dtype], "shape": list(array.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)

    def chunks() -> Iterable[Any]:
        yield _SIZE.pack(len(text)) + text
        for _, array in ordered:
            little = np.ascontiguousarray(array, DType.of(array).numpy.newbyteorder("<"))
            yield little.reshape(-1).view(np.uint8).data

    write_chunks(os.fspath(path), chunks())


def _header(text: bytes, path: str | os.PathLike[str]) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name is there twice")
        return found

    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"its header is not JSON: {error}")
    if not isinstance(header, dict):
        _refuse(path, "its header is not a JSON object")
    return {name: entry for name, entry in header.items() if name != _METADATA}


def _tensor(
    name: str, entry: Any, available: int, path: str | os.PathLike[str]
) -> tuple[DType, tuple[int, ...], int, int]:
    """The element type, the shape, and where the elements begin and end."""
    fields = ("dtype", "shape", "data_offsets")
    if not isinstance(entry, dict) or sorted(entry) != sorted(fields):
        _refuse(path, f"its header must say dtype, shape and data_offsets of '{name}', and nothing else")
    spelled, shape, offsets = (entry[field] for field in fields)
    dtype = TYPES.get(spelled) if isinstance(spelled, str) else None
    if dtype is None:
        _refuse(path, f"'{name}' has the element type {spelled!r}; known are {', '.join(TYPES)}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        _refuse(path, f"the shape or the offsets of '{name}' are not numbers")
    begin, end = offsets
    if not begin <= end <= available:
        _refuse(path, f"'{name}' lies from {begin} to {end}, but there are {available} bytes; it may be cut short")
    if math.prod(shape) * dtype.numpy.itemsize != end - begin:
        _refuse(path, f"'{name}' has {end - begin} bytes, which is no {'x'.join(map(str, [*shape, dtype.mlir]))}")
    return dtype, tuple(shape), begin, end


def _are_sizes(values: Any) -> bool:
    # Truth values are integers to Python, not to JSON.
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 63 for value in values)


def _check_layout(tensors: Mapping[str, Any], available: int, path: str | os.PathLike[str]) -> None:
    position, before = 0, ""
    for name, (_, _, begin, end) in sorted(tensors.items(), key=lambda item: item[1][2:]):
        if begin < position:
            _refuse(path, f"'{name}' and '{before}' overlap")
        if begin > position:
            _refuse(path, f"the bytes from {position} to {begin} are no array's")
        position, before = end, name
    if position != available:
        _refuse(path, f"the bytes from {position} to {available} are no array's")


def _array(memory: mmap.mmap, start: int, dtype: DType, shape: tuple[int, ...], begin: int, end: int) -> np.ndarray:
    element = dtype.numpy
    stored = dtype.little_endian
    count = (end - begin) // element.itemsize
    array = np.frombuffer(memory, stored, count, start + begin) if count else np.empty(0, stored)
    if not (array.flags.aligned and stored.isnative):
        array = array.astype(element)
    array = array.reshape(shape)
    array.flags.writeable = False
    return array


def _refuse(path: str | os.PathLike[str], reason: str) -> NoReturn:
    raise UsageError(f"'{path}' is not a safetensors file: {reason}")
