"""Logarithms of vectors of floats, those of singles here, in LLVM's intermediate representation.

Zero has the logarithm -inf, and numbers below it NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate, holds
from tfrt.kernels.numerics.machine_code.vectors.functions import LN2_HIGH, LN2_LOW, polynomial, single

_LOG = (0.33333331173570324, -0.24999993997646, 0.2000071476719782, -0.16668057284089313, 0.14249322340257647,
        -0.12420148977267659, 0.11677011679335582, -0.11514559796181698, 0.07037586117150282)  # fmt: skip
"""``(log(1 + f) - f + f**2 / 2) / f**3`` where ``1 + f`` is between the root of a half and that of two: fitted at
Chebyshev's nodes so that the greatest relative errors are equal; within 5e-9 of the logarithm."""

_ROOT = 0x3F3504F3
"""The bits of the root of a half."""


@dataclass(frozen=True, slots=True)
class Form:
    """What differs among types of floats.

    Attributes:
        tiny: the least normal number.
        digits: by two to this power denormal numbers become normal.
        whole: two to this power and more are whole numbers, to which one adds nothing that counts.
        parts: of a positive normal number: one between the root of a half and that of two, how many times two is
            multiplied with it, and the inverse of that power of two.
        log: the logarithm of one and a rest, times a power of two.
    """

    tiny: float
    digits: int
    whole: int
    parts: Callable[[Code, str], tuple[str, str, str]]
    log: Callable[[Code, str, str], str]


def log_by(form: Form, code: Code, x: str) -> str:
    """``log(x)``."""
    is_tiny = holds(code, "{0} < {1}", [x, code.constant(form.tiny)])
    normal = code.select(is_tiny, evaluate(code, "{0} * {1}", [x, code.constant(2.0**form.digits)]), x)
    fraction, power, _ = form.parts(code, normal)
    power = code.select(is_tiny, evaluate(code, "{0} - {1}", [power, code.constant(form.digits)]), power)
    found = form.log(code, evaluate(code, "{0} - one", [fraction]), power)
    infinite = code.constant(np.inf)
    found = evaluate(code, "{0} if {1} < {2} else {1}", [found, x, infinite])
    beyond = evaluate(code, "-{1} if {0} == zero else {2}", [x, infinite, code.constant(np.nan)])
    return evaluate(code, "{1} if {0} > zero else {2}", [x, found, beyond])


def log_plus_one_by(form: Form, code: Code, x: str) -> str:
    """``log(1 + x)``."""
    whole = evaluate(code, "{0} + one", [x])
    fraction, power, inverse = form.parts(code, whole)
    # What the sum has lost; nothing that counts where it is large.
    lost = evaluate(code, "({0} - ({1} - one)) * {2}", [x, whole, inverse])
    lost = evaluate(code, "{0} if {1} < {2} else zero", [lost, x, code.constant(2.0**form.whole)])
    found = form.log(code, evaluate(code, "({0} - one) + {1}", [fraction, lost]), power)
    infinite = code.constant(np.inf)
    found = evaluate(code, "{0} if {1} < {2} and {1} != zero else {1}", [found, x, infinite])
    beyond = evaluate(code, "-{1} if {0} == {3} else {2}", [x, infinite, code.constant(np.nan), code.constant(-1)])
    return evaluate(code, "{1} if {0} > {3} else {2}", [x, found, beyond, code.constant(-1)])


def log(code: Code, x: str) -> str:
    """``log(x)``, within two units in the last place."""
    return log_by(_SINGLES, code, x)


def log_plus_one(code: Code, x: str) -> str:
    """``log(1 + x)``, within two units in the last place."""
    return log_plus_one_by(_SINGLES, code, x)


def _parts(code: Code, x: str) -> tuple[str, str, str]:
    """See `Form`."""
    integers = code.of(np.dtype(np.int32))
    bits = code.bits(x, integers)
    whole = evaluate(
        integers, "shift_right_arithmetic({0} - {1}, {2})", [bits, integers.constant(_ROOT), integers.constant(23)]
    )
    shifted = evaluate(integers, "shift_left({0}, {1})", [whole, integers.constant(23)])
    fraction = integers.bits(evaluate(integers, "{0} - {1}", [bits, shifted]), code)
    inverse = integers.bits(evaluate(integers, "{0} - {1}", [integers.constant(127 << 23), shifted]), code)
    return fraction, integers.number_of(whole, code), inverse


def _log(code: Code, rest: str, power: str) -> str:
    """See `Form`."""
    square = evaluate(code, "{0} * {0}", [rest])
    series = evaluate(code, "{0} * {1} * {2}", [polynomial(code, rest, _LOG), square, rest])
    series = code.fma(power, code.constant(single(LN2_LOW)), series)
    series = code.fma(square, code.constant(-0.5), series)
    return code.fma(power, code.constant(LN2_HIGH), evaluate(code, "{0} + {1}", [rest, series]))


_SINGLES = Form(float(np.finfo(np.float32).tiny), 23, 24, _parts, _log)
