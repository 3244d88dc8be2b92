"""Tensors and buffers that live in the host's memory, and how they print.

A `DenseHostTensor` is a thin label on a numpy array: no element is ever copied between the two, so a kernel
that writes into ``tensor.array`` writes into the tensor. A `HostBuffer` is untyped memory; a tensor's buffer
and a buffer's slices share memory with what they were taken from.

The other kinds hold special cases in less memory: a `ScalarHostTensor` one value for all elements, a
`CooHostTensor` a list of the elements that are not zero; a `StringHostTensor` holds strings. Each kind has the
attributes `dtype`, `shape` and `kind`, its name. `convert` turns one kind into another.

Printed forms and limits are those of ``lib/tensor/*_host_tensor.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tfrt.executor.support import allocation, native_threads
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

native_threads.apply()

PRINTED_ELEMENTS = 16
"""How many elements of a tensor are printed before the list is cut short."""


@dataclass(frozen=True, slots=True, eq=False)
class HostBuffer:
    """A contiguous piece of memory; `memory` is a one-dimensional array of bytes."""

    memory: np.ndarray

    @staticmethod
    def allocate(size: int, alignment: int) -> HostBuffer:
        """Memory of `size` bytes whose address is a multiple of `alignment`; zeros, not what the process had there.

        Raises:
            KernelError: the alignment is not a power of two, or there is not enough memory.
        """
        if alignment < 1 or alignment & (alignment - 1):
            raise KernelError(f"buffer alignment must be a power of two, got {alignment}")
        if size < 0:
            raise KernelError(f"Cannot allocate host buffer of {size} bytes")
        try:
            memory = allocation.counted(np.zeros(size + alignment - 1, np.uint8))
        except (MemoryError, ValueError, OverflowError):
            raise KernelError(f"Cannot allocate host buffer of {size} bytes") from None
        start = -memory.ctypes.data % alignment
        return HostBuffer(memory[start : start + size])

    @property
    def size(self) -> int:
        return self.memory.size

    def slice(self, offset: int, size: int) -> HostBuffer:
        """The `size` bytes from `offset` on, sharing this buffer's memory.

        Raises:
            KernelError: they do not lie within the buffer.
        """
        if not 0 <= offset <= offset + size <= self.size:
            raise KernelError(
                f"slice of {size} bytes at offset {offset} does not lie within the buffer of {self.size} bytes"
            )
        return HostBuffer(self.memory[offset : offset + size])

    def __str__(self) -> str:
        return f"HostBuffer<pointer={self.memory.ctypes.data:#x}, size={self.size}>"


@dataclass(slots=True, eq=False)  # One is made for every op, and initializing a frozen one takes three times as long.
class DenseHostTensor:
    """A dense tensor in row-major order. Its attributes are not to be changed.

    `array` holds the elements, in numpy's form of `dtype`. `dtype` says more than the array's own dtype where
    several element types share one numpy dtype (quantized integers). Its `kind` is ``DenseHost``.
    """

    kind: ClassVar[str] = "DenseHost"

    array: np.ndarray
    dtype: DType

    @staticmethod
    def uninitialized(dtype: DType, shape: tuple[int, ...]) -> DenseHostTensor:
        """A new tensor of arbitrary content.

        Raises:
            KernelError: a dimension is negative, or there is not enough memory.
        """
        try:
            return DenseHostTensor(allocation.counted(np.empty(shape, dtype.numpy)), dtype)
        except (MemoryError, ValueError, OverflowError):
            raise KernelError(f"Cannot allocate tensor of shape {list(shape)}") from None

    @staticmethod
    def zeros(dtype: DType, shape: tuple[int, ...]) -> DenseHostTensor:
        """A new tensor of zeros.

        Raises:
            KernelError: a dimension is negative, or there is not enough memory.
        """
        try:
            return DenseHostTensor(allocation.counted(np.zeros(shape, dtype.numpy)), dtype)
        except (MemoryError, ValueError, OverflowError):
            raise KernelError(f"Cannot allocate tensor of shape {list(shape)}") from None

    @staticmethod
    def of_buffer(buffer: HostBuffer, dtype: DType, shape: tuple[int, ...]) -> DenseHostTensor:
        """A tensor whose elements are the buffer's bytes. The buffer must have exactly the size needed."""
        return DenseHostTensor(buffer.memory.view(dtype.numpy).reshape(shape), dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return self.array.shape

    @property
    def buffer(self) -> HostBuffer:
        """The tensor's memory."""
        return HostBuffer(self.array.reshape(-1).view(np.uint8))

    def numpy(self) -> np.ndarray:
        """The tensor as a numpy array that shares its memory."""
        return self.array

    def __str__(self) -> str:
        head = self.array.reshape(-1)[:PRINTED_ELEMENTS]
        values = ", ".join(format_elements(head, self.dtype))
        more = ", ... " if self.array.size > PRINTED_ELEMENTS else ""
        label = f"DenseHostTensor dtype = {self.dtype.label}, shape = {list(self.shape)}"
        return f"{label}, values = [{values}{more}]"


@dataclass(frozen=True, slots=True, eq=False)
class StringHostTensor:
    """A tensor of strings, in row-major order."""

    kind: ClassVar[str] = "StringHost"
    dtype: ClassVar[DType] = DType.STRING

    shape: tuple[int, ...]
    strings: tuple[str, ...]

    def __str__(self) -> str:
        values = ", ".join(f'"{s}"' for s in self.strings[:PRINTED_ELEMENTS])
        # The reference cuts the list at 16 strings but says so only from 33 on.
        more = ", ... " if len(self.strings) > 32 else ""
        return f"StringHostTensor shape = {list(self.shape)}, values = [{values}{more}]"


@dataclass(frozen=True, slots=True, eq=False)
class ScalarHostTensor:
    """A tensor whose elements all have the same value: a Python number that is a value of `dtype`."""

    kind: ClassVar[str] = "ScalarHost"

    dtype: DType
    shape: tuple[int, ...]
    value: Any

    def __str__(self) -> str:
        (value,) = format_elements(elements([self.value], self.dtype), self.dtype)
        return f"ScalarHostTensor dtype = {self.dtype.label}, shape = {list(self.shape)}, value = {value}"


@dataclass(frozen=True, slots=True, eq=False)
class CooHostTensor:
    """A sparse tensor as a list of coordinates (COO); elements that are not listed are zero.

    `indices` is a matrix of i64 with one row per listed element and one column per dimension of `shape`;
    `values` is a vector with one element of `dtype` per row. Indices outside `shape` are found when it is made dense.
    """

    kind: ClassVar[str] = "CooHost"

    shape: tuple[int, ...]
    dtype: DType
    indices: DenseHostTensor
    values: DenseHostTensor

    def __post_init__(self) -> None:
        """Check that the parts fit together.

        Raises:
            KernelError: they do not.
        """
        rows = len(expect(self.values, self.dtype, rank=1))
        if expect(self.indices, DType.I64, rank=2).shape != (rows, len(self.shape)):
            raise KernelError(
                f"a coo tensor of shape {list(self.shape)} with {rows} values needs indices of shape "
                f"[{rows}, {len(self.shape)}], got {list(self.indices.shape)}"
            )

    def __str__(self) -> str:
        indices = ", ".join(map(str, self.indices.array.reshape(-1).tolist()))
        values = ", ".join(format_elements(self.values.array.reshape(-1), self.dtype))
        label = f"CooHostTensor dtype = {self.dtype.label}, shape = {list(self.shape)}"
        # Unlike the other kinds it ends its line; whoever prints it as a line of its own adds an empty one.
        return f"{label}, indices = [{indices}], values = [{values}]\n"


Tensor = DenseHostTensor | StringHostTensor | ScalarHostTensor | CooHostTensor


def convert(tensor: Tensor, kind: str) -> Tensor:
    """The tensor as one of that kind, independent of the original: a tensor of the same kind is copied.

    Raises:
        KernelError: tensors of that kind cannot hold it. Every numeric tensor becomes ``DenseHost``; only
            sparse tensors become ``ScalarHost``, if all their elements are surely equal.
    """
    match tensor, kind:
        case DenseHostTensor(), "DenseHost":
            return DenseHostTensor(tensor.array.copy(), tensor.dtype)
        case ((ScalarHostTensor() | CooHostTensor()), "DenseHost"):
            return to_dense(tensor)
        case CooHostTensor(), "ScalarHost":
            return _coo_to_scalar(tensor)
        case (ScalarHostTensor(), "ScalarHost") | (StringHostTensor(), "StringHost"):
            # These are immutable: they are copies of themselves.
            return tensor
    raise KernelError(f"cannot find conversion function for [{tensor.kind}]->[{kind}]")


def to_dense(tensor: Tensor) -> DenseHostTensor:
    """The tensor with all its elements written out; a dense tensor is returned as it is.

    Raises:
        KernelError: it is a tensor of strings, does not fit into memory, or is a sparse tensor that lists an
            element outside its shape.
    """
    match tensor:
        case DenseHostTensor():
            return tensor
        case ScalarHostTensor():
            try:
                array = np.full(tensor.shape, elements([tensor.value], tensor.dtype), tensor.dtype.numpy)
            except (MemoryError, ValueError, OverflowError):
                raise KernelError("out of memory copying tensor") from None
            return DenseHostTensor(array, tensor.dtype)
        case CooHostTensor():
            return _coo_to_dense(tensor)
    raise KernelError(f"cannot find conversion function for [{tensor.kind}]->[{DenseHostTensor.kind}]")


def to_coo(tensor: DenseHostTensor) -> CooHostTensor:
    """The tensor's elements that are not zero, in row-major order of their coordinates."""
    listed = tensor.array != 0
    indices = np.argwhere(listed).astype(np.int64, copy=False)
    values = DenseHostTensor(tensor.array[listed], tensor.dtype)
    return CooHostTensor(tensor.shape, tensor.dtype, dense_from_numpy(indices), values)


def _coo_to_dense(tensor: CooHostTensor) -> DenseHostTensor:
    try:
        array = np.zeros(tensor.shape, tensor.dtype.numpy)
    except (MemoryError, ValueError, OverflowError):
        raise KernelError("out of memory converting coo tensor to dht tensor") from None
    indices = tensor.indices.array
    outside = np.argwhere((indices < 0) | (indices >= np.array(tensor.shape, np.int64)))
    if outside.size:
        row, dimension = outside[0].tolist()
        raise KernelError(
            f"index {indices[row, dimension]} is outside dimension {dimension} of a coo tensor of shape "
            f"{list(tensor.shape)}"
        )
    strides = np.array([math.prod(tensor.shape[axis + 1 :]) for axis in range(len(tensor.shape))], np.int64)
    # Of elements listed more than once the last one counts.
    array.reshape(-1)[indices @ strides] = tensor.values.array
    return DenseHostTensor(array, tensor.dtype)


def _coo_to_scalar(tensor: CooHostTensor) -> ScalarHostTensor:
    count = math.prod(tensor.shape)
    if count > 1 and tensor.values.array.size:
        raise KernelError("failed to convert coo tensor to scalar host tensor")
    listed = tensor.values.array[-1:] if count else tensor.values.array[:0]
    value = numbers(listed if listed.size else np.zeros(1, tensor.dtype.numpy), tensor.dtype)[0]
    return ScalarHostTensor(tensor.dtype, tensor.shape, value)


def dense_from_numpy(array: np.ndarray) -> DenseHostTensor:
    """The array as a tensor; shares its memory where it is row-major and in native byte order.

    Raises:
        TypeError: the array's dtype is no element type.
    """
    dtype = DType.of(array)
    native = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    return DenseHostTensor(np.asarray(native, order="C"), dtype)


def value_of(tensor: Any) -> Any:
    """What a program's arrays are in the place of a tensor: its array, the object in it, or itself where it holds
    strings."""
    if type(tensor) is not DenseHostTensor:
        return tensor
    return tensor.array.item() if tensor.dtype is DType.VARIANT else tensor.array


def tensor_of(value: Any) -> Any:
    """The tensor of what a program has in its place; an object is the one element of a tensor."""
    if isinstance(value, np.ndarray | np.generic):
        return dense_from_numpy(value)  # type: ignore[arg-type]
    if type(value) is StringHostTensor:
        return value
    box = np.empty((), object)
    box[()] = value
    return DenseHostTensor(box, DType.VARIANT)


def elements(values: Sequence[Any] | np.ndarray, dtype: DType) -> np.ndarray:
    """Python numbers, each already a value of `dtype`, as a one-dimensional array in numpy's form of it."""
    if dtype is DType.BF16:
        # A bf16 is the upper half of an f32.
        bits = np.asarray(values, np.float32).view(np.uint32) >> 16
        return bits.astype(np.uint16).view(dtype.numpy)
    return np.asarray(values, dtype.numpy)


def numbers(array: np.ndarray, dtype: DType) -> list[Any]:
    """The elements of a one-dimensional array as Python numbers; the inverse of `elements`."""
    if dtype is DType.BF16:
        return (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32).tolist()
    return array.tolist()


def expect(tensor: DenseHostTensor, dtype: DType, rank: int | None = None) -> np.ndarray:
    """The tensor's array; for kernels that work on one element type, and perhaps one rank.

    Raises:
        KernelError: the tensor has another element type or rank.
    """
    if tensor.dtype is not dtype:
        raise KernelError(f"expected a tensor of dtype {dtype.label}, got {tensor.dtype.label}")
    if rank is not None and tensor.array.ndim != rank:
        raise KernelError(f"expected a tensor of rank {rank}, got shape {list(tensor.shape)}")
    return tensor.array


def format_elements(values: np.ndarray, dtype: DType) -> list[str]:
    """One printed form per element of a one-dimensional array, as in a printed tensor.

    Floats print like C's ``%e``; the 16-bit ones, which the reference does not decode, as their bit pattern.
    """
    match dtype:
        case DType.F32 | DType.F64:
            return [_format_float(v) for v in values.tolist()]
        case DType.COMPLEX64 | DType.COMPLEX128:
            return [f"({_format_float(v.real)},{_format_float(v.imag)})" for v in values.tolist()]
        case DType.F16:
            return [f"fp16({v})" for v in values.view(np.uint16).tolist()]
        case DType.BF16:
            return [f"bf16({v})" for v in values.view(np.uint16).tolist()]
        case DType.QUI8 | DType.QUI16 | DType.QI8 | DType.QI16 | DType.QI32:
            return [f"{dtype.label}({v})" for v in values.tolist()]
    return [str(int(v)) for v in values.tolist()]


def _format_float(value: float) -> str:
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return f"{value:e}"
