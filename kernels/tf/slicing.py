"""Ops that take tensors apart and put them together along axes.

Source of the semantics: TensorFlow's op definitions (``tensorflow/core/ops/array_ops.cc``); of `tf.StridedSlice` also
``tensorflow/core/util/strided_slice_op.cc``.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.tf.reshaping import as_results, axis_of, sizes

Index = int | slice | None | EllipsisType


@array_op("tf.Slice", views=True, shaped_by=(1, 2))
def slice_(operand: TensorMetadata, begin: TensorMetadata, size: TensorMetadata) -> ArrayForm:
    """A part of the operand: where it begins, and its sizes, of which -1 means up to the end."""

    def run(x: np.ndarray, begin: np.ndarray, size: np.ndarray) -> np.ndarray:
        starts, counts = sizes(begin), sizes(size)
        if not len(starts) == len(counts) == x.ndim:
            raise KernelError(f"tf.Slice: expected begin and size of {x.ndim} elements, got {starts} and {counts}")
        parts = []
        for start, count, whole in zip(starts, counts, x.shape, strict=True):
            end = whole if count == -1 else start + count
            if not 0 <= start <= end <= whole:
                raise KernelError(f"tf.Slice: Expected a part of [0, {whole}), but got begin {start} and size {count}")
            parts.append(slice(start, end))
        return x[tuple(parts)]

    return run


@array_op("tf.StridedSlice", views=True, shaped_by=(1, 2, 3))
def strided_slice(
    operand: TensorMetadata,
    begin: TensorMetadata,
    end: TensorMetadata,
    strides: TensorMetadata,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> ArrayForm:
    """What Python's ``x[begin:end:strides, …]`` gives. Bit i of a mask is about element i of `begin`, `end`, `strides`:
    that it has no begin, no end, is ``...``, a new axis of size 1, or an index.
    """
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)

    def run(x: np.ndarray, begin: np.ndarray, end: np.ndarray, strides: np.ndarray) -> np.ndarray:
        try:
            return np.asarray(x[strided_index(sizes(begin), sizes(end), sizes(strides), masks)])
        except IndexError as error:
            raise KernelError(f"tf.StridedSlice: {error}") from None

    return run


def strided_index(
    begin: Sequence[int], end: Sequence[int], strides: Sequence[int], masks: Sequence[int]
) -> tuple[Index, ...]:
    """The index that numpy takes for what `tf.StridedSlice` is given."""
    begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask = masks
    index: list[Index] = []
    for place, (start, stop, step) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << place
        if ellipsis_mask & bit:
            index.append(...)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(start)
        elif step == 0:
            raise KernelError(f"strides[{place}] must be non-zero")
        else:
            index.append(slice(None if begin_mask & bit else start, None if end_mask & bit else stop, step))
    return tuple(index)


def _concat_metadata(*inputs: TensorMetadata | np.ndarray) -> TensorMetadata | None:
    if len(inputs) < 2:
        raise KernelError("tf.ConcatV2 takes at least a tensor and an axis")
    *parts, axis = inputs
    if isinstance(axis, TensorMetadata):
        return None
    shapes = [part.shape for part in parts]
    at = _concat_axis(shapes, axis)
    if any(shape[:at] + shape[at + 1 :] != shapes[0][:at] + shapes[0][at + 1 :] for shape in shapes):
        raise KernelError(f"tf.ConcatV2: Dimensions do not match: {list(map(list, shapes))}")
    dtype = parts[0].dtype if isinstance(parts[0], TensorMetadata) else DType.of(parts[0])
    return TensorMetadata(dtype, (*shapes[0][:at], sum(shape[at] for shape in shapes), *shapes[0][at + 1 :]))


def _concat_axis(shapes: Sequence[tuple[int, ...]], axis: np.ndarray) -> int:
    """The axis, of tensors that must be of one rank."""
    at = axis_of(int(axis), len(shapes[0]), "tf.ConcatV2")
    if any(len(shape) != len(shapes[0]) for shape in shapes):
        raise KernelError(f"tf.ConcatV2: ranks differ: {list(map(len, shapes))}")
    return at


@array_op("tf.ConcatV2", constant_metadata=_concat_metadata)
def concat(*inputs: TensorMetadata) -> ArrayForm:
    """The inputs one after the other, along the axis that the last one is."""
    if len(inputs) < 2:
        raise KernelError("tf.ConcatV2 takes at least a tensor and an axis")

    def run(*values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        *arrays, axis = values
        at = _concat_axis([array.shape for array in arrays], axis)
        try:
            return np.concatenate(arrays, at, out=out)
        except ValueError:
            raise KernelError(f"tf.ConcatV2: Dimensions do not match: {[list(a.shape) for a in arrays]}") from None

    return run


@array_op("tf.Pack", shaped_by=())
def pack(*inputs: TensorMetadata, axis: int = 0) -> ArrayForm:
    """The inputs, of one shape, along a new axis."""
    if not inputs or any(each.shape != inputs[0].shape for each in inputs):
        raise KernelError(f"tf.Pack: Shapes of all inputs must match: {[list(each.shape) for each in inputs]}")
    at = axis_of(axis, inputs[0].rank + 1, "tf.Pack")
    return lambda *arrays, out=None: np.stack(arrays, at, out=out)


@array_op("tf.Unpack", views=True, shaped_by=())
def unpack(operand: TensorMetadata, *, axis: int = 0, num: int | None = None) -> ArrayForm:
    """The slices along an axis, which they lose."""
    at = axis_of(axis, operand.rank, "tf.Unpack")
    if num is not None and num != operand.shape[at]:
        raise KernelError(f"tf.Unpack: the axis has {operand.shape[at]} elements, not {num}")
    return lambda x: as_results([np.moveaxis(x, at, 0)[i, ...] for i in range(x.shape[at])])


@array_op("tf.Split", views=True, shaped_by=(0,))
def split(
    axis: TensorMetadata, operand: TensorMetadata, metadata: ResultMetadata, *, num_split: int | None = None
) -> ArrayForm:
    """Equal parts along an axis: `num_split`, or as many as the op has results."""
    count = len(metadata) if num_split is None else num_split

    def run(axis: np.ndarray, x: np.ndarray) -> Any:
        at = axis_of(int(axis), x.ndim, "tf.Split")
        if x.shape[at] % count:
            raise KernelError(f"tf.Split: {x.shape[at]} elements do not make {count} equal parts")
        return as_results(np.split(x, count, at))

    return run


@array_op("tf.SplitV", views=True, shaped_by=(1, 2))
def split_v(operand: TensorMetadata, size_splits: TensorMetadata, axis: TensorMetadata) -> ArrayForm:
    """Parts of given sizes along an axis, of which one may be -1: what is left."""

    def run(x: np.ndarray, size_splits: np.ndarray, axis: np.ndarray) -> Any:
        at, counts = axis_of(int(axis), x.ndim, "tf.SplitV"), list(sizes(size_splits))
        rest = x.shape[at] - sum(count for count in counts if count != -1)
        counts = [rest if count == -1 else count for count in counts]
        if sum(counts) != x.shape[at] or min(counts, default=0) < 0:
            raise KernelError(f"tf.SplitV: sizes {counts} do not make {x.shape[at]}")
        return as_results(np.split(x, np.cumsum(counts)[:-1], at))

    return run


@array_op("tf.PadV2", shaped_by=(1,))
def pad_v2(operand: TensorMetadata, paddings: TensorMetadata, constant: TensorMetadata) -> ArrayForm:
    """The operand with a constant around it: `paddings` has a row a dimension, how many come before and after."""
    return lambda x, borders, value, out=None: np.pad(x, _borders(borders, x), constant_values=value)


@array_op("tf.MirrorPad", shaped_by=(1,))
def mirror_pad(operand: TensorMetadata, paddings: TensorMetadata, *, mode: str) -> ArrayForm:
    """The operand with itself mirrored around it: at its edges (SYMMETRIC), or at the elements there (REFLECT)."""
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise KernelError(f"tf.MirrorPad: mode must be REFLECT or SYMMETRIC, not {mode}")

    def run(x: np.ndarray, borders: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found = _borders(borders, x)
        most = [size - (mode == "REFLECT") for size in x.shape]
        if any(max(pair) > limit for pair, limit in zip(found, most, strict=True)):
            raise KernelError(f"tf.MirrorPad: paddings {found} are larger than the tensor allows, {most}")
        kind: Any = mode.lower()
        return np.pad(x, found, kind)

    return run


def _borders(paddings: np.ndarray, x: np.ndarray) -> list[list[int]]:
    if paddings.shape != (x.ndim, 2):
        raise KernelError(f"paddings must be of shape {[x.ndim, 2]}, got {list(paddings.shape)}")
    found: list[list[int]] = paddings.tolist()
    if any(number < 0 for pair in found for number in pair):
        raise KernelError(f"paddings must be non-negative, got {found}")
    return found
