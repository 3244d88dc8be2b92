"""Elementwise ops of one and two tensors.

Binary ops broadcast as numpy does and keep scalar tensors scalar: two of them give one. Integers wrap around and divide
toward zero.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

import numpy as np

from tfrt.executor.core_runtime.metadata import TensorMetadata
from tfrt.executor.core_runtime.op_registry import OpFlags, ResultMetadata, cpu_op
from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError
from tfrt.executor.tensor import DenseHostTensor, ScalarHostTensor, elements
from tfrt.kernels.tf.dtypes import COMPLEX, FLOATS, NUMERIC, REAL

Operand = DenseHostTensor | ScalarHostTensor
Unary = Callable[[np.ndarray], np.ndarray]
Binary = Callable[[np.ndarray, np.ndarray], np.ndarray]


def broadcast_shape(lhs: tuple[int, ...], rhs: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an elementwise result of two tensors of these shapes.

    Raises:
        KernelError: a dimension differs and is not 1 in either.
    """
    sizes = []
    for left, right in zip_longest(reversed(lhs), reversed(rhs), fillvalue=1):
        if left != right and 1 not in (left, right):
            raise KernelError(f"Dimensions must be equal, but are {left} and {right}")
        sizes.append(right if left == 1 else left)
    return tuple(reversed(sizes))


def same_metadata(operand: TensorMetadata) -> TensorMetadata:
    """The metadata of a result that is like the operand."""
    return operand


def _binary_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    if lhs.dtype is not rhs.dtype:
        raise KernelError("incompatible dtypes for binary operation")
    return TensorMetadata(lhs.dtype, broadcast_shape(lhs.shape, rhs.shape))


def _comparison_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    return TensorMetadata(DType.I1, _binary_metadata(lhs, rhs).shape)


def _register_binary(
    name: str,
    function: Binary,
    dtypes: frozenset[DType],
    metadata: Callable[[TensorMetadata, TensorMetadata], TensorMetadata] = _binary_metadata,
) -> None:
    @cpu_op(name, metadata=metadata, flags=OpFlags.ALLOWS_SCALAR)
    def dispatch(lhs: Operand, rhs: Operand, metadata: ResultMetadata) -> Operand:
        if lhs.dtype not in dtypes:
            raise KernelError(f"Unsupported input dtype: {lhs.dtype.label}")
        (result,) = metadata
        with np.errstate(all="ignore"):
            values = np.asarray(function(_values(lhs), _values(rhs)))
        if isinstance(lhs, ScalarHostTensor) and isinstance(rhs, ScalarHostTensor):
            return ScalarHostTensor(result.dtype, result.shape, values.item())
        if values.shape != result.shape:
            # A scalar tensor's elements are not written out, but its shape counts.
            values = np.broadcast_to(values, result.shape).copy()
        return DenseHostTensor(values, result.dtype)


def _register_unary(name: str, function: Unary, dtypes: frozenset[DType]) -> None:
    @cpu_op(name, metadata=same_metadata)
    def dispatch(operand: DenseHostTensor) -> DenseHostTensor:
        if operand.dtype not in dtypes:
            raise KernelError("unsupported dtype")
        with np.errstate(all="ignore"):
            return DenseHostTensor(np.asarray(function(operand.array)), operand.dtype)


def _values(operand: Operand) -> np.ndarray:
    if isinstance(operand, ScalarHostTensor):
        return elements([operand.value], operand.dtype).reshape(())
    return operand.array


def _divide(dividend: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    if dividend.dtype.kind not in "iu":
        return np.divide(dividend, divisor)
    if dividend.size and not divisor.all():
        raise KernelError("Divide by zero")
    quotient = np.floor_divide(dividend, divisor)
    # numpy rounds down; one more makes it toward zero.
    inexact = np.remainder(dividend, divisor) != 0
    return quotient + (inexact & ((dividend < 0) != (divisor < 0))).astype(quotient.dtype)


def _rsqrt(values: np.ndarray) -> np.ndarray:
    return np.reciprocal(np.sqrt(values))


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return np.reciprocal(1 + np.exp(-values))


_ARITHMETIC: dict[str, Binary] = {
    "tf.Add": np.add,
    "tf.AddV2": np.add,
    "tf.Sub": np.subtract,
    "tf.Mul": np.multiply,
    "tf.RealDiv": _divide,
}
_EXTREMA: dict[str, Binary] = {"tf.Maximum": np.maximum, "tf.Minimum": np.minimum}
_ORDER: dict[str, Binary] = {
    "tf.Less": np.less,
    "tf.LessEqual": np.less_equal,
    "tf.Greater": np.greater,
    "tf.GreaterEqual": np.greater_equal,
}
_EQUALITY: dict[str, Binary] = {"tf.Equal": np.equal, "tf.NotEqual": np.not_equal}
_TRANSCENDENTAL: dict[str, Unary] = {
    "tf.Exp": np.exp,
    "tf.Log": np.log,
    "tf.Log1p": np.log1p,
    "tf.Rsqrt": _rsqrt,
    "tf.Sigmoid": _sigmoid,
    "tf.Sqrt": np.sqrt,
    "tf.Tanh": np.tanh,
}
_ALGEBRAIC: dict[str, Unary] = {"tf.Abs": np.abs, "tf.Neg": np.negative, "tf.Square": np.square}

for _name, _binary in _ARITHMETIC.items():
    _register_binary(_name, _binary, NUMERIC)
for _name, _binary in _EXTREMA.items():
    _register_binary(_name, _binary, REAL)
for _name, _binary in _ORDER.items():
    _register_binary(_name, _binary, REAL, _comparison_metadata)
for _name, _binary in _EQUALITY.items():
    _register_binary(_name, _binary, NUMERIC | {DType.I1}, _comparison_metadata)
for _name, _unary in _TRANSCENDENTAL.items():
    _register_unary(_name, _unary, FLOATS)
for _name, _unary in _ALGEBRAIC.items():
    _register_unary(_name, _unary, REAL)


@cpu_op("tf.Relu", metadata=same_metadata)
def relu(operand: DenseHostTensor) -> DenseHostTensor:
    """The greater of each element and 0."""
    if operand.dtype not in REAL:
        raise KernelError("unsupported dtype for relu")
    return DenseHostTensor(np.maximum(operand.array, operand.array.dtype.type(0)), operand.dtype)


def _cast_metadata(operand: TensorMetadata, *, DstT: DType | None = None) -> TensorMetadata:
    if DstT is None:
        raise KernelError("cannot get destination type")
    return TensorMetadata(DstT, operand.shape)


@cpu_op("tf.Cast", metadata=_cast_metadata)
def cast(operand: DenseHostTensor, metadata: ResultMetadata) -> DenseHostTensor:
    """The elements as another type: numbers are truncated toward zero, or wrap around; complex ones lose their
    imaginary part; i1 says whether they are not zero.
    """
    (result,) = metadata
    castable = NUMERIC | {DType.I1}
    if operand.dtype not in castable or result.dtype not in castable:
        raise KernelError(f"Unsupported cast from {operand.dtype.label} to {result.dtype.label}")
    source = operand.array
    if operand.dtype in COMPLEX and result.dtype not in COMPLEX | {DType.I1}:
        source = source.real
    with np.errstate(all="ignore"):
        return DenseHostTensor(source.astype(result.dtype.numpy, order="C"), result.dtype)
