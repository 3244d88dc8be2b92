"""Exponentials and what is made of them, of vectors of singles, in LLVM's intermediate representation: what steps of
machine code need that have no native form of their own.

Exponentials are right to one unit in the last place; the others say how near they are. Infinities and
NaN have their values, and zeros their signs. Denormal exponentials are not zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics import floats
from tfrt.kernels.numerics.elementwise_chain import Step
from tfrt.kernels.numerics.special import ERF_SINGLE, ERFCX_SINGLE, erf_of_floats
from tfrt.kernels.numerics.vector_code import Code
from tfrt.kernels.numerics.vector_types import Vector, converted, in_registers, rounded


def has_form(step: Step, dtype: np.dtype) -> bool:
    """Whether a step of a chain of that type may have a form for vectors."""
    gives = in_registers(dtype if step.dtype is None else step.dtype)
    return step.native is not None or (gives == np.float32 and function_of(step) in _FUNCTIONS)


def write_steps(code: Code, steps: Sequence[Step], values: list[str]) -> str:
    """What the last of some steps gives; `values` are their operands, all of the code's type.

    Raises:
        NotImplementedError: a step has no form for vectors.
    """
    vectors = [Vector(value, code.dtype) for value in values]
    found = write_typed(code, steps, vectors, code.dtype)
    if found.dtype != code.dtype:
        raise NotImplementedError(f"a result of {found.dtype} where {code.dtype} is expected")
    return found.name


def write_typed(code: Code, steps: Sequence[Step], operands: Sequence[Vector], dtype: np.dtype) -> Vector:
    """What the last of some steps gives.

    Args:
        dtype: the type of what steps give that do not say it.

    Raises:
        NotImplementedError: a step has no form for vectors of these types.
    """
    values = list(operands)
    for step in steps:
        gives = dtype if step.dtype is None else step.dtype
        values.append(_written(code, step, [values[number] for number in step.operands], gives))
    return values[-1]


def _written(code: Code, step: Step, operands: Sequence[Vector], gives: np.dtype) -> Vector:
    names, dtypes = [operand.name for operand in operands], {operand.dtype for operand in operands}
    if step.native == CONVERT:
        return converted(code, operands[0], gives)
    if gives.kind == "b" and len(dtypes) == 1 and gives not in dtypes:
        return Vector(code.of(in_registers(operands[0].dtype)).holds(str(step.native), names), gives)
    # What chooses among others is of another type than these.
    if any(dtype not in (gives, np.bool_) for dtype in dtypes):
        raise NotImplementedError(f"no vector of {step.native} of {', '.join(map(str, dtypes))}")
    typed, function = code.of(in_registers(gives)), function_of(step)
    if step.native is not None:
        return rounded(code, typed.evaluate(step.native, names), gives)
    if function not in _FUNCTIONS or typed.dtype != np.float32:
        raise NotImplementedError(f"no vector of {function} of {gives}")
    return rounded(code, _FUNCTIONS[function](typed, *names), gives)


CONVERT = "convert({0})"
"""The native form of what gives an element as one of the step's type."""


def function_of(step: Step) -> Callable[..., object]:
    """What a step does, in the type in which it is computed."""
    found: Callable[..., object] = getattr(step.function, "lifted", step.function)
    return found


_LOWEST, _HIGHEST = -104.0, 89.0
"""Beyond these, exponentials are zero and infinite."""

_LN2_HIGH = float.fromhex("0x1.62e4p-1")
"""The first bits of ln 2, whose products with small integers are exact, and..."""

_LN2_LOW = math.log(2) - _LN2_HIGH
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
    # What is no number stays such.
    bounded = code.evaluate("{1} if {1} < {0} else {0}", [x, code.constant(_HIGHEST)])
    bounded = code.evaluate("{1} if {1} > {0} else {0}", [bounded, code.constant(_LOWEST)])
    whole = code.constant(_WHOLE)
    shifted = code.fma(bounded, code.constant(_single(1 / math.log(2))), whole)
    power = code.evaluate("{0} - {1}", [shifted, whole])
    # What remains when a multiple of ln 2 is taken away, of whose series few terms matter.
    rest = code.fma(power, code.constant(-_LN2_HIGH), bounded)
    rest = code.fma(power, code.constant(_single(-_LN2_LOW)), rest)
    return code.scaled(_polynomial(code, rest, _EXP), power, shifted)


