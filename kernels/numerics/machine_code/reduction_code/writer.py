"""What writing rows and writing columns have in common: values of steps, and how they are combined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.kernels.numerics.chains.reduction import Reduction
from tfrt.kernels.numerics.machine_code.reduction_code.work import Work
from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.steps import write_typed
from tfrt.kernels.numerics.machine_code.vectors.types import Vector

WAYS = 4
"""How many vectors, or rows, are combined side by side: what is combined waits for one another."""

COMBINE: dict[np.ufunc, str] = {
    np.add: "{0} + {1}",
    np.multiply: "{0} * {1}",
    np.maximum: "{0} if {0} > {1} else {1}",
    np.minimum: "{0} if {0} < {1} else {1}",
    np.logical_or: "{0} | {1}",
    np.logical_and: "{0} & {1}",
}
"""The native forms of what combines elements; of floats, extremes are those of `_OF_FLOATS`."""

_START: dict[np.ufunc, int] = {np.add: 0, np.multiply: 1, np.logical_or: 0, np.logical_and: 1}
"""What combining begins with, but for extremes."""

_OF_FLOATS: dict[np.ufunc, str] = {np.maximum: "maximum({0}, {1})", np.minimum: "minimum({0}, {1})"}
"""What is not a number stays."""


class Writer:
    """Values of steps, and how they are combined."""

    def __init__(self, work: Work, code: Code, places: dict[int, str]):
        self.work, self.code, self.places, self.chain = work, code, places, work.chain
        chain = self.chain
        strides = [strides_of(shape) for shape in chain.inputs]
        self.strides = dict(enumerate(strides))
        self.strides.update({n: strides_of(chain.shape) for n in work.leaving if chain.is_wide(n)})
        self.numbers = range(chain.first_step, len(chain.dtypes))
        self.reductions = {
            n: step for n in self.numbers if isinstance(step := chain.steps[n - chain.first_step], Reduction)
        }
        ends = [chain.passes[step.operand] for step in self.reductions.values()]
        ends += [chain.passes[n] for n in work.leaving if chain.is_wide(n)]
        self.passes = range(max(ends, default=0) + 1)

    def combined_in(self, turn: int) -> list[int]:
        """The reductions whose operands are known in a pass over the elements."""
        return [n for n, step in self.reductions.items() if self.chain.passes[step.operand] == turn]

    def written_in(self, turn: int) -> list[int]:
        """The wide values that are written in a pass."""
        chain = self.chain
        return [n for n in self.work.leaving if chain.is_wide(n) and chain.passes[n] == turn]

    def narrow_of(self, turn: int) -> list[int]:
        """The narrow values of steps that are known before a pass."""
        chain = self.chain
        wanted = self._needed_narrow
        return [
            n
            for n in self.numbers
            if n in wanted and not chain.is_wide(n) and n not in self.reductions and chain.passes[n] == turn
        ]

    @property
    def _needed_narrow(self) -> set[int]:
        """The values that are needed at all: those at the end are others' business where there are parts."""
        needed = set(self.work.leaving) | set(self.reductions)
        for n in reversed(self.numbers):
            if n in needed:
                needed.update(self.chain.steps[n - self.chain.first_step].operands)
        return needed

    def start_of(self, number: int) -> str:
        """A vector of what a reduction begins with."""
        function, code = self.reductions[number].function, self.typed(number)
        if function in _START:
            return code.constant(_START[function])
        is_greatest = function is np.maximum
        if self.chain.dtypes[number].kind == "f":
            return code.constant(-np.inf if is_greatest else np.inf)
        limits = np.iinfo(self.chain.dtypes[number])
        return code.constant(limits.min if is_greatest else limits.max)

    def combine(self, number: int, one: str, other: str) -> str:
        function, code = self.reductions[number].function, self.typed(number)
        form = COMBINE[function]
        if self.chain.dtypes[number].kind == "f":
            form = _OF_FLOATS.get(function, form)
        return evaluate(code, form, [one, other])

    def typed(self, number: int) -> Code:
        return self.code.of(self.chain.dtypes[number])

    def evaluate(self, number: int, known: dict[int, Vector], read: Callable[[int], Vector]) -> Vector:
        """A value; those that were computed on the way are known from then on.

        Args:
            read: gives an input's vector.
        """
        if number not in known:
            chain = self.chain
            if number < chain.first_step:
                known[number] = read(number)
            else:
                step = chain.steps[number - chain.first_step]
                assert not isinstance(step, Reduction)
                operands = [self.evaluate(operand, known, read) for operand in step.operands]
                alone = replace(step, operands=tuple(range(len(operands))), dtype=chain.dtypes[number])
                known[number] = write_typed(self.code, [alone], operands, chain.dtypes[number])
        return known[number]


def strides_of(shape: Shape) -> tuple[int, ...]:
    """How far elements are apart along each dimension; 0 along those of size 1."""
    return tuple(prod(shape[d + 1 :]) if size > 1 else 0 for d, size in enumerate(shape))
