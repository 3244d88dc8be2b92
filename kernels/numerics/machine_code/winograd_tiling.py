"""How convolutions with 3 x 3 filters are cut into tiles for Winograd's way, and where what lies between is.

`winograd_code` is the way, and says what a tile is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from tfrt.executor.support.machine_code import Processor
from tfrt.kernels.numerics.machine_code.convolution_tiling import ENOUGH_SUMS, Convolution, Shape, extent_of, has_frame
from tfrt.kernels.numerics.machine_code.vectors.code import LINE_BYTES

TOGETHER = 16
"""How many tiles there are at a time, and..."""

TOGETHER_OF_MANY = 32
"""...for filters of `MANY_BYTES`, once transformed, which are read for all of them, and..."""

MANY_BYTES = 1 << 17

TILES_BYTES = 1 << 17
"""...but as many only as take so much memory, once transformed, and..."""

LEAST_TOGETHER = 8
"""...no fewer."""

MATRICES_BYTES = 5 << 18
"""How many bytes transformed filters may have that are read again and again; of more..."""

MOST_TOGETHER, LEAST_OF_LARGE = 64, 24
"""...there are as many tiles at a time, and no fewer: reading the filters takes as long as a dozen tiles save..."""

LARGE_TILES_BYTES = 1 << 20
"""...and they take no more memory than this, once transformed."""

LEAST_TILES = 16
"""How many tiles make up for transforming filters that may change."""

MOST_VECTORS, MOST_HEIGHT = 4, 16
"""How many vectors, and of how many tiles, are added up in registers at most."""

TILE = (2, 2)
"""The lines and pixels of the result that a tile gives."""

FRAME_BYTES, MOST_FRAME_BYTES = 1 << 16, 1 << 17
"""How much memory the rows of an image may take that are worked on at a time, and one row of tiles..."""

LARGE_FRAME_BYTES = 1 << 19
"""...and rows whose tiles meet large filters."""

STACK_BYTES = 3 << 17
"""How much of what lies between may be on the stack."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a convolution is parted.

    Attributes:
        lanes: elements of a vector.
        wide, tall: how many tiles an image has across and down.
        rows: how many rows of tiles are worked on at a time: a unit of work.
        together: how many tiles of those are transformed at a time.
        vectors, height: how many vectors of output channels, and of how many tiles, are added up in registers.
        on_stack: whether what lies between is on the stack.
    """

    lanes: int
    wide: int
    tall: int
    rows: int
    together: int
    vectors: int
    height: int
    on_stack: bool = True


def tiling_of(convolution: Convolution, on: Processor, units: int = 1) -> Tiling | None:
    """How to part a convolution, into at least so many units where it has as many rows of tiles; None where it is none
    of those that are faster so."""
    c = convolution
    lanes = on.vector_bytes // c.dtype.itemsize
    channels, depth = c.filters[2:]
    are_right = all(
        (w.size, w.stride, w.dilation) == (3, 1, 1) and min(w.before, w.after) >= 0 for w in (c.rows, c.columns)
    )
    if c.groups > 1 or not are_right or c.window not in ((1, 1), TILE):
        return None
    wide, tall = -(-c.columns.count // 2), -(-c.rows.count // 2)
    size = 16 * c.dtype.itemsize
    if min(channels, depth) < lanes or not on.fuses:
        return None
    is_large = reads_again(c)
    together = (LARGE_TILES_BYTES if is_large else TILES_BYTES) // (size * max(channels, depth))
    row = (2 * wide + 2) * channels * c.dtype.itemsize
    if c.images[0] * wide * tall < LEAST_TILES or together < LEAST_TOGETHER or 4 * row > MOST_FRAME_BYTES:
        return None
    usual = TOGETHER_OF_MANY if bytes_of_matrices(c) >= MANY_BYTES else TOGETHER
    together = min(MOST_TOGETHER if is_large else usual, together)
    rows = max(1, ((LARGE_FRAME_BYTES if is_large else FRAME_BYTES) // row - 2) // 2)
    parts = min(tall, max(-(-tall // rows), -(-units // c.images[0])))
    rows = -(-tall // parts)
    together = -(-rows * wide // -(-rows * wide // together))
    if is_large and together < LEAST_OF_LARGE:
        return None
    across = -(-depth // lanes)

    def height(vectors: int) -> int:
        most = min(MOST_HEIGHT, (on.registers - vectors - 2) // vectors)
        return -(-together // -(-together // most))

    widths = [n for n in range(1, MOST_VECTORS + 1) if across % n == 0 and n * 3 < on.registers]
    vectors = max(widths, key=lambda n: (min(ENOUGH_SUMS, n * height(n)), n))
    found = Tiling(lanes, wide, tall, rows, together, vectors, height(vectors))
    return replace(found, on_stack=room_of(c, found) * c.dtype.itemsize <= STACK_BYTES)


def matrices_of(c: Convolution) -> Shape:
    """The shape of transformed filters: sixteen matrices, each in panels."""
    return (16, stride_of(c))


def bytes_of_matrices(c: Convolution) -> int:
    """How many bytes they have."""
    return prod(matrices_of(c)) * c.dtype.itemsize


def reads_again(c: Convolution) -> bool:
    """Whether transformed filters are so large that they are read from afar again and again."""
    return bytes_of_matrices(c) > MATRICES_BYTES


def room_of(c: Convolution, t: Tiling) -> int:
    """How many elements all that lies between takes."""
    return sum(rooms_of(with_frame(c, t), t))


def rooms_of(c: Convolution, t: Tiling) -> tuple[int, int, int]:
    """How many elements the frame takes, if there is one, and transformed tiles, and their products."""
    frame = (2 * t.rows + 2) * extent_of(c)[1] * c.filters[2] if has_frame(c) else 0
    tiles, products = (16 * each for each in apart_of(c, t))
    return frame, tiles, products


def apart_of(c: Convolution, t: Tiling) -> tuple[int, int]:
    """How far matrices of tiles are apart, and their products: a little more than they are large, lest all sixteen
    compete for the same places of the cache."""
    channels, depth = c.filters[2:]
    return t.together * channels + t.lanes, t.together * depth + t.lanes


def panels_of(c: Convolution, t: Tiling) -> list[tuple[int, int, int]]:
    """The panels of a matrix: where the first one of some begins, where the last one ends, and their width.

    A panel's rows lie together: output channels that meet in registers, of one input channel after the other.
    """
    depth, width = c.filters[-1], t.lanes * t.vectors
    whole = depth // width * width
    return [each for each in ((0, whole, width), (whole, depth, depth - whole)) if each[0] < each[1]]


def stride_of(c: Convolution) -> int:
    """How far matrices of filters are apart: a little more than they are large, lest all sixteen compete for the same
    places of the cache."""
    return prod(c.filters[2:]) + LINE_BYTES // c.dtype.itemsize


def with_frame(c: Convolution, t: Tiling) -> Convolution:
    """The convolution, of images in a frame with room for whole tiles."""
    rows, columns = c.rows, c.columns
    # Where a pool does not see the last rows or columns, an image may have more than tiles.
    down = max(0, 2 * t.tall + 2 - rows.before - c.images[1])
    across = max(0, 2 * t.wide + 2 - columns.before - c.images[2])
    return replace(c, rows=replace(rows, after=down), columns=replace(columns, after=across))
