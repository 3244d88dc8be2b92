"""Convolutions as machine code, made by llvmlite where it is installed (with Numba).

Sums are rounded differently from those of a matrix product, and zeros may have another sign. When machine code takes
over, `native_choice` says.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import assemble, processor
from tfrt.kernels.numerics import native_winograd_code
from tfrt.kernels.numerics.convolution import finishing, prepare
from tfrt.kernels.numerics.native_blocks import given_back, in_blocks, require_whole, room_for
from tfrt.kernels.numerics.native_choice import Run, native_or
from tfrt.kernels.numerics.native_convolution_code import (
    Convolution,
    Shape,
    Tiling,
    frame_of,
    is_on_stack,
    is_possible,
    pack,
    tiling_of,
    write,
)
from tfrt.kernels.numerics.packed import Pack, in_order_once, packed_if_changed, packed_once
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace

MOST_WORK = 1 << 25
"""How many multiplications machine code does without a break, which takes a millisecond."""

LEAST_WORK = 1 << 18
"""How many multiplications are worth a block of their own on another thread."""

UNITS_A_THREAD = 2
"""So many at least, where several threads share a convolution."""


def prepare_fused(
    images: Shape,
    filters: Shape,
    windows: Sequence[Window],
    dtype: np.dtype,
    host: HostContext,
    epilogue: RowEpilogue | None,
    view: Pack | None = None,
) -> Run:
    """A convolution as `convolution.prepare` has it, and an epilogue after it, in the way that is fastest here.

    It takes images, filters, the other arrays that the epilogue reads, and perhaps `out`.

    Args:
        view: gives filters of the shape `filters` from those that there are.
    """
    convolve = prepare(images, filters, windows, dtype, host)
    shape = (images[0], *(window.count for window in windows), filters[-1])
    in_order, finish = in_order_once(view), finishing(epilogue, shape)

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return convolve(x, in_order(w), out=out, finish=finish(others))

    found = describe(images, filters, windows, dtype, epilogue)
    if found is None:
        return run
    return native_or(run, lambda: make_native(found, shape, host, view), host, "a convolution")


def describe(
    images: Shape, filters: Shape, windows: Sequence[Window], dtype: np.dtype, epilogue: RowEpilogue | None
) -> Convolution | None:
    """A convolution in one dimension or two, and an epilogue, if there is machine code for them."""
    steps = () if epilogue is None else epilogue.steps
    if not 1 <= len(windows) <= 2 or steps is None or not prod(filters):
        return None
    result = (images[0], *(window.count for window in windows), filters[-1])
    others = () if epilogue is None else epilogue.others
    if len(windows) == 1:
        # One row of pixels.
        row = (images[0], 1, *images[1:])
        others = tuple((images[0], 1, *shape[1:]) if shape == result else shape for shape in others)
        images, filters, windows = row, (1, *filters), (Window(1, 1, 1, 0, 0, 1), *windows)
    rows, columns = windows
    found = Convolution(images, filters, rows, columns, dtype, images[-1] // filters[2], tuple(steps), others)
    return found if is_possible(found) else None


def make_native(convolution: Convolution, shape: Shape, host: HostContext | None, view: Pack | None = None) -> Run:
    """The convolution as machine code, with a result of this shape; `view` is `prepare_fused`'s.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    threads = 1 if host is None else min(host.parallelism, convolution.work // LEAST_WORK)
    wanted = 1 if threads < 2 else UNITS_A_THREAD * threads
    winograd = native_winograd_code.tiling_of(convolution, processor(), wanted)
    if winograd is not None:
        return _of_tiles(convolution, shape, winograd, host, view)
    tiling = tiling_of(convolution, processor(), wanted)
    # Arrays: images, filters, the result, others, and memory for a frame.
    pointers = [ctypes.py_object] * (3 + len(convolution.others) + (not is_on_stack(convolution, tiling)))
    code = assemble(write(convolution, tiling), "convolve", [*pointers, ctypes.c_int64, ctypes.c_int64])
    packing = None
    if view is not None:
        packing = packed_if_changed(lambda w: pack(view(w), tiling))
    elif tiling.packed:
        packing = packed_once(lambda w: pack(w, tiling))
    return _function(convolution, shape, tiling, code, host, packing)


