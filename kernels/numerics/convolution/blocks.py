"""Parts of images, or rows of one, that are convolved at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from tfrt.kernels.numerics.borrowing import Part
from tfrt.kernels.numerics.convolution.patches import Shape
from tfrt.kernels.numerics.windows import Window

BLOCK_BYTES = 1 << 19
"""How much memory the patches that are worked on at a time may take; one row of an image is the least.

They stay in the cache from where they are copied to where they are multiplied: with 16 MiB some networks take 1.8 times
as long, and none takes less time.
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Some images, or rows of one, as `of` gives them, and windows over them.

    Attributes:
        read: where in the images they are.
        made: where in the result theirs is.
        first: the number of the first pixel there.
        shape: that of the part of the images.
    """

    read: tuple[slice, ...]
    made: tuple[slice, ...]
    first: int
    shape: Shape
    windows: tuple[Window, ...]


def blocks_of(images: Shape, windows: Sequence[Window], bytes_an_image: int, parallelism: int) -> list[Block]:
    """Blocks of at most `BLOCK_BYTES`, or twice that for one image, or one row; and at least as many as there are
    threads where there are fewer images than these."""
    batch, height, *others = images
    count, size = windows[0].count, max(1, bytes_an_image)
    row = prod(window.count for window in windows[1:])
    parts = 1 if size <= 2 * BLOCK_BYTES else -(-size // BLOCK_BYTES)
    if batch < parallelism:
        parts = max(parts, -(-parallelism // max(1, batch)))
    if min(parts, count) <= 1:
        step = max(1, BLOCK_BYTES // size)
        spans = [slice(start, min(start + step, batch)) for start in range(0, batch, step)]
        shapes = [(span.stop - span.start, height, *others) for span in spans]
        return [
            Block((span,), (span,), span.start * count * row, shape, tuple(windows))
            for span, shape in zip(spans, shapes, strict=True)
        ]
    found = []
    for image in range(batch):
        for low in range(0, count, -(-count // parts)):
            made = slice(low, min(count, low + -(-count // parts)))
            read, over = _rows(windows[0], made, height)
            shape = (1, read.stop - read.start, *others)
            one = slice(image, image + 1)
            found.append(Block((one, read), (one, made), (image * count + low) * row, shape, (over, *windows[1:])))
    return found


def _rows(window: Window, made: slice, height: int) -> tuple[slice, Window]:
    """Which of a dimension's elements some of its windows see, and the windows over these."""
    top = made.start * window.stride - window.before
    bottom = (made.stop - 1) * window.stride - window.before + (window.size - 1) * window.dilation + 1
    start = min(max(0, top), height)
    read = slice(start, max(start, min(bottom, height)))
    over = replace(window, before=max(0, -top), after=max(0, bottom - height), count=made.stop - made.start)
    return read, over


@dataclass(frozen=True, slots=True)
class Way:
    """How the images of a block are convolved.

    Attributes:
        part: statements of `x`, the images, and `w`, the filters, that write into `y`, the result's pixels: a matrix
            with one row a pixel, or fewer and longer ones.
        nbytes: how much memory that takes.
    """

    part: Part
    nbytes: int


Kind = tuple[int, Callable[[Block, Shape], Way]]
"""How many elements are copied for each place of the windows, and how a block is convolved into a matrix of a shape."""


def pixels_of(images: np.ndarray) -> np.ndarray:
    """Images as a matrix with one row a pixel."""
    return images.reshape(images.size // images.shape[-1] if images.size else 0, images.shape[-1])
