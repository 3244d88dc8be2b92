"""Operators that give elements in another type."""

from __future__ import annotations

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.shared.operators import dtype_named, operator

Array = np.ndarray

_NARROW_INTEGERS = {DType.I2: 2, DType.UI2: 2, DType.I4: 4, DType.UI4: 4}
_SATURATING = frozenset(dtype for dtype in DType if dtype.name.startswith(("F8", "F6", "F4")))


@operator("Cast")
def cast(x: Array, *, to: str, saturate: int = 1, round_mode: str = "up") -> Array:
    """Elements as numbers of another type.

    Floats that one of 8 bits cannot hold become the nearest that it can with `saturate`, or else NaN or infinity.
    `round_mode` is for f8E8M0FNU, which has powers of two only.
    """
    target = dtype_named(to)
    if x.dtype == target:
        return x
    source, kind = DType.of(x), DType.of(target)
    if kind is DType.F8E8M0FNU:
        return _to_powers(x.astype(np.float32), target, saturate=bool(saturate), round_mode=round_mode)
    if kind in _SATURATING:
        return _to_small_floats(x.astype(np.float32), target, saturate=bool(saturate) or kind.name.startswith("F4"))
    if kind in _NARROW_INTEGERS:
        return x.astype(np.int32).astype(target)
    if source in _SATURATING and target.kind in "iub":
        return x.astype(np.float32).astype(target)
    if source in _NARROW_INTEGERS:
        return x.astype(np.int32).astype(target)
    return x.astype(target)


@operator("CastLike")
def cast_like(x: Array, like: Array, *, saturate: int = 1, round_mode: str = "up") -> Array:
    return cast(x, to=DType.of(like).mlir, saturate=saturate, round_mode=round_mode)


def _to_small_floats(values: Array, target: np.dtype, *, saturate: bool) -> Array:
    import ml_dtypes

    if saturate:
        greatest = float(ml_dtypes.finfo(target).max)
        values = np.clip(values, -greatest, greatest)
    return values.astype(target)


def _to_powers(values: Array, target: np.dtype, *, saturate: bool, round_mode: str) -> Array:
    """Powers of two from 2^-127 to 2^127, by their exponents; what is no positive number is NaN."""
    magnitude = np.abs(values)
    mantissa, exponent = np.frexp(magnitude)
    # As 1.m times 2^e.
    exponent = exponent - 1
    is_power = mantissa == 0.5
    if round_mode == "up":
        exponent = np.where(is_power, exponent, exponent + 1)
    elif round_mode == "nearest":
        exponent = np.where(mantissa >= 0.75, exponent + 1, exponent)
    elif round_mode != "down":
        raise KernelError(f"expects a round_mode up, down or nearest, but got {round_mode}")
    biased = exponent + 127
    biased = np.where(magnitude == 0, 0, biased)
    over = (biased > 254) | np.isinf(values)
    biased = np.where(over, 254 if saturate else 255, np.maximum(biased, 0))
    return np.where(np.isnan(values), 255, biased).astype(np.uint8).view(target)


@operator("BitCast")
def bit_cast(x: Array, *, to: str) -> Array:
    """The same bits as elements of another type of as many.

    Raises:
        KernelError: the types have different numbers of bits.
    """
    target = dtype_named(to)
    before, after = (_NARROW_INTEGERS.get(DType.of(dtype), 8 * dtype.itemsize) for dtype in (x.dtype, target))
    if before != after:
        raise KernelError(f"expects a type of {before} bits, but got {to}")
    return np.ascontiguousarray(x).view(target).reshape(x.shape)
