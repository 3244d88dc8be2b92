"""Products of tensors, summed along some axes for each element of others, as matrix products.

Operands become batches of matrices, as views where their strides allow it: BLAS takes transposed matrices as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.prepared import Scribe, Write, writing_of, written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics import panels, products, stacked_products, transposed_products
from tfrt.kernels.numerics.chains.elementwise import BLOCK_BYTES
from tfrt.kernels.numerics.chains.epilogues import others_of, writing_of_epilogue
from tfrt.kernels.numerics.contraction_sizes import Contraction
from tfrt.kernels.numerics.machine_code.products import with_native_product
from tfrt.kernels.numerics.quiet import quiet


def contract(
    how: Contraction,
    dtype: np.dtype,
    host: HostContext,
    finish: Callable[..., object] | None = None,
    may_lie_by_columns: bool = False,
) -> Callable[..., Any]:
    """The product as a function of two arrays of one type that numpy computes in, other arrays, and `out`.

    Nothing warns.

    Args:
        dtype: the arrays' type.
        finish: changes some of the result's innermost rows, a matrix, in place; it is given the other arrays, too, and
            of those that have the result's shape the same rows.
        may_lie_by_columns: whether the result of two matrices may lie so, in the memory of `out`, too.

    Raises:
        NotImplementedError: others have the result's shape, and it is no product of matrices, or of rows and a matrix.
    """
    lhs_shape = (*how.batches, how.rows, how.inner)
    rhs_shape = (*how.batches, how.inner, how.columns)
    result_shape = (*how.batches, how.rows, how.columns)
    width = how.shape[-1] if how.shape else 1
    if dtype.kind != "c" and how.is_of_matrices:
        return _matrix_product(how, dtype, host, finish, may_lie_by_columns)
    is_alone = host is None or host.parallelism == 1 or products.is_small(how.rows, how.inner, how.columns)
    if dtype.kind != "c" and how.has_vector and finish is None and is_alone:
        return _vector_product(how)
    work = prod(how.batches) * how.rows * how.inner * how.columns
    if dtype.kind != "c" and how.batches and finish is None and 0 < work <= stacked_products.SMALL_WORK:
        return stacked_products.product_of_few(how, dtype)
    if dtype.kind != "c" and how.has_rows_of_matrix and 0 not in how.shape:
        return _product_of_rows(how, dtype, host, finish)
    if 0 in how.shape:
        finish = None
    if finish is not None and any(_full(finish, how.shape)):
        raise NotImplementedError("only rows of a product of matrices are changed with those of other arrays")
    by_rows = how.ends_in_columns

    def run(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        a = stacked_products.matrices(x, how.lhs_axes, lhs_shape)
        b = stacked_products.matrices(y, how.rhs_axes, rhs_shape)
        last = None if finish is None else lambda rows, _: finish(rows.reshape(-1, width), *others)
        # An array of its own, and no view of one, need not be copied where it is handed out.
        result = np.empty(how.shape, dtype) if out is None else out
        target = result.reshape(result_shape) if result.flags.c_contiguous else None
        found = stacked_products.multiply(a, b, host, target, last if by_rows else None)
        if last is not None and not by_rows:
            quiet.call(last, found, 0)
        if target is None:
            result[...] = found.reshape(how.shape)
        return result

    return run


def _product_of_rows(
    how: Contraction, dtype: np.dtype, host: HostContext, finish: Callable[..., object] | None
) -> Callable[..., Any]:
    """`contract` of all rows of an array, or of a vector as the only one, which are a matrix, and a matrix."""
    flat = replace(how, lhs_axes=(0, 1), shape=(how.rows, how.columns))
    shapes = getattr(finish, "others", ())
    if isinstance(finish, RowEpilogue):
        finish = replace(finish, others=tuple(map(_as_rows, shapes)))
    product = _matrix_product(flat, dtype, host, finish)

    def run(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        rows = x.reshape(flat.rows, flat.inner)
        others = tuple([other.reshape(_as_rows(other.shape)) for other in others])
        if out is None:
            # An array of its own, and no view of one, need not be copied where it is handed out.
            out = np.empty(how.shape, dtype)
        if out.flags.c_contiguous:
            product(rows, y, *others, out=out.reshape(flat.shape))
        else:
            out[...] = product(rows, y, *others).reshape(how.shape)
        return out

    whole = writing_of(product)
    if whole is None:
        return run
    deep = {number: _as_rows(shape) for number, shape in enumerate(shapes, 2) if len(shape) > 2}
    inputs = 2 + others_of(finish)

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        if len(operands) > inputs:
            given, out = ", ".join(operands[:inputs]), operands[-1]
            return [f"{result} = {scribe.constant(run, 'product')}({given}, out={out})"]
        turned = {0: (flat.rows, flat.inner), **deep}
        names = [f"{result}_x{number}" if number in turned else name for number, name in enumerate(operands)]
        made, rows = f"{result}_a", f"{result}_r"
        shape, matrix = scribe.constant(how.shape), scribe.constant(flat.shape)
        return [
            *[f"{names[n]} = {operands[n]}.reshape({scribe.constant(shape)})" for n, shape in turned.items()],
            f"{made} = {scribe.constant(np.empty, 'empty')}({shape}, {scribe.constant(dtype)})",
            f"{rows} = {made}.reshape({matrix})",
            *whole([*names, rows], result, scribe),
            f"{result} = {made}",
            f"del {', '.join([made, rows, *(names[number] for number in turned)])}",
        ]

    return written(run, write)


def _full(finish: Callable[..., object] | None, result: tuple[int, ...]) -> list[bool]:
    """Which of the other arrays that an epilogue reads have a row for each of the result's."""
    return [shape == result and len(shape) > 1 for shape in getattr(finish, "others", ())]


