"""Functions of real numbers that numpy has not, or has otherwise: signs, roundings, bounds and orders.

Source of the semantics: the specification of StableHLO, which follows IEEE 754. Arrays are of single or double
precision unless it says otherwise. `out` may be one of the inputs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.kernels.numerics.passes import in_passes

Out = np.ndarray | None

# Numbers, Python's and numpy's, would be made arrays in each call.
_BITS = {
    kind.itemsize: (kind, np.array(8 * kind.itemsize - 1, kind), np.array(np.iinfo(kind).max, kind))
    for kind in [np.dtype(f"i{size}") for size in (1, 2, 4, 8)]
}
"""Integers with a sign, by how many bytes they have: the type, how many bits are before the last one, and all these."""


_CLIP: Callable[..., np.ndarray] = getattr(getattr(getattr(np, "_core", None), "umath", None), "clip", np.clip)
"""The function behind `np.clip`, which takes a microsecond less; it goes over the values once."""


@in_passes
def sign(values: np.ndarray, out: Out = None) -> np.ndarray:
    """-1 or 1; zeros keep their sign, and NaN is itself."""
    if values.size < _LEAST_ELEMENTS:
        return np.copysign(np.sign(values), values, out=out)
    # numpy's own function has no loop for vectors.
    sizes = np.not_equal(values, 0).astype(values.dtype)
    if np.isnan(values.max()):
        np.copyto(sizes, values, where=np.isnan(values))
    return _with_signs(sizes, values, out)


@in_passes
def round_away(values: np.ndarray, out: Out = None) -> np.ndarray:
    """The nearest integer, ties away from zero."""
    # The number before half of one, which is carried over from half of one on, and from nothing before.
    half = np.nextafter(values.dtype.type(0.5), values.dtype.type(0))
    found = np.add(values, _with_signs(half, values, None), out=out)
    return np.trunc(found, out=out)


_LEAST_ELEMENTS = 1 << 14
"""For fewer, functions that numpy does number by number take less time than several that have loops for vectors."""


def _with_signs(sizes: np.ndarray | np.generic, values: np.ndarray, out: Out) -> np.ndarray:
    """Sizes, which are not negative, with the signs of values."""
    if values.size < _LEAST_ELEMENTS:
        return np.copysign(sizes, values, out=out)
    bits = np.dtype(f"i{values.itemsize}")
    signs = np.bitwise_and(values.view(bits), np.iinfo(bits).min)
    found = np.bitwise_or(signs, sizes.view(bits), out=signs if out is None else out.view(bits))
    return found.view(values.dtype) if out is None else out


@in_passes
def rsqrt(values: np.ndarray, out: Out = None) -> np.ndarray:
    """One by the square root."""
    out = np.empty(values.shape, values.dtype) if out is None else out
    np.sqrt(values, out)
    return np.divide(1, out, out)


@in_passes
def logistic(values: np.ndarray, out: Out = None) -> np.ndarray:
    """``1 / (1 + exp(-x))``."""
    # Memory for values between steps would be asked for anew each time.
    out = np.empty(values.shape, values.dtype) if out is None else out
    np.negative(values, out)
    np.exp(out, out)
    np.add(out, 1, out)
    return np.divide(1, out, out)


def clamp(low: np.ndarray, values: np.ndarray, high: np.ndarray, out: Out = None) -> np.ndarray:
    """The values, or the bounds that they lie beyond; the upper one where both are. NaN in any of them stays."""
    if low.size == high.size == 1 and values.dtype.kind in "fiu" and (values.dtype.kind != "f" or (low and high)):
        found: np.ndarray = _CLIP(values, low.reshape(()), high.reshape(()), out=out)
        return found
    # Of zeros, the bound is the result, whatever its sign is; `clip` keeps the value.
    return np.minimum(np.maximum(values, low), high, out=out)


def order(values: np.ndarray) -> np.ndarray:
    """Integers in the order that IEEE 754 calls total: negative NaN, numbers, with -0 before 0, and positive NaN."""
    return in_total_order(bits_of(values))


def bits_of(values: np.ndarray) -> np.ndarray:
    """Integers with a sign that have the bits of floats, in the same memory."""
    return values.view(_BITS[values.dtype.itemsize][0])


def in_total_order(bits: np.ndarray, out: Out = None) -> np.ndarray:
    """Bits of floats as integers in total order, and such integers as the bits of floats."""
    # numpy branches at each element that it chooses, and processors guess wrong which floats are negative.
    _, last, rest = _BITS[bits.dtype.itemsize]
    flipped = np.right_shift(bits, last)
    flipped &= rest
    return np.bitwise_xor(flipped, bits, out=flipped if out is None and bits.ndim else out)
