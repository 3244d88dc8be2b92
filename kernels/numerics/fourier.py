"""Discrete Fourier transforms, in the precision of their operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.kernels.numerics.quiet import quiet

TRANSFORMS: dict[str, Callable[..., Any]] = {
    "FFT": np.fft.fftn,
    "IFFT": np.fft.ifftn,
    "RFFT": np.fft.rfftn,
    "IRFFT": np.fft.irfftn,
}
"""Transforms by StableHLO's names of them."""


def transform(
    kind: str, array: np.ndarray, shape: tuple[int, ...], count: int, out: np.ndarray | None = None
) -> np.ndarray:
    """The transform `kind` of the last `count` dimensions.

    Args:
        shape: the result's.
    """
    axes = tuple(range(array.ndim - count, array.ndim))
    if array.size == 0:
        # numpy transforms no empty dimensions.
        real = array.real.dtype
        found = np.zeros(shape, real if kind == "IRFFT" else np.result_type(real, np.complex64))
    else:
        sizes = shape[array.ndim - count :] if kind == "IRFFT" else array.shape[array.ndim - count :]
        found = quiet.call(TRANSFORMS[kind], array, sizes, axes)
    if out is None:
        return found
    out[...] = found
    return out