def _of_tiles(
    convolution: Convolution,
    shape: Shape,
    tiling: native_winograd_code.Tiling,
    host: HostContext | None,
    view: Pack | None,
) -> Run:
    """The convolution by Winograd's way; filters that never change are transformed once."""
    c, pointer = convolution, ctypes.py_object
    transform = assemble(native_winograd_code.write_transform(c, tiling), "transform", [pointer, pointer])
    pointers = [pointer] * (4 + len(c.others))
    code = assemble(native_winograd_code.write(c, tiling), "convolve", [*pointers, ctypes.c_int64, ctypes.c_int64])
    units = c.images[0] * -(-tiling.tall // tiling.rows)
    work = max(1, c.work // units)
    do_all = in_blocks(code, len(pointers), units, host, LEAST_WORK // work, MOST_WORK // work)
    sizes = [*map(prod, (c.images, c.filters, c.result)), *map(prod, c.others)]
    matrices = native_winograd_code.matrices_of(c)
    in_order = in_order_once(view)

    def transformed(w: np.ndarray) -> np.ndarray:
        made = np.empty(matrices, c.dtype)
        transform(w, made)
        return made

    once = packed_once(transformed)

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        made = room_for(shape, c.dtype, out)
        x, w = np.ascontiguousarray(x), np.ascontiguousarray(in_order(w))
        arrays = (x, w, made, *map(np.ascontiguousarray, others))
        require_whole(arrays, sizes, c.dtype)
        if not w.flags.writeable:
            do_all(*arrays, once(w))
            return given_back(made, out)
        with Workspace() as space:
            u = space.array(matrices, c.dtype)
            transform(w, u)
            do_all(*arrays, u)
        return given_back(made, out)

    return run


def _function(
    convolution: Convolution,
    shape: Shape,
    tiling: Tiling,
    code: Callable[..., None],
    host: HostContext | None,
    packing: Pack | None,
) -> Run:
    c = convolution
    units = c.images[0] * -(-c.rows.count // tiling.height)
    work = max(1, prod(c.result[2:]) * tiling.height * prod(c.filters[:-1]))
    least, most = LEAST_WORK // work, MOST_WORK // work
    sizes = [*map(prod, (c.images, c.filters, c.result)), *map(prod, c.others)]
    if is_on_stack(c, tiling):
        do_all = in_blocks(code, 3 + len(c.others), units, host, least, most)
    else:
        do_all = _with_frame(code, prod(frame_of(c, tiling)), c.dtype, units, host, least, most)

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        made = room_for(shape, c.dtype, out)
        if packing is not None:
            w = packing(w)
        if not (x.flags.c_contiguous and w.flags.c_contiguous):
            x, w = np.ascontiguousarray(x), np.ascontiguousarray(w)
        if others:
            others = tuple([other if other.flags.c_contiguous else np.ascontiguousarray(other) for other in others])
        arrays = (x, w, made, *others)
        require_whole(arrays, sizes, c.dtype)
        do_all(*arrays)
        return given_back(made, out)

    return run


def _with_frame(
    code: Callable[..., None], size: int, dtype: np.dtype, units: int, host: HostContext | None, least: int, most: int
) -> Callable[..., None]:
    """As `in_blocks`, of code that also takes memory for a frame of so many elements."""

    def run(*arrays: np.ndarray) -> None:
        def some(start: int, end: int) -> None:
            with Workspace() as space:
                frame = space.array((size,), dtype)
                # Between two blocks Python handles signals.
                for first in range(start, end, max(1, most)):
                    code(*arrays, frame, first, min(first + max(1, most), end))

        if host is None:
            some(0, units)
        else:
            host.parallel_for(units, _HANDED_OVER * least, some)

    return run


_HANDED_OVER = 8
"""How many times `LEAST_WORK` a block is to have that Python hands over."""
