"""Elementwise ops of TensorFlow that are those of `stablehlo` and `chlo`, on operands that broadcast as numpy does, and
what is made of a few of them.

Where TensorFlow's edges differ from the specification's, the op says so. Source of the semantics:
``tensorflow/core/ops/math_ops.cc`` and ``bitwise_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import CPU_OPS, array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic import integers
from tfrt.kernels.numerics.arithmetic.halves import rounded_once
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.special import error_functions
from tfrt.kernels.tf.elementwise import binary_metadata

_UNARY: dict[str, str] = {
    "Acos": "chlo.acos",
    "Acosh": "chlo.acosh",
    "Asin": "chlo.asin",
    "Asinh": "chlo.asinh",
    "Atan": "chlo.atan",
    "Atanh": "chlo.atanh",
    "BesselI1e": "chlo.bessel_i1e",
    "Ceil": "stablehlo.ceil",
    "Conj": "chlo.conj",
    "Cos": "stablehlo.cosine",
    "Cosh": "chlo.cosh",
    "Digamma": "chlo.digamma",
    "Erf": "chlo.erf",
    "Erfc": "chlo.erfc",
    "Erfinv": "chlo.erf_inv",
    "Expm1": "stablehlo.exponential_minus_one",
    "Floor": "stablehlo.floor",
    "Invert": "stablehlo.not",
    "Lgamma": "chlo.lgamma",
    "LogicalNot": "stablehlo.not",
    "PopulationCount": "stablehlo.popcnt",
    "Rint": "stablehlo.round_nearest_even",
    "Round": "stablehlo.round_nearest_even",
    "Sign": "stablehlo.sign",
    "Sin": "stablehlo.sine",
    "Sinh": "chlo.sinh",
    "Tan": "stablehlo.tan",
}
_BINARY: dict[str, str] = {
    "Atan2": "stablehlo.atan2",
    "BitwiseAnd": "stablehlo.and",
    "BitwiseOr": "stablehlo.or",
    "BitwiseXor": "stablehlo.xor",
    "LeftShift": "stablehlo.shift_left",
    "LogicalAnd": "stablehlo.and",
    "LogicalOr": "stablehlo.or",
    "NextAfter": "chlo.next_after",
    "Polygamma": "chlo.polygamma",
    "Pow": "stablehlo.power",
    "Zeta": "chlo.zeta",
}


def _form(op: str, inputs: tuple[TensorMetadata, ...], result: TensorMetadata, **attributes: Any) -> ArrayForm:
    entry = CPU_OPS.get(op)
    assert entry is not None
    return entry.arrays(inputs, attributes, None, (result,))


def _register_unary(name: str, op: str) -> None:
    @array_op(f"tf.{name}", metadata=same_metadata)
    def form(operand: TensorMetadata) -> ArrayForm:
        # Integers are round already.
        if op.startswith("stablehlo.round") and operand.dtype.name.lstrip("U").startswith("I"):
            return lambda x, out=None: x.copy()
        return _form(op, (operand,), operand)


def _register_binary(name: str, op: str) -> None:
    @array_op(f"tf.{name}", metadata=binary_metadata)
    def form(x: TensorMetadata, y: TensorMetadata) -> ArrayForm:
        return _form(op, (x, y), binary_metadata(x, y))


for _name, _op in _UNARY.items():
    _register_unary(_name, _op)
for _name, _op in _BINARY.items():
    _register_binary(_name, _op)


def _predicate_metadata(operand: TensorMetadata) -> TensorMetadata:
    return TensorMetadata(DType.I1, operand.shape)


_PREDICATES: dict[str, Callable[..., np.ndarray]] = {
    "IsFinite": np.isfinite,
    "IsInf": np.isinf,
    "IsNan": np.isnan,
}


def _register_predicate(name: str, function: Callable[..., np.ndarray]) -> None:
    @array_op(f"tf.{name}", metadata=_predicate_metadata)
    def form(operand: TensorMetadata) -> ArrayForm:
        return lambda x, out=None: np.asarray(function(x, out=out))


for _name, _function in _PREDICATES.items():
    _register_predicate(_name, _function)


def _part_metadata(operand: TensorMetadata, *, Tout: DType | None = None) -> TensorMetadata:
    return TensorMetadata(DType.F64 if operand.dtype is DType.COMPLEX128 else DType.F32, operand.shape)


@array_op("tf.Real", metadata=_part_metadata)
def real(operand: TensorMetadata, *, Tout: DType | None = None) -> ArrayForm:
    """The real part."""
    return lambda x, out=None: np.array(x.real)


@array_op("tf.Imag", metadata=_part_metadata)
def imag(operand: TensorMetadata, *, Tout: DType | None = None) -> ArrayForm:
    """The imaginary part."""
    return lambda x, out=None: np.array(x.imag)


@array_op("tf.ComplexAbs", metadata=_part_metadata)
def complex_abs(operand: TensorMetadata, *, Tout: DType | None = None) -> ArrayForm:
    """The absolute value of a complex number."""
    return lambda x, out=None: np.asarray(np.abs(x))


@array_op("tf.Angle", metadata=_part_metadata)
def angle(operand: TensorMetadata, *, Tout: DType | None = None) -> ArrayForm:
    """The argument of a complex number."""
    return lambda x, out=None: np.asarray(np.angle(x))


def _complex_metadata(re: TensorMetadata, im: TensorMetadata, *, Tout: DType | None = None) -> TensorMetadata:
    known = binary_metadata(re, im)
    return TensorMetadata(DType.COMPLEX128 if known.dtype is DType.F64 else DType.COMPLEX64, known.shape)


@array_op("tf.Complex", metadata=_complex_metadata)
def complex_(re: TensorMetadata, im: TensorMetadata, *, Tout: DType | None = None) -> ArrayForm:
    """Complex numbers of two parts."""
    dtype = _complex_metadata(re, im).dtype.numpy

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.empty(np.broadcast_shapes(x.shape, y.shape), dtype)
        result.real, result.imag = x, y
        return result

    return run


def _floor_division(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    _require_nonzero(y)
    return np.floor_divide(x, y) if x.dtype.kind in "iu" else np.floor(x / y)


def _floor_mod(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    _require_nonzero(y)
    return np.mod(x, y)


def _truncated_mod(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    _require_nonzero(y)
    return np.fmod(x, y)


def _truncated_division(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    _require_nonzero(y)
    return integers.divide(x, y) if x.dtype.kind in "iu" else x / y


def _require_nonzero(y: np.ndarray) -> None:
    if y.dtype.kind in "iu" and not y.all():
        raise KernelError("Integer division by zero")


def _without_nan(x: np.ndarray, y: np.ndarray, found: np.ndarray, *, zero: np.ndarray) -> np.ndarray:
    return np.where(zero == 0, np.zeros((), found.dtype), found)


def _xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _without_nan(x, y, x * np.log(y), zero=x)


_COMPOSED: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "Div": _truncated_division,
    "DivNoNan": lambda x, y: _without_nan(x, y, x / y, zero=y),
    "FloorDiv": _floor_division,
    "FloorMod": _floor_mod,
    "Mod": _truncated_mod,
    "MulNoNan": lambda x, y: _without_nan(x, y, x * y, zero=y),
    "SquaredDifference": lambda x, y: np.conj(x - y) * (x - y),
    "TruncateDiv": _truncated_division,
    "TruncateMod": _truncated_mod,
    "Xdivy": lambda x, y: _without_nan(x, y, x / y, zero=x),
    "Xlog1py": lambda x, y: _without_nan(x, y, x * np.log1p(y), zero=x),
    "Xlogy": _xlogy,
}


def _register_composed(name: str, function: Callable[..., np.ndarray]) -> None:
    @array_op(f"tf.{name}", metadata=binary_metadata)
    def form(x: TensorMetadata, y: TensorMetadata) -> ArrayForm:
        binary_metadata(x, y)
        run = rounded_once(lambda a, b: np.asarray(quiet.call(function, a, b)))
        return lambda a, b, out=None: run(a, b)


for _name, _function in _COMPOSED.items():
    _register_composed(_name, _function)


@array_op("tf.RightShift", metadata=binary_metadata)
def right_shift(x: TensorMetadata, y: TensorMetadata) -> ArrayForm:
    """Bits moved to the right: signed numbers keep their sign."""
    op = "stablehlo.shift_right_logical" if x.dtype.name.startswith("U") else "stablehlo.shift_right_arithmetic"
    return _form(op, (x, y), binary_metadata(x, y))


def _equal_metadata(x: TensorMetadata, y: TensorMetadata, *, tolerance: float = 1e-5) -> TensorMetadata:
    return TensorMetadata(DType.I1, binary_metadata(x, y).shape)


@array_op("tf.ApproximateEqual", metadata=_equal_metadata)
def approximate_equal(x: TensorMetadata, y: TensorMetadata, *, tolerance: float = 1e-5) -> ArrayForm:
    """Whether numbers differ by less than a tolerance."""
    return lambda a, b, out=None: np.asarray(quiet.call(lambda: np.abs(a - b) < tolerance))


def _sum_metadata(*operands: TensorMetadata) -> TensorMetadata:
    if not operands or any(operand != operands[0] for operand in operands):
        raise KernelError("tf.AddN: Inputs must have the same type and shape")
    return operands[0]


@array_op("tf.AddN", metadata=_sum_metadata)
def add_n(*operands: TensorMetadata) -> ArrayForm:
    """The sum of all inputs."""

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        total = arrays[0].copy()
        for array in arrays[1:]:
            quiet.call(np.add, total, array, out=total)
        return total

    return run


def _bessel_i0e(x: np.ndarray) -> np.ndarray:
    """``exp(-|x|)`` times the modified Bessel function of the first kind of order 0."""
    size = np.abs(x).astype(np.float64)
    near, far = np.minimum(size, 500), np.maximum(size, 500)
    # From 500 on, the next term of the expansion is less than the last digit of a double.
    expanded = 1 + (1 / 8 + (9 / 128 + (225 / 3072 + 11025 / 98304 / far) / far) / far) / far
    return np.where(size > 500, expanded / np.sqrt(2 * np.pi * far), np.i0(near) * np.exp(-near))


def _grown(x: np.ndarray, scaled: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A function of which `scaled` is ``exp(-|x|)`` times, in double precision until it is rounded."""
    wide = x.astype(np.float64)
    return np.asarray(np.exp(np.abs(wide)) * scaled(wide)).astype(x.dtype)


