"""What convolutions are that are written as machine code, and how their results are cut into tiles.

Images are (batch, height, width, channel), filters (height, width, input channel, output channel).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.executor.declarations.broadcasting import without_leading_ones
from tfrt.executor.declarations.pools import Pool
from tfrt.executor.support.machine_code import Processor
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.vectors.steps import has_form
from tfrt.kernels.numerics.windows import Window

FRAME_BYTES = 1 << 16
"""How much memory the rows of an image that are worked on at a time may take; one row of windows is the least. As much
as this lies on the stack."""

LARGE_BYTES = 1 << 20
"""Filters of as many bytes or more are read from afar, again and again: they are packed, so that those of a tile lie
together, and an image's rows may take eight times as much memory."""

MOST_SLIDING = 7
"""How many elements of a filter's line stay in registers at most, for each input channel."""

MOST_PIXELS = 16
"""How many pixels a tile has at most."""

MOST_VECTORS = 4
"""How many vectors of output channels a tile has at most."""

ENOUGH_SUMS = 20
"""With as many sums in a tile a processor has always something to add up; more of them gain nothing."""

Shape = tuple[int, ...]

Size = tuple[int, int]
"""How many lines something has, and how many pixels each."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution in two dimensions, and what follows.

    Attributes:
        images, filters: their shapes.
        groups: into how many groups channels are parted.
        steps: elementwise ops on the result; of their values, it comes first, then `others`.
        others: the shapes of their other operands: the result's, or one element for each output channel, or one.
        pool: what combines the pixels that the steps give; others are vectors then, and the result's rows and columns
            are as many as it sees.
        after: the steps after that, of the same operands.
        planar: whether images lie with channels before rows and columns, whatever their shape says.
    """

    images: Shape
    filters: Shape
    rows: Window
    columns: Window
    dtype: np.dtype
    groups: int = 1
    steps: tuple[Step, ...] = ()
    others: tuple[Shape, ...] = ()
    pool: Pool | None = None
    after: tuple[Step, ...] = ()
    planar: bool = False

    @property
    def result(self) -> Shape:
        """The shape of the result, before it is pooled."""
        return (self.images[0], self.rows.count, self.columns.count, self.filters[-1])

    @property
    def window(self) -> Size:
        """How many lines and pixels become one of what is written."""
        return (1, 1) if self.pool is None else (self.pool.sizes[0], self.pool.sizes[1])

    @property
    def made(self) -> Shape:
        """The shape of what is written."""
        batch, height, width, depth = self.result
        return (batch, height // self.window[0], width // self.window[1], depth)

    @property
    def work(self) -> int:
        """How many multiplications it is."""
        return prod(self.result) * prod(self.filters[:-1])


@dataclass(frozen=True, slots=True)
class Tiling:
    """How the result is parted.

    Attributes:
        lanes: elements of a vector.
        vectors: those of output channels in a tile.
        pixels: how many a tile has next to one another.
        lines: of how many of the result's rows a tile has these pixels.
        height: how many rows of windows are worked on at a time.
        packed: whether filters are packed: for each tile's output channels, their elements.
    """

    lanes: int
    vectors: int
    pixels: int
    lines: int
    height: int
    packed: bool

    @property
    def channels(self) -> int:
        """How many output channels a tile has."""
        return self.lanes * self.vectors


def is_possible(convolution: Convolution) -> bool:
    """Whether machine code can be written for a convolution, and is worth it, as far as sizes, types and steps tell."""
    c = convolution
    if c.dtype not in (np.float32, np.float64) or not prod(c.filters) or not prod(c.result):
        return False
    channel = (c.filters[-1],)
    # Vectors of one or two output channels are no gain.
    if not is_depthwise(c) and c.filters[-1] // c.groups < 4:
        return False
    return all(has_form(step, c.dtype) for step in (*c.steps, *c.after)) and all(
        shape == c.result or prod(shape) == 1 or without_leading_ones(shape) == channel for shape in c.others
    )


def tiling_of(convolution: Convolution, on: Processor, units: int = 1) -> Tiling:
    """How a convolution is cut, into at least so many units where it has as many rows of windows."""
    c = convolution
    depth = c.filters[-1] // c.groups if not is_depthwise(c) else c.filters[-1]
    lanes = on.vector_bytes // c.dtype.itemsize
    while lanes > 2 and lanes // 2 >= depth:
        lanes //= 2
    across = -(-depth // lanes)
    high, wide = c.window
    down_windows, across_windows = c.rows.count // high, c.columns.count // wide

    def tile_of(vectors: int) -> tuple[int, int]:
        """How many pixels and lines a tile has."""
        # Sums, vectors of filters, and one for an element of the images.
        kept = c.filters[1] if vectors == 1 and can_slide(c) else vectors
        most = max(1, min((on.registers - kept - 2) // vectors, MOST_PIXELS) // (high * wide))
        pixels = _shared_evenly(across_windows, most)
        lines = min(most // pixels, down_windows) if pixels == across_windows else 1
        return pixels * wide, _shared_evenly(down_windows, lines) * high

    def worth(vectors: int) -> tuple[float, int]:
        # Enough sums to hide how long one takes, of whole images or of many channels.
        sums = _sums_at_a_time(c, vectors, *tile_of(vectors), across)
        return (ENOUGH_SUMS, vectors) if sums >= ENOUGH_SUMS and not is_large else (sums, -vectors)

    is_large = prod(c.filters) * c.dtype.itemsize >= LARGE_BYTES
    # Whole windows of a pool, and vectors of filters.
    least = max(8, high * wide + 1)
    possible = [n for n in range(1, min(across, MOST_VECTORS) + 1) if n == 1 or n * least <= on.registers]
    # Large filters are packed, which parts them evenly, and read as seldom as can be.
    vectors = max((n for n in possible if not is_large or depth % (n * lanes) == 0 or n == 1), key=worth)
    pixels, lines = tile_of(vectors)
    row = extent_of(c)[1] * c.images[-1] * c.dtype.itemsize
    window = (c.rows.size - 1) * c.rows.dilation + 1
    packed = is_large and c.groups == 1 and depth > lanes * vectors and depth % (lanes * vectors) == 0
    height = max(1, ((FRAME_BYTES * (8 if is_large else 1) // row - window) // c.rows.stride + 1) // high)
    parts = min(down_windows, max(-(-down_windows // height), -(-units // c.images[0])))
    height = -(-down_windows // parts) * high
    return Tiling(lanes, vectors, pixels, min(lines, height), height, packed)


def _sums_at_a_time(c: Convolution, vectors: int, pixels: int, lines: int, across: int) -> float:
    """How many sums a tile has, in the mean; there are so many vectors across all channels."""
    tiles = -(-c.columns.count // pixels) * -(-c.rows.count // lines) * -(-across // vectors)
    return c.rows.count * c.columns.count * across / tiles


def sums_at_a_time(c: Convolution, tiling: Tiling) -> float:
    """How many sums a tile has, in the mean."""
    depth = c.filters[-1] if is_depthwise(c) else c.filters[-1] // c.groups
    return _sums_at_a_time(c, tiling.vectors, tiling.pixels, tiling.lines, -(-depth // tiling.lanes))


def _shared_evenly(count: int, most: int) -> int:
    """How many there are at a time, if as few times as with `most`, and then as few as can be."""
    return -(-count // -(-count // most))


def pack(filters: np.ndarray, tiling: Tiling) -> np.ndarray:
    """Filters (height, width, input channel, output channel) as the code of a tiling reads them."""
    if not tiling.packed:
        return np.ascontiguousarray(filters)
    parts = filters.reshape(*filters.shape[:-1], -1, tiling.channels)
    return np.ascontiguousarray(np.moveaxis(parts, -2, 0))


def is_depthwise(c: Convolution) -> bool:
    """Whether each output channel is of one input channel, and has one."""
    return c.groups > 1 and c.filters[2] == 1 and c.filters[3] == c.groups


def can_slide(c: Convolution) -> bool:
    """Whether the windows of neighbours share elements, of which each filter has one to multiply."""
    return not is_depthwise(c) and 1 < c.filters[1] <= MOST_SLIDING and c.columns.stride == c.columns.dilation == 1


def extent_of(c: Convolution) -> tuple[int, int]:
    """The size of an image within its frame."""
    height, width = c.images[1:3]
    return (c.rows.before + height + c.rows.after, c.columns.before + width + c.columns.after)


def has_frame(c: Convolution) -> bool:
    """Whether windows reach beyond the images, so that these need zeros around them."""
    return any(window.before or window.after for window in (c.rows, c.columns))


def frame_of(c: Convolution, tiling: Tiling) -> Shape:
    """The shape of the memory for rows of an image with zeros around them."""
    if not has_frame(c):
        return (1,)
    rows = (tiling.height - 1) * c.rows.stride + (c.rows.size - 1) * c.rows.dilation + 1
    return (rows, extent_of(c)[1], c.images[-1])


def is_on_stack(c: Convolution, tiling: Tiling) -> bool:
    """Whether the frame, if there is one, lies on the stack."""
    return prod(frame_of(c, tiling)) * c.dtype.itemsize <= FRAME_BYTES
