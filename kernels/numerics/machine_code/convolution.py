"""Convolutions as machine code, made by llvmlite where it is installed (with Numba).

Sums are rounded differently from those of a matrix product, and zeros may have another sign. When machine code takes
over, `choice` says.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from tfrt.executor.declarations.annotations import Pooling, RowEpilogue
from tfrt.executor.declarations.pools import Pool
from tfrt.executor.declarations.prepared import writing_of, written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.machine_code import Processor, assemble, processor
from tfrt.kernels.numerics.convolution.channels_last import prepare
from tfrt.kernels.numerics.convolution.pooled import delayed, prepare_pooled, seen_by, steps_around
from tfrt.kernels.numerics.copying import given_back, in_c_order, room_for
from tfrt.kernels.numerics.machine_code import depthwise_code, winograd_code, winograd_tiling
from tfrt.kernels.numerics.machine_code.blocks import (
    Limits,
    Units,
    called,
    require_whole,
    taking_any,
    units_of,
    whole_work,
)
from tfrt.kernels.numerics.machine_code.choice import Run, native_or
from tfrt.kernels.numerics.machine_code.convolution_code import write
from tfrt.kernels.numerics.machine_code.convolution_tiling import (
    MOST_PIXELS,
    Convolution,
    Shape,
    Tiling,
    frame_of,
    is_depthwise,
    is_on_stack,
    is_possible,
    pack,
    sums_at_a_time,
    tiling_of,
)
from tfrt.kernels.numerics.machine_code.few_rows import MOST_ROWS
from tfrt.kernels.numerics.machine_code.product_tiling import Product
from tfrt.kernels.numerics.machine_code.product_tiling import is_possible as is_possible_product
from tfrt.kernels.numerics.machine_code.products import of_tiles
from tfrt.kernels.numerics.packed import Pack, in_order_once, packed_if_changed, packed_once
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace

MOST_WORK = 1 << 25
"""How many multiplications machine code does without a break, which takes a millisecond."""

LEAST_WORK = 1 << 18
"""How many multiplications are worth a block of their own on another thread."""

PROCESSORS = (Processor(64, 32, True), Processor(32, 16, True))
"""Those that there are, as far as tiles differ."""

LEAST_OF_WINOGRADS = 128
"""As many products in an element of a result take longer, where they are not done Winograd's way, than pooling in
registers saves, and..."""

LEAST_OF_SUMS, ENOUGH_OF_SUMS = 512, 0.9
"""...so many, where tiles of whole windows have fewer sums, by more than this."""

MOST_PLANES = 4
"""Images of so many channels, as colours, are read as they lie where channels come before rows and columns: an element
is spread over a vector, so it does not matter where its neighbours are. To put them in order takes half as long as some
convolutions."""

LEAST_OF_PRODUCTS = 1 << 15
"""Filters of single pixels are a product's matrix where they have so many bytes: its tiles fetch them ahead. Smaller
ones are near in any case."""

MOST_TRANSFORMED = 1 << 17
"""Filters that may change are transformed in each call, if what is made of them has no more bytes: for 32 channels that
takes a tenth of what is saved, for 64 as much."""


def prepare_fused(
    images: Shape,
    filters: Shape,
    windows: Sequence[Window],
    dtype: np.dtype,
    host: HostContext | None,
    epilogue: RowEpilogue | None,
    view: Pack | None = None,
    pooling: Pooling | None = None,
    planar: bool = False,
) -> Run:
    """A convolution as `channels_last.prepare` has it, and what follows it, in the way that is fastest here.

    It takes images, filters, the other arrays that the epilogue and what follows a pool read, and perhaps `out`.

    Args:
        host: None where this is only prepared, to find out whether that is possible and worth it.
        view: gives filters of the shape `filters` from those that there are.
        planar: whether images come as views of some whose channels lie before rows and columns.

    Raises:
        KernelError: without a host, where convolving and pooling one after the other is as fast.
    """
    if host is None and pooling is not None and not is_worth_pooling(images, filters, windows, dtype, pooling.pool):
        raise KernelError("such a pool is faster by itself")
    shape = (images[0], *(window.count for window in windows), filters[-1])
    if pooling is not None:
        convolve = _with_view(prepare_pooled(images, filters, windows, dtype, host, epilogue, pooling), view)
        shape = (images[0], *pooling.pool.counts(shape[1:-1]), filters[-1])
    else:
        convolve = _with_view(prepare(images, filters, windows, dtype, host, epilogue), view)
    other = epilogue or (None if pooling is None else pooling.after)
    run = _with_writing(convolve, 2 + (0 if other is None else len(other.others)))
    found = describe(images, filters, windows, dtype, epilogue, pooling)
    if found is None:
        return run
    return native_or(run, lambda: make_native(found, shape, host, view, planar), host, "a convolution")


def _with_writing(convolve: Run, inputs: int) -> Run:
    """The function of so many arrays, which a plan calls as it is, if it does not say how it is written."""
    if writing_of(convolve) is not None:
        return convolve
    return written(convolve, lambda names, result, scribe: [f"{result} = {called(convolve, inputs, names, scribe)}"])


def is_worth_pooling(images: Shape, filters: Shape, windows: Sequence[Window], dtype: np.dtype, pool: Pool) -> bool:
    """Whether a convolution whose tiles are whole windows of a pool is faster than one that is pooled afterwards, on
    processors of either kind, for nobody knows where a program is going to run."""
    alone, together = (describe(images, filters, windows, dtype, None, each) for each in (None, Pooling(pool)))
    if alone is None or together is None:
        # With numpy it always is.
        return True
    if depthwise_code.fits(alone):
        return False
    work = prod(filters[:-1])
    for on in PROCESSORS:
        ways = [winograd_tiling.tiling_of(each, on) for each in (alone, together)]
        if ways[0] is not None:
            if ways[1] is None and work >= LEAST_OF_WINOGRADS:
                return False
            continue
        sums = [sums_at_a_time(each, tiling_of(each, on)) for each in (alone, together)]
        if work >= LEAST_OF_SUMS and sums[1] < ENOUGH_OF_SUMS * sums[0]:
            return False
    return pool.taps <= MOST_PIXELS


def describe(
    images: Shape,
    filters: Shape,
    windows: Sequence[Window],
    dtype: np.dtype,
    epilogue: RowEpilogue | None,
    pooling: Pooling | None = None,
) -> Convolution | None:
    """A convolution in one dimension or two, and what follows it, if there is machine code for them."""
    steps = steps_around(epilogue, pooling)
    if not 1 <= len(windows) <= 2 or steps is None or not prod(filters):
        return None
    if pooling is not None:
        steps = delayed(steps, pooling.pool, always=True)
    result = (images[0], *(window.count for window in windows), filters[-1])
    others, pool = steps.others, None if pooling is None else pooling.pool
    if len(windows) == 1:
        # One row of pixels.
        row = (images[0], 1, *images[1:])
        others = tuple((images[0], 1, *shape[1:]) if shape == result else shape for shape in others)
        images, filters, windows = row, (1, *filters), (Window(1, 1, 1, 0, 0, 1), *windows)
        pool = pool and replace(pool, sizes=(1, *pool.sizes))
    rows, columns = windows if pool is None else seen_by(pool, windows)
    groups = images[-1] // filters[2]
    found = Convolution(images, filters, rows, columns, dtype, groups, steps.before, others, pool, steps.after)
    return found if is_possible(found) else None


def make_native(
    convolution: Convolution, shape: Shape, host: HostContext | None, view: Pack | None = None, planar: bool = False
) -> Run:
    """The convolution as machine code, with a result of this shape; `view` and `planar` are `prepare_fused`'s.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    threads = 1 if host is None else min(host.parallelism, convolution.work // LEAST_WORK)
    # As few as there are threads, for a unit of fewer rows takes longer for each.
    wanted = max(1, threads)
    if depthwise_code.fits(convolution):
        height = depthwise_code.height_of(convolution, wanted)
        text, units = depthwise_code.write(convolution, height, processor()), -(-convolution.rows.count // height)
        run = _whole_work(convolution, shape, text, convolution.images[0] * units, _sizes(convolution), host)
        return _with_view(run, view)
    product = product_of(convolution)
    if product is not None:
        work = of_tiles(product, host, shape)
        return _with_view(taking_any(work, shape, _sizes(convolution), convolution.dtype), view)
    winograd = winograd_tiling.tiling_of(convolution, processor(), wanted)
    if winograd is None:
        tiling = tiling_of(convolution, processor(), wanted)
        if planar and 1 < convolution.images[-1] <= MOST_PLANES and not is_depthwise(convolution):
            return _of_planes(_directly(replace(convolution, planar=True), shape, tiling, host, view))
        return _directly(convolution, shape, tiling, host, view)
    of_changing = None
    if winograd_tiling.bytes_of_matrices(convolution) > MOST_TRANSFORMED:
        of_changing = _directly(convolution, shape, tiling_of(convolution, processor(), wanted), host, view)
    return _by_tiles(convolution, shape, winograd, host, view, of_changing)


def product_of(c: Convolution) -> Product | None:
    """The product that a convolution of single pixels is; None where it is done faster directly."""
    windows = (c.rows, c.columns)
    if any((window.size, window.stride, window.before, window.after) != (1, 1, 0, 0) for window in windows):
        return None
    *pixels, columns = c.result
    if c.groups > 1 or c.pool is not None or c.filters[-2] * columns * c.dtype.itemsize < LEAST_OF_PRODUCTS:
        return None
    rows = prod(pixels)
    others = tuple((rows, columns) if shape == c.result else shape for shape in c.others)
    found = Product(rows, c.filters[-2], columns, c.dtype, steps=c.steps, others=others)
    return found if rows > MOST_ROWS and is_possible_product(found) else None


def _of_planes(run: Run) -> Run:
    """A convolution of planar images as one of views of them whose channels come last."""

    def of_views(x: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return run(x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1)), *others, out=out)

    return of_views


