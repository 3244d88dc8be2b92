"""Layers of neural networks along one dimension, and searches, as ops of the core runtime; see `tfrt.dialects.nn`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata, RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.nn_shapes import attention as attention_shape
from tfrt.executor.declarations.nn_shapes import can_be_mixed, masks_of_changes
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import known, require
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.halves import is_half, rounded_once
from tfrt.kernels.numerics.attention import attend
from tfrt.kernels.numerics.attention_sizes import Attention, Change
from tfrt.kernels.numerics.machine_code.rows import with_native_rows
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.row_layers import Rows, by_rows, normalize_rows, softmax_rows
from tfrt.kernels.numerics.searching import searching


def _axis(operand: TensorMetadata, dimension: int, op: str) -> int:
    if not 0 <= dimension < operand.rank:
        raise KernelError(f"{op}: dimension {dimension} is not in [0, {operand.rank})")
    return dimension


def _softmax_metadata(operand: TensorMetadata, *, dimension: int) -> TensorMetadata:
    _axis(operand, dimension, "nn.softmax")
    return operand


@array_op("nn.softmax", metadata=_softmax_metadata)
def softmax(
    operand: TensorMetadata, *, dimension: int, host: HostContext, epilogue: RowEpilogue | None = None
) -> ArrayForm:
    """Exponentials over their sum; the greatest number of all is subtracted first, so that none overflows."""
    axis = _axis(operand, dimension, "nn.softmax")

    def compute(x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
        values = np.subtract(x, x.max(axis, keepdims=True, initial=-np.inf), out=out)
        np.exp(values, out=values)
        return np.divide(values, np.add.reduce(values, axis, keepdims=True), out=values)

    return _form(compute, softmax_rows, operand, axis, host, epilogue, "softmax")


def _normalize_metadata(operand: TensorMetadata, *, dimension: int, epsilon: float = 0.0) -> TensorMetadata:
    _axis(operand, dimension, "nn.normalize")
    return operand


@array_op("nn.normalize", metadata=_normalize_metadata)
def normalize(
    operand: TensorMetadata,
    *,
    dimension: int,
    epsilon: float = 0.0,
    host: HostContext,
    epilogue: RowEpilogue | None = None,
) -> ArrayForm:
    """Numbers less their mean, over the square root of their variance and `epsilon`."""
    axis = _axis(operand, dimension, "nn.normalize")
    count = operand.shape[axis]

    def compute(x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
        number = x.dtype.type
        mean = np.add.reduce(x, axis, keepdims=True)
        mean /= number(count)
        values = np.subtract(x, mean, out=out)
        scale = np.add.reduce(np.square(values), axis, keepdims=True)
        scale /= number(count)
        scale += number(epsilon)
        np.sqrt(scale, out=scale)
        return np.divide(values, scale, out=values)

    rows = partial(normalize_rows, epsilon=epsilon)
    return _form(compute, rows, operand, axis, host, epilogue, "normalize", epsilon)


def _attention_metadata(
    *inputs: TensorMetadata,
    key_parts: int,
    value_parts: int,
    scale: float = 1.0,
    scores: Sequence[Any] = (),
    shares: Sequence[Any] = (),
    has_sink: bool = False,
    zeroes_masked: bool = False,
    order: Sequence[int] = (),
) -> TensorMetadata:
    shape = attention_shape([each.shape for each in inputs], key_parts, value_parts, has_sink, order)
    count = 1 + key_parts + value_parts
    masks = [each.dtype is DType.I1 for each in inputs[count : len(inputs) - has_sink]]
    floats = [*inputs[:count], *[each for each in inputs[count:] if each.dtype is not DType.I1]]
    labels = [each.dtype.label for each in floats]
    require(
        can_be_mixed(labels),
        "C1",
        f"expects one element type, or several of at most 32 bits, but got {', '.join(labels)}",
    )
    masks_of_changes([*scores, *shares], masks)
    return TensorMetadata(inputs[0].dtype, known(shape))


@array_op("nn.attention", metadata=_attention_metadata)
def attention(
    *inputs: TensorMetadata,
    key_parts: int,
    value_parts: int,
    scale: float = 1.0,
    scores: Sequence[Any] = (),
    shares: Sequence[Any] = (),
    has_sink: bool = False,
    zeroes_masked: bool = False,
    order: Sequence[int] = (),
    host: HostContext,
) -> ArrayForm:
    """``softmax(query keys^T scale + mask) values``; of halves in single precision. See `tfrt.dialects.nn.AttentionOp`.

    Inputs are the query ``[..., n, d]``, so many parts of the keys ``[..., m, d]`` and of the values ``[..., m, e]``,
    masks, which broadcast to ``[..., n, m]``, and perhaps a sink, to ``[..., n, 1]``.

    Args:
        scores, shares: how these are changed, each a name and perhaps a number.
        has_sink: whether the last input is one more score for each row, by which nothing is mixed.
        zeroes_masked: whether shares are zero where all scores of a row are negative infinity.
        order: that of the result's dimensions, where it is another one.
    """
    made = _attention_metadata(
        *inputs,
        key_parts=key_parts,
        value_parts=value_parts,
        scores=scores,
        shares=shares,
        has_sink=has_sink,
        order=order,
    )
    end, query = 1 + key_parts, inputs[0].shape
    masks = inputs[end + value_parts : len(inputs) - has_sink]
    shapes = iter(mask.shape for mask in masks)
    changes = [
        Change(name, next(shapes) if takes_mask else None, number)
        for name, takes_mask, number in masks_of_changes([*scores, *shares], [mask.dtype is DType.I1 for mask in masks])
    ]
    sizes = Attention(
        batch=query[:-2],
        queries=query[-2],
        depth=query[-1],
        width=made.shape[-1],
        keys=tuple(each.shape[-2] for each in inputs[1:end]),
        values=tuple(each.shape[-2] for each in inputs[end : end + value_parts]),
        leading=tuple(each.shape[:-2] for each in inputs[1 : end + value_parts]),
        scale=scale,
        dtype=np.dtype(np.float64 if made.dtype is DType.F64 else np.float32),
        scores=tuple(changes[: len(scores)]),
        shares=tuple(changes[len(scores) :]),
        sink=inputs[-1].shape if has_sink else None,
        zeroes_masked=zeroes_masked,
        order=tuple(order),
    )
    if 0 in made.shape or not sizes.count:
        # Without keys, nothing is mixed.
        return _zeros(made)
    run = attend(sizes, host)
    has_halves = any(is_half(each.dtype.numpy) for each in inputs)
    return rounded_once(run) if has_halves else run


def _search_metadata(
    line: TensorMetadata, numbers: TensorMetadata, *, after: bool = False, dtype: DType = DType.I32
) -> TensorMetadata:
    if line.rank != 1 or line.dtype is not numbers.dtype:
        raise KernelError(f"nn.search: expects a line of the numbers' type, but got {line} for {numbers}")
    return TensorMetadata(dtype, numbers.shape)


@array_op("nn.search", metadata=_search_metadata)
def search(
    line: TensorMetadata, numbers: TensorMetadata, *, after: bool = False, metadata: ResultMetadata
) -> ArrayForm:
    """How many elements of a sorted line are less than each number, or with `after` no greater."""
    dtype = metadata[0].dtype.numpy
    find = searching(after=after) if line.shape[0] else lambda line, numbers: np.zeros(numbers.shape, np.intp)

    def run(line: np.ndarray, numbers: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found = find(line, numbers)
        if out is None:
            return found.astype(dtype)
        out[...] = found
        return out

    return run


def _zeros(made: TensorMetadata) -> ArrayForm:
    def run(*_: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.empty(made.shape, made.dtype.numpy) if out is None else out
        result.fill(0)
        return result

    return run


def _form(
    compute: ArrayForm,
    rows: Callable[[int, np.dtype], Rows],
    operand: TensorMetadata,
    axis: int,
    host: HostContext | None,
    epilogue: RowEpilogue | None,
    layer: Literal["softmax", "normalize"],
    epsilon: float = 0.0,
) -> ArrayForm:
    """A layer along rows, or `compute` of other arrays of at least one dimension; of halves in single precision.

    Args:
        rows: gives the layer for rows of that many elements and their type.
    """
    dtype = operand.dtype.numpy
    if axis == operand.rank - 1 and dtype in (np.float32, np.float64) and 0 not in operand.shape:
        shape = operand.shape
        along = by_rows(rows(shape[axis], dtype), shape, dtype, host, epilogue)
        steps, others = ((), ()) if epilogue is None else (epilogue.steps, epilogue.others)
        if host is None or steps is None:
            return along
        return with_native_rows(along, [shape, *others], shape, dtype, steps, host, layer, epsilon)
    if epilogue is not None:
        raise NotImplementedError("only rows of singles and doubles are changed where they are made")
    halves = rounded_once(lambda x: np.asarray(quiet.call(compute, x, None)))

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if x.dtype.itemsize < 4:
            return halves(x, out=out)
        found: np.ndarray = quiet.call(compute, x, out)
        return found

    return run
