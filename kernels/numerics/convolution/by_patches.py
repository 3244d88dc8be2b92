"""Convolutions of a block of images as products of patches and filters.

Memory for patches, the zeros around images and the views that are needed are made once, and found by the next call of
any convolution of the same sizes (see `workspaces`): making views takes as long as small products.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeVar

import numpy as np

from tfrt.kernels.numerics.convolution import patches
from tfrt.kernels.numerics.convolution.blocks import Block, Body, Kind, pixels_of
from tfrt.kernels.numerics.convolution.patches import Shape
from tfrt.kernels.numerics.packed import packed_once
from tfrt.kernels.numerics.products import in_blocks, rows_at_a_time
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Room, Workspace, give_back, in_line, laid

T = TypeVar("T")

MOST_HELD = 1 << 19
"""How many bytes of memory for images that are one block are laid out for the next call. Where there is more to do,
making views is nothing beside it."""

LEAST_LINE = 24
"""The fewest elements of filters that have the same place in the first dimension: BLAS multiplies fewer too slowly."""

MOST_SUMMED = 64
"""The most output channels of results that are added up: with 16, lines take three quarters of what rows take, with 32
and 64 nine tenths, and with more as long."""

LEAST_ROWS, MOST_COPIED = 32, 1 << 17
"""For so many rows filters of up to so many elements are copied to where they begin at a line of the cache, if they may
lie anywhere: vectors across two lines make a product take a quarter longer."""


class Filters:
    """How filters are multiplied.

    Args:
        shape: of matrices in the last dimensions.
        rows: how many rows each is multiplied by.
    """

    def __init__(self, shape: Shape, rows: int, dtype: np.dtype):
        self._shape, self._dtype = shape, dtype
        self._is_copied = rows >= LEAST_ROWS and prod(shape) <= MOST_COPIED
        self._once = packed_once(lambda w: in_line(w.reshape(shape)))
        *_, inner, columns = shape
        self.at_a_time = rows_at_a_time(rows, inner, columns, dtype, begin_at_a_line=self._is_copied)

    def place(self, room: Room | Workspace) -> np.ndarray | None:
        """Memory for those that may change, if they are copied."""
        return room.array(self._shape, self._dtype) if self._is_copied else None

    def of(self, w: np.ndarray, place: np.ndarray | None) -> np.ndarray:
        """The filters as matrices; in that place, or where they have been copied once, or where they lie."""
        if place is None:
            return w.reshape(self._shape)
        if not w.flags.writeable:
            return self._once(w)
        np.copyto(place, w.reshape(self._shape))
        return place


def products(windows: Sequence[Window], inner: int, groups: int, depth: int, dtype: np.dtype) -> Kind:
    """The patches of each group multiplied by its filters, into its part of the pixels' channels."""

    def body_for(block: Block) -> Body:
        by_columns = patches.are_columns(windows, block.shape[-1] // groups)
        seen = (patches.columns if by_columns else patches.rows)(block.shape, block.windows, groups)
        nbytes, key = seen.nbytes(dtype), ("patches", groups, by_columns, depth, dtype)
        if groups > 1:
            return _of_groups(block, seen, key, groups, by_columns, dtype)
        pixels = block.shape[0] * prod(window.count for window in block.windows)
        filters = Filters((inner, depth), pixels, dtype)
        height = 0 if by_columns else filters.at_a_time

        def make(room: Room | Workspace) -> _Rows:
            held = seen.held(room, dtype)
            matrix = held.matrix[0].T if by_columns else held.matrix[0]
            return _Rows(held, in_blocks(matrix, height), filters.place(room))

        def multiply(rows: _Rows, x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            rows.held.of(x)
            matrix = filters.of(w, rows.place)
            made = in_blocks(result.reshape(pixels, depth), height)
            for part, into in zip(rows.parts, made, strict=True):
                np.matmul(part, matrix, out=into)

        return _laying(block, key, nbytes, make, multiply)

    return inner * groups, body_for


@dataclass(frozen=True, slots=True)
class _Rows:
    """Memory for patches, and of filters.

    Attributes:
        parts: the patches as they are multiplied.
    """

    held: patches.Held
    parts: Sequence[np.ndarray]
    place: np.ndarray | None


def _of_groups(
    block: Block, seen: patches.Patches, key: tuple[Hashable, ...], groups: int, by_columns: bool, dtype: np.dtype
) -> Body:
    def multiply(held: patches.Held, x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
        found, pixels = held.of(x), pixels_of(result)
        filters = w.reshape(-1, groups, w.shape[-1] // groups).swapaxes(0, 1)
        into = pixels.reshape(len(pixels), groups, -1).swapaxes(0, 1)
        np.matmul(found.swapaxes(1, 2) if by_columns else found, filters, out=into)

    return _laying(block, key, seen.nbytes(dtype), lambda room: seen.held(room, dtype), multiply)


def are_lines(windows: Sequence[Window], filters: Shape) -> bool:
    """Whether it is faster to do a convolution by `lines`."""
    line, first = prod(filters[1:-1]), windows[0]
    is_short = 1 < first.size <= 3 and first.stride == 1
    is_worth_it = line >= LEAST_LINE and filters[-1] <= MOST_SUMMED
    return is_short and is_worth_it and not patches.are_columns(windows, filters[-2])


def lines(filters: Shape, dtype: np.dtype) -> Kind:
    """What each line of the filters gives, summed: patches of lines are a fraction of all patches, and BLAS multiplies
    their short rows at least as fast. Windows are one line apart."""
    height, depth = filters[0], filters[-1]
    length = prod(filters[1:-1])

    def body_for(block: Block) -> Body:
        first, *others = block.windows
        batch, row = block.shape[0], prod(window.count for window in others)
        seen, count = patches.lines(block.shape, block.windows), first.count * row
        matrices = Filters((height, 1, 1, length, depth), count, dtype)

        def make(room: Room | Workspace) -> _Lines:
            held = seen.held(room, dtype)
            image, line, element = held.matrix.strides
            # Rows of those lines that windows see with each line of the filters.
            steps = (first.dilation * row * line, image, line, element)
            rows = np.ndarray((height, batch, count, length), dtype, held.made, 0, steps)
            sums = room.array((height, batch, count, depth), dtype)
            parts = zip(*[in_blocks(each, matrices.at_a_time) for each in (rows, sums)], strict=True)
            return _Lines(held, list(parts), [each.reshape(-1) for each in sums], matrices.place(room))

        def multiply(found: _Lines, x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            found.held.of(x)
            weights = matrices.of(w, found.place)
            for part, into in found.parts:
                np.matmul(part, weights, out=into)
            total, *between, last = found.sums
            for each in between:
                np.add(total, each, out=total)
            np.add(total, last, out=result.reshape(-1))

        nbytes = seen.nbytes(dtype) + height * batch * count * depth * dtype.itemsize
        return _laying(block, ("lines", filters, dtype), nbytes, make, multiply)

    return length + height * depth, body_for


@dataclass(frozen=True, slots=True)
class _Lines:
    """Memory for patches of lines.

    Attributes:
        parts: rows of them that are multiplied, and where to.
        sums: what each line of the filters gives.
    """

    held: patches.Held
    parts: Sequence[tuple[np.ndarray, np.ndarray]]
    sums: Sequence[np.ndarray]
    place: np.ndarray | None


def _laying(
    block: Block,
    key: tuple[Hashable, ...],
    nbytes: int,
    make: Callable[[Room | Workspace], T],
    convolve: Callable[[T, np.ndarray, np.ndarray, np.ndarray], None],
) -> Body:
    """A function that is also given what `make` makes, in borrowed memory: laid out once for all blocks of the same
    sizes that have the same key, if there are no others and it takes no more than `MOST_HELD`."""
    if not block.is_all or nbytes > MOST_HELD:

        def in_workspace(x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            with Workspace() as space:
                convolve(make(space), x, w, result)

        return in_workspace
    layout = laid((block.shape, block.windows, *key), make)

    def in_layout(x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
        memory, found = layout.take()
        try:
            convolve(found, x, w, result)
        finally:
            give_back(memory)

    return in_layout
