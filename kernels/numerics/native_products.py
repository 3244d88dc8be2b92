"""Products of some rows with a matrix as machine code, made by llvmlite where it is installed.

Those of few rows take as long as the matrix takes to be read: a block of columns of the result stays in registers while
all rows of the matrix go by. BLAS is as fast for one row and for two, and takes two to four times as long for three and
four, where the matrix is large. Those of more rows are convolutions of windows of one pixel, which take a tenth less
than BLAS does. What follows is done to the result in registers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.broadcasting import without_leading_ones
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import DATA_OFFSET, Processor, assemble, processor
from tfrt.kernels.numerics.elementwise_chain import Step
from tfrt.kernels.numerics.native_choice import Run, native_or
from tfrt.kernels.numerics.native_convolution import describe as describe_convolution
from tfrt.kernels.numerics.native_convolution import make_native as make_convolution
from tfrt.kernels.numerics.native_convolution_code import Convolution
from tfrt.kernels.numerics.vector_code import Code, Value
from tfrt.kernels.numerics.vector_functions import has_form, write_steps
from tfrt.kernels.numerics.windows import Window

MOST_ROWS = 4
"""For more rows, BLAS multiplies as fast as the processor does."""

MOST_TILED = 512
"""For more, BLAS multiplies as fast as the processor does; for fewer, it packs more than that pays for."""

MOST_WORK = 1 << 28
"""Multiplications that are done without a break, in some milliseconds."""

LEAST_SPLIT = 1 << 24
"""With so many, a product is one for all compute threads."""

LEAST_ELEMENTS = 1 << 12
"""Of how many elements a matrix is worth it."""

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A product (rows, inner) x (inner, columns), and what follows.

    Attributes:
        steps: elementwise ops on the result; of their values, it comes first, then `others`.
        others: the shapes of their other operands: the result's, or a row, or one element.
    """

    rows: int
    inner: int
    columns: int
    dtype: np.dtype
    steps: tuple[Step, ...] = ()
    others: tuple[Shape, ...] = ()


def with_native_product(
    run: Run, sizes: tuple[int, int, int], dtype: np.dtype, finish: Callable[..., object] | None, host: HostContext
) -> Run:
    """`run`, a product of two matrices of these sizes (rows, inner, columns), or the same as machine code where there
    is some and it is worth it."""
    product = describe(sizes, dtype, finish)
    if product is not None:
        return native_or(run, lambda: make_native(run, product), host, "a product of few rows")
    tiles = as_convolution(sizes, dtype, finish)
    if tiles is None or (host.parallelism > 1 and prod(sizes) >= LEAST_SPLIT):
        return run
    return native_or(run, lambda: make_tiled(run, tiles, sizes), host, "a product")


def describe(sizes: tuple[int, int, int], dtype: np.dtype, finish: Callable[..., object] | None) -> Product | None:
    """A product and its epilogue, if there is machine code for them."""
    rows, inner, columns = sizes
    steps = () if finish is None else getattr(finish, "steps", None)
    others = () if finish is None else getattr(finish, "others", ())
    if dtype not in (np.float32, np.float64) or not 0 < rows <= MOST_ROWS or steps is None:
        return None
    if inner * columns < LEAST_ELEMENTS or columns * dtype.itemsize < 16:
        return None
    result = (rows, columns)
    if not all(has_form(step, dtype) for step in steps):
        return None
    if not all(o == result or prod(o) == 1 or without_leading_ones(o) == (columns,) for o in others):
        return None
    return Product(rows, inner, columns, dtype, tuple(steps), tuple(others))


def as_convolution(
    sizes: tuple[int, int, int], dtype: np.dtype, finish: Callable[..., object] | None
) -> Convolution | None:
    """A product of some rows as a convolution of windows of one pixel, if there is machine code for that; the matrix is
    its filters, which are packed as those are."""
    rows, inner, columns = sizes
    if not MOST_ROWS < rows <= MOST_TILED or inner * columns < LEAST_ELEMENTS or prod(sizes) > MOST_WORK:
        return None
    epilogue = None
    if finish is not None:
        steps, others = getattr(finish, "steps", None), getattr(finish, "others", ())
        if steps is None:
            return None
        shapes = tuple((1, *shape) if shape == (rows, columns) else shape for shape in others)
        epilogue = RowEpilogue(finish, shapes, tuple(steps))
    window = Window(1, 1, 1, 0, 0, rows)
    return describe_convolution((1, rows, inner), (1, inner, columns), [window], dtype, epilogue)