def _with_view(run: Run, view: Pack | None) -> Run:
    """A convolution of filters in order as one of those that there are."""
    in_order = in_order_once(view)
    return run if view is None else lambda x, w, *others, out=None: run(x, in_order(w), *others, out=out)


def _directly(c: Convolution, shape: Shape, tiling: Tiling, host: HostContext | None, view: Pack | None) -> Run:
    text, units = write(c, tiling), c.images[0] * -(-c.rows.count // tiling.height)
    if is_on_stack(c, tiling):
        run = _whole_work(c, shape, text, units, _sizes(c), host)
    else:
        run = _with_memory(c, shape, text, units, _sizes(c), prod(frame_of(c, tiling)), host)
    if view is not None:
        packing = packed_if_changed(lambda w: pack(view(w), tiling))
    elif tiling.packed:
        packing = packed_once(lambda w: pack(w, tiling))
    else:
        return run
    return lambda x, w, *others, out=None: run(x, packing(w), *others, out=out)


def _by_tiles(
    c: Convolution,
    shape: Shape,
    tiling: winograd_tiling.Tiling,
    host: HostContext | None,
    view: Pack | None,
    of_changing: Run | None,
) -> Run:
    """The convolution by Winograd's way; filters that never change are transformed once.

    Args:
        of_changing: what is done with filters that may change, if that is something else.
    """
    matrices = winograd_tiling.matrices_of(c)
    *given, result = _sizes(c)
    text, count = winograd_code.write(c, tiling), c.images[0] * -(-tiling.tall // tiling.rows)
    sizes = [*given, prod(matrices), result]
    if tiling.on_stack:
        convolve = _whole_work(c, shape, text, count, sizes, host)
    else:
        convolve = _with_memory(c, shape, text, count, sizes, winograd_tiling.room_of(c, tiling), host)
    text, sizes = winograd_code.write_transform(c, tiling), [prod(c.filters), prod(matrices)]
    channels = c.filters[2]
    units = Units(channels, Limits(1, channels, (channels, channels)))
    work = whole_work(text, "transform", sizes, c.dtype, units, None, matrices)
    transform = taking_any(work, matrices, sizes, c.dtype)
    in_order, once = in_order_once(view), packed_once(transform)

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if w.flags.writeable and of_changing is not None:
            return of_changing(x, w, *others, out=out)
        w = in_order(w)
        if not w.flags.writeable:
            return convolve(x, w, *others, once(w), out=out)
        with Workspace() as space:
            return convolve(x, w, *others, transform(w, out=space.array(matrices, c.dtype)), out=out)

    return run


def _sizes(c: Convolution) -> list[int]:
    """How many elements arrays have: images, filters, others, and the result."""
    return [*map(prod, (c.images, c.filters, *c.others, c.made))]


def _whole_work(
    c: Convolution, shape: Shape, text: str, units: int, sizes: Sequence[int], host: HostContext | None
) -> Run:
    """The convolution by a module's code, of arrays of these sizes, of which the result is the last."""
    parts = units_of(units, c.work // units, Limits(LEAST_WORK, MOST_WORK))
    found = whole_work(text, "convolve", sizes, c.dtype, parts, host, shape)
    return taking_any(found, shape, sizes, c.dtype)


def _with_memory(
    c: Convolution, shape: Shape, text: str, units: int, sizes: Sequence[int], room: int, host: HostContext | None
) -> Run:
    """As `_whole_work`, of code that also takes memory for so many elements."""
    code = assemble(text, "convolve", [*[ctypes.py_object] * (len(sizes) + 1), ctypes.c_int64, ctypes.c_int64])
    work = max(1, c.work // units)
    least, most = LEAST_WORK // work, max(1, MOST_WORK // work)

    def run(*given: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        made = room_for(shape, c.dtype, out)
        arrays = (*map(in_c_order, given), made)
        require_whole(arrays, sizes, c.dtype)

        def some(start: int, end: int) -> None:
            with Workspace() as space:
                memory = space.array((room,), c.dtype)
                # Between two blocks Python handles signals.
                for first in range(start, end, most):
                    code(*arrays, memory, first, min(first + most, end))

        if host is None:
            some(0, units)
        else:
            host.parallel_for(units, _HANDED_OVER * least, some)
        return given_back(made, out)

    return run


_HANDED_OVER = 8
"""How many times `LEAST_WORK` a block is to have that Python hands over."""
