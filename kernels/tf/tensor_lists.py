"""Lists of tensors, which TensorFlow's loops collect what they compute in.

A list is a value like any other: ops that change one give a new list. Elements may be missing, and are zeros then.
Source of the semantics: ``tensorflow/core/ops/list_ops.cc`` and ``core/kernels/list_kernels.cc``.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_attrs import OpAttr
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.tf.reshaping import sizes


@dataclass(frozen=True, slots=True, eq=False)
class TensorList:
    """A list of tensors of one element type.

    Attributes:
        items: None for those that are missing.
        shape: what all have in common, -1 for a size that is not known; None where the rank is not. In an outline -2 is
            a size that differs.
    """

    items: tuple[np.ndarray | None, ...]
    shape: tuple[int, ...] | None

    def item(self, index: int, shape: tuple[int, ...] | None, dtype: np.dtype) -> np.ndarray:
        """An element; zeros of that shape, or of the list's, where it is missing."""
        if not 0 <= index < len(self.items):
            raise KernelError(f"Trying to access element {index} in a list with {len(self.items)} elements.")
        found = self.items[index]
        return np.zeros(self.full_shape(shape), dtype) if found is None else found

    def outline(self) -> TensorList | None:
        """What is known of lists like this one (`tfrt.executor.declarations.outlines`): all elements are missing, and
        the shape is what they have in common; None where their ranks differ."""
        shape = self.shape
        for item in self.items:
            if item is not None and (shape := _common(shape, item.shape)) is None:
                return None
        return TensorList((None,) * len(self.items), shape)

    def joined(self, other: TensorList) -> TensorList | None:
        """What holds for two outlines."""
        if len(self.items) != len(other.items):
            return None
        if self.shape is None or other.shape is None:
            return replace(self, shape=self.shape or other.shape)
        shape = _common(self.shape, other.shape)
        return None if shape is None else replace(self, shape=shape)

    @property
    def key(self) -> Hashable:
        """What two outlines that say the same have in common."""
        return len(self.items), self.shape

    def full_shape(self, shape: tuple[int, ...] | None) -> tuple[int, ...]:
        """The shape of elements that are missing."""
        known = [s for s in (shape, self.shape) if s is not None]
        known += [item.shape for item in self.items if item is not None][:1]
        merged = [max(column) for column in zip(*known, strict=False)] if known else [-1]
        if min(merged, default=0) < 0:
            raise KernelError("Trying to read an uninitialized tensor but element_shape is not fully defined")
        return tuple(merged)


def _common(shape: tuple[int, ...] | None, other: tuple[int, ...]) -> tuple[int, ...] | None:
    """What two shapes have in common, -2 where sizes differ; None where the ranks do."""
    if shape is None:
        return other
    if len(shape) != len(other):
        return None
    return tuple(b if a == -1 else a if a == b or b == -1 else -2 for a, b in zip(shape, other, strict=True))


def _shape(values: np.ndarray) -> tuple[int, ...] | None:
    """An element's shape as ops are given it: a vector, or -1 for an unknown rank."""
    return None if values.ndim == 0 else sizes(values)


def _dtype(metadata: ResultMetadata) -> np.dtype:
    """The element type that the program says of an op's first result."""
    known = metadata[0] if metadata else None
    if known is None:
        raise KernelError("the element type of the result is not known")
    dtype: np.dtype = known.dtype.numpy
    return dtype


