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
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.halves import rounded
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.trees import reduce_axes
from tfrt.kernels.shared.bodies import bind_body, read_body
from tfrt.kernels.shared.reducers import Reducer, bind_reducer, given, reduced_types


def _reduce_metadata(
    *operands: TensorMetadata, dimensions: Sequence[int], body: Any, dtype: Any = None
) -> tuple[TensorMetadata, ...]:
    inputs, init_values, types = reduced_types(operands, body, dtype)
    shape = shapes.reduce([x.shape for x in inputs], [x.shape for x in init_values], dimensions)
    return tuple(TensorMetadata(each, shape) for each in types)  # type: ignore[arg-type]


@array_op("stablehlo.reduce", metadata=_reduce_metadata)
def reduce(*operands: TensorMetadata, dimensions: Sequence[int], body: Any, metadata: ResultMetadata) -> ArrayForm:
    """Elements along `dimensions` combined by `body`, and with an initial value once.

    Sums and products of floats of 16 bits and less are rounded once.
    """
    count = len(metadata)
    reducer = bind_reducer(body, [each.dtype for each in metadata], [each.dtype for each in operands[2 * count :]])
    axes = tuple(dimensions)
    if reducer.known is not None:
        return _reduce_known(reducer, axes)

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        inputs, init_values = reducer.promoted(arrays[:count]), reducer.promoted(arrays[count : 2 * count])
        combine = reducer.combining(arrays[2 * count :])
        sizes = inputs[0].shape
        if any(sizes[axis] == 0 for axis in axes):
            kept = tuple(size for i, size in enumerate(sizes) if i not in axes)
            found = tuple([np.broadcast_to(value, kept) for value in init_values])
        else:
            found = combine(init_values, reduce_axes(inputs, axes, combine))
        return given(found, arrays, out)

    return run


def _reduce_known(reducer: Reducer, axes: tuple[int, ...]) -> ArrayForm:
    function, computes, (dtype,) = reducer.known, reducer.computes, reducer.types
    assert function is not None
    combine: Callable[..., Any] = function.reduce
    if computes == dtype:

        def run(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            return np.asarray(quiet.call(combine, x, axes, dtype, out, False, init))

        return run

    def run_in_wider(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        x, init = x.astype(computes), init.astype(computes)
        return quiet.call(rounded, quiet.call(combine, x, axes, computes, None, False, init), dtype, out)

    return run_in_wider


def _map_metadata(
    *inputs: TensorMetadata, dimensions: Sequence[int], body: Any, dtype: DType | None = None
) -> TensorMetadata:
    shape = shapes.map_elements([each.shape for each in inputs], dimensions)
    return TensorMetadata(inputs[0].dtype if dtype is None else dtype, shape)  # type: ignore[arg-type]


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