_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "BesselI0": lambda x: _grown(x, _bessel_i0e),
    "BesselI0e": _bessel_i0e,
    "BesselI1": lambda x: _grown(x, error_functions.bessel_i1e),
    "Elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "Inv": np.reciprocal,
    "Reciprocal": np.reciprocal,
    "Relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "Selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "Softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "Softsign": lambda x: x / (1 + np.abs(x)),
}


def _register_activation(name: str, function: Callable[[np.ndarray], np.ndarray]) -> None:
    @array_op(f"tf.{name}", metadata=same_metadata)
    def form(operand: TensorMetadata) -> ArrayForm:
        dtype = operand.dtype.numpy
        run = rounded_once(lambda x: np.asarray(quiet.call(function, x)))
        return lambda x, out=None: run(x).astype(dtype, copy=False)


for _name, _activation in _ACTIVATIONS.items():
    _register_activation(_name, _activation)


def _checked_metadata(operand: TensorMetadata, *, message: str) -> TensorMetadata:
    return operand


@array_op("tf.CheckNumerics", metadata=_checked_metadata)
def check_numerics(operand: TensorMetadata, *, message: str) -> ArrayForm:
    """The operand, which holds neither NaN nor infinities: an error that begins with `message` otherwise."""

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if not np.isfinite(x).all():
            found = [name for name, test in (("Inf", np.isinf), ("NaN", np.isnan)) if test(x).any()]
            raise KernelError(f"{message} : Tensor had {' and '.join(found)} values")
        return x.copy()

    return run