def _as_rows(shape: tuple[int, ...]) -> tuple[int, ...]:
    """That of a matrix with the same rows, for arrays of more dimensions than two."""
    return shape if len(shape) <= 2 else (prod(shape[:-1]), shape[-1])


def _vector_product(how: Contraction) -> Callable[..., Any]:
    """`contract` of a vector and a matrix, on one thread."""
    turns_lhs, turns_rhs = how.lhs_axes == (1, 0), how.rhs_axes == (1, 0)

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        a, b = x.T if turns_lhs else x, y.T if turns_rhs else y
        if out is None:
            made: np.ndarray = quiet.call(a.dot, b)
            return made
        into: np.ndarray = quiet.call(_dot_into, a, b, out)
        return into

    return written(run, _written_product(turns_lhs, turns_rhs))


def _written_product(turns_lhs: bool, turns_rhs: bool, others: int = 0) -> Write:
    """How a product is written, of two operands, others that are not looked at, and perhaps `out`."""

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        a, b = f"{operands[0]}{'.T' if turns_lhs else ''}", f"{operands[1]}{'.T' if turns_rhs else ''}"
        given = f"{a}.dot, {b}"
        if len(operands) > 2 + others:
            given = f"{scribe.constant(_dot_into, 'dot')}, {a}, {b}, {operands[-1]}"
        return [f"{result} = {scribe.attribute(quiet, 'call')}({given})"]

    return write


