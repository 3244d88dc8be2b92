"""Tensor files: the Binary Tensor Format (``.btf``) and numpy's ``.npy``, read strictly.

A BTF file holds any number of tensors; all numbers are little-endian::

    number of tensors     u64
    offset of each record u64 …
    records, each at a multiple of 8:
        rank              u64
        element type      u8      0 i8, 1 i16, 2 i32, 3 i64, 4 f32, 5 f64, 6 ui8, 7 ui16, 8 ui32, 9 ui64
        layout            u8      0 row-major dense, 1 coordinate list (sparse)
        zero              6 bytes
        dimensions        u64 …
        dense:            elements, padded with zeros to a multiple of 8 bytes
        sparse:           number of elements listed u64, rank u64, their coordinates u64 …;
                          number of elements listed u64, the elements, padded likewise

Readers state the element type and rank they expect, check every size against the file before they allocate,
and raise `KernelError` for anything that does not fit. Format and messages:
``documents/binary_tensor_format.md`` and ``include/tfrt/tensor/btf_util.h`` in tensorflow/runtime.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.files import ALL_FILES, Files, Refused
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import CooHostTensor, DenseHostTensor, dense_from_numpy

_WORD = struct.Struct("<Q")
_HEADER = struct.Struct("<QBB6x")
_ALIGNMENT = 8

_DTYPES = (
    DType.I8,
    DType.I16,
    DType.I32,
    DType.I64,
    DType.F32,
    DType.F64,
    DType.UI8,
    DType.UI16,
    DType.UI32,
    DType.UI64,
)
_ARCHIVE = b"PK\x03\x04"
_TYPELESS = (np.dtype("V1"), np.dtype("V2"))
"""How numpy writes elements of types that are not its own, of one and of two bytes; the latter are taken for bf16."""
_SHOWN_CHARACTERS = 200
_ROW_MAJOR_DENSE = 0
_COORDINATE_LIST = 1
_LAYOUTS = ("Row-Major Dense tensor", "COOrdinate list sparse tensor")


def read_btf(
    path: str | os.PathLike[str], index: int, dtype: DType, rank: int, files: Files = ALL_FILES
) -> DenseHostTensor:
    """The dense tensor at position `index` of a BTF file.

    Args:
        files: which files may be opened.

    Raises:
        KernelError: the file cannot be read, is cut short or has no such tensor, or the tensor is not dense
            or has another element type or rank.
    """
    with _open(path, files) as stream:
        offset = _find_record(stream, path, index, dtype, rank, _ROW_MAJOR_DENSE)
        return DenseHostTensor(_read_payload(stream, offset, dtype, rank), dtype)


def read_btf_coo(
    path: str | os.PathLike[str], index: int, dtype: DType, rank: int, files: Files = ALL_FILES
) -> CooHostTensor:
    """The sparse tensor at position `index` of a BTF file; like `read_btf`.

    Raises:
        KernelError: the file cannot be read, is cut short or has no such tensor, the tensor is not sparse or has
            another element type or rank, or it lists elements outside its shape.
    """
    with _open(path, files) as stream:
        offset = _find_record(stream, path, index, dtype, rank, _COORDINATE_LIST)
        shape = _read_dims(stream, offset, rank)
        indices = _read_payload(stream, stream.tell(), DType.I64, 2)
        values = _read_payload(stream, stream.tell(), dtype, 1)
    if indices.size != values.size * rank:
        raise KernelError(
            "the tensor is not corectly formatted, the indices and values tensors do not match in size "
            f"{_LAYOUTS[_COORDINATE_LIST]}"
        )
    tensor = CooHostTensor(shape, dtype, dense_from_numpy(indices), DenseHostTensor(values, dtype))
    coordinates = indices.view(np.uint64)
    outside = np.argwhere(coordinates >= np.array(shape, np.uint64))
    if outside.size:
        row, column = outside[0].tolist()
        raise KernelError(
            f"the indices tensor has an element at position {row}, {column} that bigger than the respective "
            f"dimension. Element: {coordinates[row, column]}, limit: {shape[column]}"
        )
    return tensor


def write_btf(path: str | os.PathLike[str], tensors: Sequence[np.ndarray | CooHostTensor]) -> None:
    """Write a BTF file of dense tensors (given as arrays) and sparse ones, in order.

    Raises:
        TypeError: a tensor's element type has no code in the format.
    """
    records = [_encode_record(tensor) for tensor in tensors]
    offset = _WORD.size * (1 + len(records))
    header = [_WORD.pack(len(records))]
    for record in records:
        header.append(_WORD.pack(offset))
        offset += len(record)
    Path(path).write_bytes(b"".join(header + records))


def read_npy(path: str | os.PathLike[str], dtype: DType, rank: int, files: Files = ALL_FILES) -> DenseHostTensor:
    """The tensor in an ``.npy`` file; see `read_any_npy`. `files` is as for `read_btf`.

    Raises:
        KernelError: the file cannot be read, is malformed or cut short, or has another element type or rank.
    """
    with _open(path, files) as stream:
        header = _read_npy_header(stream, path)
        if header.dtype is not dtype:
            raise KernelError(f"unexpected tensor dtype {header.dtype.mlir}. Expected dtype is {dtype.mlir}")
        if len(header.shape) != rank:
            raise KernelError(f"unexpected tensor rank {len(header.shape)}. Expected rank is {rank}")
        return _read_npy_tensor(stream, path, header)


def read_any_npy(stream: BufferedReader, path: str | os.PathLike[str]) -> DenseHostTensor:
    """The tensor in an ``.npy`` file, of any element type and rank; pickled objects are refused.

    ``.npy`` files have no name for bf16: numpy writes its elements as two bytes of no type (``V2``), and these are
    taken for bf16.

    Args:
        stream: the open file.
        path: what messages call it.

    Raises:
        KernelError: it cannot be read, is malformed or cut short, or holds something else than numbers.
    """
    return _read_npy_tensor(stream, path, _read_npy_header(stream, path))


def read_npy_array(stream: BufferedReader, path: str | os.PathLike[str]) -> np.ndarray:
    """The array in an ``.npy`` file, or in a file of an archive, with the element type that it is stored with.

    Types that ``.npy`` files have no name for come as bytes of no type (``V1``, ``V2``); see
    `tfrt.executor.values.stored_types`.

    Raises:
        KernelError: as for `read_any_npy`.
    """
    shape, fortran_order, stored = _read_npy_layout(stream, path)
    try:
        if stored not in _TYPELESS:
            DType.of(stored)
    except TypeError as error:
        raise KernelError(f"{path} is not an .npy file of numbers: {error}") from None
    return _read_npy_elements(stream, path, shape, fortran_order, stored)


def _open(path: str | os.PathLike[str], files: Files) -> BufferedReader:
    try:
        return files.open(path)
    except Refused as refusal:
        raise KernelError(f"failed to open file {path} for reading: {refusal}") from None
    except OSError:
        raise KernelError(f"failed to open file {path} for reading") from None


def _read_word(stream: BufferedReader, offset: int) -> int | None:
    stream.seek(offset)
    data = stream.read(_WORD.size)
    return _WORD.unpack(data)[0] if len(data) == _WORD.size else None


def _find_record(
    stream: BufferedReader, path: str | os.PathLike[str], index: int, dtype: DType, rank: int, layout: int
) -> int:
    """The offset of the record at position `index`, of whose header the stream is then at the end."""
    count = _read_word(stream, 0)
    if count is None:
        raise KernelError(f"failed to read tensor num_tensors from path {path}")
    if not 0 <= index < count:
        raise KernelError(
            f"invalid tensor index {index} to read tensor from path {path} which contains {count} tensors"
        )
    offset = _read_word(stream, _WORD.size * (index + 1))
    if offset is None:
        raise KernelError(f"failed to read tensor offset from {path} for tensor index {index}")
    if offset > os.fstat(stream.fileno()).st_size - _HEADER.size:
        raise KernelError(f"failed to read tensor header from stream at offset {offset}")
    stream.seek(offset)
    actual_rank, type_code, actual_layout = _HEADER.unpack(stream.read(_HEADER.size))
    actual = _DTYPES[type_code].mlir if type_code < len(_DTYPES) else f"BadDtype({type_code})"
    if actual != dtype.mlir:
        raise KernelError(f"unexpected tensor dtype {actual}. Expected dtype is {dtype.mlir}")
    if actual_rank != rank:
        raise KernelError(f"unexpected tensor rank {actual_rank}. Expected rank is {rank}")
    if actual_layout != layout:
        name = _LAYOUTS[actual_layout] if actual_layout < len(_LAYOUTS) else "Unknown"
        raise KernelError(f"unexpected tensor layout {name}")
    return offset


def _read_payload(stream: BufferedReader, offset: int, dtype: DType, rank: int) -> np.ndarray:
    """The stream's next dimensions and elements; `offset` is where error messages say that they are."""
    array = _read_elements(stream, dtype.numpy, _read_dims(stream, offset, rank))
    if array is None:
        raise KernelError(f"failed to read tensor data from stream at offset {offset}")
    return array


