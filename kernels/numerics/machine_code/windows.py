"""Pooling as machine code, made by llvmlite where it is installed: the extremes and the sums of windows.

Windows are over two neighbouring dimensions, before others whose elements lie together: the channels of images, which
are the elements of vectors. The results are numpy's, bit for bit, but for the sign and the bits of NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import DATA_OFFSET, processor
from tfrt.kernels.numerics.machine_code.blocks import Limits, taking_any, units_of, whole_work
from tfrt.kernels.numerics.machine_code.choice import Run, native_or
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value
from tfrt.kernels.numerics.machine_code.vectors.combining import COMBINED, combined
from tfrt.kernels.numerics.reductions.trees import FEW
from tfrt.kernels.numerics.reductions.windows import Window

LEAST_ELEMENTS = 1 << 14
"""How many elements are worth a block of their own on another thread."""

MOST_ELEMENTS = 1 << 23
"""How many elements are worked on without a break, which takes some milliseconds."""

BRIEF_ELEMENTS = 1 << 17
"""So many elements are worked on with the interpreter lock, in at most some 50 microseconds..."""

BRIEF_ELEMENTS_OF_MANY = 1 << 13
"""...or where a host has compute threads, in some three."""

_MOST_TAPS = FEW
"""Larger windows are summed in another order, and extremes of parts of them are worth keeping."""

_LEAST_TOGETHER = 4
"""Vectors of fewer elements are no gain."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Windows over arrays (outer, height, width, inner).

    Attributes:
        function: the name of numpy's, one of those in `COMBINED`.
    """

    function: str
    shape: tuple[int, int, int, int]
    rows: Window
    columns: Window
    dtype: np.dtype

    @property
    def counts(self) -> tuple[int, int]:
        """How many windows there are along the height and the width."""
        _, height, width, _ = self.shape
        return self.rows.fitting(self.rows.padded(height)), self.columns.fitting(self.columns.padded(width))


def with_native_windows(
    run: Run, function: np.ufunc, shape: Sequence[int], windows: Sequence[Window], dtype: np.dtype, host: HostContext
) -> Run:
    """`run`, or the same as machine code where there is some and it is worth it.

    It takes an array, an initial value, with which each window is combined and which is its padding, and perhaps `out`.
    """
    pool = describe(function, shape, windows, dtype)
    if pool is None:
        return run
    return native_or(run, lambda: make_native(run, pool, _result(shape, windows), host), host, "windows")


def describe(function: np.ufunc, shape: Sequence[int], windows: Sequence[Window], dtype: np.dtype) -> Pool | None:
    """The windows, if there is machine code for them."""
    axes = [axis for axis, window in enumerate(windows) if window != _ONE]
    if dtype not in (np.float32, np.float64) or function.__name__ not in COMBINED or not axes:
        return None
    first, last = axes[0], axes[-1]
    if last == first:
        # One row of windows.
        sizes, along = (prod(shape[:first]), 1, shape[first]), (_ONE, windows[first])
    elif last == first + 1:
        sizes, along = (prod(shape[:first]), shape[first], shape[last]), (windows[first], windows[last])
    else:
        return None
    pool = Pool(function.__name__, (*sizes, prod(shape[last + 1 :])), *along, dtype)
    return pool if _is_possible(pool) else None


_ONE = Window(1, 1, 1, 1, 0, 0)


def _is_possible(pool: Pool) -> bool:
    _, height, width, inner = pool.shape
    if (
        inner < _LEAST_TOGETHER
        or 0 in pool.shape
        or 0 in pool.counts
        or pool.rows.size * pool.columns.size > _MOST_TAPS
    ):
        return False
    for window, size, count in zip((pool.rows, pool.columns), (height, width), pool.counts, strict=True):
        if not window.pads:
            continue
        # The nearest element inside is one of the window's, and so is as good as one outside.
        ends = (count - 1) * window.stride - window.low
        has_some = window.low < window.size and ends < size
        if pool.function == "add" or window.base_dilation != 1 or window.dilation != 1 or not has_some:
            return False
    return True


def _result(shape: Sequence[int], windows: Sequence[Window]) -> tuple[int, ...]:
    return tuple(window.fitting(window.padded(size)) for window, size in zip(windows, shape, strict=True))


def make_native(run: Run, pool: Pool, shape: tuple[int, ...], host: HostContext | None) -> Run:
    """The windows as machine code, with a result of this shape; `run` serves other initial values.

    Raises:
        CannotAssemble: there is none.
    """
    lanes = processor().vector_bytes // pool.dtype.itemsize
    while lanes // 2 >= pool.shape[-1]:
        lanes //= 2
    neutral = {"add": 0.0, "minimum": np.inf}.get(pool.function, -np.inf)
    units, sizes = pool.shape[0] * pool.counts[0], (prod(pool.shape), prod(shape))
    work = prod(pool.shape[2:]) * pool.rows.size
    limits = Limits(LEAST_ELEMENTS, MOST_ELEMENTS, (BRIEF_ELEMENTS, BRIEF_ELEMENTS_OF_MANY))
    code = whole_work(write(pool, lanes), "pool", sizes, pool.dtype, units_of(units, work, limits), host, shape)
    of_array = taking_any(code, shape, sizes, pool.dtype)

    def native(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return of_array(x, out=out) if init == neutral else run(x, init, out=out)

    return native


def write(pool: Pool, lanes: int) -> str:
    """The function ``pool`` as a module: of arrays (the operand, the result) and the first and the last row of windows
    to do."""
    code = Code(pool.dtype, lanes)
    x, made = (code.elements_of(f"%{name}", DATA_OFFSET) for name in ("x", "made"))
    _, height, width, inner = pool.shape
    high, wide = pool.counts
    with code.loop("%start", "%end") as unit:
        image = code.value(f"udiv i64 {unit}, {high}")
        row = code.value(f"urem i64 {unit}, {high}")
        source = code.at(x, code.times(image, height * width * inner))
        target = code.at(made, code.times(unit, wide * inner))
        lines = [code.times(place, width * inner) for place in _taps(code, pool.rows, row, height)]
        with code.loop(0, wide) as column:
            places = [code.times(place, inner) for place in _taps(code, pool.columns, column, width)]
            taps = [code.at(source, code.add(line, place)) for line in lines for place in places]
            into = code.at(target, code.times(column, inner))
            for channel, count in code.parts(inner):
                _combine(code, pool, taps, into, channel, count)
    return code.module("pool", ["ptr %x", "ptr %made", "i64 %start", "i64 %end"])


def _taps(code: Code, window: Window, number: Value, size: int) -> list[Value]:
    """Where along a dimension the elements of a window are: for those in the padding, the nearest one inside."""
    begin = code.add(code.times(number, window.stride), -window.low)
    found: list[Value] = [code.add(begin, index * window.dilation) for index in range(window.size)]
    if not window.pads:
        return found
    return [code.least(code.greatest(place, 0), size - 1) for place in found]


def _combine(code: Code, pool: Pool, taps: Sequence[str], into: str, channel: Value, lanes: int) -> None:
    values = [code.load(code.at(tap, channel), lanes) for tap in taps]
    code.store(code.at(into, channel), combined(code, pool.function, values), lanes)
