"""The short way through dispatch, for eager ops whose inputs are there.

Most eager ops find dense tensors that are there already, on a device that computes on the calling thread. For these the
general way (`dispatch.py`) spends more on bookkeeping than small ops take to compute. `short_cut` makes a function that
does the same with less:

* What the metadata function says is remembered by the inputs' metadata.
* Attributes are bound once.
* There is no `Invocation`: nothing has to wait, and where the call came from matters only for errors.

It has one answer to everything else, be it a pending input, a sparse tensor or an exception: None, and the general way
is taken from the start. An op without side effects may be run again, so an error is found again there and reported
properly.

**Buffer forwarding.** An op flagged `FORWARDS_BUFFER` may write its result into the memory of an input that ends with
the call: if nobody but the call refers to the handle, nobody but the handle to the tensor, and nobody but the
tensor to the array, no name in any program leads there. Reference counts tell; views, DLPack exports and
memoryviews count as references. They are exact under the global interpreter lock, and without it nothing is forwarded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np

from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpEntry, OpFlags
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.runtime.failures import ends_call
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.device import HOST_DEVICE, Device
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor

ShortCut = Callable[[tuple[Any, ...]], tuple[TensorHandle, ...] | None]
"""Given an op's inputs as the caller passed them, its results, or None where the general way must be taken."""

FORWARDED_BYTES = 16 * 1024
"""The least size of a result that is written into an input; allocating a smaller one costs less than counting."""

# Calling these in `map` takes half the time of a comprehension.
_METADATA = attrgetter("metadata")
_TENSOR = attrgetter("tensor")

_REMEMBERED = 256
"""How many combinations of inputs' metadata an op remembers before it starts anew."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What follows from the inputs' metadata."""

    results: tuple[TensorMetadata, ...]
    only: TensorMetadata | None
    """The result's metadata where there is just one."""
    keywords: dict[str, Any]
    """What the dispatch function is given beside inputs."""
    forwards: bool


def short_cut(entry: OpEntry, device: Device, attrs: OpAttrs, host: HostContext) -> ShortCut | None:
    """The short way for an op with these attributes, or None where it has none: it has side effects, or no metadata."""
    if entry.metadata is None or entry.has_effects:
        return None
    dispatch, by_name = entry.dispatch, attrs.by_name
    may_forward = OpFlags.FORWARDS_BUFFER in entry.flags and getattr(sys, "_is_gil_enabled", lambda: True)()
    exclusive = _exclusive() if may_forward else None
    known_results: dict[tuple[TensorMetadata, ...], _Known] = {}
    is_suited = True
    # The metadata of the last call's one or two inputs and of its result, where nothing else matters. An op is mostly
    # called with tensors of one shape, whose metadata is one object, so the next call only compares references.
    last: tuple[Any, Any, Any] = (None, None, None)

    def learn(inputs: tuple[TensorMetadata, ...]) -> _Known:
        results = entry.run_metadata(inputs, by_name)
        assert results is not None
        keywords = entry.keywords(len(inputs), by_name, host, results)
        only = results[0] if len(results) == 1 else None
        forwards = may_forward and only is not None and _size(only) >= FORWARDED_BYTES
        if len(known_results) >= _REMEMBERED:
            known_results.clear()
        known = known_results[inputs] = _Known(results, only, keywords, forwards)
        return known

    def run(inputs: tuple[Any, ...]) -> tuple[TensorHandle, ...] | None:
        nonlocal is_suited, last
        if not is_suited:
            return None
        try:
            count = len(inputs)
            result = second = other = None
            if count == 1:
                (first,) = inputs
                tensor = first.tensor
                of_first, _, of_result = last
                if first.metadata is of_first and type(tensor) is DenseHostTensor:
                    result = dispatch(tensor)
            elif count == 2:
                first, second = inputs
                tensor, other = first.tensor, second.tensor
                of_first, of_second, of_result = last
                if (
                    first.metadata is of_first
                    and second.metadata is of_second
                    and type(tensor) is DenseHostTensor
                    and type(other) is DenseHostTensor
                ):
                    result = dispatch(tensor, other)
            if type(result) is DenseHostTensor:
                return (TensorHandle(host, device, result, of_result),)
        except BaseException as error:
            if ends_call(error):
                raise
            return None
        # What follows counts references.
        first = second = tensor = other = None
        return by_lookup(inputs)

    def by_lookup(inputs: tuple[Any, ...]) -> tuple[TensorHandle, ...] | None:
        nonlocal is_suited, last
        try:
            metadata = tuple(map(_METADATA, inputs))
            known = known_results.get(metadata) or learn(metadata)
            out = _forwarded(inputs, known.only, exclusive) if known.forwards else None
            tensors = tuple(map(_TENSOR, inputs))
            for tensor in tensors:
                if type(tensor) is not DenseHostTensor:
                    return None
            if out is not None:
                result = dispatch(*tensors, out=out, **known.keywords)
            elif known.keywords:
                result = dispatch(*tensors, **known.keywords)
            else:
                result = dispatch(*tensors)
            if type(result) is DenseHostTensor and known.only is not None:
                if not (known.keywords or known.forwards) and len(inputs) <= 2:
                    last = (metadata[0], metadata[-1], known.only)
                return (TensorHandle(host, device, result, known.only),)
            if type(result) is tuple and all(type(item) is DenseHostTensor for item in result):
                pairs = zip(result, known.results, strict=True)
                return tuple([TensorHandle(host, device, tensor, metadata) for tensor, metadata in pairs])
        except BaseException as error:
            if ends_call(error):
                raise
            return None
        # It promises its results, or has tensors of other kinds; an op that does so once does so always.
        is_suited = False
        return None

    return run


def _size(metadata: TensorMetadata) -> int:
    return metadata.element_count * metadata.dtype.numpy.itemsize if metadata.dtype is not DType.STRING else 0


def _forwarded(
    inputs: tuple[Any, ...], result: TensorMetadata | None, exclusive: tuple[int, int, int] | None
) -> np.ndarray | None:
    """The memory of an input that ends with this call and could hold the result, or None.

    Args:
        exclusive: see `_exclusive`.
    """
    for index in range(len(inputs)):
        if inputs[index].metadata == result and _references(inputs, index) == exclusive:
            array: np.ndarray = inputs[index].tensor.array
            if array.base is None and array.flags.writeable:
                return array
    return None


def _references(inputs: tuple[Any, ...], index: int) -> tuple[int, int, int] | None:
    """How many references there are to an input's handle, its tensor and its array, this function's own included."""
    handle = inputs[index]
    tensor = handle.tensor
    if type(tensor) is not DenseHostTensor:
        return None
    array = tensor.array
    return getrefcount(handle), getrefcount(tensor), getrefcount(array)


def _exclusive() -> tuple[int, int, int] | None:
    """What `_references` says of an input that nobody else refers to.

    How many references the interpreter itself holds during a call differs between its versions, so it is measured.
    """
    tensor = DenseHostTensor(np.empty(0, np.float32), DType.F32)
    inputs = (TensorHandle(None, HOST_DEVICE, tensor, TensorMetadata(DType.F32, (0,))),)  # type: ignore[arg-type]
    del tensor
    return _references(inputs, 0)
