"""Pooling of images in two dimensions."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.windows import Window, grow
from tfrt.kernels.numerics.workspaces import Workspace


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
    batch, _, width, channels = grown.shape
    result = np.empty((batch, rows.count, columns.count, channels), images.dtype) if out is None else out
    with Workspace() as space:
        # Rows of images first: what lies together is longest there.
        down = space.array((batch, rows.count, width, channels), images.dtype)
        np.fmax(grown[:, rows.taps(0)], floor, out=down)
        for row in range(1, rows.size):
            np.fmax(down, grown[:, rows.taps(row)], out=down)
        np.copyto(result, down[:, :, columns.taps(0)])
        for column in range(1, columns.size):
            np.fmax(result, down[:, :, columns.taps(column)], out=result)
    return result