def _slices(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """The slices along the first dimension, arrays all of them."""
    return tuple(x[i, ...] for i in range(len(x)))


@array_op("tf.TensorListReserve", shaped_by=(0, 1))
def reserve(shape: TensorMetadata, count: TensorMetadata) -> ArrayForm:
    """A list of so many elements, all missing."""
    return lambda shape, count: TensorList((None,) * count.item(), _shape(shape))


@array_op("tf.EmptyTensorList", shaped_by=(0, 1))
def empty(shape: TensorMetadata, most: TensorMetadata) -> ArrayForm:
    """A list without elements."""
    return lambda shape, most: TensorList((), _shape(shape))


@array_op("tf.TensorListFromTensor", shaped_by=(1,))
def from_tensor(tensor: TensorMetadata, shape: TensorMetadata) -> ArrayForm:
    """The slices of a tensor along its first dimension."""
    return lambda x, shape: TensorList(_slices(x), _shape(shape))


@array_op("tf.TensorListStack", shaped_by=(1,))
def stack(
    list_: TensorMetadata, shape: TensorMetadata, metadata: ResultMetadata, *, num_elements: int = -1
) -> ArrayForm:
    """All elements, of one shape, along a new first dimension."""
    dtype = _dtype(metadata)

    def run(list_: TensorList, shape: np.ndarray) -> np.ndarray:
        if num_elements not in (-1, len(list_.items)):
            raise KernelError(f"Operation expected a list with {num_elements} elements but got {len(list_.items)}")
        wanted = _shape(shape)
        if not list_.items:
            return np.zeros((0, *list_.full_shape(wanted)), dtype)
        items = [list_.item(i, wanted, dtype) for i in range(len(list_.items))]
        if any(item.shape != items[0].shape for item in items):
            raise KernelError("Tried to stack elements of a list with different shapes")
        return np.stack(items)

    return run


@array_op("tf.TensorListGetItem", shaped_by=(2,))
def get_item(
    list_: TensorMetadata, index: TensorMetadata, shape: TensorMetadata, metadata: ResultMetadata
) -> ArrayForm:
    """One element."""
    dtype = _dtype(metadata)
    return lambda list_, index, shape: list_.item(index.item(), _shape(shape), dtype)


def _index_that_resizes(inputs: int, attributes: Mapping[str, Any]) -> Sequence[int]:
    """The index, where it may be beyond the end of the list."""
    resizes = attributes.get("resize_if_index_out_of_bounds", False)
    return (1,) if (resizes.value if type(resizes) is OpAttr else resizes) else ()


@array_op("tf.TensorListSetItem", shaped_by=_index_that_resizes)
def set_item(
    list_: TensorMetadata,
    index: TensorMetadata,
    item: TensorMetadata,
    *,
    resize_if_index_out_of_bounds: bool = False,
) -> ArrayForm:
    """The list with another element."""

    def run(list_: TensorList, index: np.ndarray, item: np.ndarray) -> TensorList:
        at, items = index.item(), list_.items
        if resize_if_index_out_of_bounds and at >= len(items):
            items = (*items, *[None] * (at + 1 - len(items)))
        if not 0 <= at < len(items):
            raise KernelError(f"Trying to modify element {at} in a list with {len(items)} elements.")
        return replace(list_, items=(*items[:at], item, *items[at + 1 :]))

    return run


@array_op("tf.TensorListPushBack", shaped_by=())
def push_back(list_: TensorMetadata, item: TensorMetadata) -> ArrayForm:
    """The list with one more element at its end."""
    return lambda list_, item: replace(list_, items=(*list_.items, item))


@array_op("tf.TensorListPopBack", shaped_by=(1,))
def pop_back(list_: TensorMetadata, shape: TensorMetadata) -> ArrayForm:
    """The list without its last element, and that element."""

    def run(list_: TensorList, shape: np.ndarray) -> tuple[TensorList, np.ndarray]:
        if not list_.items:
            raise KernelError("Trying to pop from an empty list.")
        last = list_.items[-1]
        found = np.zeros(list_.full_shape(_shape(shape)), np.float32) if last is None else last
        return replace(list_, items=list_.items[:-1]), found

    return run


@array_op("tf.TensorListLength", shape_only=True)
def length(list_: TensorMetadata) -> ArrayForm:
    """The number of elements."""
    return lambda list_: np.array(len(list_.items), np.int32)


@array_op("tf.TensorListElementShape")
def element_shape(list_: TensorMetadata, metadata: ResultMetadata) -> ArrayForm:
    """The shape that elements have in common; -1 where the rank is not known."""
    dtype = _dtype(metadata)
    return lambda list_: np.array(-1 if list_.shape is None else list_.shape, dtype)


@array_op("tf.TensorListResize", shaped_by=(1,))
def resize(list_: TensorMetadata, count: TensorMetadata) -> ArrayForm:
    """The list with so many elements: the last ones dropped, or missing ones added."""

    def run(list_: TensorList, count: np.ndarray) -> TensorList:
        wanted = count.item()
        return replace(list_, items=(*list_.items[:wanted], *[None] * (wanted - len(list_.items))))

    return run


@array_op("tf.TensorListConcatV2")
def concat(
    list_: TensorMetadata, shape: TensorMetadata, leading: TensorMetadata, metadata: ResultMetadata
) -> ArrayForm:
    """All elements one after the other along their first dimension, and how long each is."""
    dtype = _dtype(metadata)

    def run(list_: TensorList, shape: np.ndarray, leading: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        items = [list_.item(i, _shape(shape), dtype) for i in range(len(list_.items))]
        lengths = np.array([item.shape[0] for item in items], np.int64)
        if not items:
            return np.zeros((0, *list_.full_shape(_shape(shape))[1:]), dtype), lengths
        return np.concatenate(items), lengths

    return run


@array_op("tf.TensorListSplit", shaped_by=(1, 2))
def split(tensor: TensorMetadata, shape: TensorMetadata, lengths: TensorMetadata) -> ArrayForm:
    """Parts of a tensor along its first dimension, of these lengths."""

    def run(x: np.ndarray, shape: np.ndarray, lengths: np.ndarray) -> TensorList:
        counts = sizes(lengths)
        if sum(counts) != x.shape[0]:
            raise KernelError(f"lengths {list(counts)} do not make {x.shape[0]}")
        return TensorList(tuple(np.split(x, np.cumsum(counts)[:-1])), _shape(shape))

    return run


@array_op("tf.TensorListGather", shaped_by=(2,))
def gather(
    list_: TensorMetadata, indices: TensorMetadata, shape: TensorMetadata, metadata: ResultMetadata
) -> ArrayForm:
    """The elements at indices, along a new first dimension."""
    dtype = _dtype(metadata)

    def run(list_: TensorList, indices: np.ndarray, shape: np.ndarray) -> np.ndarray:
        wanted = _shape(shape)
        items = [list_.item(i, wanted, dtype) for i in sizes(indices)]
        return np.stack(items) if items else np.zeros((0, *list_.full_shape(wanted)), dtype)

    return run


def _scattered(
    x: np.ndarray, indices: Sequence[int], items: Sequence[np.ndarray | None], shape: tuple[int, ...] | None
) -> TensorList:
    size = max(len(items), 1 + max(indices, default=-1))
    if min(indices, default=0) < 0:
        raise KernelError(f"Indices in TensorListScatter must all be non-negative, got {list(indices)}")
    found = [*items, *[None] * (size - len(items))]
    for i, item in zip(indices, _slices(x), strict=True):
        found[i] = item
    return TensorList(tuple(found), shape)


@array_op("tf.TensorListScatterV2", shaped_by=(1, 2, 3))
def scatter(tensor: TensorMetadata, indices: TensorMetadata, shape: TensorMetadata, count: TensorMetadata) -> ArrayForm:
    """A list with the slices of a tensor at indices."""
    return lambda x, indices, shape, count: _scattered(x, sizes(indices), (None,) * max(0, count.item()), _shape(shape))


@array_op("tf.TensorListScatterIntoExistingList", shaped_by=(2,))
def scatter_into(list_: TensorMetadata, tensor: TensorMetadata, indices: TensorMetadata) -> ArrayForm:
    """The list with the slices of a tensor at indices."""
    return lambda list_, x, indices: _scattered(x, sizes(indices), list_.items, list_.shape)
