"""The op `sort`: several tensors in the order that a comparator gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import known
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.copying import given_back, room_for
from tfrt.kernels.numerics.lines import line_along
from tfrt.kernels.numerics.ordering import (
    FEW,
    comparable,
    descending,
    numbered_order,
    order_by_comparison,
    order_by_keys,
    sorting,
    sorts_values,
    total_order,
)
from tfrt.kernels.shared.bodies import Body, bind_body, read_body
from tfrt.kernels.shared.comparators import Key, compared_operand, keys_of
from tfrt.kernels.shared.element_kinds import INTEGERS

Order = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], np.ndarray]
"""Takes operands as matrices, whose rows are sorted, and captured values; gives places of elements in order."""


def _operand_count(operands: Sequence[TensorMetadata], body: Any) -> int:
    """How many operands are sorted: the comparator takes two elements of each, and one of each captured value."""
    comparator = read_body(body)
    if len(comparator.results) != 1:
        raise KernelError(f"a comparator gives one value, not {len(comparator.results)}")
    inputs = comparator.inputs
    count = inputs - len(operands)
    if not 0 < count <= len(operands):
        raise KernelError(f"a comparator of {inputs} inputs sorts {inputs // 2} operands, not {len(operands)}")
    return count


def _sort_metadata(*operands: TensorMetadata, dimension: int = -1, body: Any) -> tuple[TensorMetadata, ...]:
    inputs = operands[: _operand_count(operands, body)]
    shape = shapes.sort([each.shape for each in inputs], dimension)
    return tuple(TensorMetadata(each.dtype, known(shape)) for each in inputs)


@array_op("stablehlo.sort", metadata=_sort_metadata)
def sort(*operands: TensorMetadata, dimension: int = -1, body: Any, metadata: ResultMetadata) -> ArrayForm:
    """Slices along a dimension sorted together by what `body` says of two elements of each operand; always stable.

    A body may be any function, but only a strict weak order sorts; comparing floats that may be NaN by anything but the
    total order is none, and NaN counts as the greatest number there.
    """
    count = len(metadata)
    types = [each.dtype for each in operands]
    comparator = read_body(body)
    keys = keys_of(comparator, count)
    bound = None if keys is None else [_BoundKey.of(key, types) for key in keys]
    order = _by_comparison(comparator, types, count) if bound is None else _by_keys(bound)
    if count == 1 and bound is not None and len(bound) == 1 and sorts_values(types[0].numpy):
        (key,) = bound
        if key.operand == 0 or key.is_itself:
            return _sort_values(key, operands[0], dimension)
    return _sort_by_places(order, operands[:count], dimension)


def _sort_by_places(order: Order, operands: Sequence[TensorMetadata], dimension: int) -> ArrayForm:
    shape, axis = operands[0].shape, dimension % operands[0].rank
    size, last = shape[axis], len(shape) - 1
    count = prod(shape[:axis] + shape[axis + 1 :])
    is_matrix = last == axis == 1
    turned = list(shape)
    turned[axis], turned[last] = turned[last], size
    # Where rows begin among all elements.
    starts = np.arange(count)[:, np.newaxis] * size
    # What counts elements is the same in all rows.
    lines = [line_along(axis) if each.dtype in INTEGERS else None for each in operands]

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        inputs = arrays[: len(operands)]
        moved = inputs if is_matrix else [array.swapaxes(axis, last).reshape(count, size) for array in inputs]
        places = order(moved, arrays[len(operands) :])
        taken = places if count == 1 else places + starts
        found = []
        for array, rows, line_of in zip(inputs, moved, lines, strict=True):
            line = None if line_of is None else line_of(array)
            # Places are within their bounds, so that to clip them only spares a copy.
            values = rows.reshape(-1).take(taken, None, None, "clip") if line is None else line.take(places)
            found.append(values if is_matrix else values.reshape(turned).swapaxes(axis, last))
        if out is not None:
            out[...] = found[0]
            return out
        return tuple(found) if len(found) > 1 else found[0]

    return run


def _sort_values(key: _BoundKey, x: TensorMetadata, dimension: int) -> ArrayForm:
    """Sort one operand by nothing but itself."""
    dtype, axis = x.dtype.numpy, dimension % x.rank
    sort = sorting(dtype, total=key.is_itself and key.total, falling=key.descending)
    if not prod(x.shape):
        return lambda x, *captured, out=None: np.empty(x.shape, dtype) if out is None else out
    in_one_piece = prod(x.shape[axis + 1 :]) == 1 or prod(x.shape) * dtype.itemsize <= _LITTLE

    def run(x: np.ndarray, *captured: np.ndarray, out: np.ndarray | None = None) -> Any:
        made = room_for(x.shape, dtype, out)
        if in_one_piece:
            sort(x, made, axis)
            return given_back(made, out)
        for values, into in _lines(x, made, axis):
            if into.flags.c_contiguous:
                sort(values, into, -1)
                continue
            lines = np.empty(into.shape, dtype)
            sort(values, lines, -1)
            into[...] = lines
        return given_back(made, out)

    return run


_LITTLE = 1 << 15
"""So many bytes numpy sorts along any dimension in less time than it takes to part and to turn them."""
_BLOCK = 1 << 16
"""Lines that are not in one piece are copied, so many bytes at a time."""
_READ = 64
"""Of so many bytes a processor reads all, so that there are so many lines at least."""


def _lines(x: np.ndarray, made: np.ndarray, dimension: int) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Parts of an array and of another one of its shape, in C order, whose lines along a dimension are the last one."""
    shape = x.shape
    size, after = shape[dimension], prod(shape[dimension + 1 :])
    whole = (prod(shape[:dimension]), size, after)
    source, target = (each.reshape(whole).swapaxes(1, 2) for each in (x, made))
    count = max(_BLOCK // (size * x.itemsize), _READ // x.itemsize)
    parts = [slice(at, at + count) for at in range(0, after, count)]
    step = max(1, count // after)
    return (
        (source[at : at + step, part], target[at : at + step, part])
        for at in range(0, whole[0], step)
        for part in parts
    )


@dataclass(frozen=True)
class _BoundKey:
    """A key for operands of known types.

    Attributes:
        operand: which operand's numbers are compared, if it is no more than that.
        is_itself: whether the first operand's elements are what is compared, without any step.
        function: computes the key from the operands and captured values.
    """

    operand: int | None
    is_itself: bool
    function: Callable[..., Sequence[Any]]
    total: bool
    descending: bool

    @staticmethod
    def of(key: Key, types: Sequence[DType]) -> _BoundKey:
        function = bind_body(key.body, types)
        return _BoundKey(
            compared_operand(key, function, types), key.body.results == (0,), function, key.total, key.descending
        )

    def values(self, inputs: Sequence[np.ndarray], captured: Sequence[np.ndarray]) -> np.ndarray:
        """Integers in the order of the key."""
        if self.operand is not None:
            values = numbered_order(comparable(inputs[self.operand]))
        else:
            found = comparable(np.broadcast_to(self.function(*inputs, *captured)[0], inputs[0].shape))
            values = total_order(found) if self.total else numbered_order(found)
        return descending(values) if self.descending else values


def _by_keys(keys: Sequence[_BoundKey]) -> Order:
    (only,) = keys if len(keys) == 1 else (None,)

    def order(inputs: Sequence[np.ndarray], captured: Sequence[np.ndarray]) -> np.ndarray:
        if only is not None and only.operand is not None and not only.descending:
            values = comparable(inputs[only.operand])
            if values.size < FEW:
                return values.argsort(-1, kind="stable")
        return order_by_keys([key.values(inputs, captured) for key in keys])

    return order


def _by_comparison(comparator: Body, types: Sequence[DType], count: int) -> Order:
    pairs = [dtype for dtype in types[:count] for _ in range(2)]
    function = bind_body(comparator, [*pairs, *types[count:]])

    def order(inputs: Sequence[np.ndarray], captured: Sequence[np.ndarray]) -> np.ndarray:
        flat = [array.reshape(-1) for array in inputs]

        def is_less(left: np.ndarray, right: np.ndarray) -> np.ndarray:
            given = [side for array in flat for side in (array[left], array[right])]
            return np.broadcast_to(function(*given, *captured)[0], left.shape)

        rows, size = inputs[0].shape
        return order_by_comparison(rows, size, is_less)

    return order
