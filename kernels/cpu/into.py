"""Kernels on arrays, each as two: with results in new memory and, as `..._into`, in memory that they are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.prepared import Prepared

F = TypeVar("F", bound=Callable[..., Any])


def kernel_and_into(name: str) -> Callable[[F], F]:
    """Register a function that prepares a form of arrays as two kernels: as `name`, and as that and ``_into``, whose
    first result goes into the memory of the last operand.

    The function returns an array form, which is given `out` for that, or such a form as `Prepared`.
    """

    def register(prepare: F) -> F:
        @wraps(prepare)
        def prepare_into(**known: Any) -> Any:
            made = prepare(**known)
            return replace(made, call=into_last(made.call)) if isinstance(made, Prepared) else into_last(made)

        kernel(name, pure=True, prepares=True)(prepare)
        kernel(f"{name}_into", pure=True, prepares=True, overwrites=True)(prepare_into)
        return prepare

    return register


def into_last(run: ArrayForm) -> Callable[..., Any]:
    """An array form as a function that is given `out` as its last operand."""
    return lambda *operands: run(*operands[:-1], out=operands[-1])
