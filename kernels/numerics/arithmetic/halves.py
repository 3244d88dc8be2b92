"""Arithmetic on floats of 16 bits, f16 and bf16: in single precision, and rounded once at the end.

So several steps lose no more than one, sums do not stall, and arrays go through numpy's vector loops and BLAS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.kernels.numerics.quiet import quiet


def is_half(dtype: np.dtype) -> bool:
    """Whether it is a float of 16 bits. numpy does not know that bf16 is a float."""
    return dtype.itemsize == 2 and dtype.kind in "fV"


def single(array: np.ndarray) -> np.ndarray:
    """The array; one of halves in single precision."""
    return array.astype(np.float32) if is_half(array.dtype) else array


def in_single(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays of floats, and perhaps `out`, that computes halves in single precision."""

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        dtype = arrays[0].dtype
        if not is_half(dtype):
            found: np.ndarray = function(*arrays, out=out)
            return found
        return rounded(function(*[array.astype(np.float32) for array in arrays]), dtype, out)

    run.lifted = function  # type: ignore[attr-defined]
    return run


def rounded_once(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A function of singles as one of halves, in single precision; it must not be called quietly, but see to that.

    It may be given an array to write the result into (`out`), which `function` need not know, and other keywords.
    """

    def run(*arrays: np.ndarray, out: np.ndarray | None = None, **given: Any) -> np.ndarray:
        values = function(*map(single, arrays), **given)
        found: np.ndarray = quiet.call(rounded, values, arrays[0].dtype, out)
        return found

    return run


def rounded(values: np.ndarray, dtype: np.dtype, out: np.ndarray | None = None) -> np.ndarray:
    """The values in another type, in `out` where it is given."""
    if out is None:
        return np.asarray(values).astype(dtype)
    out[...] = values
    return out
