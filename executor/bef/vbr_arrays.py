"""Many unsigned integers at once, as `tfrt.executor.bef.cursor` reads them one by one."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Numbers: TypeAlias = "np.ndarray[Any, Any]"

_MOST_BYTES = 8
"""Of an integer: 56 bits, which signed ones of 64 bits hold."""


def vbr_array(data: bytes | memoryview, count: int) -> Numbers | None:
    """The integers that the bytes consist of, in an array of an unsigned type that holds them.

    None where these are not `count`, the last one is cut off, or one has more than 56 bits: perhaps it is wrong.
    """
    given = np.frombuffer(data, np.uint8)
    is_last = given < 0x80
    if np.count_nonzero(is_last) != count or (len(given) and not is_last[-1]):
        return None
    if len(given) == count:
        return given
    ends = np.flatnonzero(is_last)
    lengths = np.diff(ends, prepend=-1)
    longest = int(lengths.max())
    if longest > _MOST_BYTES:
        return None
    values: Numbers = given[ends].astype(np.uint32 if longest * 7 <= 32 else np.uint64)
    for place in range(1, longest):
        long = np.flatnonzero(lengths > place)
        groups = given[ends[long] - place] & 0x7F
        values[long] |= groups.astype(values.dtype) << (7 * place)
    return values
