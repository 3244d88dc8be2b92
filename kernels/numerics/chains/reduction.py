"""Chains of elementwise functions and reductions in one pass over memory.

Values are *wide*, of the chain's shape, or *narrow*, with one element along the dimensions that are reduced. Arrays are
worked on a block at a time, so that wide values between steps take no more memory than a block and stay in the cache.
Blocks are along the first dimension; where that is reduced, what blocks combine to is combined.

Sums of floats are products with ones, or of the factors of what is summed, where BLAS is faster than numpy's reduction:
they are rounded otherwise. They begin with zero, so that no sum is -0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.chains.elementwise import Step
from tfrt.kernels.numerics.quiet import quiet

BLOCK_BYTES = 1 << 18
"""How many bytes of a wide value are worked on at a time."""

LEAST_ELEMENTS = 1 << 16
"""How many elements are worth a block of their own on another thread."""

Flags = tuple[bool, ...]
"""For each dimension whether a value has all of its elements, or one for all."""

Run = Callable[..., Any]
"""Takes the inputs' arrays, and perhaps `out`, memory for the first result; returns the result, or a tuple of them."""


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


def run_chain(chain: ReductionChain, results: Sequence[Shape], host: HostContext | None) -> Run:
    """A function of the inputs' arrays that gives results of these shapes, which have as many elements as the values.

    Args:
        host: whose threads share the work; None where one does it.
    """
    flat = merged(chain)
    rows, inner = flat.shape[0], prod(flat.shape[1:])
    if prod(flat.shape) * _largest(flat) <= BLOCK_BYTES:
        return _whole(flat, chain.inputs, results)
    least = max(1, LEAST_ELEMENTS // inner)
    is_parallel = host is not None and host.parallelism > 1 and 0 not in flat.axes and rows >= 2 * least
    blocks = Blocks(flat)
    parted = [value for value in blocks.leaving if value not in flat.gives]

    def work(inputs: Sequence[np.ndarray], values: dict[int, np.ndarray]) -> None:
        if is_parallel:
            assert host is not None
            host.parallel_for(rows, least, lambda start, end: quiet.call(blocks.do, inputs, values, start, end))
        else:
            quiet.call(blocks.do, inputs, values, 0, rows)
        quiet.call(blocks.finish, inputs, values)

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        inputs = [array.reshape(shape) for array, shape in zip(arrays, flat.inputs, strict=True)]
        made = [np.empty(shape, flat.dtypes[value]) for value, shape in zip(flat.gives, results, strict=True)]
        if out is not None and out.flags.c_contiguous:
            made[0] = out
        values = {value: np.empty(flat.shape_of(value), flat.dtypes[value]) for value in parted}
        for value, array in zip(flat.gives, made, strict=True):
            values[value] = array.reshape(flat.shape_of(value))
        work(inputs, values)
        if out is not None and made[0] is not out:
            out[...] = made[0]
            made[0] = out
        return made[0] if len(made) == 1 else tuple(made)

    return run


def _largest(chain: ReductionChain) -> int:
    return max(dtype.itemsize for dtype in chain.dtypes)


def _whole(chain: ReductionChain, inputs: Sequence[Shape], results: Sequence[Shape]) -> Run:
    """All of a chain at once, as a function that is generated."""
    numbers = range(chain.first_step, len(chain.dtypes))
    namespace: dict[str, Any] = {"empty": np.empty}
    lines = []
    for number, (shape, merged_shape) in enumerate(zip(inputs, chain.inputs, strict=True)):
        if prod(shape) != 1 and shape != merged_shape:
            lines.append(f"v{number} = v{number}.reshape({merged_shape})")
        elif len(shape) > len(merged_shape):
            # It may have more dimensions than what it is broadcast to.
            lines.append(f"v{number} = v{number}.reshape(())")
    for number, (value, shape) in enumerate(zip(chain.gives, results, strict=True)):
        namespace[f"dtype{number}"] = chain.dtypes[value]
        lines.append(f"r{number} = empty({shape}, dtype{number})" + (" if out is None else out" if not number else ""))
        wanted = chain.shape_of(value)
        lines.append(f"t{value} = r{number}" + (f".reshape({wanted})" if wanted != shape else ""))
    lines += _Statements(chain, numbers, chain.gives, namespace, chain.shape[0]).lines()
    given = ", ".join(f"r{number}" for number in range(len(results)))
    parameters = ", ".join([*(f"v{number}" for number in range(len(inputs))), "out"])
    exec("\n    ".join([f"def whole({parameters}):", *lines, f"return {given}"]), namespace)
    whole: Callable[..., Any] = namespace["whole"]

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        if out is None or out.flags.c_contiguous:
            return quiet.call(whole, *arrays, out)
        found = quiet.call(whole, *arrays, None)
        first, *others = found if type(found) is tuple else (found,)
        out[...] = first
        return (out, *others) if others else out

    return run


class Blocks:
    """A chain done by blocks.

    Attributes:
        leaving: the values that blocks write for others to read.
    """

    def __init__(self, chain: ReductionChain):
        self.chain = chain
        early = [n for n in range(chain.first_step, len(chain.dtypes)) if n not in chain.late]
        read_late = {operand for n in chain.late for operand in chain.steps[n - chain.first_step].operands}
        self.leaving = [n for n in early if n in chain.gives or n in read_late]
        self._late = sorted(chain.late)
        self._late_reads = sorted(n for n in read_late if n not in chain.late)
        self._late_gives = [n for n in self._late if n in chain.gives]
        inputs = range(len(chain.inputs))
        self._block = _function(chain, early, inputs, self.leaving)
        self._last = _function(chain, self._late, self._late_reads, self._late_gives)
        self._is_combining = 0 in chain.axes
        self._rows = max(1, BLOCK_BYTES // (_largest(chain) * prod(chain.shape[1:])))
        if self._is_combining and not chain.is_one_pass:
            self._rows = chain.shape[0]
        self._along = [chain.flags[n][0] for n in inputs]
        self._combined = [
            n for n in self.leaving if self._is_combining and isinstance(chain.steps[n - chain.first_step], Reduction)
        ]

    def do(self, inputs: Sequence[np.ndarray], values: dict[int, np.ndarray], start: int, end: int) -> None:
        """Write what leaves blocks of rows to `values`."""
        by_rows = [(n, not (self._is_combining and not self.chain.is_wide(n))) for n in self.leaving]
        combined = self._combined
        for first in range(start, end, self._rows):
            rows = slice(first, min(first + self._rows, end))
            parts = [array[rows] if along else array for array, along in zip(inputs, self._along, strict=True)]
            given = [values[n][rows] if along else values[n] for n, along in by_rows]
            if first > start and combined:
                given = [np.empty_like(g) if n in combined else g for n, g in zip(self.leaving, given, strict=True)]
            self._block(rows.stop - first, *parts, *given)
            if first > start:
                for number, part in zip(self.leaving, given, strict=True):
                    step = self.chain.steps[number - self.chain.first_step]
                    if number in combined and isinstance(step, Reduction):
                        step.function(values[number], part, out=values[number])

    def finish(self, inputs: Sequence[np.ndarray], values: dict[int, np.ndarray]) -> None:
        """Make the values that are made at the end, of those that blocks have written."""
        if self._late:
            known = [inputs[n] if n < len(inputs) else values[n] for n in self._late_reads]
            self._last(0, *known, *[values[n] for n in self._late_gives])


def _function(
    chain: ReductionChain, numbers: Sequence[int], known: Sequence[int], leaving: Sequence[int]
) -> Callable[..., None]:
    """A function of the number of rows, of arrays of the values that are known and of arrays that are written to; it
    does these steps."""
    parameters = [f"v{n}" for n in known] + [f"t{n}" for n in leaving]
    namespace: dict[str, Any] = {}
    lines = _Statements(chain, numbers, leaving, namespace, None).lines()
    exec("\n    ".join([f"def body({', '.join(['rows', *parameters])}):", *lines, "return None"]), namespace)
    found: Callable[..., None] = namespace["body"]
    return found


class _Statements:
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


_LONG = 64
"""For shorter rows, reducing them takes no longer than to find out where their extreme is and to read it."""
