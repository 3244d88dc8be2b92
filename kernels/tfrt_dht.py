"""Kernels of `tfrt_dht`: dense host tensors and host buffers.

Reference: ``lib/tensor/dense_host_tensor_kernels.cc`` in tensorflow/runtime. Where an op's name ends in an
element type, its tensor operands must have that type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import numpy as np

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import I64Array, Stored
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.shape import TensorShape
from tfrt.executor.values.tensor import DenseHostTensor, HostBuffer, Tensor, elements, expect

F = TypeVar("F", bound=Callable[..., Any])

COMPARABLE_TYPES = {
    "ui8": DType.UI8,
    "ui16": DType.UI16,
    "ui32": DType.UI32,
    "ui64": DType.UI64,
    "f32": DType.F32,
    "f64": DType.F64,
    "i8": DType.I8,
    "i32": DType.I32,
    "i64": DType.I64,
    "bool": DType.I1,
    "complex64": DType.COMPLEX64,
    "complex128": DType.COMPLEX128,
}
"""Element types by the suffix of op names."""

ELEMENT_TYPES = COMPARABLE_TYPES | {"f16": DType.F16, "bf16": DType.BF16}
"""As in the reference, the 16-bit floats can be created and filled, but not compared."""

RANKS = range(6)

# The attributes of complex constants are arrays of real and imaginary parts.
_PARTS = {DType.COMPLEX64: DType.F32, DType.COMPLEX128: DType.F64}

_ULPS = {"": 2, "3ulp.": 3, "1000ulp.": 1000, "2000ulp.": 2000, "100000ulp.": 100000}


@kernel("tfrt_dht.print_tensor")
def print_tensor(tensor: Tensor, chain: Chain, host: HostContext) -> Chain:
    host.write(f"{tensor}\n")
    return chain


@kernel("tfrt_dht.print_tensor_shape")
def print_tensor_shape(tensor: DenseHostTensor, chain: Chain, host: HostContext) -> Chain:
    host.write(f"{list(tensor.shape)}\n")
    return chain


@kernel("tfrt_dht.get_tensor_shape", pure=True)
def get_tensor_shape(tensor: DenseHostTensor) -> TensorShape:
    return TensorShape(tensor.shape)


@kernel("tfrt_dht.no_op_ht")
def no_op_ht(tensor: Tensor, chain: Chain = CHAIN) -> Chain:
    return chain


@kernel("tfrt_dht.allocate_buffer")
def allocate_buffer(size: int, alignment: int) -> HostBuffer:
    return HostBuffer.allocate(size, alignment)


@kernel("tfrt_dht.get_buffer")
def get_buffer(tensor: DenseHostTensor, chain: Chain) -> tuple[HostBuffer, Chain]:
    return tensor.buffer, chain


@kernel("tfrt_dht.get_buffer_slice")
def get_buffer_slice(parent: HostBuffer, offset: int, size: int) -> HostBuffer:
    return parent.slice(offset, size)


@kernel("tfrt_dht.print_buffer")
def print_buffer(buffer: HostBuffer, chain: Chain, host: HostContext) -> Chain:
    host.write(f"{buffer}\n")
    return chain


def tensor_of_buffer(op: str, buffer: HostBuffer, dtype: DType, shape: TensorShape) -> DenseHostTensor:
    """A tensor of the buffer's memory; `op` names the op in the error message.

    Raises:
        KernelError: the buffer does not have exactly the size that the shape needs.
    """
    element_size = dtype.numpy.itemsize
    if buffer.size != math.prod(shape) * element_size:
        raise KernelError(
            f"{op} failed: buffer_size ({buffer.size}) is not equal to the number of elements in shape "
            f"({list(shape)}) times element size ({element_size})"
        )
    return DenseHostTensor.of_buffer(buffer, dtype, shape)


def assign(tensor: DenseHostTensor, dtype: DType, values: Sequence[Any] | np.ndarray) -> None:
    """Set the elements, in row-major order.

    Raises:
        KernelError: the tensor has another element type, or the number of values is not that of its elements.
    """
    array = expect(tensor, dtype)
    if len(values) != array.size:
        raise KernelError(f"Incorrect number of values for the tensor: {len(values)}, but expected {array.size}")
    array[...] = elements(values, dtype).reshape(array.shape)


def assign_constants(tensor: DenseHostTensor, dtype: DType, values: tuple[Any, ...]) -> None:
    """Set the elements from an attribute; complex ones from their real and imaginary parts in turn.

    Raises:
        KernelError: as `assign`.
    """
    if dtype not in _PARTS:
        assign(tensor, dtype, values)
        return
    expected = 2 * tensor.array.size
    if len(values) != expected:
        raise KernelError(
            "Incorrect number of real and imaginary values for the complex tensor: "
            f"{len(values)}, but expected {expected}"
        )
    assign(tensor, dtype, elements(values, _PARTS[dtype]).view(dtype.numpy))


def stored_as(**storage: Stored) -> Callable[[F], F]:
    """Declare how attributes are stored, where annotations cannot: in kernels made for each element type."""

    def declare(function: F) -> F:
        for name, stored in storage.items():
            function.__annotations__[name] = Annotated[Any, stored]
        return function

    return declare


def stored_values(dtype: DType) -> Stored:
    """How an attribute with values of an element type is stored: complex ones as their parts in turn."""
    return Stored("array", _PARTS.get(dtype, dtype))


def create_uninitialized_tensor(dtype: DType) -> Any:
    """The kernel that creates tensors of that element type."""

    def create(*, shape: I64Array) -> DenseHostTensor:
        # Zeros: what the process held in this memory is not the program's.
        return DenseHostTensor.zeros(dtype, shape)

    return create


def _register_for_type(suffix: str, dtype: DType) -> None:
    create = create_uninitialized_tensor(dtype)
    for rank in RANKS:
        kernel(f"tfrt_dht.create_uninitialized_tensor.{suffix}.{rank}", pure=True)(create)

    @kernel(f"tfrt_dht.make_tensor.{suffix}")
    def make_tensor(buffer: HostBuffer, shape: TensorShape, chain: Chain) -> tuple[DenseHostTensor, Chain]:
        return tensor_of_buffer("dht.make_tensor", buffer, dtype, shape), chain

    @kernel(f"tfrt_dht.set_tensor_with_constant_values.{suffix}")
    @stored_as(values=stored_values(dtype))
    def set_tensor_with_constant_values(tensor: DenseHostTensor, chain: Chain, *, values: Any) -> Chain:
        assign_constants(tensor, dtype, values)
        return chain

    @kernel(f"tfrt_dht.set_tensor_with_values.{suffix}")
    def set_tensor_with_values(tensor: DenseHostTensor, chain: Chain, *values: Any) -> Chain:
        assign(tensor, dtype, values)
        return chain

    if dtype in _PARTS:

        @kernel(f"tfrt_dht.fill_tensor_with_constant.{suffix}")
        @stored_as(value=stored_values(dtype))
        def fill_with_complex(tensor: DenseHostTensor, chain: Chain, *, value: Any) -> Chain:
            if len(value) != 2:
                raise KernelError(f"a complex constant has a real and an imaginary part, got {len(value)} numbers")
            expect(tensor, dtype)[...] = complex(*value)
            return chain

    else:

        @kernel(f"tfrt_dht.fill_tensor_with_constant.{suffix}")
        @stored_as(value=Stored("scalar", dtype))
        def fill_with_scalar(tensor: DenseHostTensor, chain: Chain, *, value: Any) -> Chain:
            expect(tensor, dtype)[...] = elements([value], dtype)
            return chain


def _register_comparisons(suffix: str) -> None:
    @kernel(f"tfrt_dht.tensor_equal.{suffix}")
    def tensor_equal(lhs: DenseHostTensor, rhs: DenseHostTensor, chain: Chain) -> tuple[bool, Chain]:
        return _same_metadata(lhs, rhs) and np.array_equal(lhs.array, rhs.array), chain

    def tensor_allclose(ulps: int) -> Any:
        def close(lhs: DenseHostTensor, rhs: DenseHostTensor, chain: Chain) -> tuple[bool, Chain]:
            return tensors_close(lhs, rhs, ulps), chain

        return close

    for infix, ulps in _ULPS.items():
        kernel(f"tfrt_dht.tensor_allclose.{infix}{suffix}")(tensor_allclose(ulps))


def tensors_close(lhs: DenseHostTensor, rhs: DenseHostTensor, ulps: int = 2) -> bool:
    """Whether both have the same element type and shape, and elements within that many units in the last place."""
    return _same_metadata(lhs, rhs) and _all_close(lhs.array, rhs.array, ulps)


def _same_metadata(lhs: DenseHostTensor, rhs: DenseHostTensor) -> bool:
    return lhs.dtype is rhs.dtype and lhs.shape == rhs.shape


def _all_close(lhs: np.ndarray, rhs: np.ndarray, ulps: int) -> bool:
    """Whether all elements are within that many units in the last place; integers must be equal.

    The distance is measured in the elements' own precision, relative to the magnitude of the sum, and is also
    small enough where it is below the smallest normal number.
    """
    if np.iscomplexobj(lhs):
        return _all_close(lhs.real, rhs.real, ulps) and _all_close(lhs.imag, rhs.imag, ulps)
    if lhs.dtype.kind != "f":
        return np.array_equal(lhs, rhs)
    limits = np.finfo(lhs.dtype)
    with np.errstate(all="ignore"):
        distance = np.abs(lhs - rhs)
        near = distance <= limits.eps * np.abs(lhs + rhs) * lhs.dtype.type(ulps)
        return bool(np.all(near | (distance < limits.tiny)))


for _suffix, _dtype in ELEMENT_TYPES.items():
    _register_for_type(_suffix, _dtype)
for _suffix in COMPARABLE_TYPES:
    _register_comparisons(_suffix)
