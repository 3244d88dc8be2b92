"""Elementwise ops of one and two tensors.

Binary ops broadcast as numpy does and keep scalar tensors scalar: two of them give one. Integers wrap around and divide
toward zero.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import zip_longest

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op import ArrayForm, OpFlags
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, ScalarHostTensor, elements
from tfrt.kernels.numerics.arithmetic import casts, integers
from tfrt.kernels.numerics.arithmetic.halves import in_single
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.dtypes import COMPLEX, FLOATS, HALVES, NUMERIC, REAL

Operand = DenseHostTensor | ScalarHostTensor
Out = np.ndarray | None
Unary = Callable[..., np.ndarray]
Binary = Callable[..., np.ndarray]
"""Functions of arrays that may be given one to write the result into (`out`), such as numpy's."""


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


def binary_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    """The metadata of an elementwise result of two tensors of one element type."""
    if lhs.dtype is not rhs.dtype:
        raise KernelError("incompatible dtypes for binary operation")
    return TensorMetadata(lhs.dtype, broadcast_shape(lhs.shape, rhs.shape))


def _comparison_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    return TensorMetadata(DType.I1, binary_metadata(lhs, rhs).shape)


def _binary_form(function: Binary, dtypes: frozenset[DType]) -> Callable[..., ArrayForm]:
    def form(lhs: TensorMetadata, rhs: TensorMetadata) -> ArrayForm:
        if lhs.dtype not in dtypes:
            raise KernelError(f"Unsupported input dtype: {lhs.dtype.label}")
        return lambda x, y, out=None: np.asarray(quiet.call(function, x, y, out=out))

    return form


def _register_binary(name: str, function: Binary, native: str, dtypes: frozenset[DType]) -> None:
    # Integers divided by zero fail.
    infallible = dtypes & FLOATS if function is _divide else dtypes

    @cpu_op(
        name,
        metadata=binary_metadata,
        flags=OpFlags.ALLOWS_SCALAR | OpFlags.FORWARDS_BUFFER,
        array_form=_binary_form(function, dtypes),
        elementwise=lambda dtype: function if dtype in infallible else None,
        native=native,
    )
    def dispatch(lhs: Operand, rhs: Operand, *, out: Out = None) -> Operand:
        if lhs.dtype not in dtypes:
            raise KernelError(f"Unsupported input dtype: {lhs.dtype.label}")
        if type(lhs) is DenseHostTensor and type(rhs) is DenseHostTensor:
            return DenseHostTensor(np.asarray(quiet.call(function, lhs.array, rhs.array, out=out)), lhs.dtype)
        return _with_scalars(function, lhs, rhs, lhs.dtype)


def _register_comparison(name: str, function: Binary, dtypes: frozenset[DType]) -> None:
    form = _binary_form(function, dtypes)

    @cpu_op(name, metadata=_comparison_metadata, flags=OpFlags.ALLOWS_SCALAR, array_form=form)
    def dispatch(lhs: Operand, rhs: Operand) -> Operand:
        if lhs.dtype not in dtypes:
            raise KernelError(f"Unsupported input dtype: {lhs.dtype.label}")
        return _with_scalars(function, lhs, rhs, DType.I1)


def _with_scalars(function: Binary, lhs: Operand, rhs: Operand, dtype: DType) -> Operand:
    values = np.asarray(quiet.call(function, _values(lhs), _values(rhs)))
    shape = broadcast_shape(lhs.shape, rhs.shape)
    if isinstance(lhs, ScalarHostTensor) and isinstance(rhs, ScalarHostTensor):
        return ScalarHostTensor(dtype, shape, values.item())
    if values.shape != shape:
        # A scalar tensor's elements are not written out, but its shape counts.
        values = np.broadcast_to(values, shape).copy()
    return DenseHostTensor(values, dtype)


def _register_unary(name: str, plain: Unary, native: str | None, dtypes: frozenset[DType]) -> None:
    of_halves = in_single(plain)

    @cpu_op(
        name,
        metadata=same_metadata,
        flags=OpFlags.FORWARDS_BUFFER,
        elementwise=lambda dtype: None if dtype not in dtypes else of_halves if dtype in HALVES else plain,
        native=native,
    )
    def dispatch(operand: DenseHostTensor, *, out: Out = None) -> DenseHostTensor:
        if operand.dtype not in dtypes:
            raise KernelError("unsupported dtype")
        function = of_halves if operand.dtype in HALVES else plain
        return DenseHostTensor(np.asarray(quiet.call(function, operand.array, out=out)), operand.dtype)


def _values(operand: Operand) -> np.ndarray:
    if isinstance(operand, ScalarHostTensor):
        return elements([operand.value], operand.dtype).reshape(())
    return operand.array


def _divide(dividend: np.ndarray, divisor: np.ndarray, out: Out = None) -> np.ndarray:
    if dividend.dtype.kind not in "iu":
        return np.divide(dividend, divisor, out=out)
    if dividend.size and not divisor.all():
        raise KernelError("Divide by zero")
    return integers.divide(dividend, divisor, out)


