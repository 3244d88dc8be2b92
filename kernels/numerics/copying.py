"""Arrays in C order."""

from __future__ import annotations

import numpy as np

FEW = 4
"""Last dimensions so short are copied one element after another."""

MANY = 1 << 10
"""Elements that each of these has at least."""


def in_c_order(array: np.ndarray) -> np.ndarray:
    """The array itself where it is in C order, or a copy that is; of a scalar of numpy's an array.

    numpy's loops run along the last dimension of a copy. Where that is short, as the colours of an image are that
    another framework has written before rows and columns, it takes three times as long as each colour by itself.
    """
    if not array.ndim:
        return np.asarray(array)
    if array.flags.c_contiguous:
        return array
    last = array.shape[-1]
    if not 1 < last <= FEW or array.size < last * MANY:
        return np.ascontiguousarray(array)
    made = np.empty(array.shape, array.dtype)
    for number in range(last):
        made[..., number] = array[..., number]
    return made
