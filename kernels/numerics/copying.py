"""Arrays in C order, and memory for results that are made so.

numpy's loops run along the last dimension of a copy. That is slow where it is short, and where what is read lies so far
apart that lines of the nearest cache are gone before the next of their elements is read. Such copies are done in parts.
"""

from __future__ import annotations

from itertools import accumulate
from math import gcd
from operator import mul

import numpy as np

FEW = 4
"""Last dimensions so short are copied one element after another."""

MANY = 1 << 10
"""Elements that each of these has at least."""

LEAST_ELEMENTS = 2 * MANY
"""Arrays of fewer are copied by numpy however they lie."""

SMALL_BYTES = 1 << 16
"""So much is copied in less time than it takes to find out how."""

_PART_BYTES = 1 << 17
"""So much is written at a time where elements are written one after another."""

_WIDER: dict[int, np.dtype] = {size: np.dtype(name) for size, name in ((2, "u2"), (4, "u4"), (8, "u8"), (16, "c16"))}
"""Elements of so many bytes, as which several that lie together are copied."""

_LINE = 64
_PAGE = 1 << 12

_LEAST_APART = 512
"""Bytes between elements that are read one after the other, below which the processor fetches them ahead."""

_WAYS = 8
"""How many lines the nearest cache holds whose addresses are the same but for multiples of a page."""

_MOST_ROWS = 128
"""How many rows are read at a time at most..."""

_ROWS_OF_PAGES = 64
"""...and how many of them lie in pages of their own, which the processor knows the addresses of."""

_FEWEST_ROWS = 32
"""Where fewer fit into the nearest cache, rows are copied to where they do not push one another out: so many..."""

_ROWS_ASIDE = 64

_ELEMENTS_ASIDE = 2048
"""...with so many elements each."""

_LEAST_ASIDE = 1 << 13
"""So many bytes are worth that."""


def in_c_order(array: np.ndarray) -> np.ndarray:
    """The array itself where it is in C order, or a copy that is; of a scalar of numpy's an array."""
    if not array.ndim:
        return np.asarray(array)
    return array if array.flags.c_contiguous else copied(array)


def copied(array: np.ndarray) -> np.ndarray:
    """A copy in C order, in memory of its own."""
    if array.flags.c_contiguous or not _is_worth_parts(array):
        return array.copy()
    made = np.empty(array.shape, array.dtype)
    _copy(made, array)
    return made


def reshaped(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The elements in another shape: a view where strides allow it, or else in memory of its own."""
    if array.flags.c_contiguous or not _is_worth_parts(array) or _is_view(array, shape):
        return array.reshape(shape)
    made = np.empty(shape, array.dtype)
    _copy(made, array)
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


def _is_worth_parts(array: np.ndarray) -> bool:
    if array.size < LEAST_ELEMENTS:
        return False
    last = array.shape[-1]
    return array.nbytes > SMALL_BYTES or (1 < last <= FEW and array.size >= last * MANY)


def _is_view(array: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether dimensions that lie apart from their neighbours stay apart from them in the shape."""
    return set(accumulate(reversed(_merged(array).shape), mul)) <= set(accumulate(reversed(shape), mul))


def _copy(made: np.ndarray, array: np.ndarray) -> None:
    """Write the elements of a large array into one in C order."""
    array = _merged(array)
    made = made.reshape(array.shape)
    last = array.shape[-1] if array.ndim else 1
    if array.ndim < 2 or array.strides[-1] == array.itemsize:
        wider = _WIDER.get(last * array.itemsize) if array.ndim > 1 else None
        if wider is not None and array.view(wider).flags.aligned:
            _copy(made.view(wider), array.view(wider))
        else:
            made[...] = array
    elif last <= FEW:
        _copy_few(made, array)
    else:
        _copy_rows(made, array)


def _merged(array: np.ndarray) -> np.ndarray:
    """The same elements with as few dimensions as it takes."""
    sizes: list[int] = []
    strides: list[int] = []
    for size, stride in zip(array.shape, array.strides, strict=True):
        if size == 1:
            continue
        if sizes and strides[-1] == stride * size:
            sizes[-1] *= size
            strides[-1] = stride
        else:
            sizes.append(size)
            strides.append(stride)
    return array.reshape(sizes)


def _copy_few(made: np.ndarray, array: np.ndarray) -> None:
    rows = max(1, _PART_BYTES * len(array) // array.nbytes)
    for first in range(0, len(array), rows):
        to, part = made[first : first + rows], array[first : first + rows]
        for number in range(array.shape[-1]):
            to[..., number] = part[..., number]


def _copy_rows(made: np.ndarray, array: np.ndarray) -> None:
    """Where another dimension than the last one has neighbouring elements, those two are copied in blocks."""
    strides = [abs(stride) for stride in array.strides]
    near, apart = min(range(array.ndim - 1), key=lambda axis: strides[axis] or _PAGE), strides[-1]
    if apart < _LEAST_APART or not 0 < 2 * strides[near] <= _LINE:
        made[...] = array
        return
    sets = _PAGE // max(gcd(apart, _PAGE), _LINE)
    fit = min(sets * _WAYS, _MOST_ROWS, max(_ROWS_OF_PAGES, _ROWS_OF_PAGES * _PAGE // apart))
    is_aside = fit < _FEWEST_ROWS
    block = array.shape[near] * array.shape[-1] * array.itemsize
    # Of large elements a line has few, and the second cache has them.
    if block <= (_LEAST_ASIDE if is_aside else SMALL_BYTES) or (4 * array.itemsize >= _LINE and not is_aside):
        made[...] = array
        return
    others = [axis for axis in range(array.ndim - 1) if axis != near]
    order = (*others, near, array.ndim - 1)
    to, source = made.transpose(order), array.transpose(order)
    for place in np.ndindex(*[array.shape[axis] for axis in others]):
        if is_aside:
            _turn_aside(to[place], source[place])
        else:
            _turn(to[place], source[place], fit)


def _turn(to: np.ndarray, source: np.ndarray, rows: int) -> None:
    for first in range(0, source.shape[1], rows):
        to[:, first : first + rows] = source[:, first : first + rows]


def _turn_aside(to: np.ndarray, source: np.ndarray) -> None:
    length, rows = min(source.shape[0], _ELEMENTS_ASIDE), min(source.shape[1], _ROWS_ASIDE)
    aside = np.empty((rows, length + _LINE // source.itemsize), source.dtype)
    for start in range(0, source.shape[0], length):
        for first in range(0, source.shape[1], rows):
            part = (slice(start, start + length), slice(first, first + rows))
            lines = source[part].T
            near = aside[: lines.shape[0], : lines.shape[1]]
            near[...] = lines
            to[part] = near.T
