"""Numbers and bits as those of another element type, as StableHLO converts them.

Source of the semantics: `docs/spec.md` of StableHLO (`convert`, `bitcast_convert`, `reduce_precision`); where that
leaves it open, XLA: a float that an integer type cannot hold becomes the nearest integer that it can, NaN becomes 0.
`tf.Cast` does otherwise, see `tfrt.kernels.numerics.arithmetic.casts`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np


def to_integers(values: np.ndarray, low: int, high: int, dtype: np.dtype, out: np.ndarray | None = None) -> np.ndarray:
    """Floats, of single or double precision, as integers from `low` to `high`, toward zero; `out` is of that type."""
    end = float(high + 1)
    if not values.size or _are_within(values, low, end):
        return _converted(values, dtype, out)
    # Up to there integers are exact, or there are none between it and the end.
    last = min(values.dtype.type(high), np.nextafter(values.dtype.type(end), values.dtype.type(0)))
    # Looked at before `out` is written to, which may have the values' memory.
    beyond = values >= end if last < high else None
    unknown = np.isnan(values) if np.isnan(values.max()) else None
    found = _converted(np.asarray(values.clip(values.dtype.type(low), last)), dtype, out)
    if beyond is not None:
        np.copyto(found, dtype.type(high), where=beyond)
    if unknown is not None:
        np.copyto(found, dtype.type(0), where=unknown)
    return found


def _converted(values: np.ndarray, dtype: np.dtype, out: np.ndarray | None) -> np.ndarray:
    if out is None:
        return values.astype(dtype)
    np.copyto(out, values, casting="unsafe")
    return out


def _are_within(values: np.ndarray, low: int, end: float) -> bool:
    """Whether no value is NaN, or has an integer beyond the bounds."""
    if low == -end and end >= _WIDE and values.flags.c_contiguous:
        # Rounded or not, a sum of squares is no less than each of them, and takes half the time that both extremes do.
        flat = values.reshape(-1)
        if flat.dot(flat) < end * end:
            return True
    return bool(values.min() > low - 1 and values.max() < end)


_WIDE = 2.0**31


def to_odd(values: np.ndarray) -> np.ndarray:
    """Doubles in single precision, those between two numbers as the one whose last bit is one.

    Rounding that to a format that is shorter by at least two bits is rounding once.
    """
    near = values.astype(np.float32)
    wide = near.astype(np.float64)
    bits = near.view(np.int32)
    truncated = bits - (np.abs(wide) > np.abs(values))
    odd = np.where(np.isfinite(values) & (wide != values), truncated | 1, bits)
    return odd.astype(np.int32, copy=False).view(np.float32)


def unpack(array: np.ndarray, bits: int) -> np.ndarray:
    """The bytes of integers, or of elements of `bits` bits each, one a byte, as integers of that many bits.

    They are along a new last dimension, the lowest first.
    """
    each = np.ascontiguousarray(array)[..., np.newaxis].view(np.uint8)
    if bits == 8:
        return each
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    parts = (each[..., np.newaxis] >> shifts) & np.uint8((1 << bits) - 1)
    return parts.reshape(*array.shape, -1)


def pack(parts: np.ndarray, bits: int) -> np.ndarray:
    """The bytes that integers of `bits` bits along the last dimension make, the lowest first."""
    grouped = parts.reshape(*parts.shape[:-1], -1, 8 // bits)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    return np.bitwise_or.reduce((grouped & np.uint8((1 << bits) - 1)) << shifts, axis=-1, dtype=np.uint8)


@cache
def reduce_precision(exponent: int, mantissa: int, exponent_bits: int, mantissa_bits: int) -> Callable[..., np.ndarray]:
    """A function that rounds floats, given and returned as integers of their bits, to a format that holds less.

    Numbers are rounded to the nearest, ties to even. What is too large becomes infinite, what is smaller than the
    format's normal numbers becomes zero. NaN stays, or is infinite where the format has no mantissa.

    Args:
        exponent: how many bits the arrays' own format has for exponents; `mantissa` those it stores of mantissas.
        exponent_bits: how many the other format has; `mantissa_bits` those it stores of mantissas.
    """
    dropped = mantissa - mantissa_bits
    infinity = ((1 << exponent) - 1) << mantissa
    sign_bit = 1 << (exponent + mantissa)
    bias, reduced_bias = (1 << (exponent - 1)) - 1, (1 << (exponent_bits - 1)) - 1
    greatest, least = (bias + reduced_bias) << mantissa, (bias - reduced_bias) << mantissa

    def run(bits: np.ndarray) -> np.ndarray:
        signs, size = bits & sign_bit, bits & (sign_bit - 1)
        found = size
        if dropped > 0:
            odd = (size >> dropped) & 1
            found = (size + odd + ((1 << (dropped - 1)) - 1)) & (sign_bit - (1 << dropped))
        if exponent_bits < exponent:
            field = found & infinity
            found = np.where(field > greatest, infinity, np.where(field <= least, 0, found))
        nan = size if mantissa_bits > 0 else infinity
        return np.asarray(np.where(size > infinity, nan, found) | signs).astype(bits.dtype, copy=False)

    return run
