"""Elementwise steps on vectors, in LLVM's intermediate representation.

A step has a form if its op has a native one (`tfrt.executor.declarations.op.OpEntry`), or if there is one for the
function that it is. Floats of 16 bits are computed with as singles, and rounded at each step as numpy rounds them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics.arithmetic import floats
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.vectors import doubles
from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.error_functions import erf, erf_inv, erfc
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate, holds
from tfrt.kernels.numerics.machine_code.vectors.functions import exp, exponential_minus_one, logistic, tanh
from tfrt.kernels.numerics.machine_code.vectors.logarithms import log, log_plus_one
from tfrt.kernels.numerics.machine_code.vectors.sines import cos, sin
from tfrt.kernels.numerics.machine_code.vectors.types import Vector, converted, in_registers, is_known, rounded
from tfrt.kernels.numerics.special import error_functions


def has_form(step: Step, dtype: np.dtype) -> bool:
    """Whether a step of a chain of that type may have a form for vectors."""
    gives = in_registers(dtype if step.dtype is None else step.dtype)
    return step.native is not None or function_of(step) in _FUNCTIONS.get(gives, {})


def write_steps(code: Code, steps: Sequence[Step], values: list[str]) -> str:
    """What the last of some steps gives, or the first operand where there are none; `values` are their operands, all of
    the code's type.

    Raises:
        NotImplementedError: a step has no form for vectors.
    """
    vectors = [Vector(value, code.dtype) for value in values]
    found = write_typed(code, steps, vectors, code.dtype)
    if found.dtype != code.dtype:
        raise NotImplementedError(f"a result of {found.dtype} where {code.dtype} is expected")
    return found.name


def write_typed(code: Code, steps: Sequence[Step], operands: Sequence[Vector], dtype: np.dtype) -> Vector:
    """What the last of some steps gives, or the first operand where there are none.

    Args:
        dtype: the type of what steps give that do not say it.

    Raises:
        NotImplementedError: a step has no form for vectors of these types.
    """
    values = list(operands)
    for step in steps:
        gives = dtype if step.dtype is None else step.dtype
        values.append(_written(code, step, [values[number] for number in step.operands], gives))
    return values[-1] if steps else values[0]


def _written(code: Code, step: Step, operands: Sequence[Vector], gives: np.dtype) -> Vector:
    names, dtypes = [operand.name for operand in operands], {operand.dtype for operand in operands}
    if not is_known(gives):
        raise NotImplementedError(f"no vectors of {gives}")
    if step.native == CONVERT:
        return converted(code, operands[0], gives)
    if gives.kind == "b" and len(dtypes) == 1 and gives not in dtypes:
        return Vector(holds(code.of(in_registers(operands[0].dtype)), str(step.native), names), gives)
    # What chooses among others is of another type than these.
    if any(dtype not in (gives, np.bool_) for dtype in dtypes):
        raise NotImplementedError(f"no vector of {step.native} of {', '.join(map(str, dtypes))}")
    typed, function = code.of(in_registers(gives)), function_of(step)
    if step.native is not None:
        return rounded(code, evaluate(typed, step.native, names), gives)
    forms = _FUNCTIONS.get(typed.dtype, {})
    if function not in forms:
        raise NotImplementedError(f"no vector of {function} of {gives}")
    return rounded(code, forms[function](typed, *names), gives)


CONVERT = "convert({0})"
"""The native form of what gives an element as one of the step's type."""


def function_of(step: Step) -> Callable[..., object]:
    """What a step does, in the type in which it is computed."""
    found: Callable[..., object] = getattr(step.function, "lifted", step.function)
    return found


_OF_SINGLES: dict[Callable[..., object], Callable[..., str]] = {
    np.cos: cos,
    np.exp: exp,
    np.expm1: exponential_minus_one,
    np.log: log,
    np.log1p: log_plus_one,
    np.sin: sin,
    np.tanh: tanh,
    floats.logistic: logistic,
    error_functions.erf_of_floats: erf,
    error_functions.erfc_of_floats: erfc,
    error_functions.erf_inv_of_floats: erf_inv,
}
_OF_DOUBLES: dict[Callable[..., object], Callable[..., str]] = {
    np.exp: doubles.exp,
    np.expm1: doubles.exponential_minus_one,
    np.log: doubles.log,
    np.log1p: doubles.log_plus_one,
    np.tanh: doubles.tanh,
    floats.logistic: doubles.logistic,
}
_FUNCTIONS = {np.dtype(np.float32): _OF_SINGLES, np.dtype(np.float64): _OF_DOUBLES}
"""Forms by the type of elements, and by the functions of arrays whose place they take."""
