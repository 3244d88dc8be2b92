"""Exponentials and logarithms, and what is made of them, of vectors of doubles, in LLVM's intermediate representation.

How near they are, each says. Infinities and NaN have their values, and zeros their signs; denormal exponentials are not
zero. Polynomials go through their functions at Chebyshev's nodes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tfrt.executor.support.machine_code import processor
from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.functions import within
from tfrt.kernels.numerics.machine_code.vectors.logarithms import Form, log_by, log_plus_one_by

_I64 = np.dtype(np.int64)
_LOWEST, _HIGHEST = -746.0, 710.0
"""Beyond these, exponentials are zero and infinite."""

_WHOLE = 1.5 * 2**52
"""Doubles that have this added are rounded to whole numbers, which their last bits are."""

_LN2_LOW = 2.3190468138462996e-17
"""ln 2, less the double next to it."""

_EXP = (0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326136, 0.0013888888888883748,
        0.00019841269874820627, 2.4801587325547743e-05, 2.7557255400206422e-06, 2.75572736431103e-07,
        2.5105217004720745e-08, 2.0914686968086876e-09)  # fmt: skip
"""``(exp(x) - 1 - x) / x**2`` up to half of ln 2; within 4e-19 of the exponential."""

_LOG = (0.666666666666667, 0.39999999999899444, 0.2857142862600327, 0.22222211130259878, 0.18182889455674947,
        0.15331710618210773, 0.14616585424888623)  # fmt: skip
"""``(log((1 + s) / (1 - s)) / s - 2) / s**2`` as a polynomial of ``s**2``, where ``(1 + s) / (1 - s)`` is between the
root of a half and that of two; within 5e-18 of the logarithm."""

_ROOT = 0x3FE6A09E667F3BCD
"""The bits of the root of a half."""

_LN2_FIRST, _LN2_REST = float.fromhex("0x1.62e42feep-1"), 1.9082149292705877e-10
"""The first bits of ln 2, whose products with small integers are exact, and the others."""


def exp(code: Code, x: str) -> str:
    """``exp(x)``, within one unit in the last place."""
    near, power = _reduced(code, within(code, x, _LOWEST, _HIGHEST))
    found = evaluate(code, "{0} + one", [near])
    if code.lanes * code.itemsize == processor().vector_bytes == 64:
        kept = (code.vector, "zeroinitializer"), ("i8", -1), ("i32", 4)
        scaling = "llvm.x86.avx512.mask.scalef.pd.512"
        return code.value(code.call(code.vector, scaling, (code.vector, found), (code.vector, power), *kept))
    # In one step neither what is denormal could be reached, nor what is infinite.
    whole = code.constant(_WHOLE)
    half = code.fma(power, code.constant(0.5), whole)
    other = evaluate(code, "{0} - ({1} - {2}) + {2}", [power, half, whole])
    return evaluate(code, "{0} * {1} * {2}", [found, _power_of_two(code, half), _power_of_two(code, other)])


def exponential_minus_one(code: Code, x: str) -> str:
    """``exp(x) - 1``, within two units in the last place."""
    near, power = _reduced(code, within(code, x, -40.0, _HIGHEST))
    # Half of the scale is a number where the exponential is one, or just infinite.
    half = _power_of_two(code, evaluate(code, "{0} - one + {1}", [power, code.constant(_WHOLE)]))
    found = code.fma(half, near, evaluate(code, "{0} - {1}", [half, code.constant(0.5)]))
    return evaluate(code, "{1} if {1} == zero else {0} + {0}", [found, x])


def tanh(code: Code, x: str) -> str:
    """``tanh(x)``, within four units in the last place."""
    size = evaluate(code, "abs({0})", [x])
    size = evaluate(code, "{1} if {1} < {0} else {0}", [size, code.constant(22)])
    twice = exponential_minus_one(code, evaluate(code, "{0} + {0}", [size]))
    found = evaluate(code, "{0} / ({0} + {1})", [twice, code.constant(2)])
    found = evaluate(code, "-{0} if {1} < zero else {0}", [found, x])
    return evaluate(code, "{1} if {1} == zero else {0}", [found, x])


def logistic(code: Code, x: str) -> str:
    """``1 / (1 + exp(-x))``, within three units in the last place; what is below the least normal number is zero, or
    not, as exponentials overflow."""
    return evaluate(code, "one / (one + {0})", [exp(code, evaluate(code, "-{0}", [x]))])


def log(code: Code, x: str) -> str:
    """``log(x)``, within one unit in the last place."""
    return log_by(_DOUBLES, code, x)


def log_plus_one(code: Code, x: str) -> str:
    """``log(1 + x)``, within two units in the last place."""
    return log_plus_one_by(_DOUBLES, code, x)


def _reduced(code: Code, bounded: str) -> tuple[str, str]:
    """One less the exponential of what remains when the nearest multiple of ln 2 is taken away, and how many times."""
    whole = code.constant(_WHOLE)
    shifted = code.fma(bounded, code.constant(1 / math.log(2)), whole)
    power = evaluate(code, "{0} - {1}", [shifted, whole])
    rest = code.fma(power, code.constant(-math.log(2)), bounded)
    rest = code.fma(power, code.constant(-_LN2_LOW), rest)
    square = evaluate(code, "{0} * {0}", [rest])
    return code.fma(square, _polynomial(code, rest, _EXP), rest), power


def _power_of_two(code: Code, shifted: str) -> str:
    """Two to a power between -1022 and 1023, given that and `_WHOLE`."""
    integers = code.of(_I64)
    bits = [code.bits(shifted, integers), integers.constant(52), integers.constant(1023 << 52)]
    return integers.bits(evaluate(integers, "shift_left({0}, {1}) + {2}", bits), code)


def _parts(code: Code, x: str) -> tuple[str, str, str]:
    """See `logarithms.Form`."""
    integers = code.of(_I64)
    bits = code.bits(x, integers)
    places = [bits, integers.constant(_ROOT), integers.constant(52)]
    whole = evaluate(integers, "shift_right_arithmetic({0} - {1}, {2})", places)
    shifted = evaluate(integers, "shift_left({0}, {1})", [whole, integers.constant(52)])
    fraction = integers.bits(evaluate(integers, "{0} - {1}", [bits, shifted]), code)
    inverse = integers.bits(evaluate(integers, "{0} - {1}", [integers.constant(1023 << 52), shifted]), code)
    # Not all processors make floats of so large integers.
    number = code.bits(code.constant(_WHOLE), integers)
    number = integers.bits(evaluate(integers, "{0} + {1}", [whole, number]), code)
    return fraction, evaluate(code, "{0} - {1}", [number, code.constant(_WHOLE)]), inverse


def _log(code: Code, rest: str, power: str) -> str:
    """See `logarithms.Form`; in the order of operations of fdlibm's `log`."""
    share = evaluate(code, "{0} / ({1} + {0})", [rest, code.constant(2)])
    square = evaluate(code, "{0} * {0}", [share])
    half = evaluate(code, "{1} * {0} * {0}", [rest, code.constant(0.5)])
    series = evaluate(code, "{0} * {1} + {2}", [square, _polynomial(code, square, _LOG), half])
    low = code.fma(power, code.constant(_LN2_REST), evaluate(code, "{0} * {1}", [share, series]))
    found = evaluate(code, "({0} - {1}) - {2}", [half, low, rest])
    return evaluate(code, "{0} * {1} - {2}", [power, code.constant(_LN2_FIRST), found])


def _polynomial(code: Code, x: str, coefficients: Sequence[float]) -> str:
    found = code.constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        found = code.fma(found, x, code.constant(coefficient))
    return found


_DOUBLES = Form(float(np.finfo(np.float64).tiny), 54, 53, _parts, _log)
