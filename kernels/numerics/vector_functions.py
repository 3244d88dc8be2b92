"""Exponentials of vectors of singles, in LLVM's intermediate representation: what steps of machine code need that have
no native form of their own.

They are right to two units in the last place, like numpy's. Infinities and NaN have their values, and denormal results
are not zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics.elementwise_chain import Step
from tfrt.kernels.numerics.vector_code import Code


def has_form(step: Step, dtype: np.dtype) -> bool:
    """Whether a step can be written for vectors of that type."""
    if step.dtype is not None:
        return False
    return step.native is not None or (dtype == np.float32 and step.function in _FUNCTIONS)


def write_steps(code: Code, steps: Sequence[Step], values: list[str]) -> str:
    """What the last of some steps gives; `values` are their operands, to which theirs are added.

    Raises:
        NotImplementedError: a step has no form for vectors.
    """
    for step in steps:
        operands = [values[number] for number in step.operands]
        if step.native is not None:
            values.append(code.evaluate(step.native, operands))
        elif step.function in _FUNCTIONS and code.element == "float":
            values.append(_FUNCTIONS[step.function](code, *operands))
        else:
            raise NotImplementedError(f"no vector of {step.function}")
    return values[-1]


_LOWEST, _HIGHEST = -104.0, 89.0
"""Beyond these, exponentials are zero and infinite."""

_LN2_HIGH = float.fromhex("0x1.62e4p-1")
"""The first bits of ln 2, whose products with small integers are exact, and..."""

_LN2_LOW = math.log(2) - _LN2_HIGH
"""...the others."""


def exp(code: Code, x: str) -> str:
    """``exp(x)``."""
    bounded = code.evaluate("{0} if {0} < {1} else {1}", [x, code.constant(_HIGHEST)])
    bounded = code.evaluate("{0} if {0} > {1} else {1}", [bounded, code.constant(_LOWEST)])
    series, power = _series(code, bounded)
    # The result may be denormal.
    return code.evaluate("{1} if {1} != {1} else {0}", [code.scaled(series, power, steps=2), x])


def _series(code: Code, bounded: str) -> tuple[str, str]:
    """The exponential of what remains when a multiple of ln 2 is taken away, of whose series few terms matter, and that
    multiple."""
    power = code.nearest(code.evaluate("{0} * {1}", [bounded, code.constant(_single(1 / math.log(2)))]))
    rest = code.fma(power, code.constant(-_LN2_HIGH), bounded)
    rest = code.fma(power, code.constant(_single(-_LN2_LOW)), rest)
    series = code.constant(_single(1 / math.factorial(7)))
    for order in range(6, -1, -1):
        series = code.fma(series, rest, code.constant(_single(1 / math.factorial(order))))
    return series, power


_ONE_FROM = 10.0
"""From here on, hyperbolic tangents are one."""

_SMALL = 0.625
"""Up to here, hyperbolic tangents are a polynomial, for the quotient of exponentials loses digits."""


def tanh(code: Code, x: str) -> str:
    """``tanh(x)``, of exponentials, or a polynomial where `x` is small."""
    size = code.evaluate("abs({0})", [x])
    # Beyond the limit, the result is one.
    bounded = code.evaluate("{0} if {0} < {1} else {1}", [size, code.constant(_ONE_FROM)])
    twice = code.evaluate("{0} + {0}", [bounded])
    one, two = code.constant(1), code.constant(2)
    exponential = code.scaled(*_series(code, twice), steps=1)
    large = code.evaluate("{1} - {2} / ({0} + {1})", [exponential, one, two])
    square = code.evaluate("{0} * {0}", [x])
    first, *others = _POLYNOMIAL
    series = code.constant(first)
    for coefficient in others:
        series = code.fma(series, square, code.constant(coefficient))
    small = code.fma(code.evaluate("{0} * {1}", [series, square]), x, x)
    signed = code.evaluate("(-{0}) if {1} < {2} else {0}", [large, x, code.constant(0)])
    limit = code.constant(_SMALL)
    return code.evaluate("{4} if {4} != {4} else {0} if {2} < {3} else {1}", [small, signed, size, limit, x])


def _single(number: float) -> float:
    """The nearest number of single precision, as which LLVM reads constants."""
    return float(np.float32(number))


def _fitted() -> list[float]:
    """Coefficients, the highest power's first, of ``(tanh(x) / x - 1) / x**2`` as a polynomial of ``x**2``."""
    nodes = _SMALL**2 * (1 - np.cos(np.pi * (np.arange(32) + 0.5) / 32)) / 2
    roots = np.sqrt(nodes)
    values = (np.tanh(roots) / roots - 1) / nodes
    return [_single(number) for number in np.polynomial.Polynomial.fit(nodes, values, 5).convert().coef[::-1]]


_POLYNOMIAL = _fitted()
_FUNCTIONS: dict[Callable[..., object], Callable[..., str]] = {np.exp: exp, np.tanh: tanh}
