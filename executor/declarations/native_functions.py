"""Python callables behind functions that a program declares as ``tfrt.native``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from tfrt.executor.declarations.annotations import refuse_coroutines

F = TypeVar("F", bound=Callable[..., Any])

_FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""The process's: functions come with modules, which are imported once."""


def native_function(name: str) -> Callable[[F], F]:
    """Register the decorated callable as the native function `name`.

    It takes the function's arguments and returns what a kernel would: nothing, a value, or a tuple.

    Raises:
        UsageError: (when a function is decorated) it is a coroutine function or a generator function.
    """

    def register(function: F) -> F:
        refuse_coroutines(f"native function '{name}'", function)
        _FUNCTIONS[name] = function
        return function

    return register


def find_native_function(name: str) -> Callable[..., Any] | None:
    """The native function of that name, or None; those that come with this package are imported when needed."""
    if name not in _FUNCTIONS:
        import_module("tfrt.kernels.native_functions")
    return _FUNCTIONS.get(name)
