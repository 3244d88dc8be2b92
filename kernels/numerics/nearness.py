"""How near the elements of arrays are to one another: equal, within a tolerance, or in units in the last place.

Semantics follow `stablehlo/tests/CheckOps.cpp` and `stablehlo/reference/Element.cpp` of StableHLO. Numbers of any type
that StableHLO has; two arrays of one element type and shape are compared.
"""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.quiet import quiet


def equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether elements are equal as numbers; so 0 and -0 are, and all NaNs, for what is expected may be one."""
    if a.dtype.kind == "c":
        return equal(a.real, b.real) & equal(a.imag, b.imag)
    same = np.asarray(quiet.call(np.equal, a, b))
    return same if a.dtype.kind in "biu" else same | (quiet.call(np.not_equal, a, a) & quiet.call(np.not_equal, b, b))


def within(a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    """Whether elements differ by no more than `tolerance`. NaNs are near NaNs, infinities near themselves, and complex
    numbers near others if both parts are."""
    if a.dtype.kind == "c":
        return within(a.real, b.real, tolerance) & within(a.imag, b.imag, tolerance)
    return np.asarray(quiet.call(_within, a.astype(np.float64), b.astype(np.float64), tolerance))


def _within(a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    finite = np.isfinite(a) & np.isfinite(b)
    near: np.ndarray = (a == b) | (np.isnan(a) & np.isnan(b)) | (finite & (np.abs(a - b) <= tolerance))
    return near


FARTHEST = np.iinfo(np.uint64).max
"""How far a number is from one that is not finite."""


def ulps_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many steps, from a number to the next one of the type, lead from one element to the other: an array of ui64.

    0 and -0 are equal, and so are NaNs; infinities are only near themselves. For complex numbers it is the greater one
    of the two parts' distances.
    """
    if a.dtype.kind == "c":
        return np.maximum(ulps_between(a.real, b.real), ulps_between(a.imag, b.imag))
    bits = np.dtype(f"u{a.dtype.itemsize}")
    same = np.ascontiguousarray(a).view(bits) == np.ascontiguousarray(b).view(bits)
    same |= quiet.call(np.isnan, a) & quiet.call(np.isnan, b)
    finite = quiet.call(np.isfinite, a) & quiet.call(np.isfinite, b)
    steps = np.where(
        np.signbit(a) == np.signbit(b),
        np.maximum(_magnitude(a), _magnitude(b)) - np.minimum(_magnitude(a), _magnitude(b)),
        _magnitude(a) + _magnitude(b),
    )
    return np.where(same, np.uint64(0), np.where(finite, steps, np.uint64(FARTHEST)))


def _magnitude(array: np.ndarray) -> np.ndarray:
    """How many steps numbers are from 0: the bits without the sign, as numbers."""
    bits = np.ascontiguousarray(np.abs(array)).view(np.dtype(f"u{array.dtype.itemsize}"))
    return bits.astype(np.uint64)
