"""Gathers and scatters as machine code, made by llvmlite where it is installed.

An index is read, and what it says is copied or combined, before the next one is looked at; so updates of one element
come in the order of the indices, as with numpy. Results are the same, bit for bit, but for the sign and bits of NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.prepared import written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import UNFIT
from tfrt.executor.support.machine_code import DATA_OFFSET, processor
from tfrt.kernels.numerics.machine_code.blocks import Limits, Shape, Units, Work, units_of, whole_work, written_work
from tfrt.kernels.numerics.machine_code.choice import Run, native_or
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value
from tfrt.kernels.numerics.machine_code.vectors.combining import COMBINED
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.types import address, in_registers, is_known, load, rounded, store

LIMITS = Limits(1 << 14, 1 << 22, (1 << 15, 1 << 12))
"""In elements, each of which may be far from the one before; see `Limits`."""

REPLACE = "replace"
"""What is said of updates that take the place of what is there."""

FUNCTIONS = {
    REPLACE: "{1}",
    **{name: COMBINED[name] for name in ("add", "maximum", "minimum")},
    "multiply": "{0} * {1}",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
}
"""How updates are combined with what is there, by the names of numpy's functions."""


@dataclass(frozen=True, slots=True)
class Along:
    """A dimension of what is counted in one: of so many places, so far apart, each for so many numbers."""

    inner: int
    size: int
    stride: int


def along(sizes: Sequence[int], strides: Sequence[int]) -> tuple[Along, ...]:
    """What finds places from numbers that go through these dimensions in row-major order; as few as it takes."""
    found: list[Along] = []
    inner = 1
    for size, stride in zip(reversed(sizes), reversed(strides), strict=True):
        last = found[-1] if found else None
        if last is not None and last.stride * last.size == stride:
            found[-1] = Along(last.inner, last.size * size, last.stride)
        elif size > 1:
            found.append(Along(inner, size, stride))
        inner *= size
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Indices:
    """Vectors of integers, next to one another, that say where in a row-major array something begins.

    Attributes:
        count: how many vectors there are.
        targets: for each component how far apart its places are, in elements, and the last of them.
        batches: further dimensions of the array, which go along with those of the indices.
    """

    dtype: np.dtype
    count: int
    targets: tuple[tuple[int, int], ...]
    batches: tuple[Along, ...] = ()


@dataclass(frozen=True, slots=True)
class Windows:
    """What begins at each index: rows of elements that lie together, in an array and in what is taken of it or put.

    Attributes:
        places: where in what is taken or put each index begins.
        outer: dimensions of rows that no index moves and that lie farthest apart, in the array and in what is taken or
            put. All indices are looked at for each place in these, so that neighbours in the array are near in time.
        inner: how many rows there are in other dimensions, and how far apart they are in both.
        row: how many elements a row has.
    """

    places: tuple[Along, ...]
    outer: tuple[tuple[Along, ...], tuple[Along, ...]]
    inner: tuple[tuple[int, int, int], ...]
    row: int

    @property
    def count(self) -> int:
        """How many places there are in the outer dimensions."""
        return prod(each.size for each in self.outer[0])

    @property
    def elements(self) -> int:
        """How many elements there are in the others."""
        return prod(size for size, _, _ in self.inner) * self.row


def describe(
    operand: Sequence[int],
    indices: Sequence[int],
    other: Sequence[int],
    dtype: np.dtype,
    *,
    window_dims: Sequence[int],
    inserted: Sequence[int],
    batching_dims: Sequence[int],
    indices_batching_dims: Sequence[int],
    targets: Sequence[int],
    index_vector_dim: int,
) -> tuple[Indices, Windows] | None:
    """The windows of an operand, if there is machine code for them.

    Args:
        operand: its shape, and those of indices and of what is taken or put.
        dtype: that of the indices.
        window_dims: dimensions of what is taken or put that windows have, which have no others but those of size 1 that
            are inserted, and those that go along with dimensions of the indices.
        targets: the dimensions that components of indices are for.
    """
    batch_dims = [axis for axis in range(len(other)) if axis not in window_dims]
    batch = [other[axis] for axis in batch_dims]
    if 0 in operand or 0 in other or prod(batch) == 1 or index_vector_dim < len(indices) - 1:
        return None
    steps, other_steps = _steps(operand), _steps(other)
    hidden = {*inserted, *batching_dims}
    taken = dict(zip([dim for dim in range(len(operand)) if dim not in hidden], window_dims, strict=True))
    window = [other[taken[dim]] if dim in taken else 1 for dim in range(len(operand))]
    apart = [other_steps[taken[dim]] if dim in taken else 0 for dim in range(len(operand))]
    moves = dict(zip(indices_batching_dims, batching_dims, strict=True))
    found = Indices(
        dtype,
        prod(batch),
        tuple((steps[dim], operand[dim] - window[dim]) for dim in targets),
        along(batch, [steps[moves[axis]] if axis in moves else 0 for axis in range(len(batch))]),
    )
    row, rest = 1, [dim for dim, size in enumerate(window) if size > 1]
    while rest and steps[rest[-1]] == apart[rest[-1]] == row:
        row *= window[rest.pop()]
    farthest = max((steps[dim] for dim in targets), default=0)
    outer = [dim for dim in rest if dim not in targets and steps[dim] > farthest]
    sizes = [window[dim] for dim in outer]
    return found, Windows(
        along(batch, [other_steps[axis] for axis in batch_dims]),
        (along(sizes, [steps[dim] for dim in outer]), along(sizes, [apart[dim] for dim in outer])),
        tuple((window[dim], steps[dim], apart[dim]) for dim in rest if dim not in outer),
        row,
    )


