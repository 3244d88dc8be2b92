"""`stablehlo.scatter`: updates at indices, combined with what is there by a body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations import stablehlo_window_shapes as windows
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.op_signature import AttributeGroup
from tfrt.executor.declarations.stablehlo_shapes import known
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import UNFIT
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics import scattering
from tfrt.kernels.numerics.copying import in_c_order
from tfrt.kernels.numerics.machine_code import indexed
from tfrt.kernels.numerics.machine_code.choice import native_or
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.shared.bodies import Body, bind_body, read_body
from tfrt.kernels.stablehlo.indexing import require_indices, started_from

Dims = Sequence[int]
Arrays = Sequence[np.ndarray]


@dataclass(frozen=True)
class ScatterDimensions(AttributeGroup):
    """How dimensions of operands, indices and updates of scatters belong together."""

    update_window_dims: Dims = ()
    inserted_window_dims: Dims = ()
    input_batching_dims: Dims = ()
    scatter_indices_batching_dims: Dims = ()
    scatter_dims_to_operand_dims: Dims = ()
    index_vector_dim: int = 0


_UFUNCS = {
    "stablehlo.add": np.add,
    "stablehlo.and": np.bitwise_and,
    "stablehlo.maximum": np.maximum,
    "stablehlo.minimum": np.minimum,
    "stablehlo.multiply": np.multiply,
    "stablehlo.or": np.bitwise_or,
    "stablehlo.xor": np.bitwise_xor,
}
"""Bodies that functions of numpy are, for numpy's own element types."""


def _split(operands: Sequence[Any], count: int) -> tuple[Sequence[Any], Any, Sequence[Any], Sequence[Any]]:
    """The inputs, the indices, the updates, and further values that the body uses."""
    return operands[:count], operands[count], operands[count + 1 : 2 * count + 1], operands[2 * count + 1 :]


def _scatter_metadata(
    *operands: TensorMetadata, body: Any, dimensions: ScatterDimensions
) -> tuple[TensorMetadata, ...]:
    count = len(read_body(body).results)
    shapes.require(
        len(operands) > 2 * count,
        "C5",
        f"expects {count} inputs, indices and {count} updates for a body with {count} results, but got"
        f" {len(operands)} operands",
    )
    inputs, indices, updates, _ = _split(operands, count)
    require_indices(indices, "scatter_indices")
    shape = windows.scatter(
        [each.shape for each in inputs], indices.shape, [each.shape for each in updates], **asdict(dimensions)
    )
    for each, update in zip(inputs, updates, strict=True):
        shapes.require(
            each.dtype is update.dtype,
            "C6",
            f"expects updates of {each.dtype.label} elements, but got {update.dtype.label}",
        )
    return tuple(TensorMetadata(each.dtype, known(shape)) for each in inputs)


@array_op("stablehlo.scatter", metadata=_scatter_metadata, in_place=True)
def scatter(
    *operands: TensorMetadata,
    body: Any,
    dimensions: ScatterDimensions,
    unique_indices: bool = False,
    metadata: ResultMetadata,
    host: HostContext,
) -> ArrayForm:
    """Inputs with windows, at indices, combined with updates by a body; a window that does not fit is left out.

    Operands are the inputs, the indices, the updates, and further values that the body uses. Results have the element
    types that the body has, wider ones than the inputs perhaps. With an input itself as `out`, only what is updated is
    written.
    """
    _scatter_metadata(*operands, body=body, dimensions=dimensions)
    count = len(metadata)
    inputs, indices, updates, captured = _split(operands, count)
    elements = [each.dtype for each in metadata]
    combine = read_body(body)
    kinds = [dtype.numpy for dtype in elements]
    combination = _combination(combine, elements, is_unique=unique_indices)
    if combination is None:
        bound = bind_body(combine, [*elements, *elements, *(each.dtype for each in captured)])
    place = scattering.scatter(inputs[0].shape, indices.shape, updates[0].shape, **asdict(dimensions))

    def put(arrays: Arrays, at: np.ndarray, given: Arrays, more: Arrays) -> None:
        if combination is not None:
            quiet.call(place, arrays, at, given, combination)
            return
        how = scattering.Combination(lambda *values: bound(*values, *more), at_once=unique_indices)
        place(arrays, at, given, how)

    run = _scattering(kinds, put)
    function = _function_name(combine)
    problem = indexed.describe(
        inputs[0].shape,
        indices.shape,
        updates[0].shape,
        indices.dtype.numpy,
        window_dims=dimensions.update_window_dims,
        inserted=dimensions.inserted_window_dims,
        batching_dims=dimensions.input_batching_dims,
        indices_batching_dims=dimensions.scatter_indices_batching_dims,
        targets=dimensions.scatter_dims_to_operand_dims,
        index_vector_dim=dimensions.index_vector_dim,
    )
    if count > 1 or problem is None or not indexed.are_known(indices.dtype.numpy, kinds[0], function):
        return run

    def make() -> ArrayForm:
        work = indexed.native_scatter(*problem, function, kinds[0], inputs[0].shape, host)

        def put_native(arrays: Arrays, at: np.ndarray, given: Arrays, more: Arrays) -> None:
            if work(in_c_order(at), in_c_order(given[0]), arrays[0]) is UNFIT:
                put(arrays, at, given, more)

        return _scattering(kinds, put_native)

    return native_or(run, make, host, "scatter")


def _function_name(body: Body) -> str:
    """What a body is called there."""
    if not body.steps and body.results == (1,):
        return indexed.REPLACE
    function = _UFUNCS.get(body.op or "")
    return "" if function is None else function.__name__


def _scattering(kinds: Sequence[np.dtype], put: Callable[[Arrays, np.ndarray, Arrays, Arrays], None]) -> ArrayForm:
    """The array form that has updates put into copies of the inputs, or into `out`."""
    count = len(kinds)

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        sources, at, given, more = _split(arrays, count)
        given = [update.astype(kind, copy=False) for update, kind in zip(given, kinds, strict=True)]
        if count == 1 and out is not None:
            first, (at, *given) = started_from(sources[0], out, [at, *given])
            results = [first]
        else:
            results = [source.astype(kind, order="C") for source, kind in zip(sources, kinds, strict=True)]
        # What cannot be seen as rows is worked on elsewhere.
        worked = [in_c_order(result) for result in results]
        put(worked, at, given, more)
        for result, other in zip(results, worked, strict=True):
            if other is not result:
                result[...] = other
        return results[0] if count == 1 else tuple(results)

    return run


def _combination(body: Body, elements: Sequence[DType], *, is_unique: bool) -> scattering.Combination | None:
    """How updates are combined where that takes no body."""
    count = len(elements)
    if not body.steps and body.results == tuple(range(count, 2 * count)):
        return scattering.Combination(None, at_once=True)
    function = _UFUNCS.get(body.op or "")
    if function is None or any(dtype.numpy.isbuiltin != 1 for dtype in elements):
        return None
    return scattering.Combination(lambda value, update: (function(value, update),), function, at_once=is_unique)
