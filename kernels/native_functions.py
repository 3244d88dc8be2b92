"""Native functions that tests call: Python behind functions that a program declares as ``tfrt.native``.

Source of the semantics: ``lib/test_kernels/test_native_functions.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from typing import Any, NoReturn

from tfrt.executor.declarations.native_functions import native_function
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.kernels.shared.c_semantics import wrap32


@native_function("native_sink")
def native_sink(*arguments: Any) -> None:
    """Takes anything and drops it."""


@native_function("native_async_sink")
def native_async_sink(*arguments: Any) -> Chain:
    return CHAIN


@native_function("native_add")
def native_add(lhs: int, rhs: int) -> int:
    return wrap32(lhs + rhs)


@native_function("native_async_add")
def native_async_add(lhs: int, rhs: int) -> AsyncValue:
    """The sum as an `AsyncValue`; it is available at once, since native functions know no work queue."""
    return AsyncValue.of(wrap32(lhs + rhs))


@native_function("native_error")
def native_error(*arguments: Any) -> NoReturn:
    raise KernelError("something bad happened")
