"""Exponentials and what is made of them, of vectors of singles, in LLVM's intermediate representation: what steps of
machine code need that have no native form of their own.

Exponentials are right to one unit in the last place; the others say how near they are. Infinities and
NaN have their values, and zeros their signs. Denormal exponentials are not zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tfrt.executor.support.machine_code import processor
from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate

_LOWEST, _HIGHEST = -104.0, 89.0
"""Beyond these, exponentials are zero and infinite."""

LN2_HIGH = float.fromhex("0x1.62e4p-1")
"""The first bits of ln 2, whose products with small integers are exact, and..."""

LN2_LOW = math.log(2) - LN2_HIGH
"""...the others."""

_EXP = (
    1.0,
    1.0,
    0.4999999403953552,
    0.1666652113199234,
    0.04166838899254799,
    0.00836874544620514,
    0.0013814544072374701,
)
"""``exp(x)`` up to half of ln 2 as a polynomial, the constant coefficient first: after the first two fitted by least
squares of relative errors at Chebyshev's nodes, with weights that make the greatest ones equal; within 4e-9."""

_WHOLE = 1.5 * 2**23
"""Singles that have this added are rounded to whole numbers, which their last bits are."""


def exp(code: Code, x: str) -> str:
    """``exp(x)``."""
    rest, power, shifted = _reduced(code, within(code, x, _LOWEST, _HIGHEST))
    return _scaled(code, polynomial(code, rest, _EXP), power, shifted)


def within(code: Code, x: str, low: float, high: float) -> str:
    """What is below or above two numbers becomes these; NaN is itself."""
    found = evaluate(code, "{1} if {1} < {0} else {0}", [x, code.constant(high)])
    return evaluate(code, "{1} if {1} > {0} else {0}", [found, code.constant(low)])


def _reduced(code: Code, bounded: str) -> tuple[str, str, str]:
    """What remains when the nearest multiple of ln 2 is taken away, and how many times: as a number, and as the last
    bits of one."""
    whole = code.constant(_WHOLE)
    shifted = code.fma(bounded, code.constant(single(1 / math.log(2))), whole)
    power = evaluate(code, "{0} - {1}", [shifted, whole])
    rest = code.fma(power, code.constant(-LN2_HIGH), bounded)
    return code.fma(power, code.constant(single(-LN2_LOW)), rest), power, shifted


_LEAST = -20.0
"""Below it, exponentials are nothing beside one."""


def exponential_minus_one(code: Code, x: str) -> str:
    """``exp(x) - 1``, within two units in the last place."""
    rest, power, shifted = _reduced(code, within(code, x, _LEAST, _HIGHEST))
    near = code.fma(evaluate(code, "{0} * {0}", [rest]), polynomial(code, rest, _EXP[2:]), rest)
    # Half of the scale is a number where the exponential is one, or just infinite.
    half = _scaled(code, code.constant(1), *(evaluate(code, "{0} - one", [each]) for each in (power, shifted)))
    found = code.fma(half, near, evaluate(code, "{0} - {1}", [half, code.constant(0.5)]))
    # Zeros keep their sign.
    return evaluate(code, "{1} if {1} == zero else {0} + {0}", [found, x])


def exp_or_zero(code: Code, x: str, least: float) -> str:
    """``exp(x)`` of what is not positive, or zero where that is less than some number."""
    lowest = code.constant(single(math.log(least)))
    rest, power, shifted = _reduced(code, evaluate(code, "{1} if {1} > {0} else {0}", [x, lowest]))
    found = _scaled(code, polynomial(code, rest, _EXP), power, shifted)
    return evaluate(code, "zero if {1} < {2} else {0}", [found, x, lowest])


_TANH_END = 9.0
"""From here on, hyperbolic tangents are one, and what follows is just above it."""

_TANH = (
    (1.0, 0.13419578969478607, 0.0035416129976511, 2.137959745596163e-05, 1.4457392616407105e-08),
    (1.0, 0.4675290286540985, 0.02605143003165722, 0.0003361415583640337, 8.219819846999599e-07),
)
"""``tanh(x) / x`` as a rational function of ``x**2``, the constant coefficients first: fitted by least squares of
relative errors at Chebyshev's nodes, with weights that make the greatest ones equal; within 1.1e-8."""


def tanh(code: Code, x: str) -> str:
    """``tanh(x)``, within six units in the last place."""
    return bounded_ratio(code, x, _TANH, _TANH_END)


def bounded_ratio(code: Code, x: str, coefficients: Sequence[Sequence[float]], end: float) -> str:
    """An odd function that is 1 from some number on, and before that `x` times a rational function of its square."""
    bounded = within(code, x, -end, end)
    square = evaluate(code, "{0} * {0}", [bounded])
    found = evaluate(code, "{0} * {1} / {2}", [bounded, *(polynomial(code, square, part) for part in coefficients)])
    return within(code, found, -1.0, 1.0)


def logistic(code: Code, x: str) -> str:
    """``1 / (1 + exp(-x))``, within three units in the last place; what is below the least normal number is zero, or
    not, as exponentials overflow."""
    one = code.constant(1)
    return evaluate(code, "{1} / ({1} + {0})", [exp(code, evaluate(code, "-{0}", [x])), one])


def polynomial(code: Code, x: str, coefficients: Sequence[float]) -> str:
    """The polynomial of these coefficients, the constant one first."""
    found = code.constant(single(coefficients[-1]))
    for coefficient in reversed(coefficients[:-1]):
        found = code.fma(found, x, code.constant(single(coefficient)))
    return found


def single(number: float) -> float:
    """The nearest number of single precision, as which LLVM reads constants."""
    return float(np.float32(number))


def _scaled(code: Code, x: str, power: str, shifted: str) -> str:
    """Singles times two to a power between -150 and 150, a whole number, or NaN where they are; the result may be
    denormal or infinite.

    Args:
        shifted: the power and 1.5 * 2**23, whose last bits are those of the power.
    """
    assert code.element == "float"
    integers, flags = f"<{code.lanes} x i32>", f"<{code.lanes} x i1>"
    if code.lanes * code.itemsize == 64 and processor().vector_bytes == 64:
        kept = (code.vector, "zeroinitializer"), ("i16", -1), ("i32", 4)
        function = "llvm.x86.avx512.mask.scalef.ps.512"
        return code.value(code.call(code.vector, function, (code.vector, x), (code.vector, power), *kept))

    def all_of(number: int) -> str:
        return f"<{', '.join([f'i32 {number}'] * code.lanes)}>"

    bits = code.value(f"bitcast {code.vector} {shifted} to {integers}")
    whole = code.value(f"sub {integers} {bits}, {all_of(0x4B400000)}")
    # In one step neither what is denormal could be reached, nor what is infinite.
    half = code.value(f"ashr {integers} {whole}, {all_of(1)}")
    found = x
    for part in (half, code.value(f"sub {integers} {whole}, {half}")):
        biased = code.value(f"add {integers} {part}, {all_of(127)}")
        scale = code.value(f"shl {integers} {biased}, {all_of(23)}")
        scale = code.value(f"bitcast {integers} {scale} to {code.vector}")
        found = code.value(f"fmul {code.vector} {found}, {scale}")
    # Of what is no number, the bits that the power is made of are any.
    unknown = code.value(f"fcmp uno {code.vector} {x}, {x}")
    return code.value(f"select {flags} {unknown}, {code.vector} {x}, {code.vector} {found}")
