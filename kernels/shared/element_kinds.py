"""Functions of arrays by the kind of their elements, and the types in which small elements are computed with.

Floats of less than 32 bits are computed with in single precision and rounded once, integers of less than 8 bits in 8
bits and wrapped around. Functions may be given an array to write the result into (`out`), which may be one of their
inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from tfrt.executor.declarations.op import ArrayForm, Elementwise
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.quiet import quiet

Function = Callable[..., Any]
"""Takes arrays whose shapes broadcast, and perhaps `out`."""

BOOLEANS = frozenset((DType.I1,))
SIGNED = frozenset((DType.I2, DType.I4, DType.I8, DType.I16, DType.I32, DType.I64))
UNSIGNED = frozenset((DType.UI2, DType.UI4, DType.UI8, DType.UI16, DType.UI32, DType.UI64))
INTEGERS = SIGNED | UNSIGNED
COMPLEX = frozenset((DType.COMPLEX64, DType.COMPLEX128))
SMALL_FLOATS = frozenset((DType.F16, DType.BF16)) | {dtype for dtype in DType if dtype >= DType.F4E2M1FN}
FLOATS = SMALL_FLOATS | {DType.F32, DType.F64}

_SMALL_INTEGERS = {
    DType.I2: np.dtype(np.int8),
    DType.I4: np.dtype(np.int8),
    DType.UI2: np.dtype(np.uint8),
    DType.UI4: np.dtype(np.uint8),
}
_WITH_SIGN = dict(
    zip(sorted(UNSIGNED, key=lambda t: t.name[2:]), sorted(SIGNED, key=lambda t: t.name[1:]), strict=True)
)
_WITH_SIGN |= {dtype: dtype for dtype in SIGNED}
_WITHOUT_SIGN = {signed: unsigned for unsigned, signed in _WITH_SIGN.items() if unsigned in UNSIGNED}
_WITHOUT_SIGN |= {dtype: dtype for dtype in UNSIGNED}
_BITS = {DType.I1: 1, DType.I2: 2, DType.UI2: 2, DType.I4: 4, DType.UI4: 4}


def working(dtype: DType) -> np.dtype:
    """The type in which elements are computed with."""
    if dtype in SMALL_FLOATS:
        return np.dtype(np.float32)
    return _SMALL_INTEGERS.get(dtype) or dtype.numpy


def bits_of(dtype: DType) -> int:
    """How many bits an integer or a boolean has."""
    return _BITS.get(dtype) or 8 * dtype.numpy.itemsize


def stored(values: Any, dtype: np.dtype, out: np.ndarray | None) -> np.ndarray:
    """What a function has computed, in the type it is to have, in `out` where that is given."""
    if out is None:
        return np.asarray(values).astype(dtype, copy=False)
    np.copyto(out, values, casting="unsafe")
    return out


def lifted(function: Function, dtype: DType) -> Function:
    """A function of arrays of `dtype`, computed in the type for that."""
    wide = working(dtype)
    narrow = dtype.numpy
    if wide == narrow:
        return function

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return stored(function(*[array.astype(wide) for array in arrays]), narrow, out)

    run.lifted = function  # type: ignore[attr-defined]
    return run


def in_double(function: Function) -> Function:
    """A function of complex numbers, those of single precision computed in double precision."""

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if arrays[0].dtype == np.complex128:
            return stored(function(*arrays), arrays[0].dtype, out)
        return stored(function(*[array.astype(np.complex128) for array in arrays]), arrays[0].dtype, out)

    return run


def by_kind(
    *,
    booleans: Function | None = None,
    signed: Function | None = None,
    unsigned: Function | None = None,
    integers: Function | None = None,
    floats: Function | None = None,
    complexes: Function | None = None,
) -> Elementwise:
    """The function for an element type, or None, where there is one for each kind of types."""

    def choose(dtype: DType) -> Function | None:
        for kind, function in (
            (FLOATS, floats),
            (SIGNED, signed or integers),
            (UNSIGNED, unsigned or integers),
            (BOOLEANS, booleans),
            (COMPLEX, complexes),
        ):
            if dtype in kind:
                return None if function is None else lifted(function, dtype)
        return None

    return cache(choose)


def of_bits(function: Function, *, is_signed: bool) -> Elementwise:
    """A function of integers that reads their bits as integers with a sign, or as those without."""

    def choose(dtype: DType) -> Function | None:
        if dtype not in INTEGERS:
            return None
        read_as = _WITH_SIGN[dtype] if is_signed else _WITHOUT_SIGN[dtype]
        return _viewed(lifted(function, read_as), read_as.numpy, dtype.numpy)

    return cache(choose)


def _viewed(function: Function, read_as: np.dtype, dtype: np.dtype) -> Function:
    if read_as == dtype:
        return function

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        views = [array.view(read_as) for array in arrays]
        if out is None:
            return np.asarray(function(*views)).view(dtype)
        function(*views, out=out.view(read_as))
        return out

    return run


def quietly(function: Function) -> ArrayForm:
    """A function of arrays as what an array form gives."""

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return np.asarray(quiet.call(function, *arrays, out=out))

    run.function = function  # type: ignore[attr-defined]
    return run


def loudly(form: ArrayForm) -> Function:
    """The function that `quietly` was given, or any other array form itself."""
    found: Function = getattr(form, "function", form)
    return found


def required(name: str, choose: Elementwise, dtype: DType) -> Function:
    """The function of an op for an element type.

    Raises:
        KernelError: there is none.
    """
    function = choose(dtype)
    if function is None:
        raise KernelError(f"op '{name}' does not take elements of {dtype.mlir}")
    return function
