"""Matrix products that use all compute threads of a host where they are large.

Where a product is split, each block of rows or columns is one BLAS call. BLAS may round the elements of a block
differently from those of the whole, in the last digit; the same product on a host of as many threads always gives the
same.

A block needs all of the operand that is not split, which BLAS copies for each call into the order in which it reads it.
So the larger operand is split: half of the columns of 64 x 784 by 784 x 512 take 0.52 of the time of the whole, half of
the rows 0.57; of 16 x 784 by 784 x 512, 0.54 and 0.76.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import gcd

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.quiet import quiet

Finish = Callable[[np.ndarray, int], object]
"""Changes some rows of a product in place, from one of that number on, without the floating-point warnings of its own
that callers turn off."""

LEAST_WORK = 3 << 22
"""Multiplications in a block; they take some 0.2 milliseconds, several times what handing over a block takes."""

_LEAST_FINISHED = 1 << 15
"""Elements that are worth a block of what is done to a product."""


_MANY_RESULTS = 1 << 14
"""How many elements of a result take longer to clear than calling `np.matmul` costs."""


def is_small(rows: int, inner: int, columns: int) -> bool:
    """Whether a product is not worth splitting, by the sizes of its operands."""
    return rows * inner * columns < 2 * LEAST_WORK


_FEW_ROWS = range(2, 17)
_READ_ONCE, _READ_ONCE_IF_SMALL = 4, 6
"""How many rows meet each element of the right matrix together, for more read it again; four of one that no cache
has."""

_WIDTHS = (128, 64)
AT_ONCE = 1_000_000
"""The most multiplications of a product that is small to OpenBLAS."""

_MOST_BYTES = 1 << 22
_WAY, _WAYS = 1 << 17, 16
"""Bytes of the second cache in which each place is there once, and how often it is there."""

_WITH_SMALL_PRODUCTS = ("skylakex", "cooperlake", "sapphirerapids")


def panel_width(rows: int, inner: int, columns: int, dtype: np.dtype) -> int:
    """How many columns of a product to take at a time; all of them where that is fastest.

    OpenBLAS's kernels for AVX-512 multiply small matrices of singles, by which they mean at most a million
    multiplications, as they lie, and pack larger ones first, which takes longer than to multiply them by few rows:
    8 x 256 by 256 x 1024 takes 132 microseconds at once and 92 in panels of columns, 4 x 768 by 768 x 3072 1130 and
    600, 16 x 784 by 784 x 512 195 and 180. For more rows it depends on the processor: 64 x 784 by 784 x 512 in small
    blocks takes 0.94 of the time on one, 1.45 times as long on another. More rows than four only gain where a cache has
    the matrix, and more than six where all rows of a panel have places in it, which those have not that are pages
    apart. Other kernels take longer for panels.
    """
    is_large = rows * inner * columns > AT_ONCE and dtype == np.float32
    if not is_large or rows not in _FEW_ROWS or not multiplies_small_ones_as_they_lie():
        return columns
    row = columns * dtype.itemsize
    if rows > _READ_ONCE and inner * row > _MOST_BYTES:
        return columns
    if rows > _READ_ONCE_IF_SMALL and inner >= _WAYS * (_WAY // gcd(row, _WAY)):
        return columns
    most = AT_ONCE // (_rows_multiplied(rows) * inner)
    return next((width for width in _WIDTHS if width <= most), columns)


def _rows_multiplied(rows: int) -> int:
    """Three rows take twice as long as four."""
    return 4 if rows == 3 else rows


PANEL = 64
"""How many columns a panel of a constant matrix has."""

_ROWS_OF_PANELS = range(3, 129)
_MANY_ROWS, _BYTES_OF_MANY = 32, 1 << 21
LEAST_HEIGHT = 8
"""How many rows a block has at least."""


def panels_height(rows: int, inner: int, columns: int, dtype: np.dtype) -> int:
    """How many rows to multiply at a time by each panel of a constant matrix, which lie apart, each in order; none
    where rows are better multiplied by the matrix as it is.

    Both are small to OpenBLAS's kernels. For many rows, packing takes little of what the product takes.
    """
    size = inner * columns * dtype.itemsize
    most_bytes = _MOST_BYTES if rows <= _MANY_ROWS else _BYTES_OF_MANY
    is_large = rows * inner * columns > AT_ONCE and size <= most_bytes and dtype == np.float32
    is_possible = rows in _ROWS_OF_PANELS and columns % PANEL == 0
    if not (is_large and is_possible) or not multiplies_small_ones_as_they_lie():
        return 0
    most = AT_ONCE // (inner * PANEL)
    if rows <= most:
        return rows
    return _height_of_blocks(rows, most) if most >= LEAST_HEIGHT else 0


def _height_of_blocks(rows: int, most: int) -> int:
    """How many rows a block has, at most so many, in groups of four: all alike, if they are not much smaller for it."""
    most = most // 4 * 4
    return next((height for height in range(most, most // 2, -4) if rows % height == 0), most)


@cache
def multiplies_small_ones_as_they_lie() -> bool:
    """Whether numpy's BLAS has kernels that do."""
    from threadpoolctl import threadpool_info

    found = [each for each in threadpool_info() if each.get("internal_api") == "openblas"]
    return any(str(each.get("architecture")).lower() in _WITH_SMALL_PRODUCTS for each in found)


