"""How much kernels on arrays have to do: bytes that they read and write, and operations on floating-point numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from math import isqrt, prod
from typing import Any

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.values.arguments import array_type
from tfrt.executor.values.dtype import DType

Shape = tuple[int, ...]

_OF_A_ROW = 5
"""Of softmax, for each element: its comparison, subtraction, exponential, sum and division."""


def shape_of(type: str, given: Shape | None = None) -> Shape | None:
    """The shape of an array: what its MLIR type says, else what it was seen to have; None of anything else."""
    known = array_type(type)
    if known is None:
        return None
    shape = known[1]
    return given if shape is None or -1 in shape else shape


def bytes_moved(types: Sequence[str], given: Sequence[Shape | None] = ()) -> int | None:
    """What a kernel's operands and results have in all, that are arrays; None where there are none, or a shape is not
    known.

    Args:
        types: their MLIR types.
        given: the shapes that they were seen to have, if they were.
    """
    moved, found = 0, False
    for type, seen in zip_longest(types, given[: len(types)]):
        known = array_type(type)
        if known is not None:
            shape = shape_of(type, seen)
            if shape is None:
                return None
            moved, found = moved + known[0].numpy.itemsize * prod(shape), True
    return moved if found else None


def operations(
    ops: Sequence[str], operands: Sequence[Shape], result: Shape, attributes: Mapping[str, Any] | None = None
) -> int | None:
    """How many additions, multiplications and the like a kernel does that runs `ops` for arrays, one after the other.

    Products of matrices and convolutions count two for each element of the result and each of what it is summed of;
    what follows them, and chains of elementwise ops, count one for each element and op; so do pools, for each element
    that they take. So do softmax and
    normalization, of which each element takes five, and reductions, one for each element that they take. Attention is
    two products and a softmax.

    Args:
        operands: the shapes of the arrays that it is given.
        attributes: the first op's, by name.

    Returns:
        None where it is not known: ops of another kind, or shapes that do not tell.
    """
    if not ops:
        return None
    first, *rest = (op.rpartition(".")[2].lower() for op in ops)
    outputs = prod(result)
    if "conv2d" in first or "convolution" in first or first == "conv":
        summed = _summed_by_convolution(operands, result)
        pool = next((number for number, op in enumerate(ops[1:]) if _is_pool(op)), None)
        if pool is not None:
            seen = _convolved(ops[0], operands, attributes)
            if summed is None or seen is None:
                return None
            return seen * (2 * summed + pool + 1) + outputs * (len(rest) - pool - 1)
    elif "matmul" in first or first in ("dot", "dot_general", "gemm"):
        summed = _summed_by_product(operands, result)
    elif first in ("softmax", "normalize"):
        return outputs * (_OF_A_ROW + len(rest))
    elif first == "attention":
        return _attention(operands, attributes or {})
    elif first == "reduce":
        return prod(operands[0]) + outputs * len(rest) if operands else None
    elif first == "reduce_window":
        window = (attributes or {}).get("window_dimensions")
        return None if window is None else outputs * (prod(window) + len(rest))
    else:
        return outputs * len(ops) if all(map(_is_elementwise, ops)) else None
    return None if summed is None else outputs * (2 * summed + len(rest))


def _attention(operands: Sequence[Shape], attributes: Mapping[str, Any]) -> int | None:
    """Those of attention: of queries, keys in parts and values in parts, each ``(…, tokens, size)``."""
    keys, values = attributes.get("key_parts", 1), attributes.get("value_parts", 1)
    if len(operands) < 1 + keys + values:
        return None
    query, tokens = operands[0], sum(part[-2] for part in operands[1 : 1 + keys])
    scores = prod(query[:-1]) * tokens
    return scores * (2 * query[-1] + _OF_A_ROW + 2 * operands[1 + keys][-1])


def _is_elementwise(op: str) -> bool:
    entry = CPU_OPS.get(op)
    return entry is not None and (entry.elementwise is not None or entry.steps is not None)


def _is_pool(op: str) -> bool:
    entry = CPU_OPS.get(op)
    return entry is not None and entry.pool is not None


def _convolved(op: str, operands: Sequence[Shape], attributes: Mapping[str, Any] | None) -> int | None:
    """How many elements a convolution gives before they are pooled; None where nothing says how it is done."""
    entry = CPU_OPS.get(op)
    if entry is None or attributes is None or len(operands) < 2:
        return None
    found = entry.run_metadata(tuple(TensorMetadata(DType.F32, shape) for shape in operands[:2]), attributes)
    return None if found is None else found[0].element_count


def _summed_by_convolution(operands: Sequence[Shape], result: Shape) -> int | None:
    """The kernel's elements for each of its output features, which come last in both."""
    if len(operands) < 2 or not operands[1] or not result or operands[1][-1] != result[-1] or not result[-1]:
        return None
    return prod(operands[1]) // result[-1]


def _summed_by_product(operands: Sequence[Shape], result: Shape) -> int | None:
    """The extent that is summed over: its square is what the operands have more than the result, a batch apart."""
    if len(operands) < 2 or not prod(result):
        return None
    left, right = operands[:2]
    batch = 1
    for sizes in zip(left[:-2], right[:-2], result[:-2], strict=False):
        if len(set(sizes)) == 1:
            batch *= sizes[0]
    square, rest = divmod(prod(left) * prod(right), prod(result) * batch)
    summed = isqrt(square)
    return summed if not rest and summed * summed == square else None