def _leaky_metadata(operand: TensorMetadata, *, alpha: float = 0.2) -> TensorMetadata:
    return operand


@array_op("tf.LeakyRelu", metadata=_leaky_metadata)
def leaky_relu(operand: TensorMetadata, *, alpha: float = 0.2) -> ArrayForm:
    """What is negative, times `alpha`."""
    run = rounded_once(lambda x: np.where(x > 0, x, x * x.dtype.type(alpha)))
    return lambda x, out=None: run(x)


@array_op("tf.ClipByValue", shaped_by=())
def clip_by_value(operand: TensorMetadata, low: TensorMetadata, high: TensorMetadata) -> ArrayForm:
    """Each element, or the limit that it is beyond."""
    return lambda x, low, high, out=None: np.asarray(quiet.call(np.minimum, quiet.call(np.maximum, x, low), high))


def _bitcast_metadata(operand: TensorMetadata, *, type: DType) -> TensorMetadata:
    before, after = operand.dtype.numpy.itemsize, type.numpy.itemsize
    if before == after:
        return TensorMetadata(type, operand.shape)
    if before > after:
        return TensorMetadata(type, (*operand.shape, before // after))
    if operand.shape[-1:] != (after // before,):
        raise KernelError(f"tf.Bitcast: cannot make {type.label} of {operand}")
    return TensorMetadata(type, operand.shape[:-1])


@array_op("tf.Bitcast", views=True, shaped_by=())
def bitcast(operand: TensorMetadata, *, type: DType | None = None, Tout: DType | None = None) -> ArrayForm:
    """The same bits as another type; a change of size adds or takes the last dimension."""
    wanted = type or Tout
    if wanted is None:
        raise KernelError("missing attribute 'type' of op 'tf.Bitcast'")
    result = _bitcast_metadata(operand, type=wanted)
    return lambda x: np.ascontiguousarray(x).view(result.dtype.numpy).reshape(result.shape)


@array_op("tf.ToBool", shaped_by=())
def to_bool(operand: TensorMetadata) -> ArrayForm:
    """Whether a scalar is not zero, or a tensor is not empty: how TensorFlow's branches read conditions."""
    return lambda x, out=None: np.array(bool(x.item()) if x.ndim == 0 else x.size > 0)
