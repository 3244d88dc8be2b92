"""Chains of elementwise functions and reductions in one pass over memory.

Arrays are worked on a block at a time, so that wide values between steps take no more memory than a block and stay in
the cache. Blocks are along the first dimension; where that is reduced, what blocks combine to is combined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.chains.reduction import Reduction, ReductionChain, merged
from tfrt.kernels.numerics.chains.reduction_statements import Statements
from tfrt.kernels.numerics.quiet import quiet

BLOCK_BYTES = 1 << 18
"""How many bytes of a wide value are worked on at a time."""

LEAST_ELEMENTS = 1 << 16
"""How many elements are worth a block of their own on another thread."""

Run = Callable[..., Any]
"""Takes the inputs' arrays, and perhaps `out`, memory for the first result; returns the result, or a tuple of them."""


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
    lines += Statements(chain, numbers, chain.gives, namespace, chain.shape[0]).lines()
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
    lines = Statements(chain, numbers, leaving, namespace, None).lines()
    exec("\n    ".join([f"def body({', '.join(['rows', *parameters])}):", *lines, "return None"]), namespace)
    found: Callable[..., None] = namespace["body"]
    return found
