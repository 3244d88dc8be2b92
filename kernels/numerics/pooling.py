"""Pooling of images in two dimensions."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.windows import Window, grow


def max_pool2d(
    images: np.ndarray,
    rows: Window,
    columns: Window,
    floor: float | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """The maxima of windows over images (batch, height, width, channel), in `out` where it is given.

    Padding does not count, nor does NaN. The maxima start from `floor`, by default the least value of the type.
    """
    if floor is None:
        floor = np.iinfo(images.dtype).min if images.dtype.kind in "iu" else -np.inf
    grown = grow(images, rows, columns, value=floor)
    result = (
        np.empty((images.shape[0], rows.count, columns.count, images.shape[3]), images.dtype) if out is None else out
    )
    result.fill(floor)
    for row in range(rows.size):
        for column in range(columns.size):
            np.fmax(result, grown[:, rows.taps(row), columns.taps(column)], out=result)
    return result
