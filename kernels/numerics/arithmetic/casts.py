"""Numbers of one element type as another.

Where C++ leaves a conversion undefined, processors differ, and so do numpy's vector and scalar loops, so that the value
depends on where in an array an element stands. Here every number has one value. It is what TensorFlow gives on x86:
a float becomes an integer by truncation toward zero to 32 bits, for ui32 and 64-bit types to 64 bits; a number that
is too large for these, and NaN, becomes the least integer of that many bits; the result is its lowest bits. Numbers
from 2^63 to 2^64 fit ui64 and are themselves there.
"""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.quiet import quiet

_WIDE: dict[str, np.dtype] = {
    "i4": np.dtype(np.int32),
    "u4": np.dtype(np.int64),
    "i8": np.dtype(np.int64),
    "u8": np.dtype(np.int64),
}


def cast(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The elements as numbers of another type, in row-major order; never the array itself.

    Integers wrap around; floats are rounded; complex numbers lose their imaginary part. True is 1, and what is not zero
    is True.
    """
    if array.dtype.kind == "c" and dtype.kind not in "cb":
        array = array.real
    if dtype.kind in "iu" and array.dtype.kind not in "iub":
        return _to_integers(array, dtype)
    return quiet.call(array.astype, dtype, order="C")


def _to_integers(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if array.dtype.itemsize < 4:
        # f16 and bf16 do not reach far enough for the limits.
        array = array.astype(np.float32)
    wide = _WIDE.get(f"{dtype.kind}{dtype.itemsize}", _WIDE["i4"])
    below = array.dtype.type(2.0 ** (8 * wide.itemsize - 1))
    if array.size and quiet.call(_all_between, array, -below, below):
        return array.astype(wide, order="C").astype(dtype, copy=False)
    inside = quiet.call(_is_between, array, -below, below)
    result = np.where(inside, array, -below).astype(wide, order="C").astype(dtype, copy=False)
    if dtype == np.uint64:
        above = quiet.call(_is_between, array, below, 2 * below)
        result[above] = (array[above] - below).astype(wide).view(np.uint64) + np.uint64(1 << 63)
    return result


def _all_between(array: np.ndarray, low: np.generic, end: np.generic) -> bool:
    """Whether all elements are; NaN is not."""
    return bool(array.min() >= low and array.max() < end)


def _is_between(array: np.ndarray, low: np.generic, end: np.generic) -> np.ndarray:
    return np.asarray((array >= low) & (array < end))
