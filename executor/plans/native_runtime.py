"""What native plans call, as machine code. Importing this needs Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic


@intrinsic
def cancelled(typing_context: Any, address: Any) -> Any:
    """Whether the byte at an address is set. An atomic load, for otherwise it would be moved out of loops."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        byte = builder.load_atomic(pointer, "monotonic", 1)
        return builder.icmp_unsigned("!=", byte, ir.Constant(ir.IntType(8), 0))

    return types.boolean(types.int64), generate


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
        raise ZeroDivisionError
    return dividend / divisor


@njit(cache=True)
def divide64(dividend: int, divisor: int) -> tuple[int, int]:
    """Quotient, truncated toward zero, and remainder, of 64-bit integers; fails where the divisor is 0."""
    if divisor == 0:
        raise ZeroDivisionError
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
