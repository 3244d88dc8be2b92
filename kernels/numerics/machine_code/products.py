"""Products of two matrices as machine code, made by llvmlite where it is installed.

Those of few rows take as long as the matrix takes to be read (`few_rows`), others as long as the arithmetic
(`tiles`). What follows is done to the result while it is in registers, or in the cache. When machine code takes
over from BLAS, `choice` says.

A constant matrix is packed for few rows at the first call, and read in order from then on; a transposed one is put in
order for some rows. What has been made of it is kept beside the program's (`panels`). For more rows there is nothing to
gain from that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod

import numpy as np

from tfrt.executor.declarations.prepared import Scribe, written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import UNFIT
from tfrt.executor.support.machine_code import CannotAssemble, processor
from tfrt.kernels.numerics.machine_code import few_rows as few
from tfrt.kernels.numerics.machine_code import product_tiling, tiles
from tfrt.kernels.numerics.machine_code.blocks import (
    BRIEF_WORK_OF_MANY,
    Limits,
    Work,
    called,
    require_whole,
    units_of,
    unless_done,
    whole_work,
    written_work,
)
from tfrt.kernels.numerics.machine_code.choice import Run, native_or
from tfrt.kernels.numerics.machine_code.parted_sums import parted_work, parts_of
from tfrt.kernels.numerics.machine_code.product_tiling import Product, Shape
from tfrt.kernels.numerics.panels import Find, in_order

MOST_WORK = 1 << 28
"""Multiplications that are done without a break, in some milliseconds; between two calls Python handles signals."""

LEAST_WORK = 1 << 18
"""Multiplications that are worth a block of their own on another thread, some microseconds."""

LEAST_READ = 1 << 15
"""The same of few rows, which take as long as the matrix takes to be read: of singles, 128 KiB."""

LEAST_ELEMENTS = 1 << 12
"""Of how many elements a matrix is worth it."""

LEAST_PACKED = 1 << 16
"""Of how many bytes a matrix is worth being packed: smaller ones stay in the nearest caches."""

MOST_COPIED = 64
"""For more rows, a transposed matrix is as well put in order on the way as once."""

MOST_INNER = 1 << 14
"""Longer sums are BLAS's, which parts them."""


def with_native_product(
    run: Run,
    sizes: tuple[int, int, int],
    dtype: np.dtype,
    finish: Callable[..., object] | None,
    host: HostContext,
    turned: tuple[bool, bool] = (False, False),
) -> Run:
    """`run`, a product of two matrices of these sizes (rows, inner, columns), or the same as machine code where there
    is some and it is worth it.

    Args:
        turned: which of the matrices lie transposed, as (inner, rows) and (columns, inner).
    """
    product = describe(sizes, dtype, finish, turned[0])
    if product is None:
        return run
    return native_or(run, lambda: make_native(run, product, host, turned[1]), host, "a product")


def describe(
    sizes: tuple[int, int, int], dtype: np.dtype, finish: Callable[..., object] | None, turned: bool = False
) -> Product | None:
    """A product and its epilogue, if there is machine code for them that is worth it."""
    rows, inner, columns = sizes
    steps = () if finish is None else getattr(finish, "steps", None)
    others = () if finish is None else getattr(finish, "others", ())
    if steps is None or inner * columns < LEAST_ELEMENTS or columns * dtype.itemsize < 16 or inner > MOST_INNER:
        return None
    product = Product(rows, inner, columns, dtype, turned, False, tuple(steps), tuple(others))
    return product if product_tiling.is_possible(product) else None