def _read_dims(stream: BufferedReader, offset: int, rank: int) -> tuple[int, ...]:
    dims = stream.read(_WORD.size * rank)
    if len(dims) != _WORD.size * rank:
        raise KernelError(f"failed to read tensor dims at offset {offset}")
    return struct.unpack(f"<{rank}Q", dims)


def _read_elements(stream: BufferedReader, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray | None:
    """An array of the stream's next bytes, or None where the file has fewer than the shape needs."""
    if math.prod(shape) * dtype.itemsize > _remaining(stream):
        return None
    try:
        array = np.empty(shape, dtype)
    except (ValueError, OverflowError, MemoryError):
        # A dimension that numpy cannot index, in a tensor without elements, or more memory than there is.
        return None
    if stream.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:
        return None
    return array


def _remaining(stream: BufferedReader) -> int:
    position = stream.tell()
    end = stream.seek(0, os.SEEK_END)
    stream.seek(position)
    return end - position


def _encode_record(tensor: np.ndarray | CooHostTensor) -> bytes:
    dtype = tensor.dtype if isinstance(tensor, CooHostTensor) else DType.of(tensor)
    if dtype not in _DTYPES:
        raise TypeError(f"tensors of {dtype.mlir} cannot be written to a BTF file")
    layout = _COORDINATE_LIST if isinstance(tensor, CooHostTensor) else _ROW_MAJOR_DENSE
    header = _HEADER.pack(len(tensor.shape), _DTYPES.index(dtype), layout)
    if isinstance(tensor, CooHostTensor):
        dims = struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape)
        return header + dims + _encode_payload(tensor.indices.array) + _encode_payload(tensor.values.array)
    return header + _encode_payload(tensor)


