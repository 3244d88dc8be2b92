"""Chains of elementwise functions and reductions.

Values are *wide*, of the chain's shape, or *narrow*, with one element along the dimensions that are reduced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.kernels.numerics.chains.steps import Step

Flags = tuple[bool, ...]
"""For each dimension whether a value has all of its elements, or one for all."""


@dataclass(frozen=True)
class Reduction:
    """A step that combines a value's elements along the dimensions that are reduced; these stay, with one element."""

    function: np.ufunc
    operand: int

    @property
    def operands(self) -> tuple[int, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class ReductionChain:
    """Elementwise functions and reductions.

    Attributes:
        shape: that of wide values. No size of it is 0.
        axes: the dimensions that are reduced, in order.
        inputs: the inputs' shapes, of this rank; they broadcast to it.
        dtypes: the types of all values: those of the inputs, then those of the steps.
        gives: the values that are results; at most the first one is wide.
    """

    shape: Shape
    axes: tuple[int, ...]
    inputs: tuple[Shape, ...]
    steps: tuple[Step | Reduction, ...]
    dtypes: tuple[np.dtype, ...]
    gives: tuple[int, ...]

    @property
    def first_step(self) -> int:
        """The number of the first step's value."""
        return len(self.inputs)

    @cached_property
    def narrow_shape(self) -> Shape:
        return tuple(1 if d in self.axes else size for d, size in enumerate(self.shape))

    @cached_property
    def flags(self) -> tuple[Flags, ...]:
        """Those of all values."""
        found: list[Flags] = [
            tuple(size == whole for size, whole in zip(shape, self.shape, strict=True)) for shape in self.inputs
        ]
        for step in self.steps:
            if isinstance(step, Reduction):
                found.append(tuple(d not in self.axes for d in range(len(self.shape))))
            else:
                found.append(tuple(map(any, zip(*(found[n] for n in step.operands), strict=True))))
        return tuple(found)

    def shape_of(self, value: int) -> Shape:
        """The shape of a result, or of what is kept for one."""
        return self.shape if self.is_wide(value) else self.narrow_shape

    def is_wide(self, value: int) -> bool:
        return any(self.flags[value][d] and self.shape[d] > 1 for d in self.axes)

    @cached_property
    def passes(self) -> tuple[int, ...]:
        """For each value in which pass over the elements it is known: a reduction's in the one after its operand's."""
        found = [0] * len(self.inputs)
        for step in self.steps:
            found.append(max(found[n] for n in step.operands) + isinstance(step, Reduction))
        return tuple(found)

    @cached_property
    def is_one_pass(self) -> bool:
        """Whether no wide value depends on a reduction, and no other one."""
        values = enumerate(self.steps, self.first_step)
        return not any(
            self.passes[step.operand] if isinstance(step, Reduction) else self.passes[n] and self.is_wide(n)
            for n, step in values
        )

    @cached_property
    def late(self) -> frozenset[int]:
        """Narrow values of elementwise steps that no wide value needs: they are made at the end, all at once."""
        needed = [False] * len(self.passes)
        for number in range(len(self.passes) - 1, self.first_step - 1, -1):
            step = self.steps[number - self.first_step]
            if needed[number] or self.is_wide(number) or isinstance(step, Reduction):
                for operand in step.operands:
                    needed[operand] = True
        steps = range(self.first_step, len(self.passes))
        return frozenset(
            n
            for n in steps
            if not needed[n] and not self.is_wide(n) and not isinstance(self.steps[n - self.first_step], Reduction)
        )


def merged(chain: ReductionChain) -> ReductionChain:
    """The same with as few dimensions as there can be, none of size 1 but the only one."""
    kept = [d for d, size in enumerate(chain.shape) if size > 1] or [0]
    groups: list[list[int]] = []
    for d in kept:
        if groups and _are_alike(chain, groups[-1][-1], d):
            groups[-1].append(d)
        else:
            groups.append([d])
    return replace(
        chain,
        shape=tuple(prod(chain.shape[d] for d in group) for group in groups),
        axes=tuple(n for n, group in enumerate(groups) if group[0] in chain.axes),
        inputs=tuple(tuple(prod(shape[d] for d in group) for group in groups) for shape in chain.inputs),
    )


def _are_alike(chain: ReductionChain, one: int, other: int) -> bool:
    return (one in chain.axes) == (other in chain.axes) and all(
        (shape[one] == 1) == (shape[other] == 1) for shape in chain.inputs
    )
