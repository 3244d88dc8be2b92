"""Ops that combine or map elements by a body: `reduce` and `map`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import known
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.halves import rounded
from tfrt.kernels.numerics.chains.reduction import Reduction, ReductionChain
from tfrt.kernels.numerics.extremes import element_at, elements_of_line, finding
from tfrt.kernels.numerics.lines import line_along, rises
from tfrt.kernels.numerics.machine_code.reduction import with_native_reduction
from tfrt.kernels.numerics.ordering import comparable
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.reductions.neutral import neutral_of
from tfrt.kernels.numerics.reductions.stepwise import reduce_stepwise
from tfrt.kernels.numerics.reductions.sums import summing
from tfrt.kernels.numerics.reductions.trees import first_axes, reduce_first
from tfrt.kernels.numerics.reductions.ufuncs import reduce_many, split_of, with_init
from tfrt.kernels.shared.bodies import bind_body, read_body
from tfrt.kernels.shared.extremes import Extreme, extreme_of
from tfrt.kernels.shared.reducers import Reducer, bind_reducer, given, reduced_types


def _reduce_metadata(
    *operands: TensorMetadata, dimensions: Sequence[int], body: Any, dtype: Any = None
) -> tuple[TensorMetadata, ...]:
    inputs, init_values, types = reduced_types(operands, body, dtype)
    shape = shapes.reduce([x.shape for x in inputs], [x.shape for x in init_values], dimensions)
    return tuple(TensorMetadata(each, known(shape)) for each in types)


@array_op("stablehlo.reduce", metadata=_reduce_metadata)
def reduce(
    *operands: TensorMetadata, dimensions: Sequence[int], body: Any, metadata: ResultMetadata, host: HostContext
) -> ArrayForm:
    """Elements along `dimensions` combined by `body`, and with an initial value once.

    Sums and products of floats of 16 bits and less are rounded at each step, in XLA's order.
    """
    count = len(metadata)
    types = [each.dtype for each in metadata]
    reducer = bind_reducer(body, types, [each.dtype for each in operands[2 * count :]])
    axes = tuple(dimensions)
    if reducer.known is not None:
        return _reduce_known(reducer.known, reducer, operands[0], axes, host)
    reduce_any = _reduce_any(reducer, axes)
    if len(operands) == 4 and len(axes) == 1 and [each.dtype for each in operands[:2]] == types:
        extreme = extreme_of(read_body(body), reducer.run, types)
        if extreme is not None:
            return _reduce_extreme(extreme, reducer, operands[0].shape, axes[0], reduce_any)
    return reduce_any


def _reduce_any(reducer: Reducer, axes: tuple[int, ...]) -> ArrayForm:
    count = len(reducer.types)

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        inputs, init_values = reducer.promoted(arrays[:count]), reducer.promoted(arrays[count : 2 * count])
        sizes = inputs[0].shape
        if any(sizes[axis] == 0 for axis in axes):
            kept = tuple(size for i, size in enumerate(sizes) if i not in axes)
            return given([np.broadcast_to(value, kept) for value in init_values], arrays, out)
        combine = reducer.combining(arrays[2 * count :])
        return given(reduce_first([first_axes(x, axes) for x in inputs], init_values, combine), arrays, out)

    return run


def _reduce_extreme(
    extreme: Extreme, reducer: Reducer, shape: tuple[int, ...], axis: int, reduce_any: ArrayForm
) -> ArrayForm:
    if not shape[axis]:
        return reduce_any
    combine = reducer.combining(())
    exceeds = np.greater if extreme.greatest else np.less
    find, at = finding(shape, axis, greatest=extreme.greatest), element_at(shape, axis)
    line_of, in_line = line_along(axis, rising=extreme.lesser_number), elements_of_line(shape)
    least = neutral_of(np.maximum if extreme.greatest else np.minimum, reducer.types[0])

    def run(x: np.ndarray, numbers: np.ndarray, init: np.ndarray, first: np.ndarray) -> Any:
        line = line_of(numbers)
        if line is None and extreme.lesser_number and not rises(numbers.swapaxes(axis, -1)):
            return reduce_any(x, numbers, init, first)
        places = find(comparable(x))
        values = at(x, places)
        found = values, at(numbers, places) if line is None else in_line(line, places)
        if extreme.propagates and line is not None and init.item() == least and first.item() == line.item(0):
            # Nothing is less, and where nothing is greater, the first number is found in any case.
            return found
        if not (extreme.propagates or quiet.call(np.equal, values, values).all()):
            return reduce_any(x, numbers, init, first)
        if quiet.call(exceeds, values, init).all():
            return found
        return given(combine((init, first), found), (x, numbers, init, first), None)

    return run


def _reduce_known(
    function: np.ufunc, reducer: Reducer, x: TensorMetadata, axes: tuple[int, ...], host: HostContext | None
) -> ArrayForm:
    (dtype,) = reducer.types
    if reducer.wide == dtype:
        if x.dtype.numpy == dtype:
            return _reduce_numbers(function, x.shape, axes, dtype, host)

        def run(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            return reduce_many(function, x.astype(dtype, copy=False), init.astype(dtype, copy=False), axes, out)

        return lambda x, init, out=None: quiet.call(run, x, init, out)

    def run_small(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        computes = dtype if reducer.rounds else reducer.wide
        x, init = x.astype(computes, copy=False), init.astype(computes, copy=False)
        combine = reduce_stepwise if reducer.rounds else reduce_many
        return rounded(combine(function, x, init, axes), dtype, out)

    return lambda x, init, out=None: quiet.call(run_small, x, init, out)


def _reduce_numbers(
    function: np.ufunc, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype, host: HostContext | None
) -> ArrayForm:
    """What numpy knows how to combine, of its own element types."""
    reduce_: Callable[..., Any] = function.reduce
    is_static = min(shape, default=1) > 0
    # Looked up once, which takes as long as to sum few elements.
    total = summing(shape, axes, dtype) if function is np.add and is_static else None

    def reduce_parts(x: np.ndarray, init: np.ndarray | None, out: np.ndarray | None) -> np.ndarray:
        if total is not None and x.flags.c_contiguous:
            return with_init(function, total(x), init, out)
        return reduce_many(function, x, init, axes, out)

    def without_init(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return quiet.call(reduce_parts, x, None, out)

    if axes and is_static:
        result = tuple([size for axis, size in enumerate(shape) if axis not in axes])
        steps = (Reduction(function, 0),)
        chain = ReductionChain(shape, tuple(sorted(axes)), (shape,), steps, (dtype, dtype), (1,))
        reduced = with_native_reduction(without_init, chain, [result], host)
        if reduced is not without_init:
            return lambda x, init, out=None: quiet.call(with_init, function, reduced(x), init, out)
    if total is None and split_of(shape, axes, dtype) is None:
        return lambda x, init, out=None: np.asarray(quiet.call(reduce_, x, axes, dtype, out, False, init))
    return lambda x, init, out=None: quiet.call(reduce_parts, x, init, out)


def _map_metadata(
    *inputs: TensorMetadata, dimensions: Sequence[int], body: Any, dtype: DType | None = None
) -> TensorMetadata:
    shape = shapes.map_elements([each.shape for each in inputs], dimensions)
    return TensorMetadata(inputs[0].dtype if dtype is None else dtype, known(shape))


@array_op("stablehlo.map", metadata=_map_metadata)
def map_elements(*inputs: TensorMetadata, body: Any, metadata: ResultMetadata) -> ArrayForm:
    """The body for the elements of each place."""
    function = bind_body(read_body(body), [each.dtype for each in inputs])
    dtype = metadata[0].dtype.numpy

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        (found,) = function(*arrays)
        shape = arrays[0].shape
        values = np.asarray(found).astype(dtype, copy=False)
        return given([values if values.shape == shape else np.broadcast_to(values, shape)], arrays, out)

    return run
