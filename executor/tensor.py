"""Tensors and buffers that live in the host's memory, and how they print.

A `DenseHostTensor` is a thin label on a numpy array: no element is ever copied between the two, so a kernel
that writes into ``tensor.array`` writes into the tensor. A `HostBuffer` is untyped memory; a tensor's buffer
and a buffer's slices share memory with what they were taken from.

Printed forms and limits are those of ``lib/tensor/*_host_tensor.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError

PRINTED_ELEMENTS = 16
"""How many elements of a tensor are printed before the list is cut short."""


@dataclass(frozen=True, slots=True, eq=False)
class HostBuffer:
    """A contiguous piece of memory; `memory` is a one-dimensional array of bytes."""

    memory: np.ndarray

    @staticmethod
    def allocate(size: int, alignment: int) -> HostBuffer:
        """Uninitialized memory of `size` bytes whose address is a multiple of `alignment`.

        Raises:
            KernelError: the alignment is not a power of two, or there is not enough memory.
        """
        if alignment < 1 or alignment & (alignment - 1):
            raise KernelError(f"buffer alignment must be a power of two, got {alignment}")
        if size < 0:
            raise KernelError(f"Cannot allocate host buffer of {size} bytes")
        try:
            memory = np.empty(size + alignment - 1, np.uint8)
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


@dataclass(frozen=True, slots=True, eq=False)
class DenseHostTensor:
    """A dense tensor in row-major order.

    `array` holds the elements, in numpy's form of `dtype`. `dtype` says more than the array's own dtype where
    several element types share one numpy dtype (quantized integers; bf16 without ``ml_dtypes``).
    """

    array: np.ndarray
    dtype: DType

    @staticmethod
    def uninitialized(dtype: DType, shape: tuple[int, ...]) -> DenseHostTensor:
        """A new tensor of arbitrary content.

        Raises:
            KernelError: a dimension is negative, or there is not enough memory.
        """
        try:
            return DenseHostTensor(np.empty(shape, dtype.numpy), dtype)
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

    shape: tuple[int, ...]
    strings: tuple[str, ...]

    def __str__(self) -> str:
        values = ", ".join(f'"{s}"' for s in self.strings[:PRINTED_ELEMENTS])
        # The reference cuts the list at 16 strings but says so only from 33 on.
        more = ", ... " if len(self.strings) > 32 else ""
        return f"StringHostTensor shape = {list(self.shape)}, values = [{values}{more}]"


Tensor = DenseHostTensor | StringHostTensor


def dense_from_numpy(array: np.ndarray) -> DenseHostTensor:
    """The array as a tensor; shares its memory where it is row-major and in native byte order.

    Raises:
        TypeError: the array's dtype is no element type.
    """
    dtype = DType.of(array)
    native = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    return DenseHostTensor(np.asarray(native, order="C"), dtype)


def elements(values: Sequence[Any] | np.ndarray, dtype: DType) -> np.ndarray:
    """Python numbers, each already a value of `dtype`, as a one-dimensional array in numpy's form of it."""
    if dtype is DType.BF16:
        # A bf16 is the upper half of an f32; this needs no ml_dtypes.
        bits = np.asarray(values, np.float32).view(np.uint32) >> 16
        return bits.astype(np.uint16).view(dtype.numpy)
    return np.asarray(values, dtype.numpy)


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
