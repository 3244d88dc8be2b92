"""Elements selected from windows, and values combined where they are: the gradient of pooling.

Semantics: `select_and_scatter` in StableHLO's specification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics.trees import Arrays
from tfrt.kernels.numerics.window_reduction import Window, combine_windows, pad

Both = Callable[[np.ndarray, np.ndarray], np.ndarray]


def selected_places(operand: np.ndarray, windows: Sequence[Window], selects: Both) -> np.ndarray:
    """For each window the number of the element, in row-major order, that it selects; -1 where it only has padding.

    `selects` says where the first of two elements is to be taken, not the second one.
    """
    places = np.arange(operand.size, dtype=np.int64).reshape(operand.shape)
    padded = pad(places, windows, np.array(-1))
    values = pad(operand, windows, np.zeros((), operand.dtype))

    def combine(left: Sequence[np.ndarray], right: Sequence[np.ndarray]) -> Arrays:
        first = (right[1] < 0) | (selects(left[0], right[0]) & (left[1] >= 0))
        return np.where(first, left[0], right[0]), np.where(first, left[1], right[1])

    # Nothing is selected so far.
    start = np.zeros((), operand.dtype), np.array(-1)
    found: np.ndarray = combine_windows([values, padded], windows, start, combine)[1]
    return found


def scatter_selected(
    shape: tuple[int, ...], places: np.ndarray, source: np.ndarray, init: np.ndarray, combine: Both
) -> np.ndarray:
    """An array of `init`, with each element of `source` combined at its place, in row-major order of `source`.

    All elements that are the first of their place are combined at once, then all that are the second, and so on.
    """
    found = np.full(shape, init, init.dtype)
    flat = found.reshape(-1)
    numbers = places.reshape(-1)
    order = np.argsort(numbers, kind="stable")
    order = order[np.searchsorted(numbers[order], 0) :]
    numbers, values = numbers[order], source.reshape(-1)[order]
    is_first = np.ones(numbers.size, bool)
    is_first[1:] = numbers[1:] != numbers[:-1]
    starts = np.flatnonzero(is_first)
    counts = np.diff(np.append(starts, numbers.size))
    for turn in range(counts.max(initial=0)):
        taken = starts[counts > turn] + turn
        at = numbers[taken]
        flat[at] = combine(flat[at], values[taken])
    return found
