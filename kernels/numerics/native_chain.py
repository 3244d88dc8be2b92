"""Chains of elementwise functions as machine code, made by Numba where it is installed: one loop over all steps.

Each step needs a native form, an expression that gives what numpy's function gives. Chains of single and double
precision have one if all their steps do. Making machine code takes a second, so a chain is native only once it has run
for `NATIVE_AFTER` seconds, and where the two agree on numbers of all kinds; NaNs may differ in their sign.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape, is_row, without_leading_ones
from tfrt.executor.support.native_code import NATIVE_AFTER, CannotCompile, is_available, load
from tfrt.kernels.numerics.elementwise_chain import Run, Step
from tfrt.kernels.numerics.replacing import replaced_once

LEAST_BYTES = 1 << 14
"""The size of a result that is worth it: passing arrays to machine code takes as long as a few of numpy's calls."""

MOST_ELEMENTS = 1 << 22
"""How many elements machine code works on without a break, which takes some milliseconds."""

_SPECIAL = (0.0, -0.0, 1.0, -1.0, 1.5, -2.75, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-42, 3.0, 7.0)


def can_be_native(steps: Sequence[Step], inputs: Sequence[Shape], result: Shape, dtype: np.dtype) -> bool:
    """Whether a chain on arrays of these shapes has a native form, and enough elements to be worth it."""
    if dtype not in (np.float32, np.float64) or np.prod(result) * dtype.itemsize < LEAST_BYTES:
        return False
    has_forms = all(step.native is not None and step.dtype is None for step in steps)
    return has_forms and all(shape == result or is_row(shape, result) for shape in inputs)


def when_worthwhile(
    run: Run, steps: Sequence[Step], inputs: Sequence[Shape], result: Shape, dtype: np.dtype, *, at_once: bool
) -> Run:
    """`run`, and once that has taken long, or at once, the same as machine code; without Numba always `run`."""
    if not is_available():
        return run
    if at_once:
        return make_native(run, steps, inputs, result, dtype)
    return replaced_once(
        lambda spent: spent > NATIVE_AFTER, run, lambda _: make_native(run, steps, inputs, result, dtype)
    )


def make_native(run: Run, steps: Sequence[Step], inputs: Sequence[Shape], result: Shape, dtype: np.dtype) -> Run:
    """The chain as machine code; `run` where that cannot be made, or does something else."""
    rows = [without_leading_ones(shape) for shape in inputs if shape != result]
    rank = max(map(len, rows), default=0)
    # Without rows, all elements are one.
    inner = result[len(result) - rank :] if rank else result
    width = int(np.prod(inner))
    kinds = ["full" if s == result else "row" if without_leading_ones(s) else "scalar" for s in inputs]
    try:
        code = load(_source(steps, kinds, dtype), "chain")
    except CannotCompile as error:
        # What Numba and the machine cannot do, numpy can.
        logging.getLogger("tfrt").info("no machine code for a chain of elementwise ops: %s", error)
        return run

    def native(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if out is None:
            out = np.empty(result, dtype)
        laid_out = [_laid_out(*pair, inner, width) for pair in zip(arrays, kinds, strict=True)]
        target = out.reshape(-1, width)
        if target.size <= MOST_ELEMENTS:
            code(*laid_out, target)
            return out
        # Between two blocks Python handles signals, which it does not while machine code runs.
        for rows, columns in _blocks(*target.shape):
            block = (_block(*pair, rows, columns) for pair in zip(laid_out, kinds, strict=True))
            code(*block, target[rows, columns])
        return out

    return native if _agree(run, native, inputs, dtype) else run


def _laid_out(array: np.ndarray, kind: str, inner: Shape, width: int) -> np.ndarray:
    if kind == "full":
        return array.reshape(-1, width)
    if kind == "scalar":
        return array.reshape(1)
    row = array.reshape(without_leading_ones(array.shape))
    return np.ascontiguousarray(np.broadcast_to(row, inner)).reshape(width)


def _blocks(rows: int, width: int) -> Iterator[tuple[slice, slice]]:
    """A two-dimensional array in blocks that are contiguous, of at most `MOST_ELEMENTS` each."""
    height, length = max(1, MOST_ELEMENTS // width), min(width, MOST_ELEMENTS)
    for row in range(0, rows, height):
        for column in range(0, width, length):
            yield slice(row, row + height), slice(column, column + length)


def _block(array: np.ndarray, kind: str, rows: slice, columns: slice) -> np.ndarray:
    if kind == "full":
        return array[rows, columns]
    return array if kind == "scalar" else array[columns]


def _source(steps: Sequence[Step], kinds: Sequence[str], dtype: np.dtype) -> str:
    """A module with a function of the inputs, two-dimensional where full, and of the result."""
    number = f"np.{dtype.name}"
    access = {"full": "x{0}[i, j]", "row": "x{0}[j]", "scalar": "s{0}"}
    # Arrays that may not be written to, such as constants, are inputs, too.
    types = [f'Array({dtype.name}, {2 if kind == "full" else 1}, "C", readonly=True)' for kind in kinds]
    types.append(f"{dtype.name}[:, ::1]")
    values = [f"v{index}" for index in range(len(kinds) + len(steps))]
    scalars = [f"    s{index} = x{index}[0]" for index, kind in enumerate(kinds) if kind == "scalar"]
    reads = [f"            v{index} = {access[kind].format(index)}" for index, kind in enumerate(kinds)]
    writes = []
    for index, step in enumerate(steps, len(kinds)):
        assert step.native is not None
        writes.append(f"            v{index} = {step.native.format(*(values[operand] for operand in step.operands))}")
    parameters = ", ".join([*(f"x{index}" for index in range(len(kinds))), "out"])
    lines = [
        "from math import sqrt",
        "import numpy as np",
        "from numba import njit",
        f"from numba.types import Array, {dtype.name}, void",
        "",
        f"zero, one = {number}(0), {number}(1)",
        "",
        f'@njit(void({", ".join(types)}), nogil=True, cache=CACHE, error_model="numpy")',
        f"def chain({parameters}):",
        *scalars,
        "    for i in range(out.shape[0]):",
        "        for j in range(out.shape[1]):",
        *reads,
        *writes,
        f"            out[i, j] = {values[-1]}",
    ]
    return "\n".join(lines) + "\n"


def _agree(run: Run, native: Run, inputs: Sequence[Shape], dtype: np.dtype) -> bool:
    """Whether both give the same for numbers of all kinds, in all combinations that there is room for."""
    random = np.random.default_rng(0)
    arrays = [random.choice(np.array(_SPECIAL), shape).astype(dtype) for shape in inputs]
    one, other = run(*arrays), native(*arrays)
    is_nan = np.isnan(one)
    same: bool = np.array_equal(is_nan, np.isnan(other)) and one[~is_nan].tobytes() == other[~is_nan].tobytes()
    return same
