"""Bodies of reductions, which combine two elements of each operand: bound to element types, and known ones as ufuncs.

A body takes the left elements, then the right ones, then captured values. Reductions may combine elements in any
tree of the elements in order, so that they take as many steps as the logarithm of how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.reductions.trees import Arrays, Combine
from tfrt.kernels.shared.bodies import bind_body, read_body
from tfrt.kernels.shared.element_kinds import INTEGERS, SMALL_FLOATS, working


@dataclass(frozen=True)
class Reducer:
    """A body that combines elements of these types.

    Attributes:
        types: of the elements that the body takes and gives; those of operands can be promoted to them.
        known: what the body is, where numpy knows that.
        rounds: whether each step of `known` rounds floats of less than 32 bits.
        wide: the element type to run `known` in where steps do not round; results are wrapped, or rounded, at the end.
    """

    types: tuple[np.dtype, ...]
    run: Callable[..., Arrays]
    known: np.ufunc | None
    rounds: bool
    wide: np.dtype

    def combining(self, captured: Sequence[np.ndarray]) -> Combine:
        """The body as a function of the left and the right arrays, whose results have their shape."""

        def combine(left: Sequence[np.ndarray], right: Sequence[np.ndarray]) -> Arrays:
            shape = right[0].shape if right[0].shape else left[0].shape
            found = self.run(*left, *right, *captured)
            return tuple([value if np.shape(value) == shape else np.broadcast_to(value, shape) for value in found])

        return combine

    def promoted(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """Arrays with the element types that the body takes."""
        return tuple([array.astype(dtype, copy=False) for array, dtype in zip(arrays, self.types, strict=True)])


def bind_reducer(attribute: Any, types: Sequence[DType], captured: Sequence[DType] = ()) -> Reducer:
    """The reducer that an attribute spells, for elements of these types.

    Raises:
        KernelError: it spells none, or one that takes or gives other values.
    """
    body = read_body(attribute)
    if len(body.results) != len(types):
        raise KernelError(
            f"a body that combines {len(types)} operands must give as many values, not {len(body.results)}"
        )
    run = bind_body(body, (*types, *types, *captured))
    known = _ufunc(body.op, types[0]) if body.op is not None else None
    rounds = known in (np.add, np.multiply) and types[0] in SMALL_FLOATS
    return Reducer(tuple(dtype.numpy for dtype in types), run, known, rounds, working(types[0]))


def _ufunc(op: str, dtype: DType) -> np.ufunc | None:
    if dtype is DType.I1:
        return _OF_BOOLEANS.get(op)
    if op in _OF_BITS:
        return _OF_BITS[op] if dtype in INTEGERS else None
    return _OF_NUMBERS.get(op)


_OF_BITS: dict[str, np.ufunc] = {
    "stablehlo.and": np.bitwise_and,
    "stablehlo.or": np.bitwise_or,
    "stablehlo.xor": np.bitwise_xor,
}
_OF_NUMBERS: dict[str, np.ufunc] = {
    "stablehlo.add": np.add,
    "stablehlo.multiply": np.multiply,
    "stablehlo.minimum": np.minimum,
    "stablehlo.maximum": np.maximum,
}
_OF_BOOLEANS: dict[str, np.ufunc] = {
    "stablehlo.and": np.logical_and,
    "stablehlo.multiply": np.logical_and,
    "stablehlo.minimum": np.logical_and,
    "stablehlo.or": np.logical_or,
    "stablehlo.add": np.logical_or,
    "stablehlo.maximum": np.logical_or,
    "stablehlo.xor": np.logical_xor,
}


def known_reduction(op: str, dtype: DType) -> np.ufunc | None:
    """What combines elements of that type as a body of one op does, where numpy knows that and steps round to the type
    itself."""
    return None if dtype in SMALL_FLOATS or working(dtype) != dtype.numpy else _ufunc(op, dtype)


def own(values: Sequence[np.ndarray], inputs: Sequence[np.ndarray]) -> Arrays:
    """The arrays, with memory of their own each: a body may give what it took, or one value twice."""
    taken: list[Any] = list(inputs)
    found = []
    for value in values:
        fresh = value if value.base is None and not any(value is other for other in taken) else value.copy()
        taken.append(fresh)
        found.append(fresh)
    return tuple(found)


def given(values: Sequence[np.ndarray], inputs: Sequence[np.ndarray], out: np.ndarray | None) -> Any:
    """What an array form returns: its results in memory of their own, the only one in `out` if there is one."""
    if out is not None:
        out[...] = values[0]
        return out
    found = own(values, inputs)
    return found if len(found) > 1 else found[0]


def reduced_types(
    operands: Sequence[TensorMetadata], attribute: Any, dtype: DType | Sequence[DType] | None
) -> tuple[Sequence[TensorMetadata], Sequence[TensorMetadata], Sequence[DType]]:
    """The inputs and initial values among the operands of a reduction, and the element types of its results.

    Args:
        dtype: what the results' elements are promoted to, one type or one for each; the inputs' own if it is None.

    Raises:
        KernelError: there are fewer operands than the body asks for, or initial values of other types.
    """
    count = len(read_body(attribute).results)
    if not 0 < 2 * count <= len(operands):
        raise KernelError(f"a body of {count} results combines {count} inputs with {count} init_values")
    inputs, init_values = operands[:count], operands[count : 2 * count]
    for each, init in zip(inputs, init_values, strict=True):
        if each.dtype is not init.dtype or init.shape:
            raise KernelError(f"expects init_values to be scalars of the inputs' types, but got {init} for {each}")
    if dtype is None:
        types: Sequence[DType] = [each.dtype for each in inputs]
    else:
        types = [dtype] * count if isinstance(dtype, DType) else list(dtype)
    return inputs, init_values, types