_TANH_END = float(np.float32(8.4))
"""From here on, hyperbolic tangents are one, but for a unit in the last place."""

_TANH = (
    (1.0, 0.13419578969478607, 0.0035416129976511, 2.137959745596163e-05, 1.4457392616407105e-08),
    (1.0, 0.4675290286540985, 0.02605143003165722, 0.0003361415583640337, 8.219819846999599e-07),
)
"""``tanh(x) / x`` as a rational function of ``x**2``, the constant coefficients first: fitted by least squares of
relative errors at Chebyshev's nodes, with weights that make the greatest ones equal; within 1.1e-8."""


def tanh(code: Code, x: str) -> str:
    """``tanh(x)``, within six units in the last place."""
    end, one = code.constant(_TANH_END), code.constant(1)
    bounded = code.evaluate("{0} if {0} < {1} else {1}", [x, end])
    bounded = code.evaluate("{0} if {0} > {1} else {1}", [bounded, code.constant(-_TANH_END)])
    square = code.evaluate("{0} * {0}", [bounded])
    found = code.evaluate("{0} * {1} / {2}", [bounded, *(_polynomial(code, square, c) for c in _TANH)])
    found = code.evaluate("{0} if {0} < {1} else {1}", [found, one])
    found = code.evaluate("{0} if {0} > {1} else {1}", [found, code.constant(-1)])
    return code.evaluate("{1} if {1} != {1} else {0}", [found, x])


def logistic(code: Code, x: str) -> str:
    """``1 / (1 + exp(-x))``, within three units in the last place; what is below the least normal number is zero, or
    not, as exponentials overflow."""
    one = code.constant(1)
    return code.evaluate("{1} / ({1} + {0})", [exp(code, code.evaluate("-{0}", [x])), one])


def erf(code: Code, x: str) -> str:
    """The error function, within four units in the last place; see `tfrt.kernels.numerics.special.erf_single`."""
    one, size = code.constant(1), code.evaluate("abs({0})", [x])
    size = code.evaluate("{0} if {0} < {1} else {1}", [size, code.constant(4)])
    square = code.evaluate("{0} * {0}", [size])
    near = code.evaluate("{0} * {1}", [size, _polynomial(code, square, ERF_SINGLE)])
    numerator, denominator = (_polynomial(code, size, coefficients) for coefficients in ERFCX_SINGLE)
    falling = exp(code, code.evaluate("-{0}", [square]))
    far = code.evaluate("{0} - {1} * ({2} / {3})", [one, falling, numerator, denominator])
    found = code.evaluate("{0} if {1} < {2} else {3}", [near, size, one, far])
    signed = code.evaluate("(-{0}) if {1} < {2} else {0}", [found, x, code.constant(0)])
    # Zeros keep their sign, and NaN is itself.
    return code.evaluate("{1} if {1} != {1} or {1} == {2} else {0}", [signed, x, code.constant(0)])


def _polynomial(code: Code, x: str, coefficients: Sequence[float]) -> str:
    """The polynomial of these coefficients, the constant one first."""
    found = code.constant(_single(coefficients[-1]))
    for coefficient in reversed(coefficients[:-1]):
        found = code.fma(found, x, code.constant(_single(coefficient)))
    return found


def _single(number: float) -> float:
    """The nearest number of single precision, as which LLVM reads constants."""
    return float(np.float32(number))


_FUNCTIONS: dict[Callable[..., object], Callable[..., str]] = {
    np.exp: exp,
    np.tanh: tanh,
    floats.logistic: logistic,
    erf_of_floats: erf,
}
"""By the functions of arrays whose place they take."""
