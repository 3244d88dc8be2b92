"""Element types that files of arrays have no name for, and how their elements are stored there instead.

``.npy`` and ``.npz`` files know numpy's own types only. What is stored in place of the others:

* bf16 and the floats of 8 bits or less: their bits, as unsigned integers of the same size; or as bytes of no type
  (``V2``, ``V1``), which is what `numpy.save` makes of such arrays;
* i2 and i4: their values as int8, ui2 and ui4 as uint8.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.values.dtype import DType
from tfrt.executor.values.scalars import MisfitError

_VALUES = {DType.I2: np.int8, DType.I4: np.int8, DType.UI2: np.uint8, DType.UI4: np.uint8}


def from_stored(array: np.ndarray, dtype: DType) -> np.ndarray:
    """The array as one of elements of `dtype`, where these are stored so; any other array as it is.

    Raises:
        MisfitError: an integer is stored that `dtype` does not have.
    """
    wanted = dtype.numpy
    if wanted.isbuiltin == 1 or array.dtype.itemsize != wanted.itemsize or array.dtype == wanted:
        return array
    is_untyped = array.dtype.type is np.void
    values = _VALUES.get(dtype)
    if values is None or is_untyped:
        is_stored = is_untyped or array.dtype.kind == "u"
        native = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
        return native.view(wanted) if is_stored else array
    if array.dtype != values:
        return array
    found = array.astype(wanted)
    wrong = array[found.astype(values) != array]
    if wrong.size:
        raise MisfitError(f" holds {wrong[0]}, which is no {dtype.mlir}")
    return found


def to_stored(array: np.ndarray) -> np.ndarray:
    """The array as files of numpy's hold it: `from_stored` of it gives the array back."""
    dtype = DType.of(array)
    if dtype.numpy.isbuiltin == 1:
        return array
    values = _VALUES.get(dtype)
    if values is not None:
        return array.astype(values)
    return array.view(f"u{array.dtype.itemsize}")
