"""Arrays with gaps between their elements, and without their borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def dilated(images: np.ndarray, dilation: Sequence[int], padding: Sequence[tuple[int, int]]) -> np.ndarray:
    """Images (batch, dimensions, channel) with zeros between their elements, and without what negative padding cuts.

    A view where there is nothing to put in. Padding that is not negative is left to others.

    Args:
        dilation: for each dimension between the first and the last, how far apart neighbours are.
        padding: for each of these, how much is added before and after it.
    """
    if any(step > 1 for step in dilation):
        sizes = [(size - 1) * step + 1 if size else 0 for size, step in zip(images.shape[1:-1], dilation, strict=True)]
        spread = np.zeros((images.shape[0], *sizes, images.shape[-1]), images.dtype)
        spread[(slice(None), *(slice(None, None, step) for step in dilation))] = images
        images = spread
    if all(before >= 0 and after >= 0 for before, after in padding):
        return images
    kept = [
        slice(max(0, -before), max(0, size + min(0, after)))
        for size, (before, after) in zip(images.shape[1:-1], padding, strict=True)
    ]
    return images[(slice(None), *kept)]
