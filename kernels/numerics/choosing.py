"""Choosing elements of one array or another."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.passes import in_passes

LEAST_ELEMENTS = 1 << 12
"""For fewer, numpy's own function is no slower, however its processor guesses."""

_BITS: dict[int, np.dtype] = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}


@in_passes
def choose(chosen: np.ndarray, x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The elements of `x` where `chosen` is true, and those of `y` elsewhere; `out` may be any of them.

    numpy branches at each element, which takes five times as long where processors guess wrong. Bits that differ are
    taken over by masks, so elements keep theirs, NaN included; where one is the number 0, those of the other are
    multiplied by 1 or 0, as integers.
    """
    bits = _BITS.get(x.dtype.itemsize)
    if chosen.size < LEAST_ELEMENTS or bits is None or x.dtype.kind == "c":
        found = np.where(chosen, x, y)
        if out is None:
            return found
        np.copyto(out, found)
        return out
    of_x, of_y = x.view(bits), y.view(bits)
    target = None if out is None else out.view(bits)
    if _is_zero(of_y) or _is_zero(of_x):
        takes, taken = (chosen, of_x) if _is_zero(of_y) else (np.logical_not(chosen), of_y)
        ones = takes.astype(bits)
        found = np.multiply(ones, taken, _room(ones, taken) if target is None else target)
    else:
        masks = np.negative(chosen.view(np.int8)).astype(bits)
        apart = np.bitwise_xor(of_x, of_y, target if target is not None and _is_apart(target, of_x, of_y) else None)
        apart = np.bitwise_and(masks, apart, _room(masks, apart))
        found = np.bitwise_xor(apart, of_y, _room(apart, of_y) if target is None else target)
    return found.view(x.dtype) if out is None else out


def _room(array: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """Where a function of two arrays, the first of which nobody needs any more, may write to."""
    return array if other.ndim == 0 or other.shape == array.shape else None


def _is_zero(bits: np.ndarray) -> bool:
    return bits.ndim == 0 and not bits


def _is_apart(target: np.ndarray, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether what two arrays come to can be written there, and the second one is still itself."""
    fits = x.shape == target.shape or y.shape == target.shape
    return fits and not np.may_share_memory(target, y)