def _steps(shape: Sequence[int]) -> list[int]:
    """How many elements apart those are that are next to each other in a dimension of a row-major array."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def are_known(indices: np.dtype, dtype: np.dtype, function: str) -> bool:
    """Whether there is machine code for such indices of such elements.

    Args:
        function: what combines elements, one of `FUNCTIONS`; `REPLACE` for those that are only moved.
    """
    if indices.isbuiltin != 1 or indices.kind not in "iu":
        return False
    if function == REPLACE:
        return dtype.itemsize in (1, 2, 4, 8)
    is_of_bits = function.startswith("bitwise")
    return (
        function in FUNCTIONS and is_known(dtype) and dtype.kind != "b" and not (is_of_bits and dtype.kind not in "iu")
    )


def with_native_gather(
    run: Run,
    problem: tuple[Indices, Windows] | None,
    shapes: tuple[Shape, Shape],
    dtype: np.dtype,
    host: HostContext | None,
) -> Run:
    """`run`, a function of an operand and of indices, or the same as machine code, where there is some and it is worth
    it.

    Args:
        shapes: the operand's and the result's.
        dtype: that of their elements.
    """
    if problem is None or not are_known(problem[0].dtype, dtype, REPLACE):
        return run

    def make() -> Run:
        work = native_gather(*problem, prod(shapes[0]), dtype, shapes[1], host)

        def native(x: np.ndarray, indices: np.ndarray, out: np.ndarray | None = None) -> Any:
            # Of what lies in another order numpy reads no more than it takes.
            found = work(x, indices) if out is None else work(x, indices, out)
            return run(x, indices, out=out) if found is UNFIT else found

        return written(native, written_work(work, run, 2))

    return native_or(run, make, host, "gather")


def native_gather(
    indices: Indices, windows: Windows, size: int, dtype: np.dtype, shape: tuple[int, ...], host: HostContext | None
) -> Work:
    """A function of an operand of so many elements and of indices.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    bits = _bits(dtype)
    text = write_gather(indices, windows, bits, _lanes(bits, windows.row))
    sizes = (size, indices.count * len(indices.targets), prod(shape))
    return whole_work(text, "gather", sizes, (dtype, indices.dtype, dtype), _units(indices, windows), host, shape)


