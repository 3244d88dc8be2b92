"""Values combined at the elements that windows select: the gradient of pooling.

Semantics: `select_and_scatter` in StableHLO's specification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics.reductions.windows import Window, overlap, pad, taps

Both = Callable[[np.ndarray, np.ndarray], np.ndarray]


def selected_taps(operand: np.ndarray, windows: Sequence[Window], selects: Both) -> np.ndarray:
    """For each window the number of the element in it, in row-major order, that it selects.

    That is as many as a window has where all of it is padding. `selects` says where the first of two elements is to be
    taken, not the second one; it is given the element selected so far, and then each of the others.
    """
    values = pad(operand, windows, np.zeros((), operand.dtype))
    places = taps(windows, values.shape)
    count = len(places)
    found = values[places[0]]
    chosen = np.zeros(found.shape, np.min_scalar_type(count))
    inside = None
    if any(window.pads for window in windows):
        inside = pad(np.ones(operand.shape, bool), windows, np.array(False))
        chosen[~inside[places[0]]] = count
    for number, place in enumerate(places[1:], 1):
        value = values[place].copy()
        stays = selects(found, value)
        if inside is not None:
            stays = ~inside[place] | (stays & (chosen != count))
        found = blend(stays, found, value)
        chosen = chosen * stays + chosen.dtype.type(number) * ~stays
    return chosen


def scatter_taps(
    shape: tuple[int, ...],
    windows: Sequence[Window],
    chosen: np.ndarray,
    source: np.ndarray,
    init: np.ndarray,
    combine: Both,
) -> np.ndarray:
    """An array of `init`, with each element of `source` combined at its window's element number `chosen`.

    The elements of a window are gone through backwards: so what comes to one place is combined in the order of windows.
    """
    found = np.full(shape, init, init.dtype)
    padded = pad(found, windows, init)
    places = taps(windows, padded.shape)
    for number in reversed(range(len(places))):
        part = padded[places[number]].copy()
        padded[places[number]] = blend(chosen == number, combine(part, source), part)
    if padded is not found:
        inside, taken = overlap(windows, shape, padded.shape)
        found[taken] = padded[inside]
    return found


_MANY = 4096


def blend(mask: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The first array's elements where `mask` is, and the second one's elsewhere: both of one type.

    Masks without a pattern keep numpy's `where` guessing: of many elements, the bits are blended instead.
    """
    size = second.dtype.itemsize
    if second.size < _MANY or size > 8 or not first.shape == second.shape == mask.shape:
        return np.where(mask, first, second)
    bits = np.dtype(f"i{size}")
    ones = -mask.astype(bits)
    other = np.ascontiguousarray(second).view(bits)
    mixed = np.ascontiguousarray(first).view(bits) ^ other
    mixed &= ones
    mixed ^= other
    return mixed.view(second.dtype)