def multiply_at_once(a: np.ndarray, b: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """``np.matmul(a, b, out)`` of two matrices; `out` is one that lies by rows.

    The method costs half as much to call, but it clears the result first, which takes longer where that is large. The
    numbers are the same.
    """
    found: np.ndarray = np.matmul(a, b, out) if has_many_results(a.shape[0], b.shape[1]) else a.dot(b, out)
    return found


def has_many_results(rows: int, columns: int) -> bool:
    """Whether clearing a product takes longer than calling `np.matmul` does."""
    return rows * columns >= _MANY_RESULTS


def multiply_by_panels(a: np.ndarray, b: np.ndarray, out: np.ndarray | None, width: int) -> np.ndarray:
    """``a @ b``, by so many columns at a time."""
    rows, columns = a.shape[0], b.shape[1]
    result = np.empty((rows, columns), a.dtype) if out is None else out
    more = _rows_multiplied(rows)
    if more > rows:
        padded = np.zeros((more, a.shape[1]), a.dtype)
        padded[:rows] = a
        result[...] = multiply_by_panels(padded, b, None, width)[:rows]
        return result
    whole = columns // width * width
    panels = b[:, :whole].reshape(len(b), -1, width).swapaxes(0, 1)
    np.matmul(a, panels, out=result[:, :whole].reshape(rows, -1, width).swapaxes(0, 1))
    if whole < columns:
        np.matmul(a, b[:, whole:], out=result[:, whole:])
    return result


_MOST_SHARED = AT_ONCE // 8
"""The most elements of a right matrix that blocks of rows, of eight at least, are multiplied by."""

_MOST_ACROSS = 10_000
"""The same of one whose vectors may lie across two lines of the cache, which must be in the nearest one then: by such a
matrix, 128 x 256 by 256 x 256 takes 1.2 times as long as at once, 784 x 147 by 147 x 64 0.86 of that time."""

_VECTOR = 16
_LINE = 64


@cache
def block_height(rows: int, inner: int, columns: int) -> int:
    """How many rows of singles to multiply at a time by a matrix of few elements; none where that is best done at once.

    Packing the rows takes as long as a part of the product then, which OpenBLAS's kernels for small matrices leave out:
    3136 x 64 by 64 x 64 takes seven tenths of the time, 2000 x 256 by 256 x 15 half, 128 x 256 by 256 x 256 nine
    tenths. Where the last columns do not fill a vector, large matrices take longer.
    """
    size = inner * columns
    most = _MOST_ACROSS if columns < _VECTOR else _MOST_SHARED // 2 if columns % _VECTOR else _MOST_SHARED
    if rows * size <= AT_ONCE or columns < 2 or size > most or not multiplies_small_ones_as_they_lie():
        return 0
    return _height_of_blocks(rows, AT_ONCE // size)


def _height_by(a: np.ndarray, b: np.ndarray) -> int:
    """`block_height` of matrices in the last dimensions, which also depends on where they lie."""
    rows = a.shape[-2]
    if rows < LEAST_HEIGHT or a.dtype != np.float32 or 4 not in a.strides[-2:] or b.strides[-1] != 4:
        return 0
    inner, columns = b.shape[-2:]
    height = block_height(rows, inner, columns)
    if not height or inner * columns <= _MOST_ACROSS:
        return height
    return 0 if (b.strides[-2] | b.__array_interface__["data"][0]) % _LINE else height


def rows_at_a_time(rows: int, inner: int, columns: int, dtype: np.dtype, *, begin_at_a_line: bool) -> int:
    """How many rows to multiply at a time by a matrix, or 0 where all at once are best.

    Args:
        begin_at_a_line: whether the rows of the matrix begin at a line of the cache, if these are whole lines long.
    """
    if rows < LEAST_HEIGHT or dtype != np.float32:
        return 0
    is_near = inner * columns <= _MOST_ACROSS
    may_be = is_near or (begin_at_a_line and columns % _VECTOR == 0)
    return block_height(rows, inner, columns) if may_be else 0


def in_blocks(matrices: np.ndarray, height: int) -> list[np.ndarray]:
    """Matrices in the last two dimensions as blocks of so many of their rows, and what is left of them; all alike in a
    view with one dimension more. With 0 all rows are one block."""
    if not height:
        return [matrices[..., None, :, :]]
    *leading, rows, columns = matrices.shape
    blocks = rows // height
    whole, shape = blocks * height, (*leading, blocks, height, columns)
    if whole == rows:
        return [matrices.reshape(shape)]
    return [matrices[..., :whole, :].reshape(shape), matrices[..., None, whole:, :]]


def multiply_rows(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """`multiply_at_once`, by blocks of rows where that is faster."""
    height = _height_by(a, b)
    if not height:
        multiply_at_once(a, b, out)
        return
    rows, inner = a.shape
    blocks = rows // height
    whole = blocks * height
    parts = out[:whole].reshape(blocks, height, -1)
    np.matmul(a[:whole].reshape(blocks, height, inner), b, out=parts)
    if whole < rows:
        a[whole:].dot(b, out[whole:])


def multiply_stacks(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """``np.matmul(a, b, out=out)`` of matrices in the last dimensions, each by blocks of rows where that is faster."""
    *leading, rows, inner = a.shape
    height = _height_by(a, b)
    if not height or rows % height:
        np.matmul(a, b, out=out)
        return
    blocks, columns = (*leading, rows // height, height), b.shape[-1]
    # Rows are parted in place, however they lie.
    np.matmul(a.reshape(*blocks, inner), b[..., None, :, :], out=out.reshape(*out.shape[:-2], *blocks[-2:], columns))


def multiply_panels(a: np.ndarray, panels: np.ndarray, out: np.ndarray | None, height: int) -> np.ndarray:
    """The product with a matrix that lies as panels of its columns, panels x inner x columns, by so many rows at a
    time.

    All rows meet a panel before the next one: it is larger than a block of rows, and is in a cache then.
    """
    number, inner, width = panels.shape
    rows = len(a)
    blocks = rows // height
    whole = blocks * height
    result = np.empty((rows, number * width), a.dtype) if out is None else out
    parts = result.reshape(rows, number, width)
    into = parts[:whole].reshape(blocks, height, number, width).transpose(2, 0, 1, 3)
    np.matmul(a[:whole].reshape(blocks, height, inner), panels[:, None], out=into)
    if whole < rows:
        np.matmul(a[whole:], panels, out=parts[whole:].swapaxes(0, 1))
    return result


def matmul(
    a: np.ndarray, b: np.ndarray, host: HostContext, out: np.ndarray | None = None, finish: Finish | None = None
) -> np.ndarray:
    """``np.matmul`` of two matrices without floating-point warnings, by blocks of rows or columns where that pays.

    Args:
        out: where to write the result.
        finish: what to do to each block of rows when it is there.
    """
    (count, inner), columns = a.shape, b.shape[1]
    if is_small(count, inner, columns) or host.parallelism == 1:
        product: np.ndarray = quiet.call(multiply_at_once, a, b, out)
        if finish is not None:
            quiet.call(finish, product, 0)
        return product
    result = np.empty((count, columns), np.result_type(a, b)) if out is None else out

    def of_rows(start: int, end: int) -> None:
        quiet.call(np.matmul, a[start:end], b, out=result[start:end])
        finish_rows(start, end)

    def of_columns(start: int, end: int) -> None:
        quiet.call(np.matmul, a, b[:, start:end], out=result[:, start:end])

    def finish_rows(start: int, end: int) -> None:
        if finish is not None:
            quiet.call(finish, result[start:end], start)

    if count >= columns:
        host.parallel_for(count, -(-LEAST_WORK // max(1, inner * columns)), of_rows)
        return result
    host.parallel_for(columns, -(-LEAST_WORK // max(1, inner * count)), of_columns)
    if finish is not None:
        host.parallel_for(count, -(-_LEAST_FINISHED // max(1, columns)), finish_rows)
    return result
