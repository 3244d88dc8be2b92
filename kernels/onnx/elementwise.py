"""Operators that work element by element, with operands broadcast."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.arithmetic import integers
from tfrt.kernels.numerics.special.error_functions import erf
from tfrt.kernels.shared.operators import operator

Array = np.ndarray


def _is_integer(dtype: np.dtype) -> bool:
    return dtype.kind in "iu"


def _round(x: Array) -> Array:
    return np.rint(x)


def _erf(x: Array) -> Array:
    return erf(x.astype(np.float64)).astype(x.dtype) if x.dtype.kind == "f" else x


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, np.zeros((), x.dtype))


def _sigmoid(x: Array) -> Array:
    return (1 / (1 + np.exp(-np.abs(x)))) * np.where(x < 0, np.exp(-np.abs(x)), 1).astype(x.dtype)


_UNARY: dict[str, Callable[[Array], Array]] = {
    "Abs": np.abs,
    "Acos": np.arccos,
    "Acosh": np.arccosh,
    "Asin": np.arcsin,
    "Asinh": np.arcsinh,
    "Atan": np.arctan,
    "Atanh": np.arctanh,
    "BitwiseNot": np.invert,
    "Ceil": np.ceil,
    "Cos": np.cos,
    "Cosh": np.cosh,
    "Erf": _erf,
    "Exp": np.exp,
    "Floor": np.floor,
    "HardSwish": lambda x: x * np.clip(x / 6 + x.dtype.type(0.5), 0, 1).astype(x.dtype),
    "IsNaN": np.isnan,
    "Log": np.log,
    "Mish": lambda x: x * np.tanh(_softplus(x)),
    "Neg": np.negative,
    "Not": np.logical_not,
    "Reciprocal": lambda x: (1 / x).astype(x.dtype),
    "Relu": lambda x: np.maximum(x, np.zeros((), x.dtype)),
    "Round": _round,
    "Sigmoid": _sigmoid,
    "Sign": np.sign,
    "Sin": np.sin,
    "Sinh": np.sinh,
    "Softplus": _softplus,
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Sqrt": np.sqrt,
    "Tan": np.tan,
    "Tanh": np.tanh,
}


def _divide(a: Array, b: Array) -> Array:
    return integers.divide(*np.broadcast_arrays(a, b)) if _is_integer(a.dtype) else np.divide(a, b)


def _power(base: Array, exponent: Array) -> Array:
    """In the type of the base; negative powers of integers are truncated."""
    if not _is_integer(base.dtype):
        return np.power(base.astype(np.float64), exponent).astype(base.dtype)
    if _is_integer(exponent.dtype):
        wide, negative = np.power(base, np.maximum(exponent, 0).astype(np.int64), dtype=np.int64), exponent < 0
        if not negative.any():
            return wide.astype(base.dtype)
    return np.trunc(np.power(base.astype(np.float64), exponent)).astype(base.dtype)


_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add,
    "And": np.logical_and,
    "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or,
    "BitwiseXor": np.bitwise_xor,
    "Div": _divide,
    "Equal": np.equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Mul": np.multiply,
    "Or": np.logical_or,
    "PRelu": lambda x, slope: np.where(x < 0, x * slope, x).astype(x.dtype),
    "Pow": _power,
    "Sub": np.subtract,
    "Xor": np.logical_xor,
}

_VARIADIC: dict[str, Callable[..., Array]] = {
    "Max": lambda *all: reduce(np.maximum, all),
    "Mean": lambda *all: (reduce(np.add, all) / len(all)).astype(all[0].dtype),
    "Min": lambda *all: reduce(np.minimum, all),
    "Sum": lambda *all: reduce(np.add, all),
}


def _register(name: str, function: Callable[..., Any]) -> None:
    operator(name, in_single=True)(function)


for _table in (_UNARY, _BINARY, _VARIADIC):
    for _name, _function in _table.items():
        _register(_name, _function)


@operator("Identity")
def identity(x: Array) -> Array:
    return x


@operator("Dropout")
def dropout(
    x: Array, ratio: Array | None = None, training: Array | None = None, *, seed: int = 0
) -> tuple[Array, Array]:
    """The operand, and that nothing is left out, as it is when nothing is trained.

    Raises:
        KernelError: it is to be trained, and elements are to be left out.
    """
    if training is not None and training.item() and (ratio is None or ratio.item()):
        raise KernelError("leaves elements out only when a network is trained, which is not supported")
    return x, np.ones(x.shape, bool)


@operator("Mod", in_single=True)
def mod(a: Array, b: Array, *, fmod: int = 0) -> Array:
    """The remainder, with the sign of the divisor, or of the dividend with `fmod`."""
    return np.asarray(np.fmod(a, b) if fmod else np.mod(a, b))


@operator("BitShift")
def bit_shift(x: Array, amount: Array, *, direction: str) -> Array:
    """Bits moved to the left, or to the right with copies of the sign; all are gone where no more are than are moved.

    Raises:
        KernelError: it is no direction.
    """
    if direction not in ("LEFT", "RIGHT"):
        raise KernelError(f"expects a direction LEFT or RIGHT, but got {direction}")
    bits = x.dtype.itemsize * 8
    move = np.left_shift if direction == "LEFT" else np.right_shift
    moved = move(x, np.minimum(amount, bits - 1).astype(x.dtype))
    beyond = np.where((x < 0) & (direction == "RIGHT"), -1, 0)
    return np.where(amount < bits, moved, beyond).astype(x.dtype)


@operator("IsInf")
def is_inf(x: Array, *, detect_negative: int = 1, detect_positive: int = 1) -> Array:
    infinite = np.isinf(x)
    return infinite & np.where(x > 0, bool(detect_positive), bool(detect_negative))


@operator("Clip", in_single=True)
def clip(x: Array, low: Array | None = None, high: Array | None = None) -> Array:
    """Elements no less than `low`, and then no greater than `high`."""
    above = x if low is None else np.maximum(x, low)
    return above if high is None else np.minimum(above, high)


@operator("Where")
def where(condition: Array, x: Array, y: Array) -> Array:
    return np.where(condition, x, y)


@operator("LeakyRelu", in_single=True)
def leaky_relu(x: Array, *, alpha: float = 0.01) -> Array:
    return np.where(x < 0, x * x.dtype.type(alpha), x)


@operator("Elu", in_single=True)
def elu(x: Array, *, alpha: float = 1.0) -> Array:
    return np.where(x < 0, x.dtype.type(alpha) * np.expm1(x), x)


@operator("Celu", in_single=True)
def celu(x: Array, *, alpha: float = 1.0) -> Array:
    scale = x.dtype.type(alpha)
    return np.maximum(x, 0) + np.minimum(0, scale * np.expm1(x / scale))


@operator("Selu", in_single=True)
def selu(x: Array, *, alpha: float = 1.6732632, gamma: float = 1.050701) -> Array:
    scale, factor = x.dtype.type(alpha), x.dtype.type(gamma)
    return np.asarray(factor * np.where(x <= 0, scale * np.expm1(x), x))


@operator("HardSigmoid", in_single=True)
def hard_sigmoid(x: Array, *, alpha: float = 0.2, beta: float = 0.5) -> Array:
    return np.asarray(np.clip(x.dtype.type(alpha) * x + x.dtype.type(beta), 0, 1))


@operator("ThresholdedRelu", in_single=True)
def thresholded_relu(x: Array, *, alpha: float = 1.0) -> Array:
    return np.where(x > x.dtype.type(alpha), x, x.dtype.type(0))


@operator("Shrink", in_single=True)
def shrink(x: Array, *, bias: float = 0.0, lambd: float = 0.5) -> Array:
    """Elements nearer to zero by `bias`; those within `lambd` of it are zero."""
    below, above = (x + bias).astype(x.dtype), (x - bias).astype(x.dtype)
    return np.where(x < -lambd, below, np.where(x > lambd, above, x.dtype.type(0)))


@operator("Gelu", in_single=True)
def gelu(x: Array, *, approximate: str = "none") -> Array:
    """The argument times the normal distribution's probability of less."""
    wide = x.astype(np.float64)
    if approximate == "tanh":
        inner = np.tanh(np.sqrt(2 / np.pi) * (wide + 0.044715 * wide**3))
    else:
        inner = erf(wide / np.sqrt(2))
    return (0.5 * wide * (1 + inner)).astype(x.dtype)


@operator("Swish", in_single=True)
def swish(x: Array, *, alpha: float = 1.0) -> Array:
    return np.asarray(x * _sigmoid(x * x.dtype.type(alpha)))
