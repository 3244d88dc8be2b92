"""Comparators of sorts: which are lexicographic orders of keys, each computed from one side's elements.

A comparator takes, for each operand, an element of the left side and one of the right side, then captured values. It is
an order of keys if it consists of steps of one side only, comparisons of the same function of either side, and
``and``, ``or``, ``xor``, ``not`` and ``select`` of what these give. Then it depends on nothing but whether each key is
less than, equal to or greater than the other side's, and trying all of these shows which order it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from tfrt.executor.values.dtype import DType
from tfrt.kernels.shared.bodies import Body, Run, Step
from tfrt.kernels.shared.element_kinds import FLOATS

_MOST_KEYS = 7
"""Of more keys not all cases are tried: there are three to that power."""


@dataclass(frozen=True)
class Key:
    """What is compared.

    Attributes:
        body: computes it from an element of each operand and the captured values.
        total: whether it is compared by the total order of floats.
        descending: whether greater ones come first.
    """

    body: Body
    total: bool
    descending: bool


def keys_of(comparator: Body, operands: int) -> Sequence[Key] | None:
    """The keys of a comparator of so many operands, the most significant one first; None if it orders by none."""
    return _Analysis(comparator, operands).keys()


def compared_operand(key: Key, function: Run, types: Sequence[DType]) -> int | None:
    """The operand whose numbers a key compares, as numbers are compared: -0 is +0, and all NaN are equal and last.

    That is so for integers themselves, and for floats in total order where -0 and NaN have been replaced, as JAX does:
    such a body has no more than comparisons with 0 and of what it takes with itself, logic and selections, so that
    trying a number of each kind shows what it does. Floats that are not compared in total order may as well not be NaN.

    Args:
        function: runs the key's body.
        types: of the operands and captured values.
    """
    body = key.body
    used = {each for step in body.steps for each in step.operands if each < body.inputs} | set(body.results)
    used = {each for each in used if each < body.inputs}
    if len(used) != 1:
        return None
    (operand,) = used
    dtype = types[operand]
    if body.results[0] == operand and (dtype not in FLOATS or not key.total):
        return operand
    if dtype not in FLOATS or not _only_replaces(body):
        return None
    given = np.array([-np.inf, -1, -0.0, 0, 1, np.inf, -np.nan, np.nan]).astype(dtype.numpy)
    kept = np.broadcast_to(function(*[given] * body.inputs)[0], given.shape).astype(np.float64)
    expected = given.astype(np.float64)
    same = (kept == expected) | ((kept != kept) & (expected != expected))
    is_replaced = not np.signbit(kept[2]) and not np.signbit(kept[-2:]).any()
    return operand if same.all() and (is_replaced or not key.total) else None


def _only_replaces(body: Body) -> bool:
    """Whether a body of floats compares with nothing but 0 and what it takes, and gives that or a constant."""
    zeros, number = set[int](), body.inputs
    for step in body.steps:
        match step.op:
            case "stablehlo.constant":
                if step.attributes["value"] == 0:
                    zeros.add(number)
            case "stablehlo.compare":
                if any(each >= body.inputs and each not in zeros for each in step.operands):
                    return False
            case "stablehlo.select" | "stablehlo.and" | "stablehlo.or" | "stablehlo.not":
                pass
            case _:
                return False
        number += 1
    return True


class _Analysis:
    """Values by number; each has a name, the same one for the same function of the left and of the right side."""

    def __init__(self, comparator: Body, operands: int):
        self.body = comparator
        self.operands = operands
        self.steps: dict[int, tuple[Step, int]] = {}
        self.sides: dict[int, frozenset[int]] = {}
        self.names: dict[int, int] = {}
        self._known: dict[Any, int] = {}
        for number in range(comparator.inputs):
            is_element = number < 2 * operands
            self.sides[number] = frozenset((number % 2,)) if is_element else frozenset()
            self.names[number] = self._name(("element", number // 2) if is_element else ("captured", number))
        number = comparator.inputs
        for step in comparator.steps:
            inputs = step.operands
            side = frozenset[int]().union(*[self.sides[each] for each in inputs])
            for result in range(len(step.results)):
                self.steps[number] = (step, result)
                self.sides[number] = side
                spelled = (step.op, tuple(self.names[each] for each in inputs), _spelled(step.attributes), result)
                self.names[number] = self._name(spelled)
                number += 1

    def _name(self, spelled: Any) -> int:
        return self._known.setdefault(spelled, len(self._known))

    def keys(self) -> Sequence[Key] | None:
        (result,) = self.body.results
        comparisons: dict[int, tuple[int, str]] = {}
        """Number of a comparison, and for which key and with which direction it is made."""
        keys: dict[tuple[int, bool], int] = {}
        waiting, used = [result], set[int]()
        while waiting:
            number = waiting.pop()
            if number in used:
                continue
            used.add(number)
            found = self._comparison(number)
            if found is not None:
                name, total, direction = found
                comparisons[number] = keys.setdefault((name, total), len(keys)), direction
            elif number in self.steps and self.steps[number][0].op in _LOGIC and self.sides[number]:
                waiting += self.steps[number][0].operands
            else:
                return None
        if not 0 < len(keys) <= _MOST_KEYS:
            return None
        cases = np.array(list(product((-1, 0, 1), repeat=len(keys))), np.int8)
        values = {number: _DIRECTIONS[direction](cases[:, key]) for number, (key, direction) in comparisons.items()}
        for number in sorted(used - values.keys()):
            step = self.steps[number][0]
            values[number] = _LOGIC[step.op](*[values[each] for each in step.operands])
        order = _lexicographic(cases, values[result])
        if order is None:
            return None
        names = list(keys)
        return [Key(self._function(names[key][0]), names[key][1], descending) for key, descending in order]

    def _comparison(self, number: int) -> tuple[int, bool, str] | None:
        """The name of the function that both sides are compared by, how, and in which direction."""
        step = self.steps[number][0] if number in self.steps else None
        if step is None or step.op != "stablehlo.compare":
            return None
        left, right = step.operands
        if self.names[left] != self.names[right] or len(self.sides[left] | self.sides[right]) != 2:
            return None
        if len(self.sides[left]) != 1 or len(self.sides[right]) != 1:
            return None
        direction = step.attributes["comparison_direction"]
        if self.sides[left] == {1}:
            direction = _SWAPPED[direction]
        return self.names[left], step.attributes.get("compare_type") == "TOTALORDER", direction

    def _function(self, name: int) -> Body:
        """The function of one side's elements that has this name."""
        number = next(each for each, other in self.names.items() if other == name)
        side = next(iter(self.sides[number]))
        numbers = {2 * i + side: i for i in range(self.operands)}
        captured = self.body.inputs - 2 * self.operands
        numbers |= {2 * self.operands + i: self.operands + i for i in range(captured)}
        count = self.operands + captured
        steps = []
        for step, first in self._steps_for(number):
            steps.append(Step(step.op, tuple(numbers[each] for each in step.operands), step.attributes, step.results))
            for result in range(len(step.results)):
                numbers[first + result] = count + result
            count += len(step.results)
        return Body(self.operands + captured, tuple(steps), (numbers[number],))

    def _steps_for(self, number: int) -> Sequence[tuple[Step, int]]:
        """The steps that a value takes, each with the number of its first result, in order."""
        waiting, firsts = [number], set[int]()
        while waiting:
            each = waiting.pop()
            if each in self.steps:
                step, result = self.steps[each]
                if each - result not in firsts:
                    firsts.add(each - result)
                    waiting += step.operands
        return [(self.steps[first][0], first) for first in sorted(firsts)]


