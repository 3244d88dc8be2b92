"""Sines and cosines of vectors of singles, in LLVM's intermediate representation, right to one unit in the last place.

Multiples of half of pi are taken away in double precision, which is enough for numbers below 2**30. Of larger ones,
which take a branch, the product with 2 / pi is taken of as many of its bits as count, after Payne and Hanek, "Radian
reduction for trigonometric functions" (1983). What remains, up to a quarter of pi, goes into Taylor's series, whose
next term is less than 3e-9 of the result.
"""

from __future__ import annotations

import math

import numpy as np

from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate, holds

_F64, _I64, _I32 = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.int32)
_LARGE = 2.0**30
_WHOLE = 1.5 * 2**52
"""Doubles that have this added are rounded to whole numbers, which their last bits are."""

_HALF_PI_LOW = 6.123233995736766e-17
"""Half of pi, less the double next to it."""

_TWO_BY_PI = (0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB)
"""The bits of 2 / pi after the point, 32 in each."""

_SINE = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(1, 5))
_COSINE = tuple((-1) ** n / math.factorial(2 * n) for n in range(6))


def sin(code: Code, x: str) -> str:
    """``sin(x)``."""
    # Zeros keep their sign.
    return evaluate(code, "{1} if {1} == zero else {0}", [_wave(code, x, 0), x])


def cos(code: Code, x: str) -> str:
    """``cos(x)``."""
    return _wave(code, x, 1)


def _wave(code: Code, x: str, ahead: int) -> str:
    """The sine of `x` and so many quarters of a turn."""
    wide, integers = code.of(_F64), code.of(_I64)
    rest, quadrant = _reduced(code, x)
    if ahead:
        quadrant = evaluate(integers, "{0} + one", [quadrant])
    square = evaluate(wide, "{0} * {0}", [rest])
    sine = wide.fma(evaluate(wide, "{0} * {1}", [rest, square]), _series(wide, square, _SINE), rest)
    is_odd = holds(integers, "({0} & one) != zero", [quadrant])
    found = wide.select(is_odd, _series(wide, square, _COSINE), sine)
    is_below = holds(integers, "({0} & {1}) != zero", [quadrant, integers.constant(2)])
    found = wide.select(is_below, evaluate(wide, "-{0}", [found]), found)
    single = code.value(f"fptrunc {wide.vector} {found} to {code.vector}")
    return evaluate(code, "{1} if abs({0}) < {2} else {0} - {0}", [x, single, code.constant(np.inf)])


def _series(wide: Code, square: str, coefficients: tuple[float, ...]) -> str:
    found = wide.constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        found = wide.fma(found, square, wide.constant(coefficient))
    return found


def _reduced(code: Code, x: str) -> tuple[str, str]:
    """What remains when the nearest multiple of half of pi is taken away, and how many times, of which the last two
    bits are right."""
    wide, integers = code.of(_F64), code.of(_I64)
    double = code.value(f"fpext {code.vector} {x} to {wide.vector}")
    whole = wide.constant(_WHOLE)
    shifted = wide.fma(double, wide.constant(2 / math.pi), whole)
    times = evaluate(wide, "{0} - {1}", [shifted, whole])
    near = wide.fma(times, wide.constant(-math.pi / 2), double)
    rest = wide.variable(wide.fma(times, wide.constant(-_HALF_PI_LOW), near))
    quadrant = integers.variable(wide.bits(shifted, integers))
    is_large = holds(code, "abs({0}) >= {1}", [x, code.constant(_LARGE)])
    flags = code.value(f"bitcast <{code.lanes} x i1> {is_large} to i{code.lanes}")
    with code.when(code.value(f"icmp ne i{code.lanes} {flags}, 0")):
        far, turns = _of_large(code, x)
        wide.set(rest, wide.select(is_large, far, wide.get(rest)))
        integers.set(quadrant, integers.select(is_large, turns, integers.get(quadrant)))
    return wide.get(rest), integers.get(quadrant)


def _of_large(code: Code, x: str) -> tuple[str, str]:
    """The same of numbers of at least 2**30."""
    wide, integers, words = code.of(_F64), code.of(_I64), code.of(_I32)

    def of(expression: str, *operands: str | int) -> str:
        given = [each if isinstance(each, str) else integers.constant(each) for each in operands]
        return evaluate(integers, expression, given)

    bits = code.value(f"zext {words.vector} {code.bits(x, words)} to {integers.vector}")
    mantissa = of("({0} & {1}) | {2}", bits, 0x7FFFFF, 0x800000)
    # Of 2 / pi, bits before this place make whole turns.
    place = of("(shift_right_logical({0}, {1}) & {2}) - {3}", bits, 23, 0xFF, 152)
    which, ahead = of("shift_right_logical({0} & {1}, {2})", place, 0x7F, 5), of("{0} & {1}", place, 31)

    def word(number: int) -> str:
        """32 bits from so many words behind the place on."""
        pairs = [(_TWO_BY_PI[n] << 32) | _TWO_BY_PI[n + 1] for n in range(number, number + 4)]
        found = integers.constant(_signed(pairs[-1]))
        for n, pair in enumerate(pairs[:-1]):
            found = of("{0} if {1} == {2} else {3}", _signed(pair), which, n, found)
        return of("shift_right_logical(shift_left({0}, {1}), {2})", found, ahead, 32)

    first, second, third = (of("{0} * {1}", mantissa, word(number)) for number in range(3))
    # Two bits of quarters of a turn, and 62 behind the point.
    product = of("shift_left({0}, {3}) + {1} + shift_right_logical({2}, {3})", first, second, third, 32)
    turns = of("shift_right_logical({0} + {1}, {2})", product, 1 << 61, 62)
    rest = integers.number_of(of("{0} - shift_left({1}, {2})", product, turns, 62), wide)
    rest = evaluate(wide, "{0} * {1}", [rest, wide.constant(math.pi / 2 / 2**62)])
    is_below = holds(code, "{0} < zero", [x])
    rest = wide.select(is_below, evaluate(wide, "-{0}", [rest]), rest)
    return rest, integers.select(is_below, of("-{0}", turns), turns)


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
