"""Arithmetic on integers that never fails: what divides by zero, and bits that are moved out.

Source of the semantics: XLA's, where the specification of StableHLO leaves them open. Arrays are of signed or unsigned
integers of 8 to 64 bits whose shapes broadcast; integers wrap around. `out` may be one of the inputs.
"""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.passes import in_passes

Out = np.ndarray | None


@in_passes
def divide(dividend: np.ndarray, divisor: np.ndarray, out: Out = None) -> np.ndarray:
    """The quotient, toward zero; by zero all bits are one; the least integer by -1 is itself."""
    number = _number(dividend, divisor)
    if number and (dividend.dtype.kind == "u" or dividend.size >= _LEAST_ELEMENTS):
        return _quotient(dividend, number, out)
    # numpy rounds down, which does not matter where nothing is left.
    whole = dividend if divisor.dtype.kind == "u" else np.subtract(dividend, np.fmod(dividend, divisor))
    if number or divisor.all():
        return np.floor_divide(whole, divisor, out=out)
    return stored_like(dividend, np.where(divisor == 0, ~divisor, np.floor_divide(whole, divisor)), out)


@in_passes
def remainder(dividend: np.ndarray, divisor: np.ndarray, out: Out = None) -> np.ndarray:
    """What is left of the dividend, with its sign; by zero that is all of it."""
    number = _number(dividend, divisor)
    if number and dividend.size >= _LEAST_ELEMENTS:
        taken = _quotient(dividend, number, None)
        np.multiply(taken, dividend.dtype.type(number), taken)
        return np.subtract(dividend, taken, taken if out is None else out)
    if number or divisor.all():
        return np.fmod(dividend, divisor, out=out)
    return stored_like(dividend, np.where(divisor == 0, dividend, np.fmod(dividend, divisor)), out)


_LEAST_ELEMENTS = 1 << 12
"""For fewer, `np.fmod` takes no longer than `_quotient`."""


def _number(dividend: np.ndarray, divisor: np.ndarray) -> int | None:
    """The divisor where that is one number for all elements."""
    if dividend.ndim < divisor.ndim or not divisor.size or any(divisor.strides):
        return None
    return int(divisor[(0,) * divisor.ndim])


def _quotient(dividend: np.ndarray, divisor: int, out: Out) -> np.ndarray:
    """The quotient, toward zero, by a number that is not zero.

    numpy has vectors for quotients by one number, the faster ones for numbers without sign: a million of them take 100
    microseconds, and 1700 with `np.fmod`.
    """
    dtype, unsigned = dividend.dtype, np.dtype(f"u{dividend.itemsize}")
    size = unsigned.type(abs(divisor))
    if dtype.kind == "u" or dividend.min() >= 0:
        found = np.empty_like(dividend) if out is None else out
        np.floor_divide(dividend.view(unsigned), size, found.view(unsigned))
        return found if divisor > 0 else np.negative(found, found)
    # The least integer is its own size, which without sign it is.
    found = np.abs(dividend)
    positive = found.view(unsigned)
    np.floor_divide(positive, size, positive)
    signs = np.sign(dividend)
    if divisor < 0:
        np.negative(signs, signs)
    return np.multiply(found, signs, found if out is None else out)


def power(base: np.ndarray, exponent: np.ndarray, out: Out = None) -> np.ndarray:
    """The power; with negative exponents 1 and -1 are what they are, and all else is 0."""
    if exponent.dtype.kind == "u" or not np.any(exponent < 0):
        return np.power(base, exponent, out=out)
    raised = np.power(base, np.maximum(exponent, 0))
    parity = np.where(exponent & 1, base, base * base)
    inverse = np.where((base == 1) | (base == -1), parity, 0)
    return stored_like(base, np.where(exponent < 0, inverse, raised), out)


def stored_like(array: np.ndarray, values: np.ndarray, out: Out) -> np.ndarray:
    """Values in the type of an array, in `out` where it is given."""
    return np.asarray(values).astype(array.dtype, copy=False) if out is None else _into(out, values)


def _into(out: np.ndarray, values: np.ndarray) -> np.ndarray:
    np.copyto(out, values, casting="unsafe")
    return out


def population_count(values: np.ndarray, out: Out = None) -> np.ndarray:
    """How many bits are one, of integers without sign."""
    return stored_like(values, np.bitwise_count(values), out)


def count_leading_zeros(values: np.ndarray, bits: int, out: Out = None) -> np.ndarray:
    """How many bits are zero before the first one that is not, of integers without sign of so many bits."""
    if bits < 64:
        return stored_like(values, bits - _bit_length(values), out)
    upper = _bit_length(values >> np.uint64(32))
    length = np.where(upper, upper + 32, _bit_length(values & np.uint64(0xFFFFFFFF)))
    return stored_like(values, 64 - length, out)


def _bit_length(bits: np.ndarray) -> np.ndarray:
    """How many bits it takes to write numbers below 2^32, which double precision holds exactly."""
    return np.frexp(bits.astype(np.float64))[1]


def multiply_high(x: np.ndarray, y: np.ndarray, bits: int, out: Out = None) -> np.ndarray:
    """The upper half of the bits of a product, of integers of so many bits."""
    if bits < 64:
        wide = np.dtype(f"{x.dtype.kind}8")
        return stored_like(x, (x.astype(wide) * y.astype(wide)) >> wide.type(bits), out)
    # Halves of 32 bits, the upper one with the sign; no product of two, and nothing that is added to it, overflows.
    half, mask = x.dtype.type(32), x.dtype.type(0xFFFFFFFF)
    x_low, x_high, y_low, y_high = x & mask, x >> half, y & mask, y >> half
    low = ((x_low.view(np.uint64) * y_low.view(np.uint64)) >> np.uint64(32)).view(x.dtype)
    middle = x_high * y_low + low
    other = x_low * y_high + (middle & mask)
    return stored_like(x, x_high * y_high + (middle >> half) + (other >> half), out)


def shift_left(values: np.ndarray, amount: np.ndarray, out: Out = None) -> np.ndarray:
    """Bits moved up, with zeros from below; amounts past the width, or less than 0, leave zeros."""
    return np.left_shift(values, _single(amount), out=out)


def shift_right(values: np.ndarray, amount: np.ndarray, out: Out = None) -> np.ndarray:
    """Bits moved down, with zeros, or copies of the sign, from above; amounts past the width, or less than 0, leave
    nothing else."""
    return np.right_shift(values, _single(amount), out=out)


_MANY = 256
"""From how many elements on it is worth knowing that all are the same."""


def _single(amount: np.ndarray) -> np.ndarray:
    """The amount alone where it is the same for many elements, which numpy's loops are made for."""
    if amount.size >= _MANY and not any(amount.strides):
        return amount[(0,) * amount.ndim].reshape(())
    return amount
