"""Products of matrices for which there is machine code, and how their results are cut into tiles (`tiles`)."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, prod

import numpy as np

from tfrt.executor.declarations.broadcasting import without_leading_ones
from tfrt.executor.support.machine_code import Processor
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.vectors.steps import has_form

MOST_ROWS = 8
"""How many rows a tile has at most: as many as the nearest cache has places for addresses that compete for one."""

MOST_VECTORS = 4
"""How many vectors a tile is wide at most."""

DEPTH = 128
"""How many products are added up at a time: that part of a panel fits the nearest cache."""

COMPETING_BYTES = 1 << 17
"""How many bytes addresses are apart that compete for places of the second cache..."""

FETCHED_PLACES = 4
"""...of which what is fetched ahead takes so many, half of what the smallest of these caches have."""

BLOCK_BYTES = 1 << 19
"""How many bytes of the left matrix a block of rows has, half of what fits the cache..."""

LEAST_BLOCK = 256
"""...but as many rows at least: each block reads all of the right matrix."""

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A product (rows, inner) x (inner, columns), and what follows.

    Attributes:
        turned: whether the left matrix lies as (inner, rows).
        by_columns: whether the right one lies as (columns, inner).
        steps: elementwise ops on the result; of their values, it comes first, then `others`.
        others: the shapes of their other operands: the result's, or a row, or one element.
    """

    rows: int
    inner: int
    columns: int
    dtype: np.dtype
    turned: bool = False
    by_columns: bool = False
    steps: tuple[Step, ...] = ()
    others: tuple[Shape, ...] = ()

    @property
    def result(self) -> Shape:
        """The shape of the result."""
        return (self.rows, self.columns)

    @property
    def work(self) -> int:
        """How many multiplications it has."""
        return self.rows * self.inner * self.columns


def is_possible(p: Product) -> bool:
    """Whether machine code can be written for a product, as far as types, sizes and steps tell."""
    if p.dtype not in (np.float32, np.float64) or not p.work or not all(has_form(step, p.dtype) for step in p.steps):
        return False
    return all(o == p.result or prod(o) == 1 or without_leading_ones(o) == (p.columns,) for o in p.others)


@dataclass(frozen=True, slots=True)
class Tiling:
    """How the result is parted.

    Attributes:
        lanes: elements of a vector.
        vectors: those of a panel, which is as wide as a tile.
        height: rows of a tile; the last one has `rest`, which may be as many.
        together: tiles in a block of rows.
        blocks: how many blocks there are.
        panels: how many panels of columns there are; the last one may be narrower.
        depth: how many products are added up at a time.
    """

    lanes: int
    vectors: int
    height: int
    rest: int
    together: int
    blocks: int
    panels: int
    depth: int

    @property
    def width(self) -> int:
        """Columns of a panel."""
        return self.lanes * self.vectors

    @property
    def units(self) -> int:
        """How many units of work there are: the panels of the first block of rows, those of the next one, ..."""
        return self.blocks * self.panels


def tile_of(on: Processor, across: int) -> tuple[int, int]:
    """How many vectors a tile has of so many, and how many rows at most: as many sums as a processor has registers for,
    of the widest panels, which are about as wide as one another."""

    def rows(vectors: int) -> int:
        return min(MOST_ROWS, (on.registers - vectors - 2) // vectors)

    vectors = max(range(1, min(MOST_VECTORS, across) + 1), key=lambda count: (count * rows(count), count))
    vectors = -(-across // -(-across // vectors))
    return vectors, rows(vectors)


def tiling_of(p: Product, on: Processor) -> Tiling:
    """How to part a product for a processor: with a register for each vector of a tile, for those of a panel, and for
    an element of the left matrix."""
    lanes = on.vector_bytes // p.dtype.itemsize
    while lanes > 2 and lanes // 2 >= p.columns:
        lanes //= 2
    across = -(-p.columns // lanes)
    vectors, most = tile_of(on, across)
    if p.rows <= most:
        # Few rows make more of wider panels.
        vectors = max(vectors, min(MOST_VECTORS, across, (on.registers - 2) // (p.rows + 1)))
    tiles = -(-p.rows // most)
    rows = -(-p.rows // tiles)
    tiles = -(-p.rows // rows)
    together = min(tiles, max(LEAST_BLOCK, BLOCK_BYTES // (p.inner * p.dtype.itemsize)) // rows)
    blocks = -(-tiles // together)
    together = -(-tiles // blocks)
    blocks = -(-tiles // together)
    apart = gcd(p.columns * p.dtype.itemsize, COMPETING_BYTES)
    parts = -(-p.inner // max(lanes, min(DEPTH, FETCHED_PLACES * COMPETING_BYTES // apart)))
    # Parts but the last are of whole vectors.
    depth = p.inner if parts == 1 else -(-p.inner // (parts * lanes)) * lanes
    rest = p.rows - (tiles - 1) * rows
    return Tiling(lanes, vectors, rows, rest, together, blocks, -(-across // vectors), depth)
