"""In which element type products are computed, so that BLAS computes them, and what they are cast to.

Floats of at most 16 bits are multiplied and summed in single precision and rounded once. Integers are computed exactly,
and wrap around as their type does: as floats where no sum can leave the integers that these hold, and as integers of
the result's type otherwise. Products of truth values are ``and``, sums ``or``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.quiet import quiet

_INTEGERS = {
    DType.I2: 2,
    DType.I4: 4,
    DType.I8: 8,
    DType.I16: 16,
    DType.I32: 32,
    DType.I64: 64,
    DType.UI2: 2,
    DType.UI4: 4,
    DType.UI8: 8,
    DType.UI16: 16,
    DType.UI32: 32,
    DType.UI64: 64,
}
"""How many bits integers have."""

_EXACT = ((np.dtype(np.float32), 1 << 24), (np.dtype(np.float64), 1 << 53))
"""Up to where floats hold all integers."""


def carrier(lhs: DType, rhs: DType, result: DType, terms: int) -> np.dtype:
    """The type in which to compute sums of so many products.

    Args:
        lhs: the one operand's element type.
        rhs: the other's.
        result: the result's, which may be wider.
    """
    if DType.I1 in (lhs, rhs) and result is DType.I1:
        return np.dtype(np.float32)
    if lhs in _INTEGERS and rhs in _INTEGERS and result in _INTEGERS:
        largest = max(1, terms) << (_magnitude(lhs) + _magnitude(rhs))
        for dtype, limit in _EXACT:
            if largest <= limit:
                return dtype
        return _wide(result.numpy)
    wide: np.dtype = np.result_type(*[_wide(dtype.numpy) for dtype in (lhs, rhs, result)])
    return wide


def _magnitude(dtype: DType) -> int:
    """How many bits the largest magnitude takes."""
    return _INTEGERS[dtype] - (0 if dtype.name.startswith("U") else 1)


def _wide(dtype: np.dtype) -> np.dtype:
    """The type itself if numpy computes in it, or a wider one that it computes in."""
    if dtype.isbuiltin == 1 and dtype != np.float16:
        return dtype
    name = dtype.name
    return np.dtype(np.int32 if name.startswith("int") else np.uint32 if name.startswith("uint") else np.float32)


def carried(
    product: Callable[..., np.ndarray], given: np.dtype, computed: np.dtype, result: np.dtype
) -> Callable[..., np.ndarray]:
    """A product of arrays of one type, `given`, computed in another.

    Args:
        product: takes two arrays of type `computed`, other arrays, and `out`; it sees to numpy's warnings.
        result: the type of what is returned.
    """

    if given == computed == result:
        return product

    def run(x: np.ndarray, y: np.ndarray, *others: Any, out: np.ndarray | None = None) -> np.ndarray:
        x, y = x.astype(computed, copy=False), y.astype(computed, copy=False)
        if computed == result:
            return product(x, y, *others, out=out)
        found = product(x, y, *others)
        return _rounded(found, result, out)

    return run


_WORTH_HALVING = 1 << 17
"""Multiplications from which three products of floats are faster than one of integers, for which there is no BLAS."""


def is_halved(lhs: DType, rhs: DType, result: DType, terms: int, work: int) -> bool:
    """Whether to compute sums of products of integers of 32 bits in `halves`.

    Args:
        terms: how many products a sum has.
        work: how many products there are.
    """
    types = (lhs, rhs, result)
    return (
        work >= _WORTH_HALVING
        and all(_INTEGERS.get(dtype, 64) <= 32 for dtype in types)
        and carrier(*types, terms).kind in "iu"
        and terms << 32 <= _EXACT[-1][1]
    )


def halves(product: Callable[..., np.ndarray], result: np.dtype) -> Callable[..., np.ndarray]:
    """A product of integers of up to 32 bits as products of their halves, of 16 bits each, in double precision.

    That of the upper halves is a multiple of 2^32, and so nothing in results of up to 32 bits.

    Args:
        product: takes two arrays of float64; it sees to numpy's warnings.
        result: the type of what is returned.
    """

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        (low, high), (other_low, other_high) = _halves(x), _halves(y)
        crossed = product(low, other_high).astype(np.int64) + product(high, other_low).astype(np.int64)
        found = product(low, other_low).astype(np.int64) + (crossed << 16)
        return _rounded(found, result, out)

    return run


def _halves(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    whole = array.astype(np.int64)
    return (whole & 0xFFFF).astype(np.float64), (whole >> 16).astype(np.float64)


def _rounded(found: np.ndarray, result: np.dtype, out: np.ndarray | None) -> np.ndarray:
    if result == np.bool_:
        return np.asarray(np.not_equal(found, 0, out))
    if found.dtype.kind == "f" and is_integer(result):
        # All values are integers that 64 bits hold.
        found = found.astype(np.int64)
    if out is None:
        cast: np.ndarray = quiet.call(found.astype, result)
        return cast
    quiet.call(np.copyto, out, found, "unsafe")
    return out


def is_integer(dtype: np.dtype) -> bool:
    """Whether elements are integers, those of ml_dtypes among them."""
    return dtype.kind in "iu" or dtype.name.startswith(("int", "uint"))
