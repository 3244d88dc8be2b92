"""Elementwise steps that change an array in place: what follows a product or a convolution.

What to do depends on the shape of the array. It is found out when the first one of a shape comes, as a function of the
steps one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.declarations.prepared import Write
from tfrt.kernels.numerics.borrowing import Part, function_of
from tfrt.kernels.numerics.chains.elementwise import Statements, alignment
from tfrt.kernels.numerics.chains.narrow_rows import repeated, repeats, spreading
from tfrt.kernels.numerics.chains.numbers import spread_numbers
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.packed import Known, packed_once
from tfrt.kernels.numerics.workspaces import Room, Workspace

_MOST_SHAPES = 64
"""For how many shapes an epilogue knows what to do."""


def epilogue(steps: Sequence[Step], others: Sequence[Shape]) -> Callable[..., None]:
    """A function that changes an array in place: the first input becomes what the last step gives.

    The others, of these shapes, are broadcast to it; where it is a matrix, they are matrices like it, rows or single
    elements.
    """
    of_many = [""] * (1 + len(others))
    of_one_row = ["", *["[None]" if len(shape) == 1 else "" for shape in others]]
    made = Statements(steps, of_many, frozenset((0,)))
    ways: dict[tuple[Shape, np.dtype], Callable[..., object]] = {}

    def way_for(matrix: np.ndarray) -> Callable[..., object]:
        rows = matrix.shape[0] if matrix.ndim == 2 else 0
        if rows and repeats(*matrix.shape) > 1:
            shape, part = in_place(steps, others, matrix.shape, matrix.dtype)
            over = function_of(names_of(others), [part])
            return lambda matrix, *others: over(matrix.reshape(shape), *others)
        spread = spread_numbers(steps, [matrix.shape, *others], matrix.shape, matrix.itemsize)
        alignments = of_one_row if rows == 1 else of_many
        body = Statements(spread, alignments, frozenset((0,))).body
        return lambda matrix, *others: body(matrix, *others, matrix)

    def run(matrix: np.ndarray, *others: np.ndarray) -> None:
        if not matrix.flags.c_contiguous:
            made.body(matrix, *others, matrix)
            return
        kind = (matrix.shape, matrix.dtype)
        way = ways.get(kind)
        if way is None:
            if len(ways) >= _MOST_SHAPES:
                ways.clear()
            way = ways[kind] = way_for(matrix)
        way(matrix, *others)

    run.steps, run.others = steps, others  # type: ignore[attr-defined]
    return run


def names_of(others: Sequence[Shape]) -> list[str]:
    """What statements call the matrix that they change, and the other arrays."""
    return [f"x{number}" for number in range(1 + len(others))]


def in_place(
    steps: Sequence[Step], others: Sequence[Shape], matrix: Shape, dtype: np.dtype, name: str = "x"
) -> tuple[Shape, Part]:
    """Steps as statements that change a matrix of this shape, whose elements lie in C order, and the shape that they
    want it to have: where rows are short, several of them are one.

    Rows that may change are repeated in memory that is borrowed, where there also is room for arrays on the way.

    Args:
        others: shapes; those that are like the matrix may have more dimensions, and as many elements.
        name: what names of the statements begin with, that of the matrix before a 0. The others are `names_of`.
    """
    count, width = matrix
    times = repeats(count, width)
    shape, _, *given = (count // times, times * width), *names_of(others)
    spread_steps = steps
    if times == 1:
        alike = [shape if prod(other) == prod(matrix) else other for other in others]
        spread_steps = spread_numbers(steps, [shape, *alike], shape, dtype.itemsize)
    values: dict[str, Any] = {f"{name}_f{number}": step.function for number, step in enumerate(spread_steps)}
    rows, lines, names = [], [], [f"{name}0"]
    for each, other, spread in zip(given, others, spreading(steps, 1 + len(others))[1:], strict=True):
        local = f"{name}_{each}"
        if prod(other) == prod(matrix) and len(other) > 1:
            lines.append(f"{local} = {each}.reshape({name}_shape)")
        elif times == 1 and count == 1 and len(other) == 1:
            lines.append(f"{local} = {each}[None]")
        elif times > 1 and (prod(other) == width or spread):
            # What never changes is repeated once, and what has another type has no place.
            kept: list[Known] = [(None, None)]
            values[f"{local}_kept"] = kept
            values[f"{local}_once"] = packed_once(partial(repeated, times=times, width=width, spreads=spread), kept)
            lines.append(f"known, {local} = {local}_kept[0]")
            condition = f"if known is not {each}:"
            if prod(other) == width:
                rows.append(local)
                may_change = f"{each}.flags.writeable and {each}.dtype is {name}_dtype"
                lines.append(f"if {may_change}: {local}_rows[...] = {each}; {local} = {local}_row")
                condition = f"el{condition}"
            lines.append(f"{condition} {local} = {local}_once({each})")
        else:
            local = each
        names.append(local)
    functions = [f"{name}_f{number}(" for number in range(len(steps))]
    doing, on_the_way = Statements(spread_steps, [""] * len(names), frozenset((0,))).doing(
        functions, names, frozenset((0,)), names[0], names[0], f"{name}_t", with_room=True
    )

    def make(room: Room | Workspace) -> Sequence[np.ndarray]:
        found = [room.array((times, width), dtype) for _ in rows]
        way = [room.array(shape, np.dtype(kind) if kind else dtype) for kind in on_the_way.values()]
        return (*found, *[each.reshape(-1) for each in found], *way)

    values |= {f"{name}_shape": shape, f"{name}_dtype": dtype}
    places = [*[f"{local}_rows" for local in rows], *[f"{local}_row" for local in rows], *on_the_way]
    key = ("steps", shape, times, dtype, len(rows), tuple(on_the_way.values()))
    return shape, Part([*lines, *doing], values, places, make if places else None, key)


def others_of(finish: Callable[..., object] | None) -> int:
    """How many arrays what `epilogue` has made takes beside the one that it changes; 0 where there is none."""
    return len(getattr(finish, "others", ()))


def of_vector(finish: Callable[..., object]) -> Callable[..., object]:
    """What `epilogue` has made, for a vector, and others of one dimension or none; it finds nothing out."""
    steps: Sequence[Step] | None = getattr(finish, "steps", None)
    if steps is None:
        return finish
    body = Statements(steps, [""] * (1 + others_of(finish)), frozenset((0,))).body
    return lambda vector, *others: body(vector, *others, vector)


def writing_of_epilogue(finish: Callable[..., object], matrix: Shape, dtype: np.dtype) -> Write | None:
    """How what `epilogue` has made is written for a matrix of this shape and type, the first operand and the result;
    None where it is something else, or what it does takes longer than to call it."""
    steps, others = getattr(finish, "steps", None), getattr(finish, "others", ())
    if steps is None or repeats(*matrix) != 1:
        return None
    spread = spread_numbers(steps, [matrix, *others], matrix, dtype.itemsize)
    chain = Statements(spread, ["", *[alignment(shape, matrix) for shape in others]], frozenset((0,)))
    return lambda operands, result, scribe: chain.write([*operands, operands[0]], result, scribe)
