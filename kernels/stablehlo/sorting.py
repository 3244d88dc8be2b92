"""`sort`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.ordering import comparable, descending, order_by_comparison, order_by_keys, total_order
from tfrt.kernels.shared.bodies import Body, bind_body, read_body
from tfrt.kernels.shared.comparators import Key, keys_of

Order = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], np.ndarray]
"""Takes operands, sorted along their last dimension, and captured values; gives places of elements in order."""


def _operand_count(operands: Sequence[TensorMetadata], body: Any) -> int:
    """How many operands are sorted: captured values are behind them, and none of them two of a type in a row."""
    inputs = read_body(body).inputs
    count = inputs - len(operands)
    if not 0 < count <= len(operands):
        raise KernelError(f"a comparator of {inputs} inputs sorts {inputs // 2} operands, not {len(operands)}")
    return count


def _sort_metadata(*operands: TensorMetadata, dimension: int = -1, body: Any) -> tuple[TensorMetadata, ...]:
    inputs = operands[: _operand_count(operands, body)]
    shape = shapes.sort([each.shape for each in inputs], dimension)
    return tuple(TensorMetadata(each.dtype, shape) for each in inputs)  # type: ignore[arg-type]


@array_op("stablehlo.sort", metadata=_sort_metadata)
def sort(*operands: TensorMetadata, dimension: int = -1, body: Any, metadata: ResultMetadata) -> ArrayForm:
    """Slices along a dimension sorted together by what `body` says of two elements of each operand; always stable.

    A body may be any function, but only a strict weak order sorts. NaN comes last where a body compares floats that
    may be NaN by anything but the total order, which is no such order.
    """
    count = len(metadata)
    types = [each.dtype for each in operands]
    comparator = read_body(body)
    keys = keys_of(comparator, count)
    order = _by_comparison(comparator, types, count) if keys is None else _by_keys(keys, types)

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        inputs = [np.moveaxis(array, dimension, -1) for array in arrays[:count]]
        places = order(inputs, arrays[count:])
        found = [np.moveaxis(np.take_along_axis(array, places, -1), -1, dimension) for array in inputs]
        if out is not None:
            out[...] = found[0]
            return out
        results = tuple([np.ascontiguousarray(array) for array in found])
        return results if count > 1 else results[0]

    return run


def _by_keys(keys: Sequence[Key], types: Sequence[DType]) -> Order:
    functions = [(bind_body(key.body, types), key) for key in keys]

    def order(inputs: Sequence[np.ndarray], captured: Sequence[np.ndarray]) -> np.ndarray:
        shape = inputs[0].shape
        found = []
        for function, key in functions:
            values = np.broadcast_to(function(*inputs, *captured)[0], shape)
            found.append(_sortable(comparable(values), key))
        return order_by_keys(found)

    return order


def _sortable(values: np.ndarray, key: Key) -> np.ndarray:
    """Integers in the order of a key."""
    if not key.total and values.dtype.kind == "f":
        # -0 is +0, and NaN comes last.
        nan = np.copysign(values.dtype.type(np.nan), -1 if key.descending else 1)
        values = np.where(values != values, nan, values + values.dtype.type(0))
    values = total_order(values)
    return descending(values) if key.descending else values


def _by_comparison(comparator: Body, types: Sequence[DType], count: int) -> Order:
    pairs = [dtype for dtype in types[:count] for _ in range(2)]
    function = bind_body(comparator, [*pairs, *types[count:]])

    def order(inputs: Sequence[np.ndarray], captured: Sequence[np.ndarray]) -> np.ndarray:
        shape = inputs[0].shape
        flat = [array.reshape(-1) for array in inputs]

        def is_less(left: np.ndarray, right: np.ndarray) -> np.ndarray:
            given = [side for array in flat for side in (array[left], array[right])]
            return np.broadcast_to(function(*given, *captured)[0], left.shape)

        size = shape[-1]
        rows = flat[0].size // size if size else 0
        return order_by_comparison(rows, size, is_less).reshape(shape)

    return order