def _matrix_product(
    how: Contraction,
    dtype: np.dtype,
    host: HostContext,
    finish: Callable[..., object] | None,
    may_lie_by_columns: bool = False,
) -> Callable[..., Any]:
    """`contract` of two matrices with one axis to sum along: the layers of networks, small ones among them."""
    turns_lhs, turns_rhs = how.lhs_axes != (0, 1), how.rhs_axes != (0, 1)
    sizes = (how.rows, how.inner, how.columns)
    is_small = products.is_small(*sizes)
    width = how.columns if turns_lhs else products.panel_width(*sizes, dtype)
    by_panels = width != how.columns and not turns_rhs
    by_rows = dtype == np.float32 and not (turns_lhs or turns_rhs) and products.block_height(*sizes) > 0
    # BLAS takes transposed matrices as they are, and up to several times as long for more rows than two.
    is_worth_it = how.rows > _FEW_ROWS and how.inner * how.columns * dtype.itemsize >= _LEAST_BYTES
    # Without a host, somebody only asks whether there is such a function.
    is_alone = is_small or host is None or host.parallelism == 1
    height = products.panels_height(*sizes, dtype) if is_alone and not turns_lhs else 0
    find = panels.in_order() if turns_rhs and is_worth_it and host is not None else None
    together = max(1, BLOCK_BYTES // max(1, how.columns * dtype.itemsize))
    is_block = how.rows <= together
    are_full = _full(finish, how.shape)
    at_once = transposed_products.columns_at_once(*sizes, dtype, turns_rhs) if is_alone and not turns_lhs else 0
    find_turned = panels.in_order()
    is_by_columns = may_lie_by_columns or transposed_products.is_worth_transposing(*sizes)

    def finish_some(rows: np.ndarray, first: int, others: tuple[np.ndarray, ...]) -> None:
        assert finish is not None
        block = slice(first, first + len(rows))
        finish(rows, *[o[block] if is_full else o for o, is_full in zip(others, are_full, strict=True)])

    def finish_all(found: np.ndarray, others: tuple[np.ndarray, ...]) -> None:
        if finish is not None and is_block:
            finish(found, *others)
        elif finish is not None:
            # What follows goes over rows several times, which stay in the cache.
            for first in range(0, how.rows, together):
                finish_some(found[first : first + together], first, others)

    def product(x: np.ndarray, y: np.ndarray, others: tuple[np.ndarray, ...], out: np.ndarray | None) -> np.ndarray:
        # `dot` takes no other memory than that of rows next to one another.
        target = out if out is None or out.flags.c_contiguous else None
        found: np.ndarray
        if y.ndim == 3:
            found = products.multiply_panels(x, y, target, height)
        elif width != how.columns and y.flags.c_contiguous:
            found = products.multiply_by_panels(x, y, target, width)
        elif by_rows:
            found = np.empty((how.rows, how.columns), dtype) if target is None else target
            products.multiply_rows(x, y, found)
        else:
            found = products.multiply_at_once(x, y, target)
        finish_all(found, others)
        return _written_into(out, found)

    def product_by_columns(
        x: np.ndarray, turned: np.ndarray, others: tuple[np.ndarray, ...], out: np.ndarray | None
    ) -> np.ndarray:
        is_taken = out is not None and out.flags.c_contiguous
        found = out if is_taken else np.empty((how.rows, how.columns), dtype)
        assert found is not None
        if may_lie_by_columns:
            found = found.reshape(how.columns, how.rows).T
        transposed_products.multiply_by_columns(x, turned, found, at_once)
        if finish is not None and may_lie_by_columns and not is_block:
            width = max(1, BLOCK_BYTES // (how.rows * dtype.itemsize))
            for first in range(0, how.columns, width):
                part = slice(first, first + width)
                finish(found[:, part], *[o[..., part] if o.shape[-1:] == (how.columns,) else o for o in others])
        else:
            finish_all(found, others)
        return found if is_taken else _written_into(out, found)

    def turned_of(y: np.ndarray) -> np.ndarray | None:
        """The transposed right matrix, if it is there in order."""
        if turns_rhs:
            return y if y.flags.c_contiguous else None
        known = find_turned(y)
        return None if known is None else known.made

    def run(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray
        if at_once and (is_by_columns or x.flags.f_contiguous):
            turned = turned_of(y)
            if turned is not None:
                found = quiet.call(product_by_columns, x, turned, others, out)
                return found
        a, b = x.T if turns_lhs else x, y.T if turns_rhs else y
        if find is not None:
            packed = find(y)
            b = b if packed is None else packed.made
            if packed is None and at_once and turns_rhs and y.flags.c_contiguous:
                # BLAS takes longer for a transposed matrix than to transpose rows and result.
                found = quiet.call(product_by_columns, x, y, others, out)
                return found
        if is_alone or (out is not None and not out.flags.c_contiguous):
            found = quiet.call(product, a, b, others, out)
            return found
        last = None if finish is None else lambda rows, first: finish_some(rows, first, others)
        return products.matmul(a, b, host, out, last)

    if host is not None:
        native = with_native_product(run, sizes, dtype, finish, host, (turns_lhs, turns_rhs))
        if native is not run:
            # What numpy packs would stay when machine code takes over.
            at_once = 0
            return native
        if height:
            find = panels.of_columns(products.PANEL, turns_rhs)
    finishing = None if finish is None or not is_block else writing_of_epilogue(finish, how.shape, dtype)
    is_chosen = by_panels or by_rows or find is not None or at_once or products.has_many_results(how.rows, how.columns)
    if is_chosen or not is_alone or (finish is not None and finishing is None):
        return run

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        count = others_of(finish)
        product = _written_product(turns_lhs, turns_rhs, count)(operands, result, scribe)
        others = operands[2 : 2 + count]
        return product if finishing is None else [*product, *finishing([result, *others], result, scribe)]

    return written(run, write)


def _written_into(out: np.ndarray | None, found: np.ndarray) -> np.ndarray:
    if out is None or found is out:
        return found
    out[...] = found
    return out


def _dot_into(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    # `dot` takes no other memory than that of rows next to one another.
    if out.flags.c_contiguous:
        found: np.ndarray = a.dot(b, out)
        return found
    out[...] = a.dot(b)
    return out


_FEW_ROWS = 2
_LEAST_BYTES = 1 << 14
"""Smaller matrices are not worth a copy."""
