"""What native plans call, as machine code. Importing this needs Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from tfrt.executor.engines.plans.native_calls import NativeCall

_BYTE = ir.IntType(8)
_INSIDE, _LOOK = NativeCall.is_inside.offset, NativeCall.look.offset


class Refused(Exception):
    """Machine code cannot go on; nothing has happened yet that can be seen."""


def _pointer(builder: Any, address: Any, offset: int = 0) -> Any:
    return builder.inttoptr(builder.add(address, ir.Constant(address.type, offset)), _BYTE.as_pointer())


def _mark(builder: Any, call: Any, is_inside: int) -> None:
    builder.store_atomic(ir.Constant(_BYTE, is_inside), _pointer(builder, call, _INSIDE), "monotonic", 1)


@intrinsic
def _is_set(typing_context: Any, address: Any) -> Any:
    """Whether the byte at an address is set. An atomic load, for otherwise it would be moved out of loops."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte = builder.load_atomic(_pointer(builder, arguments[0]), "monotonic", 1)
        return builder.icmp_unsigned("!=", byte, ir.Constant(_BYTE, 0))

    return types.boolean(types.int64), generate


@intrinsic
def enter(typing_context: Any, call: Any) -> Any:
    """Say that machine code is running; `call` is the address of a `NativeCall`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _mark(builder, arguments[0], 1)
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def leave(typing_context: Any, call: Any) -> Any:
    """Say that machine code has ended."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _mark(builder, arguments[0], 0)
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def _call_look(typing_context: Any, call: Any) -> Any:
    """Let Python handle what has come; what a handler raises ends machine code."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (call,) = arguments
        python = context.get_python_api(builder)
        builder.store_atomic(ir.Constant(_BYTE, 0), _pointer(builder, call), "monotonic", 1)
        _mark(builder, call, 0)
        place = builder.bitcast(_pointer(builder, call, _LOOK), _BYTE.as_pointer().as_pointer())
        look = builder.load(place)
        lock = python.gil_ensure()
        found = python.call_function_objargs(look, ())
        is_error = builder.icmp_unsigned("==", found, ir.Constant(found.type, None))
        with builder.if_then(is_error, likely=False):
            # The thread's error stays set, and all machine code returns.
            python.gil_release(lock)
            context.call_conv.return_exc(builder)
        python.decref(found)
        python.gil_release(lock)
        _mark(builder, call, 1)
        return context.get_dummy_value()

    return types.void(types.int64), generate


@njit(cache=True)
def _look(call: int) -> None:
    _call_look(call)


@njit(cache=True)
def cancelled(flag: int, call: int) -> bool:
    """Whether the request has been cancelled; lets Python handle what has come, if it is time for that.

    Args:
        flag: the address of a byte that cancelling sets.
        call: the address of the call's `NativeCall`.
    """
    if _is_set(call):
        _look(call)
    return _is_set(flag)


@njit(cache=True)
def wrap32(value: int) -> int:
    """The low 32 bits of an integer, as a signed number."""
    return (value + 2147483648 & 4294967295) - 2147483648


@njit(cache=True)
def single(value: float) -> float:
    """A number rounded to single precision."""
    return np.float64(np.float32(value))


@njit(cache=True)
def divide(dividend: float, divisor: float) -> float:
    """A quotient; fails where the divisor is 0."""
    if divisor == 0:
        raise Refused
    return dividend / divisor


@njit(cache=True)
def divide64(dividend: int, divisor: int) -> tuple[int, int]:
    """Quotient, truncated toward zero, and remainder, of 64-bit integers; fails where the divisor is 0."""
    if divisor == 0:
        raise Refused
    if divisor == -1:
        # The smallest integer has no counterpart, and processors trap.
        return 0 - dividend, 0
    quotient, remainder = dividend // divisor, dividend % divisor
    if remainder != 0 and (dividend < 0) != (divisor < 0):
        return quotient + 1, remainder - divisor
    return quotient, remainder


@njit(cache=True)
def divide32(dividend: int, divisor: int) -> tuple[int, int]:
    """`divide64` of 32-bit integers."""
    quotient, remainder = divide64(dividend, divisor)
    return wrap32(quotient), remainder
