"""The gradients of a convolution of images (batch, height, width, channel), in two dimensions."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.convolution import patches
from tfrt.kernels.numerics.convolution.blocks import blocks_of, pixels_of
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace


def conv2d_filter_gradient(gradient: np.ndarray, images: np.ndarray, rows: Window, columns: Window) -> np.ndarray:
    """The gradient of `conv2d` with respect to its filters, given that with respect to its result."""
    channels, depth = images.shape[3], gradient.shape[3]
    total = np.zeros((rows.size * columns.size * channels, depth), gradient.dtype)
    windows = (rows, columns)
    with Workspace() as space:
        for block in blocks_of(images.shape, windows, rows.count * columns.count * len(total) * images.itemsize, 1):
            space.clear()
            (found,) = patches.rows(block.shape, block.windows, 1).of(images[block.read], space)
            total += found.T @ pixels_of(gradient[block.made])
    return total.reshape(rows.size, columns.size, channels, depth)


def conv2d_input_gradient(
    gradient: np.ndarray, filters: np.ndarray, rows: Window, columns: Window, *, height: int, width: int
) -> np.ndarray:
    """The gradient of `conv2d` with respect to its images, of `height` and `width`, given that of its result."""
    batch, channels = gradient.shape[0], filters.shape[2]
    grown = np.zeros(
        (batch, rows.before + height + rows.after, columns.before + width + columns.after, channels), gradient.dtype
    )
    pixels = pixels_of(gradient)
    for row in range(rows.size):
        for column in range(columns.size):
            share = pixels @ filters[row, column].T
            grown[:, rows.taps(row), columns.taps(column)] += share.reshape(*gradient.shape[:3], channels)
    return grown[:, rows.before : rows.before + height, columns.before : columns.before + width]
