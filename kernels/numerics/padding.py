"""Tensors with further elements at their edges and between their elements, as StableHLO's `pad` has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Sizes = Sequence[int]


def padded_shape(shape: Sizes, low: Sizes, high: Sizes, interior: Sizes) -> tuple[int, ...]:
    """The shape of what is padded; negative paddings at edges take away."""
    return tuple(
        before + size + max(size - 1, 0) * between + after
        for size, before, after, between in zip(shape, low, high, interior, strict=True)
    )


def pad_into(
    shape: Sizes, result: Sizes, low: Sizes, interior: Sizes
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """A function that fills an array of the shape `result` with an operand of the shape `shape`, and with a value where
    it has no element: element `i` of a dimension comes to ``low + i * (interior + 1)``, if that is in the result."""
    pairs = [_places(*each) for each in zip(shape, result, low, interior, strict=True)]
    places = [place for _, place in pairs]
    source: tuple[Any, ...] = (*(take for take, _ in pairs), ...)
    target: tuple[Any, ...] = (*places, ...)
    covers_all = all(
        place.step == 1 and place.start == 0 and place.stop == size for place, size in zip(places, result, strict=True)
    )

    def fill(out: np.ndarray, operand: np.ndarray, value: np.ndarray) -> np.ndarray:
        if not covers_all:
            out[...] = value
        out[target] = operand[source]
        return out

    return fill


def _places(size: int, result: int, low: int, interior: int) -> tuple[slice, slice]:
    """Which elements of a dimension are in the result, and where."""
    step = interior + 1
    first = max(0, -(low // step))
    end = min(size, -((low - result) // step))
    if first >= end:
        return slice(0, 0), slice(0, 0, step)
    start = low + first * step
    return slice(first, end), slice(start, start + (end - first - 1) * step + 1, step)