def _rsqrt(values: np.ndarray, out: Out = None) -> np.ndarray:
    root = np.sqrt(values, out)
    return np.divide(1, root, out)


def _sigmoid(values: np.ndarray, out: Out = None) -> np.ndarray:
    exponential = np.exp(np.negative(values, out), out)
    return np.divide(1, np.add(exponential, 1, out), out)


_ARITHMETIC: dict[str, tuple[Binary, str]] = {
    "tf.Add": (np.add, "{0} + {1}"),
    "tf.AddV2": (np.add, "{0} + {1}"),
    "tf.Sub": (np.subtract, "{0} - {1}"),
    "tf.Mul": (np.multiply, "{0} * {1}"),
    "tf.RealDiv": (_divide, "{0} / {1}"),
}
_EXTREMA: dict[str, tuple[Binary, str]] = {
    "tf.Maximum": (np.maximum, "{0} if {0} > {1} or {0} != {0} else {1}"),
    "tf.Minimum": (np.minimum, "{0} if {0} < {1} or {0} != {0} else {1}"),
}
_ORDER: dict[str, Binary] = {
    "tf.Less": np.less,
    "tf.LessEqual": np.less_equal,
    "tf.Greater": np.greater,
    "tf.GreaterEqual": np.greater_equal,
}
_EQUALITY: dict[str, Binary] = {"tf.Equal": np.equal, "tf.NotEqual": np.not_equal}
_TRANSCENDENTAL: dict[str, tuple[Unary, str | None]] = {
    # Libraries round these differently, so machine code of ours would not give numpy's numbers.
    "tf.Exp": (np.exp, None),
    "tf.Log": (np.log, None),
    "tf.Log1p": (np.log1p, None),
    "tf.Rsqrt": (_rsqrt, "one / sqrt({0})"),
    "tf.Sigmoid": (_sigmoid, None),
    "tf.Sqrt": (np.sqrt, "sqrt({0})"),
    "tf.Tanh": (np.tanh, None),
}
_ALGEBRAIC: dict[str, tuple[Unary, str | None]] = {
    "tf.Abs": (np.abs, "abs({0})"),
    "tf.Neg": (np.negative, "-{0}"),
    "tf.Square": (np.square, "{0} * {0}"),
}

for _name, _binary in _ARITHMETIC.items():
    _register_binary(_name, *_binary, NUMERIC)
for _name, _binary in _EXTREMA.items():
    _register_binary(_name, *_binary, REAL)
for _name, _comparison in _ORDER.items():
    _register_comparison(_name, _comparison, REAL)
for _name, _comparison in _EQUALITY.items():
    _register_comparison(_name, _comparison, NUMERIC | {DType.I1})
for _name, _unary in _TRANSCENDENTAL.items():
    _register_unary(_name, *_unary, FLOATS | COMPLEX)
for _name, _unary in _ALGEBRAIC.items():
    # The absolute value of a complex number has another type, and is another op.
    _register_unary(_name, *_unary, REAL if _name == "tf.Abs" else NUMERIC)


@cache
def _zero(dtype: DType) -> np.ndarray:
    """An array rather than a scalar: numpy takes it as it is."""
    return np.zeros((), dtype.numpy)


def _relu(dtype: DType) -> Unary | None:
    if dtype not in REAL:
        return None
    zero = _zero(dtype)
    return lambda values, out=None: np.maximum(values, zero, out=out)


@cpu_op(
    "tf.Relu",
    metadata=same_metadata,
    flags=OpFlags.FORWARDS_BUFFER,
    elementwise=_relu,
    native="{0} if {0} > zero or {0} != {0} else zero",
)
def relu(operand: DenseHostTensor, *, out: Out = None) -> DenseHostTensor:
    """The greater of each element and 0."""
    if operand.dtype not in REAL:
        raise KernelError("unsupported dtype for relu")
    # For halves numpy warns of signalling NaNs.
    values = quiet.call(np.maximum, operand.array, _zero(operand.dtype), out=out)
    return DenseHostTensor(np.asarray(values), operand.dtype)


def _cast_metadata(operand: TensorMetadata, *, DstT: DType | None = None) -> TensorMetadata:
    if DstT is None:
        raise KernelError("cannot get destination type")
    return TensorMetadata(DstT, operand.shape)


@cpu_op("tf.Cast", metadata=_cast_metadata)
def cast(operand: DenseHostTensor, metadata: ResultMetadata) -> DenseHostTensor:
    """The elements as another type, see `tfrt.kernels.numerics.arithmetic.casts`."""
    (result,) = metadata
    castable = NUMERIC | {DType.I1}
    if operand.dtype not in castable or result.dtype not in castable:
        raise KernelError(f"Unsupported cast from {operand.dtype.label} to {result.dtype.label}")
    return DenseHostTensor(casts.cast(operand.array, result.dtype.numpy), result.dtype)