def native_scatter(
    indices: Indices,
    windows: Windows,
    function: str,
    dtype: np.dtype,
    shape: tuple[int, ...],
    host: HostContext | None,
) -> Work:
    """A function of indices, updates and the operand, into which these are put.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    kept = _bits(dtype) if function == REPLACE else dtype
    text = write_scatter(indices, windows, function, kept, _lanes(in_registers(kept), windows.row))
    sizes = (indices.count * len(indices.targets), indices.count * windows.count * windows.elements, prod(shape))
    # Updates of one element must not be done by two threads.
    shared = host if windows.count > 1 else None
    return whole_work(text, "scatter", sizes, (indices.dtype, dtype, dtype), _units(indices, windows), shared, shape)


def _units(indices: Indices, windows: Windows) -> Units:
    if windows.count > 1:
        return units_of(windows.count, indices.count * windows.elements, LIMITS)
    return units_of(indices.count, windows.elements, LIMITS)


def _bits(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"u{dtype.itemsize}")


def _lanes(dtype: np.dtype, row: int) -> int:
    lanes = processor().vector_bytes // dtype.itemsize
    while lanes // 2 >= row:
        lanes //= 2
    return lanes


def write_gather(indices: Indices, windows: Windows, dtype: np.dtype, lanes: int) -> str:
    """The function ``gather`` as a module: of arrays (the operand, the indices, the result) and the first and the last
    unit to do. What would begin beyond the last place begins there."""
    code = Code(dtype, lanes)
    x, at, made = (code.elements_of(f"%{name}", DATA_OFFSET) for name in ("x", "at", "made"))
    with _each(code, indices, windows) as (number, inside, outside):
        starts = []
        for component, (_, last) in enumerate(indices.targets):
            start = _index(code, at, indices, number, component)
            if indices.dtype.kind == "u":
                start = code.value(code.call("i64", "llvm.umin.i64", ("i64", start), ("i64", last)))
            else:
                start = code.least(code.greatest(start, 0), last)
            starts.append(start)
        source = code.add(inside, _first(code, indices, number, starts))
        target = code.add(outside, _place(code, windows.places, number))
        with _rows(code, windows, source, target) as (read, into):
            code.copy(code.at(made, into), code.at(x, read), windows.row)
    return code.module("gather", ["ptr %x", "ptr %at", "ptr %made", "i64 %start", "i64 %end"])


def write_scatter(indices: Indices, windows: Windows, function: str, dtype: np.dtype, lanes: int) -> str:
    """The function ``scatter`` as a module: of arrays (the indices, the updates, the operand) and the first and the
    last unit to do. What would begin elsewhere is left out."""
    code = Code(in_registers(dtype), lanes)
    at, updates, made = (code.elements_of(f"%{name}", DATA_OFFSET) for name in ("at", "updates", "made"))
    with _each(code, indices, windows) as (number, inside, outside), ExitStack() as conditions:
        starts = []
        for component, (_, last) in enumerate(indices.targets):
            start = _index(code, at, indices, number, component)
            # Negative numbers are large ones without their sign.
            conditions.enter_context(code.when(code.value(f"icmp ule i64 {start}, {last}")))
            starts.append(start)
        target = code.add(inside, _first(code, indices, number, starts))
        source = code.add(outside, _place(code, windows.places, number))
        with _rows(code, windows, target, source) as (into, read):
            for begin, count in code.parts(windows.row):
                place = address(code, made, code.add(into, begin), dtype)
                change = load(code, address(code, updates, code.add(read, begin), dtype), dtype, count)
                found = load(code, place, dtype, count)
                combined = evaluate(code, FUNCTIONS[function], [found.name, change.name])
                store(code, place, rounded(code, combined, dtype), count)
    return code.module("scatter", ["ptr %at", "ptr %updates", "ptr %made", "i64 %start", "i64 %end"])


def _index(code: Code, at: str, indices: Indices, number: Value, component: int) -> str:
    """A component of an index, as a 64-bit integer."""
    integers = code.of(indices.dtype)
    place = integers.at(at, code.add(code.times(number, len(indices.targets)), component))
    found = code.value(f"load {integers.element}, ptr {place}, align {integers.itemsize}")
    if integers.itemsize == 8:
        return found
    return code.value(f"{'sext' if integers.sign == 's' else 'zext'} {integers.element} {found} to i64")


def _first(code: Code, indices: Indices, number: Value, starts: Sequence[Value]) -> Value:
    """Where in the array an index begins."""
    parts = [code.times(start, stride) for start, (stride, _) in zip(starts, indices.targets, strict=True)]
    return code.add(*parts, _place(code, indices.batches, number))


def _place(code: Code, places: Sequence[Along], number: Value) -> Value:
    found = []
    for each in places:
        position = code.divided(number, each.inner)
        if each is not places[-1]:
            position = code.value(f"urem i64 {position}, {each.size}")
        found.append(code.times(position, each.stride))
    return code.add(*found)


@contextmanager
def _each(code: Code, indices: Indices, windows: Windows) -> Iterator[tuple[Value, Value, Value]]:
    """Each index, for each place in outer dimensions; and where that is, in the array and in what is taken or put."""
    with code.loop("%start", "%end") as unit:
        if windows.count == 1:
            yield unit, 0, 0
            return
        inside, outside = (_place(code, places, unit) for places in windows.outer)
        with code.loop(0, indices.count) as number:
            yield number, inside, outside


@contextmanager
def _rows(code: Code, windows: Windows, inside: Value, outside: Value) -> Iterator[tuple[Value, Value]]:
    """Where each row begins of a window that begins there, in the array and in what is taken or put."""
    with ExitStack() as loops:
        for size, step, other in windows.inner:
            position = loops.enter_context(code.loop(0, size))
            inside = code.add(inside, code.times(position, step))
            outside = code.add(outside, code.times(position, other))
        yield inside, outside
