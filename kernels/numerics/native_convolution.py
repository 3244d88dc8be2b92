"""Convolutions as machine code, made by llvmlite where it is installed (with Numba).

Sums are rounded differently from those of a matrix product. Making machine code takes a tenth of a second, or some
milliseconds where it is in the cache; so a convolution is native only once it has run for `NATIVE_AFTER` seconds, and
if it is faster so, or from the start where a host asks for it.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Sequence
from math import prod
from time import perf_counter

import numpy as np

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import CannotAssemble, assemble, can_see_arrays, is_available, processor
from tfrt.kernels.numerics.convolution import finishing, prepare
from tfrt.kernels.numerics.native_convolution_code import (
    Convolution,
    Shape,
    Tiling,
    frame_of,
    is_possible,
    tiling_of,
    write,
)
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace

NATIVE_AFTER = 0.25
"""Seconds that a convolution has taken before machine code is made of it."""

MOST_WORK = 1 << 25
"""How many multiplications machine code does without a break, which takes a millisecond."""

LEAST_WORK = 1 << 20
"""How many multiplications are worth a block of their own on another thread."""

Convolve = Callable[..., np.ndarray]
"""Takes images, filters, the other arrays that an epilogue reads, and perhaps `out`, an array for the result."""


def prepare_fused(
    images: Shape,
    filters: Shape,
    windows: Sequence[Window],
    dtype: np.dtype,
    host: HostContext,
    epilogue: RowEpilogue | None,
) -> Convolve:
    """A convolution as `convolution.prepare` has it, and an epilogue after it, in the way that is fastest here."""
    convolve = prepare(images, filters, windows, dtype, host)
    shape = (images[0], *(window.count for window in windows), filters[-1])

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return convolve(x, w, out=out, finish=finishing(epilogue, others, shape))

    return when_worthwhile(run, describe(images, filters, windows, dtype, epilogue), shape, host)


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


def when_worthwhile(run: Convolve, convolution: Convolution | None, shape: Shape, host: HostContext) -> Convolve:
    """`run`, and once that has taken long, or at once where the host asks for it, the same as machine code.

    What is faster on the arrays that come then is used from there on.

    Args:
        shape: that of the result.
    """
    if convolution is None or host.native is False or not is_available():
        return run
    if host.native is True:
        return make_native(convolution, shape, host) or run
    spent, current = 0.0, run

    def timed(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        nonlocal spent, current
        if current is not run:
            return current(*arrays, out=out)
        start = perf_counter()
        found = run(*arrays, out=out)
        spent += perf_counter() - start
        if spent > NATIVE_AFTER:
            spent = -np.inf
            current = _faster(run, make_native(convolution, shape, host), arrays)
        return found

    return timed


def _faster(run: Convolve, native: Convolve | None, arrays: Sequence[np.ndarray]) -> Convolve:
    if native is None:
        return run

    def seconds(function: Convolve) -> float:
        start = perf_counter()
        function(*arrays)
        return perf_counter() - start

    least = [min(seconds(function) for _ in range(3)) for function in (run, native)]
    return native if least[1] < least[0] else run


def make_native(convolution: Convolution, shape: Shape, host: HostContext | None) -> Convolve | None:
    """The convolution as machine code, with a result of this shape; None where there is none."""
    try:
        on = processor()
        if not (on.fuses and can_see_arrays()):
            return None
        tiling = tiling_of(convolution, on)
        # Arrays: images, filters, the result, the frame, and others.
        pointers = [ctypes.py_object] * (4 + len(convolution.others))
        code = assemble(write(convolution, tiling), "convolve", [*pointers, ctypes.c_int64, ctypes.c_int64])
    except (CannotAssemble, NotImplementedError) as error:
        # What LLVM and the machine cannot do, numpy can.
        logging.getLogger("tfrt").info("no machine code for a convolution: %s", error)
        return None
    return _function(convolution, shape, tiling, code, host)


def _function(
    convolution: Convolution, shape: Shape, tiling: Tiling, code: Callable[..., None], host: HostContext | None
) -> Convolve:
    c = convolution
    dtype, frame = c.dtype, frame_of(c, tiling)
    units = c.images[0] * -(-c.rows.count // tiling.height)
    work = prod(c.result[2:]) * tiling.height * prod(c.filters[:-1])
    most, least = max(1, MOST_WORK // max(1, work)), max(1, LEAST_WORK // max(1, work))
    is_parallel = host is not None and host.parallelism > 1 and units >= 2 * least

    def run(*given: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        made = np.empty(shape, dtype) if out is None else out
        arrays = [array if array.flags.c_contiguous else np.ascontiguousarray(array) for array in given]

        def some(start: int, end: int) -> None:
            with Workspace() as space:
                memory = space.array(frame, dtype)
                # Between two blocks Python handles signals.
                for first in range(start, end, most):
                    code(arrays[0], arrays[1], made, memory, *arrays[2:], first, min(first + most, end))

        if is_parallel:
            assert host is not None
            host.parallel_for(units, least, some)
        else:
            some(0, units)
        return made

    return run
