"""Targets of custom calls: ops of the core runtime whose names begin with ``custom_call.``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tfrt.executor.declarations.finding import CUSTOM_CALL
from tfrt.executor.declarations.op import ShapedBy
from tfrt.executor.declarations.op_registry import array_op

F = TypeVar("F", bound=Callable[..., Any])

OP_PREFIX = f"{CUSTOM_CALL}."


def custom_call(
    target: str,
    *,
    metadata: Callable[..., Any] | None = None,
    views: bool = False,
    shaped_by: ShapedBy | None = None,
) -> Callable[[F], F]:
    """Register the decorated function as what programs call as `target`; it is returned unchanged.

    It is the array form of the op ``custom_call.target``: it takes the operands' `TensorMetadata`, and by name what the
    call is configured with (the fields of its ``backend_config``, or its text as `backend_config`), and returns a
    function of the operands' arrays that gives an array, or a tuple of arrays. A parameter annotated `ResultMetadata`
    is what the program says that the results are. Arrays have the shapes that the program says, whatever layout it asks
    for. They must not be written to.

    Targets of installed packages are found by entry points of the group ``tfrt.custom_calls``, which are named after
    them and name a module.

    Args:
        metadata: gives the results' metadata from that of the operands, for eager callers.
        views: whether the function may give views of its operands.
        shaped_by: the operands, by number, whose elements the results' shapes depend on: given these, the function run
            on zeros tells the shapes, to a compiler that knows the operands' shapes and not the results'.
    """
    return array_op(f"{OP_PREFIX}{target}", metadata=metadata, views=views, shaped_by=shaped_by)
