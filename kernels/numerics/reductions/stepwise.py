"""Sums and products of floats whose every step is rounded to their type, in the order in which XLA's CPU combines them.

Frameworks' programs add floats of 16 bits in their own type where they do not say otherwise, and what comes out depends
on the order: so these give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

_PART = 32
"""A dimension is reduced in parts of so many elements, then these, and so on."""


def reduce_stepwise(function: np.ufunc, x: np.ndarray, init: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """`init` and the elements along dimensions combined: in parts, in row-major order each, padded on either side."""
    count = len(axes)
    values = x.transpose([*sorted(axes), *(axis for axis in range(x.ndim) if axis not in axes)])
    while any(size > _PART for size in values.shape[:count]):
        reduced, kept = values.shape[:count], values.shape[count:]
        parts = [min(size, _PART) for size in reduced]
        numbers = [-(-size // part) if size else 0 for size, part in zip(reduced, parts, strict=True)]
        padded = np.full([n * part for n, part in zip(numbers, parts, strict=True)] + list(kept), function.identity)
        padded = padded.astype(x.dtype)
        starts = [(n - size) // 2 for n, size in zip(padded.shape[:count], reduced, strict=True)]
        padded[tuple(slice(a, a + size) for a, size in zip(starts, reduced, strict=True))] = values
        pairs = [size for pair in zip(numbers, parts, strict=True) for size in pair]
        order = [*range(1, 2 * count, 2), *range(0, 2 * count, 2), *range(2 * count, 2 * count + len(kept))]
        split = padded.reshape(*pairs, *kept).transpose(order)
        values = _one_after_another(function, split.reshape(prod(parts), *numbers, *kept))
    rows = values.reshape(prod(values.shape[:count]), *values.shape[count:])
    start = np.broadcast_to(init, (1, *rows.shape[1:]))
    return _one_after_another(function, np.concatenate([start, rows]))


_WIDE = 64


def _one_after_another(function: np.ufunc, rows: np.ndarray) -> np.ndarray:
    """The rows combined: wide ones at once, which numpy would combine element by element."""
    found: np.ndarray
    if rows[0].size < _WIDE:
        found = function.accumulate(rows, 0, rows.dtype)[-1]
        return found
    found = rows[0].copy()
    for row in rows[1:]:
        function(found, row, out=found)
    return found
