"""Bodies of reductions that find where the greatest or the least element is, as frameworks write argmax and argmin.

Such a body takes a value and a number on either side, and consists of nothing but comparisons of what it takes, logic
and selections. So it depends on nothing but how the two values compare and how the two numbers do, and trying each case
shows what it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from tfrt.executor.values.dtype import DType
from tfrt.kernels.shared.bodies import Body, Run
from tfrt.kernels.shared.element_kinds import FLOATS, INTEGERS, UNSIGNED


@dataclass(frozen=True)
class Extreme:
    """What a body keeps of two values and their numbers.

    Attributes:
        greatest: whether it keeps the greater value, not the lesser one.
        lesser_number: whether of equal values it keeps the lesser number, not the left one.
        propagates: whether it keeps the left one of values that are NaN before all others; if not, a reduction of NaN
            depends on its order.
    """

    greatest: bool
    lesser_number: bool
    propagates: bool


def extreme_of(body: Body, run: Run, types: Sequence[DType]) -> Extreme | None:
    """What a body, which `run` runs, keeps of values and numbers of these types; None if it is another one."""
    if len(types) != 2 or body.inputs != 4 or types[1] not in INTEGERS or not _only_compares(body):
        return None
    value, number = types
    if value in FLOATS:
        values = [1, 2, np.nan]
    elif value in INTEGERS or value is DType.I1:
        values = [0, 1]
    else:
        return None
    # Unsigned numbers are not compared as if they had a sign.
    numbers = [0, 1] if number in UNSIGNED else [-1, 1]
    cases = np.array(list(product(values, numbers, values, numbers)), np.float64)
    left, first, right, second = (
        column.astype(dtype.numpy) for column, dtype in zip(cases.T, (value, number) * 2, strict=True)
    )
    kept = [np.broadcast_to(each, left.shape).astype(np.float64) for each in run(left, first, right, second)]
    nan = np.isnan(cases[:, 0]) | np.isnan(cases[:, 2])
    for greatest, lesser_number in product((True, False), repeat=2):
        expected = _kept(cases, greatest=greatest, lesser_number=lesser_number)
        agrees = np.logical_and(*[(a == b) | ((a != a) & (b != b)) for a, b in zip(kept, expected, strict=True)])
        if agrees[~nan].all():
            return Extreme(greatest, lesser_number, bool(agrees.all()))
    return None


def _only_compares(body: Body) -> bool:
    """Whether a body compares values with values, and numbers with numbers, and nothing else."""
    kinds = dict(enumerate(("value", "number", "value", "number")))
    count = 4
    for step in body.steps:
        taken = [kinds[each] for each in step.operands]
        match step.op:
            case "stablehlo.compare" if len(set(taken)) == 1 and step.attributes.get("compare_type") != "TOTALORDER":
                kind = "logic"
            case "stablehlo.and" | "stablehlo.or" | "stablehlo.xor" | "stablehlo.not" if set(taken) == {"logic"}:
                kind = "logic"
            case "stablehlo.select" if taken[0] == "logic" and taken[1] == taken[2]:
                kind = taken[1]
            case "stablehlo.minimum" | "stablehlo.maximum" if set(taken) == {"number"}:
                kind = "number"
            case _:
                return False
        kinds[count] = kind
        count += 1
    return [kinds[each] for each in body.results] == ["value", "number"]


def _kept(cases: np.ndarray, *, greatest: bool, lesser_number: bool) -> tuple[np.ndarray, np.ndarray]:
    """What is kept of the cases' left value and number, and right value and number."""
    left, first, right, second = cases.T
    is_left = (left > right if greatest else left < right) | np.isnan(left)
    is_right = ~is_left & (left != right)
    ties = np.minimum(first, second) if lesser_number else first
    return np.where(is_right, right, left), np.where(is_left, first, np.where(is_right, second, ties))
