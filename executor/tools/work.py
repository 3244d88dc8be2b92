"""How much kernels on arrays have to do: bytes that they read and write, and operations on floating-point numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, prod

from tfrt.executor.values.arguments import array_type

Shape = tuple[int, ...]


def array_of(type: str) -> tuple[int, Shape] | None:
    """Bytes an element and shape of an array whose MLIR type says both; else None."""
    known = array_type(type)
    if known is None:
        return None
    dtype, shape = known
    return None if shape is None or -1 in shape else (dtype.numpy.itemsize, shape)


def bytes_moved(types: Sequence[str]) -> int | None:
    """What arrays of these types, a kernel's operands and results, have in all; None where none is known."""
    found = [size * prod(shape) for size, shape in filter(None, map(array_of, types))]
    return sum(found) if found else None


def operations(ops: Sequence[str], operands: Sequence[Shape], result: Shape) -> int | None:
    """How many additions, multiplications and the like a kernel does that runs `ops` for arrays, one after the other.

    Products of matrices and convolutions count two for each element of the result and each of what it is summed of;
    what follows them, and chains of elementwise ops, count one for each element and op.

    Args:
        operands: the shapes of the arrays that it is given.

    Returns:
        None where it is not known: ops of another kind, or shapes that do not tell.
    """
    if not ops:
        return None
    first, *rest = (op.rpartition(".")[2].lower() for op in ops)
    outputs = prod(result)
    if "conv2d" in first or "convolution" in first or first == "conv":
        summed = _summed_by_convolution(operands, result)
    elif "matmul" in first or first in ("dot", "dot_general", "gemm"):
        summed = _summed_by_product(operands, result)
    elif first in _NO_ARITHMETIC:
        return None
    else:
        is_elementwise = all(prod(shape) <= outputs for shape in operands)
        return outputs * len(ops) if is_elementwise else None
    return None if summed is None else outputs * (2 * summed + len(rest))


_NO_ARITHMETIC = {
    "broadcast", "broadcast_in_dim", "concat", "concatenate", "copy", "gather", "iota", "pad", "reshape", "slice",
    "transpose",
}  # fmt: skip


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
