"""Operators of ONNX as ops of the core runtime: each is one function of arrays, whatever their ranks and types are.

What all ops ``onnx.X`` take beside the operator's own attributes:

* ``absent``: the places of optional inputs that are left out. The op's operands are the others, in order.
* ``outputs``: which of the operator's outputs the op's results are, by number. By default the first.

Element types are attributes by their MLIR spelling, and lists of strings are one string with commas between them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from tfrt.executor.declarations.annotations import OpAttributes
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm, ShapedBy
from tfrt.executor.declarations.op_attrs import OpAttr
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.halves import is_half

F = TypeVar("F", bound=Callable[..., Any])

_BY_SPELLING = {dtype.mlir: dtype for dtype in DType}


def operator(
    name: str, *, in_single: bool = False, shaped_by: Sequence[int] | None = (), shape_only: bool = False
) -> Callable[[F], F]:
    """Register the decorated function as op ``onnx.NAME``; it is returned unchanged.

    It takes the inputs' arrays, None for those that are left out, and attributes by keyword, and gives an array, or a
    tuple of arrays for several outputs, None for those that were not asked for. It asks which are with the keyword
    `outputs`.

    Args:
        in_single: floats of 16 bits are given to it in single precision, and its results of single precision rounded to
            the type of its first input.
        shaped_by: the operator's inputs, left out ones counted, whose elements its outputs' shapes depend on; None
            where it may be any.
        shape_only: see `tfrt.executor.declarations.op_registry.cpu_op`.
    """

    def register(function: F) -> F:
        keywords = {p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
        required = {
            p.name
            for p in inspect.signature(function).parameters.values()
            if p.kind is p.KEYWORD_ONLY and p.default is p.empty and p.name != "outputs"
        }

        def form(*inputs: TensorMetadata, attributes: OpAttributes) -> ArrayForm:
            listed = cast("Mapping[str, Any]", attributes)
            attrs = {key: attr.value if type(attr) is OpAttr else attr for key, attr in listed.items()}
            absent, outputs = attrs.get("absent", ()), attrs.get("outputs", (0,))
            given = {key: value for key, value in attrs.items() if key in keywords}
            if missing := required - set(given):
                raise KernelError(f"missing attribute '{min(missing)}' of op 'onnx.{name}'")
            if "outputs" in keywords:
                given["outputs"] = outputs
            compute = _in_single(function) if in_single else function
            return _run(compute, given, absent, outputs)

        array_op(f"onnx.{name}", views=True, shaped_by=_operands(shaped_by), shape_only=shape_only)(form)
        return function

    return register


def _operands(inputs: Sequence[int] | None) -> ShapedBy | None:
    """Which of an op's operands are these inputs of the operator."""
    if inputs is None:
        return None

    def operands(count: int, attributes: Mapping[str, Any]) -> list[int]:
        given = attributes.get("absent", ())
        absent = frozenset(given.value if type(given) is OpAttr else given)
        present = [number for number in range(count + len(absent)) if number not in absent]
        return [place for place, number in enumerate(present) if number in inputs]

    return operands


def _run(
    function: Callable[..., Any], given: dict[str, Any], absent: Sequence[int], outputs: Sequence[int]
) -> ArrayForm:
    def run(*arrays: Any) -> Any:
        inputs = list(arrays)
        for place in absent:
            inputs.insert(place, None)
        with np.errstate(all="ignore"):
            found = function(*inputs, **given)
        results = found if type(found) is tuple else (found,)
        chosen = tuple([np.asarray(results[number]) for number in outputs])
        return chosen[0] if len(chosen) == 1 else chosen

    return run


def _in_single(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arrays: Any, **given: Any) -> Any:
        first = next((array.dtype for array in arrays if array is not None), None)
        if first is None or not is_half(first):
            return function(*arrays, **given)
        wide = [array.astype(np.float32) if array is not None and is_half(array.dtype) else array for array in arrays]
        found = function(*wide, **given)
        if type(found) is tuple:
            return tuple([_rounded(each, first) for each in found])
        return _rounded(found, first)

    return run


def _rounded(array: Any, dtype: np.dtype) -> Any:
    return array.astype(dtype) if array is not None and array.dtype == np.float32 else array


def dtype_named(spelling: str) -> np.dtype:
    """The element type that MLIR spells so.

    Raises:
        KernelError: there is none that arrays have.
    """
    found = _BY_SPELLING.get(spelling)
    if found is None:
        raise KernelError(f"there is no element type '{spelling}'")
    return found.numpy


def ints(array: np.ndarray | None) -> list[int]:
    """The elements of a vector of integers, or a scalar."""
    return [] if array is None else [int(element) for element in array.reshape(-1).tolist()]


def spatially(slices: Iterable[slice]) -> tuple[Any, ...]:
    """What picks parts of the last dimensions of an array."""
    return (..., *slices)


def axes_of(axes: np.ndarray | Sequence[int] | None, rank: int, *, empty_is_all: bool = True) -> tuple[int, ...]:
    """Axes counted from the front, in order; all where none are given.

    Raises:
        KernelError: there is no such axis.
    """
    listed = [] if axes is None else [int(axis) for axis in np.asarray(axes).reshape(-1).tolist()]
    if not listed and empty_is_all:
        return tuple(range(rank))
    for axis in listed:
        if not -rank <= axis < rank:
            raise KernelError(f"expects axes from {-rank} to {rank - 1}, but got {axis}")
    return tuple(axis % rank for axis in listed)


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        KernelError: there is no such axis.
    """
    return axes_of([axis], rank)[0]