def _encode_payload(array: np.ndarray) -> bytes:
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return struct.pack(f"<{array.ndim}Q", *array.shape) + data + bytes(-len(data) % _ALIGNMENT)


@dataclass(frozen=True)
class _NpyHeader:
    """What an ``.npy`` file holds; `stored` is its element type as it is in the file, with the order of bytes."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: DType
    stored: np.dtype


def _read_npy_header(stream: BufferedReader, path: str | os.PathLike[str]) -> _NpyHeader:
    shape, fortran_order, stored = _read_npy_layout(stream, path)
    if stored == _TYPELESS[1]:
        return _NpyHeader(shape, fortran_order, DType.BF16, DType.BF16.numpy)
    try:
        return _NpyHeader(shape, fortran_order, DType.of(stored), stored)
    except TypeError as error:
        raise KernelError(f"{path} is not an .npy file of numbers: {error}") from None


def _read_npy_layout(stream: BufferedReader, path: str | os.PathLike[str]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """The shape, whether the first dimension is the innermost, and the element type, as the file has it."""
    if stream.peek(len(_ARCHIVE)).startswith(_ARCHIVE):
        raise KernelError(f"{path} is an archive; an .npy file holds one array")
    try:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version[0]}.{version[1]} is not supported")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran_order, stored = read(stream)
        if min(shape, default=0) < 0:
            raise ValueError("a dimension is negative")
    except Exception as error:
        # numpy has Python parse the header, and which error that ends in depends on what is in the file.
        reason = " ".join(str(error).split()) or type(error).__name__
        shown = reason if len(reason) <= _SHOWN_CHARACTERS else f"{reason[:_SHOWN_CHARACTERS]} ..."
        raise KernelError(f"{path} is not an .npy file of numbers: {shown}") from None
    return shape, fortran_order, stored


def _read_npy_tensor(stream: BufferedReader, path: str | os.PathLike[str], header: _NpyHeader) -> DenseHostTensor:
    return dense_from_numpy(_read_npy_elements(stream, path, header.shape, header.fortran_order, header.stored))


def _read_npy_elements(
    stream: BufferedReader, path: str | os.PathLike[str], shape: tuple[int, ...], fortran_order: bool, stored: np.dtype
) -> np.ndarray:
    # Elements of a file in Fortran order are those of the transposed tensor in row-major order.
    array = _read_elements(stream, stored, shape[::-1] if fortran_order else shape)
    if array is None:
        raise KernelError(f"failed to read tensor data from {path}: the file is cut short")
    return array.T if fortran_order else array
