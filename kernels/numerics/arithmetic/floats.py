"""Functions of real numbers that numpy has not, or has otherwise: signs, roundings, bounds and orders.

Source of the semantics: the specification of StableHLO, which follows IEEE 754. Arrays are of single or double
precision unless it says otherwise. `out` may be one of the inputs.
"""

from __future__ import annotations

import numpy as np

Out = np.ndarray | None


def sign(values: np.ndarray, out: Out = None) -> np.ndarray:
    """-1 or 1; zeros keep their sign, and NaN is itself."""
    return np.copysign(np.sign(values), values, out=out)


def round_away(values: np.ndarray, out: Out = None) -> np.ndarray:
    """The nearest integer, ties away from zero."""
    whole = np.trunc(values)
    rest = np.abs(values - whole) >= 0.5
    return np.copysign(np.abs(whole) + rest, values, out=out)


def rsqrt(values: np.ndarray, out: Out = None) -> np.ndarray:
    """One by the square root."""
    out = np.empty(values.shape, values.dtype) if out is None else out
    np.sqrt(values, out)
    return np.reciprocal(out, out)


def logistic(values: np.ndarray, out: Out = None) -> np.ndarray:
    """``1 / (1 + exp(-x))``."""
    # Memory for values between steps would be asked for anew each time.
    out = np.empty(values.shape, values.dtype) if out is None else out
    np.negative(values, out)
    np.exp(out, out)
    np.add(out, 1, out)
    return np.reciprocal(out, out)


def clamp(low: np.ndarray, values: np.ndarray, high: np.ndarray, out: Out = None) -> np.ndarray:
    """The values, or the bounds that they lie beyond; the upper one where both are. NaN in any of them stays."""
    return np.minimum(np.maximum(values, low), high, out=out)


def order(values: np.ndarray) -> np.ndarray:
    """Integers in the order that IEEE 754 calls total: negative NaN, numbers, with -0 before 0, and positive NaN."""
    return in_total_order(bits_of(values))


def bits_of(values: np.ndarray) -> np.ndarray:
    """Integers with a sign that have the bits of floats, in the same memory."""
    return values.view(f"i{values.dtype.itemsize}")


def in_total_order(bits: np.ndarray, out: Out = None) -> np.ndarray:
    """Bits of floats as integers in total order, and such integers as the bits of floats."""
    # numpy branches at each element that it chooses, and processors guess wrong which floats are negative.
    info = np.iinfo(bits.dtype)
    flipped = np.right_shift(bits, info.bits - 1)
    flipped &= info.max
    return np.bitwise_xor(flipped, bits, out=flipped if out is None and bits.ndim else out)