def make_tiled(run: Run, tiles: Convolution, sizes: tuple[int, int, int]) -> Run:
    """The product as machine code; `run` serves results whose rows do not lie one after the other.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    convolve = make_convolution(tiles, (sizes[0], sizes[2]), None)

    def native(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if out is not None and not out.flags.c_contiguous:
            return run(x, y, *others, out=out)
        return convolve(x, y[None, None], *others, out=out)

    return native


def make_native(run: Run, product: Product) -> Run:
    """The product as machine code; `run` serves matrices whose rows do not lie one after the other.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    pointers = [ctypes.py_object] * (3 + len(product.others))
    code = assemble(write(product, processor()), "multiply", pointers)
    shape, dtype = (product.rows, product.columns), product.dtype
    new = np.empty

    def native(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if not y.flags.c_contiguous or (out is not None and not out.flags.c_contiguous):
            return run(x, y, *others, out=out)
        made = new(shape, dtype) if out is None else out
        if not x.flags.c_contiguous:
            x = np.ascontiguousarray(x)
        if others:
            others = tuple([other if other.flags.c_contiguous else np.ascontiguousarray(other) for other in others])
        code(x, y, made, *others)
        return made

    return native


def write(product: Product, on: Processor) -> str:
    """The function ``multiply`` as a module: of arrays (the two operands, the result, what follows reads)."""
    p = product
    lanes = on.vector_bytes // p.dtype.itemsize
    code = Code(p.dtype, lanes)
    names = [f"%other{number}" for number in range(len(p.others))]
    x, y, made, *others = (code.elements_of(name, DATA_OFFSET) for name in ("%x", "%y", "%made", *names))
    across = -(-p.columns // lanes)
    # Accumulators, a vector for each row of `x`, and one of the matrix.
    most = max(1, (on.registers - p.rows - 2) // p.rows)
    vectors = -(-across // -(-across // most))
    width = vectors * lanes
    whole = p.columns // width
    if whole:
        with code.loop(0, whole * width, width) as column:
            _write_block(code, p, (x, y, made, others), column, [lanes] * vectors)
    rest = p.columns - whole * width
    if rest:
        full, some = divmod(rest, lanes)
        _write_block(code, p, (x, y, made, others), whole * width, [lanes] * full + [some] * bool(some))
    return code.module("multiply", [f"ptr {name}" for name in ("%x", "%y", "%made", *names)])


def _write_block(
    code: Code, p: Product, arrays: tuple[str, str, str, Sequence[str]], column: Value, lanes: Sequence[int]
) -> None:
    """Some columns of the result, which are vectors of so many elements."""
    x, y, made, others = arrays
    zero = code.constant(0)
    sums = [[code.variable(zero) for _ in lanes] for _ in range(p.rows)]
    begin = code.at(y, column)

    def multiply(row: Value, unrolled: int) -> None:
        for inner in range(unrolled):
            here = code.at(begin, code.times(code.add(row, inner), p.columns))
            spread = [code.spread(code.at(x, code.add(row, inner + number * p.inner))) for number in range(p.rows)]
            for n, count in enumerate(lanes):
                at = code.at(here, n * code.lanes)
                value = code.load(at, count)
                for number in range(p.rows):
                    code.set(sums[number][n], code.fma(spread[number], value, code.get(sums[number][n])))

    whole = p.inner // _UNROLLED * _UNROLLED
    if whole:
        with code.loop(0, whole, _UNROLLED) as row:
            multiply(row, _UNROLLED)
    for rest in range(whole, p.inner):
        multiply(rest, 1)
    for number in range(p.rows):
        for n, count in enumerate(lanes):
            place = code.add(column, n * code.lanes)
            at = code.add(place, number * p.columns)
            values = [code.get(sums[number][n])]
            for other, shape in zip(others, p.others, strict=True):
                values.append(_read(code, other, shape, (p.rows, p.columns), place, at, count))
            code.store(code.at(made, at), write_steps(code, p.steps, values), count)


def _read(code: Code, other: str, shape: Shape, result: Shape, place: Value, at: Value, lanes: int) -> str:
    if prod(shape) == 1:
        return code.spread(other)
    return code.load(code.at(other, at if shape == result else place), lanes)


_UNROLLED = 4
"""How many rows of the matrix go by in one turn of a loop."""
