"""Elementwise functions and reductions in one pass as machine code, made by llvmlite where it is installed.

`reduction_code` writes it. What reduces all of an array, or its first dimensions, goes through it in parts,
which threads share and numpy combines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.chains.reduction import Reduction, ReductionChain, merged
from tfrt.kernels.numerics.chains.reduction_blocks import Blocks, Run
from tfrt.kernels.numerics.machine_code.blocks import Limits, taking_any, units_of, whole_work
from tfrt.kernels.numerics.machine_code.chain import LEAST_BYTES
from tfrt.kernels.numerics.machine_code.choice import native_or
from tfrt.kernels.numerics.machine_code.reduction_code import columns as column_code
from tfrt.kernels.numerics.machine_code.reduction_code.module import write
from tfrt.kernels.numerics.machine_code.reduction_code.work import Work, in_order, panels_of
from tfrt.kernels.numerics.machine_code.reduction_code.writer import COMBINE
from tfrt.kernels.numerics.machine_code.vectors.steps import has_form
from tfrt.kernels.numerics.machine_code.vectors.types import in_registers, is_known
from tfrt.kernels.numerics.quiet import quiet

LEAST_ELEMENTS = 1 << 13
"""How many elements are worth a block of their own on another thread."""

BRIEF_ELEMENTS = 1 << 15
"""So few elements are worked on with the interpreter lock, in at most some 20 microseconds..."""

BRIEF_ELEMENTS_OF_MANY = 1 << 12
"""...or where a host has compute threads, in some three."""

MOST_ELEMENTS = 1 << 22
"""How many elements are worked on without a break, which takes some milliseconds."""


def with_native_reduction(run: Run, chain: ReductionChain, results: Sequence[Shape], host: HostContext | None) -> Run:
    """`run`, what a chain does, or the same as machine code where there is some and it is worth it."""
    # Without a host, somebody only asks whether there is such a function.
    if host is None or host.native is False:
        return run
    # Of few elements it is not worth making machine code, but where that is made anyway it takes a tenth of the time.
    is_small = prod(chain.shape) * max(dtype.itemsize for dtype in chain.dtypes) < LEAST_BYTES
    if host.native is None and is_small:
        return run
    work = describe(chain, host.parallelism)
    if work is None:
        return run
    return native_or(run, lambda: make_native(work, results, host), host, "a reduction and what is around it")


def describe(chain: ReductionChain, threads: int) -> Work | None:
    """What is done, if there may be machine code for it."""
    if not all(is_known(dtype) and in_registers(dtype) == dtype for dtype in chain.dtypes):
        return None
    for number, step in enumerate(chain.steps, chain.first_step):
        if isinstance(step, Reduction):
            if step.function not in COMBINE:
                return None
        elif not has_form(replace(step, dtype=chain.dtypes[number]), chain.dtypes[number]):
            return None
    flat = merged(chain)
    rank, leaving = len(flat.shape), tuple(Blocks(flat).leaving)
    # Whether what leaves, but for a wide value, is combined.
    is_combined = flat.is_one_pass and all(
        isinstance(flat.steps[n - flat.first_step], Reduction) or all(flat.flags[n]) for n in leaving
    )
    if flat.axes == (0, 1) and is_combined and rank <= 3:
        inner = _with_columns(replace(flat, axes=(1,)))
        return None if inner is None else Work(inner, flat, 1, leaving)
    inner = _with_columns(flat)
    if inner is None:
        return None
    size, columns = inner.shape[-2:]
    parts, elements = 1, prod(inner.shape)
    if is_combined and elements == size * columns:
        parts = -(-elements // MOST_ELEMENTS)
        if threads > 1 and panels_of(columns) < 2 * threads:
            parts = max(parts, min(4 * threads, elements // (2 * LEAST_ELEMENTS)))
        parts = min(parts, size // column_code.MANY_ROWS)
    if parts > 1:
        return Work(inner, inner, -(-size // -(-size // parts)), leaving)
    return Work(inner, inner, 1, inner.gives)


def _with_columns(chain: ReductionChain) -> ReductionChain | None:
    """A chain that reduces its last dimension but one, of at least three, if it may be that."""
    rank = len(chain.shape)
    if len(chain.axes) != 1 or chain.axes[0] < rank - 2:
        return None
    (axis,) = chain.axes
    after = (1,) * (axis + 2 - rank)
    before = (1,) * (axis == 0)

    def wide(shape: Shape) -> Shape:
        return before + shape + after

    return replace(chain, shape=wide(chain.shape), axes=(axis + len(before),), inputs=tuple(map(wide, chain.inputs)))


def make_native(work: Work, results: Sequence[Shape], host: HostContext | None) -> Run:
    """The same as machine code, with results of these shapes.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    chain = work.chain
    inputs, (last, *others) = range(chain.first_step), in_order(work)
    numbers = [*inputs, *others, last]
    sizes, dtypes = [work.elements(n) for n in numbers], [chain.dtypes[n] for n in numbers]
    limits = Limits(LEAST_ELEMENTS, MOST_ELEMENTS, (BRIEF_ELEMENTS, BRIEF_ELEMENTS_OF_MANY))
    shape = (work.elements(last),) if work.is_apart and not chain.is_wide(last) else results[0]
    units = units_of(work.units, prod(chain.shape) // work.units, limits)
    run = taking_any(whole_work(write(work), "work", sizes, dtypes, units, host, shape), shape, sizes, dtypes)
    if work.is_apart:
        return _combining(work, results, run)
    if not others:
        return run

    def run_all(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        more = [np.empty(shape, chain.dtypes[n]) for n, shape in zip(others, results[1:], strict=True)]
        return (run(*arrays, *more, out=out), *more)

    return run_all


def _combining(work: Work, results: Sequence[Shape], run: Run) -> Run:
    """What parts come to combined, and what is computed of that."""
    chain, blocks = work.whole, Blocks(work.whole)
    first, *others = in_order(work)
    is_wide = chain.is_wide(first)

    def combined(value: int, parts: np.ndarray) -> np.ndarray:
        step = chain.steps[value - chain.first_step]
        if not isinstance(step, Reduction):
            return parts
        combine: Callable[..., np.ndarray] = step.function.reduce
        return combine(parts.reshape(-1, work.columns), 0, parts.dtype).reshape(chain.narrow_shape)

    def finish(arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> tuple[np.ndarray, ...]:
        values = {value: combined(value, parts) for value, parts in made.items()}
        for value in chain.gives:
            if value not in values:
                values[value] = np.empty(chain.narrow_shape, chain.dtypes[value])
        inputs = [array.reshape(shape) for array, shape in zip(arrays, chain.inputs, strict=True)]
        blocks.finish(inputs, values)
        return tuple(values[value].reshape(shape) for value, shape in zip(chain.gives, results, strict=True))

    def run_all(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        more = [np.empty(work.elements(n), chain.dtypes[n]) for n in others]
        made = run(*arrays, *more, out=out if is_wide else None)
        found = quiet.call(finish, arrays, dict(zip((first, *others), (made, *more), strict=True)))
        if out is not None and not is_wide:
            out[...] = found[0]
            found = (out, *found[1:])
        return found if len(found) > 1 else found[0]

    return run_all
