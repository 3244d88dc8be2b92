"""Statements that are generated for a chain of elementwise functions and reductions.

Sums of floats are products with ones, or of the factors of what is summed, where BLAS is faster than numpy's reduction:
they are rounded otherwise. They begin with zero, so that no sum is -0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.kernels.numerics.chains.reduction import Flags, Reduction, ReductionChain

_LONG = 64
"""For shorter rows, reducing them takes no longer than to find out where their extreme is and to read it."""


class Statements:
    """Statements that do some steps of a chain. The value ``n`` is called ``vn``, and memory that it is written to
    ``tn``.

    Args:
        leaving: the values that are written to memory.
        namespace: where constants are put.
        rows: the size of the first dimension; None where that is a variable, ``rows``.
    """

    def __init__(
        self,
        chain: ReductionChain,
        numbers: Sequence[int],
        leaving: Sequence[int],
        namespace: dict[str, Any],
        rows: int | None,
    ):
        self._chain, self._numbers, self._leaving = chain, numbers, leaving
        self._namespace, self._rows = namespace, rows
        self._steps = {n: chain.steps[n - chain.first_step] for n in numbers}
        self._uses = [operand for step in self._steps.values() for operand in step.operands]
        self._last_use = {operand: n for n, step in self._steps.items() for operand in step.operands}
        # Factors of what is summed, by the products' numbers: products are not made.
        self._factors: dict[int, tuple[int, int]] = {}
        for number, step in self._steps.items():
            factors = self._factors_of(step) if isinstance(step, Reduction) else None
            if factors is not None:
                self._factors[step.operands[0]] = factors
                for factor in factors:
                    self._last_use[factor] = max(self._last_use[factor], number)

    def _factors_of(self, step: Reduction) -> tuple[int, int] | None:
        """The values whose product is summed, where BLAS can do that."""
        chain, product = self._chain, self._steps.get(step.operand)
        if product is None or isinstance(product, Reduction) or not self._is_by_blas(step):
            return None
        if product.function not in (np.multiply, np.square) or chain.axes != (len(chain.shape) - 1,):
            return None
        if self._uses.count(step.operand) != 1 or step.operand in self._leaving:
            return None
        one, other = (product.operands * 2)[:2]
        return (one, other) if all(chain.flags[one]) and all(chain.flags[other]) else None

    def lines(self) -> list[str]:
        chain = self._chain
        lines: list[str] = []
        holders = {f"t{n}": self._kind(n) for n in self._leaving if chain.is_wide(n) and all(chain.flags[n])}
        # Up to when memory is used; that of a result is free until it is written.
        busy = dict.fromkeys(holders, -1)
        for number in self._numbers:
            step = self._steps[number]
            if number in self._factors:
                continue
            if isinstance(step, Reduction):
                lines.append(self._reduction(number, step))
                continue
            function, target = self._constant(step.function, f"f{number}"), ""
            last = self._last_use.get(number, number)
            if number in self._leaving:
                target = f"t{number}"
                busy[target] = len(chain.dtypes)
            elif chain.is_wide(number):
                target = self._free(number, last, holders, busy)
            out = f", out={target}" if target else ""
            kept = ""
            if not target and chain.is_wide(number):
                holder = f"h{len(holders)}"
                holders[holder], busy[holder], kept = self._kind(number), last, f"{holder} = "
            lines.append(f"v{number} = {kept}{function}({', '.join(f'v{n}' for n in step.operands)}{out})")
        return lines

    def _kind(self, number: int) -> tuple[np.dtype, Flags]:
        return self._chain.dtypes[number], self._chain.flags[number]

    def _free(self, number: int, last: int, holders: dict[str, tuple[np.dtype, Flags]], busy: dict[str, int]) -> str:
        """Memory that a value may be in up to its last use."""
        for holder, kind in holders.items():
            is_in_time = not holder.startswith("t") or last <= int(holder[1:])
            if kind == self._kind(number) and busy[holder] <= number and is_in_time:
                busy[holder] = last
                return holder
        return ""

    def _constant(self, value: Any, name: str) -> str:
        self._namespace[name] = value
        return name

    def _reduction(self, number: int, step: Reduction) -> str:
        chain, name, target = self._chain, f"v{number}", f"t{number}" if number in self._leaving else ""
        values = [f"v{n}" for n in self._factors.get(step.operand, (step.operand,))]
        if not all(chain.flags[step.operand]):
            values = [f"{self._constant(np.broadcast_to, 'broadcast_to')}({values[0]}, {self._spelled(chain.shape)})"]
        first, last = chain.axes[0], chain.axes[-1]
        before, after = chain.shape[:first], chain.shape[last + 1 :]
        is_as_one = last - first + 1 == len(chain.axes)
        if not is_as_one or not (self._is_by_blas(step) or self._is_searched(step)):
            reduce = self._constant(step.function.reduce, f"reduce{number}")
            dtype = self._constant(chain.dtypes[number], f"kind{number}")
            start = ", 0" if step.function is np.add else ""
            return f"{name} = {reduce}({values[0]}, {chain.axes}, {dtype}, {target or None}, True{start})"
        # Several dimensions are worked on as one, and the result has none for it.
        into = target
        if len(chain.axes) > 1:
            values = [f"{value}.reshape({self._spelled((*before, -1, *after))})" for value in values]
            into = target and f"{target}.reshape({self._spelled((*before, 1, *after))})"
        place = "[..., 0, :]" if after else "[..., 0]" if before else ""
        find = self._sum if self._is_by_blas(step) else self._extreme
        found = find(number, values)
        if target and place and self._is_by_blas(step):
            return f"{name} = {target}; {found[:-1]}, {into}{place})"
        if target:
            return f"{name} = {target}; {into}{place or '[0]'} = {found}"
        if len(chain.axes) > 1 and place:
            return f"{name} = {found}.reshape({self._spelled(chain.narrow_shape)})"
        return f"{name} = {found}" + ("[..., None, :]" if after else "[..., None]" if before else "")

    def _spelled(self, shape: Shape) -> str:
        """A shape of blocks: where the first dimension is the chain's, it has as many rows as there are."""
        sizes = [*map(str, shape)]
        if self._rows is None and shape and shape[0] == self._chain.shape[0]:
            sizes[0] = "rows"
        return f"({', '.join(sizes)},)"

    def _is_by_blas(self, step: Reduction) -> bool:
        """Whether a reduction is a product with ones."""
        chain = self._chain
        is_float = chain.dtypes[step.operand] in (np.float32, np.float64)
        return step.function is np.add and is_float and chain.axes[-1] >= len(chain.shape) - 2

    def _sum(self, number: int, values: Sequence[str]) -> str:
        """The call of a function that sums."""
        chain = self._chain
        axes, rank = chain.axes, len(chain.shape)
        is_last, is_all = axes[-1] == rank - 1, len(axes) == rank
        function = np.dot if is_all else np.vecdot if len(values) == 2 else np.matmul
        product = self._constant(function, function.__name__)
        if len(values) == 2:
            return f"{product}({values[0]}, {values[1]})"
        ones = self._constant(np.ones(prod(chain.shape[d] for d in axes), chain.dtypes[number]), f"ones{number}")
        if axes[0] == 0 and self._rows is None:
            ones = f"{ones}[:{prod(chain.shape[d] for d in axes[1:])} * rows]"
        return f"{product}({', '.join((values[0], ones) if is_last else (ones, values[0]))})"

    def _is_searched(self, step: Reduction) -> bool:
        """Whether extremes are where numpy's search finds them, which is vectorised."""
        chain = self._chain
        is_float = chain.dtypes[step.operand] in (np.float32, np.float64)
        is_of_rows = chain.axes[-1] == len(chain.shape) - 1 and chain.axes[0] < 2
        return is_float and step.function in (np.maximum, np.minimum) and is_of_rows and chain.shape[-1] >= _LONG

    def _extreme(self, number: int, values: Sequence[str]) -> str:
        """What finds the extremes of rows."""
        step = self._steps[number]
        find = "argmax" if step.function is np.maximum else "argmin"
        if not self._chain.axes[0]:
            return f"{values[0]}[{values[0]}.{find}(0)]"
        count = "rows" if self._rows is None else self._rows
        return f"{values[0]}[{self._constant(np.arange, 'arange')}({count}), {values[0]}.{find}(1)]"
