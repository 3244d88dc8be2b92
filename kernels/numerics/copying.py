"""Arrays in C order, and memory for results that are made so."""

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


def room_for(shape: tuple[int, ...], dtype: np.dtype, out: np.ndarray | None) -> np.ndarray:
    """`out` where its elements lie in C order, or else new memory, of which `given_back` makes it."""
    return np.empty(shape, dtype) if out is None or not out.flags.c_contiguous else out


def given_back(made: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """What is in the memory that was found by `room_for`, in `out` where there is one."""
    if out is None or made is out:
        return made
    out[...] = made
    return out