def _lexicographic(cases: np.ndarray, is_less: np.ndarray) -> Sequence[tuple[int, bool]] | None:
    """The keys, each with whether it descends, by which cases are less; None where they are so in no order of keys."""
    order: list[tuple[int, bool]] = []
    left = list(range(cases.shape[1]))
    while is_less.any():
        for key in left:
            less, greater = is_less[cases[:, key] < 0], is_less[cases[:, key] > 0]
            falls = not less.any() and greater.all()
            if falls or (less.all() and not greater.any()):
                break
        else:
            return None
        order.append((key, bool(falls)))
        left.remove(key)
        equal = cases[:, key] == 0
        cases, is_less = cases[equal], is_less[equal]
    return order


def _spelled(value: Any) -> Any:
    """An attribute's value as something that can be looked up."""
    if isinstance(value, Mapping):
        return tuple(sorted((name, _spelled(each)) for name, each in value.items()))
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return tuple(map(_spelled, value))
    return type(value), value


def _select(chosen: np.ndarray, on_true: np.ndarray, on_false: np.ndarray) -> np.ndarray:
    return np.where(chosen, on_true, on_false)


_LOGIC: Mapping[str, Callable[..., np.ndarray]] = {
    "stablehlo.and": np.logical_and,
    "stablehlo.or": np.logical_or,
    "stablehlo.xor": np.logical_xor,
    "stablehlo.not": np.logical_not,
    "stablehlo.select": _select,
}
_DIRECTIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "LT": lambda order: order < 0,
    "LE": lambda order: order <= 0,
    "GT": lambda order: order > 0,
    "GE": lambda order: order >= 0,
    "EQ": lambda order: order == 0,
    "NE": lambda order: order != 0,
}
_SWAPPED = {"LT": "GT", "LE": "GE", "GT": "LT", "GE": "LE", "EQ": "EQ", "NE": "NE"}
