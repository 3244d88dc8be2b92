"""Convolutions of a block of images as products of patches and filters."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.kernels.numerics.borrowing import Part
from tfrt.kernels.numerics.convolution import patches
from tfrt.kernels.numerics.convolution.blocks import Block, Kind, Way
from tfrt.kernels.numerics.convolution.patches import Patches, Shape
from tfrt.kernels.numerics.packed import Known, packed_once
from tfrt.kernels.numerics.products import in_blocks, rows_at_a_time
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Room, Workspace, in_line

LEAST_LINE = 24
"""The fewest elements of filters that have the same place in the first dimension: BLAS multiplies fewer too slowly."""

MOST_SUMMED = 64
"""The most output channels of results that are added up: with 16, lines take three quarters of what rows take, with 32
and 64 nine tenths, and with more as long."""

LEAST_ROWS, MOST_COPIED = 32, 1 << 17
"""For so many rows filters of up to so many elements are copied to where they begin at a line of the cache, if they may
lie anywhere: vectors across two lines make a product take a quarter longer."""


class _Filters:
    """How filters are multiplied, as `matrices`.

    Args:
        shape: that of what is multiplied, of matrices in the last dimensions.
        rows: how many rows each is multiplied by.

    Attributes:
        at_a_time: by how many of these at a time; 0 if by all.
        lines, values: statements and what they name; `filters` is a place, if there is one.
    """

    def __init__(self, shape: Shape, rows: int, dtype: np.dtype):
        self._shape, self._dtype = shape, dtype
        *_, inner, columns = shape
        self.is_copied = rows >= LEAST_ROWS and prod(shape) <= MOST_COPIED
        self.at_a_time = rows_at_a_time(rows, inner, columns, dtype, begin_at_a_line=self.is_copied)
        self.values: dict[str, Any] = {"filters_shape": shape}
        self.lines = ["matrices = w.reshape(filters_shape)"]
        if self.is_copied:
            kept: list[Known] = [(None, None)]
            self.values |= {"kept": kept, "once": packed_once(lambda w: in_line(w.reshape(shape)), kept)}
            self.lines = [
                "known, matrices = kept[0]",
                "if w.flags.writeable: filters[...] = w.reshape(filters_shape); matrices = filters",
                "elif known is not w: matrices = once(w)",
            ]

    def place(self, room: Room | Workspace) -> np.ndarray | None:
        """Memory for those that may change, if they are copied."""
        return room.array(self._shape, self._dtype) if self.is_copied else None


_COPYING = ("inside[...] = x", "patches[...] = seen")
_COPYING_IN_PLACE = ("patches[...] = seen_in(x)",)


def _copying(seen: Patches) -> tuple[str, ...]:
    """Statements that copy patches."""
    return _COPYING_IN_PLACE if seen.grown is None else _COPYING


_PLACES = ("inside", "patches", "seen", "seen_in", "filters")


def _places(held: patches.Held, filters: np.ndarray | None) -> tuple[Any, ...]:
    return held.inside, held.made, held.seen, held.seen_in, filters


def products(windows: Sequence[Window], inner: int, groups: int, depth: int, dtype: np.dtype) -> Kind:
    """The patches of each group multiplied by its filters, into its part of the pixels' channels."""

    def way_for(block: Block, shape: Shape) -> Way:
        by_columns = patches.are_columns(windows, block.shape[-1] // groups)
        seen = (patches.columns if by_columns else patches.rows)(block.shape, block.windows, groups)
        pixels = prod(shape) // depth
        filters = _Filters((inner, depth), pixels if groups == 1 else 0, dtype)
        height = 0 if by_columns else filters.at_a_time
        made = in_blocks(np.empty((pixels, depth), dtype), height)

        def make(room: Room | Workspace) -> Sequence[Any]:
            held = seen.held(room, dtype)
            found = held.made.reshape(seen.matrix)
            rows = found.swapaxes(1, 2) if by_columns else found
            parts = [rows] if groups > 1 else in_blocks(rows[0], height)
            return (*_places(held, filters.place(room)), *parts)

        values = filters.values | {
            "matmul": np.matmul,
            "groups": groups,
        }
        if groups > 1:
            names = ["rows"]
            multiplying = [
                "matrices = w.reshape(-1, groups, w.shape[-1] // groups).swapaxes(0, 1)",
                f"matmul(rows, matrices, out=y.reshape({pixels}, groups, -1).swapaxes(0, 1))",
            ]
        else:
            names = [f"rows{number}" for number in range(len(made))]
            multiplying = [*filters.lines, *_into_blocks((pixels, depth), made)]
        key = ("patches", block.shape, block.windows, groups, by_columns, height, filters.is_copied, depth, dtype)
        part = Part([*_copying(seen), *multiplying], values, (*_PLACES, *names), make, key)
        return Way(part, seen.nbytes(dtype))

    return inner * groups, way_for


def pixels(windows: Sequence[Window], inner: int, depth: int, dtype: np.dtype) -> Kind:
    """One product of pixels, where they are, and filters."""
    copied, otherwise = products(windows, inner, 1, depth, dtype)

    def way_for(block: Block, shape: Shape) -> Way:
        if block.shape[1:-1] != tuple([window.count for window in block.windows]):
            # Some of them are seen by no window.
            return otherwise(block, shape)
        count = prod(shape) // depth
        filters = _Filters((inner, depth), count, dtype)
        rows, made = [in_blocks(np.empty((count, width), dtype), filters.at_a_time) for width in (inner, depth)]
        lines = [f"rows{n} = {each}" for n, each in enumerate(_blocks("x", (count, inner), rows))]
        part = Part(
            [*lines, *filters.lines, *_into_blocks((count, depth), made)],
            filters.values | {"matmul": np.matmul},
            ["filters"],
            lambda room: (filters.place(room),),
            ("pixels", inner, depth, filters.is_copied, dtype),
        )
        return Way(part, 0)

    return copied, way_for


def _into_blocks(pixels: Shape, made: Sequence[np.ndarray]) -> list[str]:
    """Statements that multiply blocks of rows, into those of the result, which are like these."""
    into = _blocks("y", pixels, made)
    return [f"matmul(rows{number}, matrices, out={each})" for number, each in enumerate(into)]


def _blocks(name: str, matrix: Shape, made: Sequence[np.ndarray]) -> list[str]:
    """What is written for blocks, which are like these, of an array as a matrix of this shape."""
    if len(made) == 1:
        return [f"{name}.reshape({made[0].shape})"]
    whole = prod(made[0].shape[:-1])
    rows = f"{name}.reshape({matrix})"
    return [f"{rows}[:{whole}].reshape({made[0].shape})", f"{rows}[None, {whole}:]"]


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

    def way_for(block: Block, shape: Shape) -> Way:
        first, *others = block.windows
        batch, row = block.shape[0], prod(window.count for window in others)
        seen, count = patches.lines(block.shape, block.windows), first.count * row
        matrices = _Filters((height, 1, 1, length, depth), count, dtype)
        sums = [f"sum{number}" for number in range(height)]
        products = len(in_blocks(np.empty((count, 1)), matrices.at_a_time))

        def make(room: Room | Workspace) -> Sequence[Any]:
            held = seen.held(room, dtype)
            image, line, element = held.made.reshape(seen.matrix).strides
            # Rows of those lines that windows see with each line of the filters.
            steps = (first.dilation * row * line, image, line, element)
            rows = np.ndarray((height, batch, count, length), dtype, held.made, 0, steps)
            made = room.array((height, batch, count, depth), dtype)
            parts = [part for each in (rows, made) for part in in_blocks(each, matrices.at_a_time)]
            return (*_places(held, matrices.place(room)), *[each.reshape(shape) for each in made], *parts)

        names = [f"{name}{number}" for name in ("rows", "into") for number in range(products)]
        doing = [
            *_copying(seen),
            *matrices.lines,
            *[f"matmul(rows{number}, matrices, out=into{number})" for number in range(products)],
            *[f"add(sum0, {each}, sum0)" for each in sums[1:-1]],
            f"add(sum0, {sums[-1]}, y)",
        ]
        values = matrices.values | {"matmul": np.matmul, "add": np.add}
        key = ("lines", block.shape, block.windows, filters, matrices.is_copied, matrices.at_a_time, shape, dtype)
        nbytes = seen.nbytes(dtype) + height * batch * count * depth * dtype.itemsize
        return Way(Part(doing, values, (*_PLACES, *sums, *names), make, key), nbytes)

    return length + height * depth, way_for