def make_native(run: Run, product: Product, host: HostContext | None, turned: bool = False) -> Run:
    """The product as machine code; `run` serves matrices that it cannot take as they lie.

    Args:
        turned: whether the right matrix is given as (columns, inner).

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    on = processor()
    lanes = few.lanes_of(product, on)
    is_few = product.rows <= few.MOST_ROWS
    is_packed = is_few and not few.is_narrow(product, on) and _bytes(product) >= LEAST_PACKED
    in_place = None
    if turned and product.rows > few.MOST_STREAMED:
        in_place = of_tiles(replace(product, by_columns=True), host)
    elif not turned and is_few and (product.rows <= few.MOST_STREAMED or not is_packed):
        in_place = _of_few_rows(product, host, packed=False)
    elif not turned:
        in_place = of_tiles(product, host)
    if is_packed:
        find = Find((lanes, turned), lambda matrix: few.pack(matrix.T if turned else matrix, lanes))
        return _function(run, product, in_place, find, _of_few_rows(product, host, packed=True))
    if turned and product.rows <= MOST_COPIED:
        of_copy = _of_few_rows(product, host, packed=False) if is_few else of_tiles(product, host)
        return _function(run, product, in_place, in_order(), of_copy)
    return _function(run, product, in_place)


def _bytes(product: Product) -> int:
    return product.inner * product.columns * product.dtype.itemsize


def of_tiles(product: Product, host: HostContext | None, shape: Shape | None = None) -> Work:
    """The product by tiles, as a function of arrays in C order with as many elements; a result that it makes is of
    `shape`, by default the product's.

    Raises:
        CannotAssemble: there is no machine code for it.
        NotImplementedError: a step cannot be written.
    """
    tiling = product_tiling.tiling_of(product, processor())
    return _of_all(product, tiles.write(product, tiling), tiling.units, host, LEAST_WORK, shape=shape)


def _of_few_rows(product: Product, host: HostContext | None, packed: bool) -> Work:
    on = processor()
    units, least = few.units_of(product, on), LEAST_READ * product.rows
    if host is not None and not packed and 2 * least <= product.work <= MOST_WORK:
        parts = parts_of(product, on, host.parallelism)
        # Where Python is another one, or nothing can be assembled, which will be seen, it is not parted.
        with suppress(CannotAssemble):
            if parts:
                return parted_work(product, on, parts, host, least, product.work <= BRIEF_WORK_OF_MANY)
    return _of_all(product, few.write(product, on, packed), units, host, least, is_strided=not packed)


def _of_all(
    product: Product,
    text: str,
    units: int,
    host: HostContext | None,
    least_work: int,
    is_strided: bool = False,
    shape: Shape | None = None,
) -> Work:
    """The function of a module, which does all units of a product, on all compute threads where that is worth it."""
    parts = units_of(units, product.work // units, Limits(least_work, MOST_WORK), is_strided=is_strided)
    return whole_work(text, "multiply", sizes_of(product), product.dtype, parts, host, shape or product.result, 2)


def sizes_of(product: Product) -> list[int]:
    """How many elements the arrays have at least; packed matrices have more."""
    rows, inner, columns = product.rows, product.inner, product.columns
    return [rows * inner, inner * columns, rows * columns, *map(prod, product.others)]


def _function(
    run: Run,
    product: Product,
    in_place: Work | None,
    find: Find | None = None,
    of_found: Work | None = None,
) -> Run:
    """The product as a function.

    Args:
        in_place: is given the right matrix as it is; where there is none, `run` is.
        of_found: is given what `find` has made of a right matrix.
    """
    shape, dtype, sizes = product.result, product.dtype, sizes_of(product)
    inputs = len(sizes) - 1

    def native(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        packed = None if find is None else find(y)
        function, matrix = (in_place, y) if packed is None else (of_found, packed.made)
        if function is None:
            return run(x, y, *others, out=out)
        found: np.ndarray = function(x, matrix, *others) if out is None else function(x, matrix, *others, out)
        if found is not UNFIT:
            return found
        made = np.empty(shape, dtype) if out is None else out
        if not (matrix.flags.c_contiguous and made.flags.c_contiguous):
            return run(x, y, *others, out=out)
        arrays = [np.ascontiguousarray(x), matrix, *map(np.ascontiguousarray, others), made]
        require_whole([*arrays[:2], made, *arrays[2:-1]], sizes, dtype)
        return function(*arrays)

    if find is None or of_found is None:
        return native if in_place is None else written(native, written_work(in_place, native, inputs))

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        x, y, *more = operands
        known, other = f"{result}_k", called(native, inputs, operands, scribe)
        by = f"{scribe.constant(of_found, 'work')}({', '.join([x, f'{known}.made', *more])})"
        if in_place is not None:
            changing = f"{scribe.constant(in_place, 'work')}({', '.join(operands)})"
            other = f"{changing} if {y}.flags.writeable else {other}"
        # What is looked at is one object, for other threads replace it.
        return [
            f"{known} = {scribe.constant(find, 'find')}.known",
            f"{result} = {by} if {known}.matrix is {y} else {other}",
            f"del {known}",
            unless_done(native, inputs, operands, result, scribe),
        ]

    return written(native, write)
