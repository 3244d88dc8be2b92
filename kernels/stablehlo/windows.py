"""Ops that combine the elements of windows by a body: `reduce_window` and `select_and_scatter`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_window_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.pools import Pool, pool_of
from tfrt.executor.declarations.stablehlo_shapes import known
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.halves import rounded
from tfrt.kernels.numerics.machine_code.windows import with_native_windows
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.reductions.selection import scatter_taps, selected_taps
from tfrt.kernels.numerics.reductions.trees import scan
from tfrt.kernels.numerics.reductions.ufuncs import MOST_ROUNDED, accumulated, accumulated_axis, reduce_windows
from tfrt.kernels.numerics.reductions.window_extremes import window_extremes
from tfrt.kernels.numerics.reductions.windows import Window, combine_windows, pad
from tfrt.kernels.shared.bodies import bind_body, read_body
from tfrt.kernels.shared.reducers import Reducer, bind_reducer, given, known_reduction, reduced_types

Numbers = Sequence[int]


def _reduce_window_metadata(
    *operands: TensorMetadata,
    window_dimensions: Numbers,
    window_strides: Numbers | None = None,
    base_dilations: Numbers | None = None,
    window_dilations: Numbers | None = None,
    padding: Numbers | None = None,
    body: Any,
    dtype: Any = None,
) -> tuple[TensorMetadata, ...]:
    inputs, init_values, types = reduced_types(operands, body, dtype)
    ones = (1,) * inputs[0].rank
    shape = shapes.reduce_window(
        [each.shape for each in inputs],
        len(init_values),
        window_dimensions=window_dimensions,
        window_strides=ones if window_strides is None else window_strides,
        base_dilations=ones if base_dilations is None else base_dilations,
        window_dilations=ones if window_dilations is None else window_dilations,
        padding=_pairs(padding, inputs[0].rank),
    )
    return tuple(TensorMetadata(each, known(shape)) for each in types)


def _pool(
    operand: TensorMetadata,
    *,
    window_dimensions: Numbers,
    window_strides: Numbers = (),
    base_dilations: Numbers = (),
    window_dilations: Numbers = (),
    padding: Numbers = (),
    body: Any,
) -> Pool | None:
    op = read_body(body).op
    if op is None or operand.dtype not in (DType.F32, DType.F64):
        return None
    function = known_reduction(op, operand.dtype)
    if function is None or any(step != 1 for step in (*base_dilations, *window_dilations)):
        return None
    return pool_of(function.__name__, window_dimensions, window_strides or (1,) * operand.rank, padding)


@array_op("stablehlo.reduce_window", metadata=_reduce_window_metadata, pool=_pool)
def reduce_window(
    *operands: TensorMetadata,
    window_dimensions: Numbers,
    window_strides: Numbers | None = None,
    base_dilations: Numbers | None = None,
    window_dilations: Numbers | None = None,
    padding: Numbers | None = None,
    body: Any,
    metadata: ResultMetadata,
    host: HostContext,
) -> ArrayForm:
    """The elements of each window combined by `body`, and with an initial value once, which is also the padding.

    `padding` has two numbers for each dimension. Sums and products of floats of 16 bits and less are
    rounded at each step, in XLA's order, but for those of more than a thousand.
    """
    count, rank = len(metadata), len(window_dimensions)
    reducer = bind_reducer(body, [each.dtype for each in metadata], [each.dtype for each in operands[2 * count :]])
    ones = (1,) * rank
    windows = [
        Window(*each)
        for each in zip(
            window_dimensions,
            ones if window_strides is None else window_strides,
            ones if window_dilations is None else window_dilations,
            ones if base_dilations is None else base_dilations,
            *zip(*_pairs(padding, rank), strict=True),
            strict=True,
        )
    ] if rank else []  # fmt: skip
    if reducer.known is not None:
        return _reduce_known(reducer, windows, operands[0].shape, host)

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        inputs, init_values = reducer.promoted(arrays[:count]), reducer.promoted(arrays[count : 2 * count])
        combine = reducer.combining(arrays[2 * count :])
        axis = accumulated_axis(windows, inputs[0].shape)
        if axis is not None:
            return given(scan(inputs, axis, init_values, combine, reverse=windows[axis].low == 0), arrays, out)
        padded = [pad(x, windows, init) for x, init in zip(inputs, init_values, strict=True)]
        return given(combine_windows(padded, windows, init_values, combine), arrays, out)

    return run


def _reduce_known(reducer: Reducer, windows: Sequence[Window], shape: Sequence[int], host: HostContext) -> ArrayForm:
    function, (dtype,) = reducer.known, reducer.types
    assert function is not None
    axis = accumulated_axis(windows, shape)
    is_small = prod(window.size for window in windows) <= MOST_ROUNDED
    computes = dtype if reducer.rounds and (is_small or axis is not None) else reducer.wide

    def combine(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return reduce_windows(function, x, init, windows, out)

    if axis is not None:
        combine = accumulated(function, tuple(shape), computes, axis, reverse=windows[axis].low == 0)

    def run(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        x, init = x.astype(computes, copy=False), init.astype(computes, copy=False)
        if computes != dtype:
            return rounded(combine(x, init), dtype, out)
        return combine(x, init, out)

    if dtype == reducer.wide and windows:
        run = window_extremes(function, shape, windows, dtype, run)

    def reduce(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = quiet.call(run, x, init, out)
        return found

    return reduce if dtype != reducer.wide else with_native_windows(reduce, function, shape, windows, dtype, host)


def _pairs(padding: Numbers | None, rank: int) -> list[tuple[int, int]]:
    """The padding before and after each dimension.

    Raises:
        KernelError: the numbers are no pairs.
    """
    if padding is None:
        return [(0, 0)] * rank
    if len(padding) % 2:
        raise KernelError(f"expects two numbers for each dimension in padding, but got {len(padding)}")
    return list(zip(padding[::2], padding[1::2], strict=True))


def _select_and_scatter_metadata(
    operand: TensorMetadata,
    source: TensorMetadata,
    init_value: TensorMetadata,
    *captured: TensorMetadata,
    window_dimensions: Numbers | None = None,
    window_strides: Numbers | None = None,
    padding: Numbers | None = None,
    dtype: Any = None,
) -> TensorMetadata:
    if not operand.dtype is source.dtype is init_value.dtype:
        raise KernelError(f"expects elements of one type, but got {operand}, {source} and {init_value}")
    ones = (1,) * operand.rank
    shape = shapes.select_and_scatter(
        operand.shape,
        source.shape,
        window_dimensions=ones if window_dimensions is None else window_dimensions,
        window_strides=ones if window_strides is None else window_strides,
        padding=_pairs(padding, operand.rank),
    )
    return TensorMetadata(dtype or operand.dtype, known(shape))


@array_op("stablehlo.select_and_scatter", metadata=_select_and_scatter_metadata)
def select_and_scatter(
    operand: TensorMetadata,
    source: TensorMetadata,
    init_value: TensorMetadata,
    *captured: TensorMetadata,
    window_dimensions: Numbers | None = None,
    window_strides: Numbers | None = None,
    padding: Numbers | None = None,
    select: Any,
    scatter: Any,
    metadata: ResultMetadata,
) -> ArrayForm:
    """Values of `source`, one for each window, combined by `scatter` at the element that `select` finds in it.

    Each element starts from the initial value. Padding is never selected; a window of nothing else selects nothing.
    """
    extra = [each.dtype for each in captured]
    reducer = bind_reducer(scatter, [metadata[0].dtype], extra)
    chooser = bind_body(read_body(select), [operand.dtype, operand.dtype, *extra])
    ones = (1,) * operand.rank
    windows = [
        Window(size, stride, 1, 1, low, high)
        for size, stride, (low, high) in zip(
            ones if window_dimensions is None else window_dimensions,
            ones if window_strides is None else window_strides,
            _pairs(padding, operand.rank),
            strict=True,
        )
    ]

    def run(
        operand: np.ndarray, source: np.ndarray, init: np.ndarray, *captured: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        chosen = selected_taps(operand, windows, lambda x, y: chooser(x, y, *captured)[0])
        combine = reducer.combining(captured)
        (source,), (init,) = reducer.promoted([source]), reducer.promoted([init])
        found = scatter_taps(operand.shape, windows, chosen, source, init, lambda x, y: combine([x], [y])[0])
        if out is None:
            return found
        out[...] = found
        return out

    return run
