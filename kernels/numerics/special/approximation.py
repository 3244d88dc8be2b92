"""Functions that are approximated in ranges: what each range costs is paid for its own elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Rational = tuple[tuple[float, ...], tuple[float, ...]]
"""The coefficients of the numerator and of the denominator, the constant ones first."""


_BLOCK_BYTES = 1 << 17
"""How many bytes are worked on at a time: the values between steps stay in the cache, and numpy is called rarely."""


def in_blocks(function: Callable[..., np.ndarray], *arrays: np.ndarray, dtype: np.dtype, out: np.ndarray) -> np.ndarray:
    """What a function of arrays of that type gives for arrays of other floats, which are broadcast to `out`.

    `out` may be one of them.
    """
    most = _BLOCK_BYTES // dtype.itemsize
    if out.size <= most:
        np.copyto(out, function(*[array.astype(dtype, copy=False) for array in arrays]), casting="unsafe")
        return out
    if not out.flags.c_contiguous:
        np.copyto(out, in_blocks(function, *arrays, dtype=dtype, out=np.empty(out.shape, out.dtype)))
        return out
    flat = out.reshape(-1)
    values = [np.broadcast_to(array, out.shape).reshape(-1) for array in arrays]
    for start in range(0, flat.size, most):
        block = slice(start, start + most)
        np.copyto(flat[block], function(*[v[block].astype(dtype, copy=False) for v in values]), casting="unsafe")
    return out


def polynomial(x: np.ndarray, coefficients: Sequence[float]) -> np.ndarray:
    """The polynomial at `x`, by Horner's rule; the constant coefficient comes first."""
    *others, last = coefficients
    if not others:
        return np.full_like(x, last)
    found = x * last
    for coefficient in others[:0:-1]:
        found += coefficient
        found *= x
    found += others[0]
    return found


def ratio(x: np.ndarray, coefficients: Rational) -> np.ndarray:
    """The rational function at `x`."""
    numerator, denominator = coefficients
    # Of no dimensions numpy gives numbers, which are not changed in place.
    found = np.asarray(polynomial(x, numerator))
    found /= polynomial(x, denominator)
    return found


def by_range(x: np.ndarray, *ranges: tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]) -> np.ndarray:
    """What the functions give for the elements in their ranges, which do not overlap; NaN in none of them."""
    for inside, function in ranges:
        if np.all(inside):
            return function(x)
    found = np.full(np.shape(x), np.nan)
    for inside, function in ranges:
        if np.any(inside):
            found[inside] = function(x[inside])
    return found
