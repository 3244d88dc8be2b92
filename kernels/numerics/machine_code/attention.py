"""Attention of few queries as machine code, made by llvmlite where it is installed: what a decoder does at each step.

A query stays in registers while keys go by, and so does the result while values do; scores are on the stack. Keys and
values are read where they are, in parts and of any strides but that elements of one key lie together.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import prod

import numpy as np

from tfrt.executor.declarations.prepared import written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import UNFIT, Shaped, Signature, directly
from tfrt.executor.support.machine_code import (
    DATA_OFFSET,
    STRIDES_OFFSET,
    CannotAssemble,
    assemble,
    can_see_strides,
    processor,
)
from tfrt.kernels.numerics.attention_sizes import LEAST_SHARE, Attention, Change, Shape
from tfrt.kernels.numerics.machine_code.blocks import Work, require_strided, written_work
from tfrt.kernels.numerics.machine_code.choice import native_or
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.functions import exp_or_zero, tanh
from tfrt.kernels.numerics.machine_code.vectors.lanes import GREATER, greatest_of, sum_of
from tfrt.kernels.numerics.machine_code.vectors.types import load, spread

Run = Callable[..., np.ndarray]

MOST_QUERIES = 4
"""For more of them, products of matrices are faster."""

MOST_KEYS = 1 << 13
"""How many scores there is room for on the stack."""

BRIEF_WORK = 1 << 19
"""So few multiplications are done with the interpreter lock, in some tens of microseconds..."""

BRIEF_WORK_OF_MANY = 1 << 16
"""...or where a host has compute threads, in a few."""

_TOGETHER = 4
"""How many keys go by in one turn of a loop."""


def with_native_attention(run: Run, a: Attention, host: HostContext) -> Run:
    """`run`, or the same as machine code where there is some and it is worth it."""
    if a.dtype != np.float32 or a.queries > MOST_QUERIES or a.count > MOST_KEYS or min(a.depth, a.width) < 4:
        return run
    return native_or(run, lambda: make_native(run, a, host), host, "attention of few queries")


def make_native(run: Run, a: Attention, host: HostContext | None) -> Run:
    """The attention as machine code; `run` serves elements that do not lie together.

    Raises:
        CannotAssemble: there is none.
    """
    if not can_see_strides():
        raise CannotAssemble("arrays are not like those it is written for")
    text, takes = write(a, processor().vector_bytes // 4), [Shaped(*kind) for kind in kinds_of(a)]
    work = prod(a.batch) * a.queries * a.count * (a.depth + a.width)
    is_brief = work <= (BRIEF_WORK if host is None or host.parallelism == 1 else BRIEF_WORK_OF_MANY)
    try:
        signature = Signature(takes, (), len(takes) - 1, a.result, not is_brief)
        return called_directly(run, directly(text, "attend", signature), a)
    except CannotAssemble:
        # Python is another one, or nothing can be assembled, which will be seen.
        return by_strides(run, assemble(text, "attend", [ctypes.py_object] * len(takes)), a)


def called_directly(run: Run, code: Work, a: Attention) -> Run:
    """Code that is Python's function as one that takes any arrays."""
    of_others = by_strides(run, code, a)

    def native(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = code(*arrays) if out is None else code(*arrays, out)
        return of_others(*arrays, out=out) if found is UNFIT else found

    return written(native, written_work(code, native, len(kinds_of(a)) - 1))


def by_strides(run: Run, code: Callable[..., object], a: Attention) -> Run:
    """Code of the arrays and the result's as a function; `run` serves elements that do not lie together."""
    kinds, shape = kinds_of(a), a.result

    def native(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        made = np.empty(shape, a.dtype) if out is None else out
        for array in (*arrays, made):
            if array.strides[-1] != array.itemsize and array.shape[-1] != 1:
                return run(*arrays, out=made)
        require_strided((*arrays, made), kinds)
        code(*arrays, made)
        return made

    return native


def shapes_of(a: Attention) -> list[Shape]:
    """The shapes of all arrays but for their last dimension, the result's last."""
    parts = [(*leading, n) for leading, n in zip(a.leading, (*a.keys, *a.values), strict=True)]
    return [(*a.batch, a.queries), *parts, *[mask[:-1] for mask in a.masks], a.result[:-1]]


def kinds_of(a: Attention) -> list[tuple[Shape, np.dtype]]:
    """The shapes and types of all arrays, the result's last."""
    lasts = [a.depth] * (1 + len(a.keys)) + [a.width] * len(a.values)
    dtypes = [a.dtype] * len(lasts)
    lasts += [mask[-1] for mask in a.masks]
    dtypes += [np.dtype(bool) if change.is_chosen else a.dtype for change in a.masked]
    dtypes += [a.dtype] * (len(lasts) - len(dtypes))
    shapes = zip(shapes_of(a), [*lasts, a.width], strict=True)
    return [((*shape, last), dtype) for (shape, last), dtype in zip(shapes, [*dtypes, a.dtype], strict=True)]


def write(a: Attention, lanes: int) -> str:
    """The function ``attend`` as a module, of the arrays and the result's."""
    code = Code(np.dtype(np.float32), lanes)
    names = [f"%a{number}x" for number in range(len(shapes_of(a)))]
    arrays = arrays_of(code, a, names)
    total = -(-a.count // lanes) * lanes
    scores = code.memory(total)
    query, made = arrays[0], arrays[-1]
    keys, values = arrays[1 : 1 + len(a.keys)], arrays[1 + len(a.keys) : 1 + len(a.keys) + len(a.values)]
    masks = arrays[1 + len(a.keys) + len(a.values) : -1]
    with ExitStack() as loops:
        place = [loops.enter_context(code.loop(0, size)) for size in a.batch]
        row = loops.enter_context(code.loop(0, a.queries))
        _write_scores(code, a, query.at([*place, row]), [part.at(place) for part in keys], keys, scores)
        write_shares(code, a, [mask.at([*place, row]) for mask in masks], scores, total)
        _write_mixture(code, a, [part.at(place) for part in values], values, scores, made.at([*place, row]))
    return code.module("attend", [f"ptr {name}" for name in names])


def arrays_of(code: Code, a: Attention, names: Sequence[str]) -> list[Strided]:
    """All arrays, the result's last, with their dimensions in the order in which the op has them."""
    *inputs, made = shapes_of(a)
    arrays = [Strided(code, name, shape, range(len(shape))) for name, shape in zip(names, inputs, strict=False)]
    return [*arrays, Strided(code, names[-1], made, a.places[:-1])]


class Strided:
    """An array's elements and, in bytes, its strides; dimensions of size 1 have none.

    Args:
        shape: the array's, and...
        places: ...which of its dimensions the first one is, and so on.
    """

    def __init__(self, code: Code, name: str, shape: Shape, places: Sequence[int]):
        self._code, self._shape = code, [shape[place] for place in places]
        self._begin = code.elements_of(name, DATA_OFFSET)
        strides = code.elements_of(name, STRIDES_OFFSET)
        self.strides = [code.integer(strides, place) for place in places]

    def at(self, place: Sequence[Value]) -> str:
        """Where what has these indices in the leading dimensions begins."""
        address = self._begin
        for index, size, stride in zip(place, self._shape, self.strides, strict=False):
            address = address if size == 1 else self._code.moved(address, self._code.product(index, stride))
        return address


def _cut(size: int, lanes: int) -> list[int]:
    """How many lanes of each of the vectors of so many elements are used."""
    return [min(lanes, size - start) for start in range(0, size, lanes)]


def _write_scores(
    code: Code, a: Attention, query: str, begins: Sequence[str], keys: Sequence[Strided], scores: str
) -> None:
    lanes = _cut(a.depth, code.lanes)
    scale = code.constant(float(np.float32(a.scale)))
    vectors = [
        evaluate(code, "{0} * {1}", [code.load(code.at(query, n * code.lanes), count), scale])
        for n, count in enumerate(lanes)
    ]

    def score(key: str, to: str) -> None:
        total = code.constant(0)
        for n, count in enumerate(lanes):
            total = code.fma(vectors[n], code.load(code.at(key, n * code.lanes), count), total)
        code.put(to, sum_of(code, total))

    start = 0
    for begin, part, count in zip(begins, keys, a.keys, strict=True):
        stride, whole = part.strides[len(a.batch)], count // _TOGETHER * _TOGETHER
        if whole:
            with code.loop(0, whole, _TOGETHER) as first:
                for each in range(_TOGETHER):
                    key = code.add(first, each)
                    score(code.moved(begin, code.product(key, stride)), code.at(scores, code.add(key, start)))
        for key in range(whole, count):
            score(code.moved(begin, code.product(key, stride)), code.at(scores, key + start))
        start += count


def write_shares(code: Code, a: Attention, masks: Sequence[str], scores: str, total: int) -> None:
    """Make a row's scores, after which there is room for whole vectors, their softmax.

    Args:
        masks: where what belongs to the row begins in each of the arrays that `Attention.masks` has.
    """
    shift = write_changed(code, a, masks, scores, total)
    write_quotients(code, a, masks, scores, write_exponentials(code, a, masks, scores, total, shift))


def write_changed(code: Code, a: Attention, masks: Sequence[str], scores: str, total: int) -> str:
    """Change a row's scores as they are to be before the softmax, the first part of `write_shares`.

    Returns:
        A vector of what is taken away from all of them: the greatest one.
    """
    count, lowest = a.count, code.constant(-np.inf)
    for place in range(count, total):
        code.put(code.at(scores, place), code.number(-np.inf))
    # What is not a number makes all shares such, whatever the greatest one is.
    greatest = code.variable(lowest if a.sink is None else code.spread(masks[-1]))
    for start, lanes in code.parts(count):
        at = code.at(scores, start)
        value = code.load(at, code.lanes)
        if a.scores:
            value = _changed(code, a.scores, masks, value, start, lanes)
            # What has no key is not as if it had been masked.
            value = code.filled(value, lanes, lowest)
            code.store(at, value, code.lanes)
        code.set(greatest, evaluate(code, GREATER, [value, code.get(greatest)]))
    shift = code.spread_element(greatest_of(code, code.get(greatest)))
    if a.zeroes_masked:
        # Exponentials are zero then, and so is their sum, which it is nowhere else.
        shift = evaluate(code, "{1} if {0} == {2} else {0}", [shift, code.constant(0), lowest])
    return shift


def write_exponentials(code: Code, a: Attention, masks: Sequence[str], scores: str, total: int, shift: str) -> str:
    """Make a row's scores exponentials, the second part of `write_shares`.

    Args:
        shift: what `write_changed` gives.

    Returns:
        A vector of what they are to be multiplied by.
    """
    added = code.variable(code.constant(0))
    with code.loop(0, total, code.lanes) as start:
        at = code.at(scores, start)
        value = exp_or_zero(code, evaluate(code, "{0} - {1}", [code.load(at, code.lanes), shift]), LEAST_SHARE)
        code.store(at, value, code.lanes)
        code.set(added, evaluate(code, "{0} + {1}", [code.get(added), value]))
    divisor = code.spread_element(sum_of(code, code.get(added)))
    if a.sink is not None:
        apart = evaluate(code, "{0} - {1}", [code.spread(masks[-1]), shift])
        divisor = evaluate(code, "{0} + {1}", [divisor, exp_or_zero(code, apart, LEAST_SHARE)])
    if a.zeroes_masked:
        divisor = evaluate(code, "one if {0} == zero else {0}", [divisor])
    # It is one at least, or no number.
    return evaluate(code, "one / {0}", [divisor])


def write_quotients(code: Code, a: Attention, masks: Sequence[str], scores: str, inverse: str) -> None:
    """Make a row's exponentials shares, and change these, the last part of `write_shares`.

    Args:
        inverse: what `write_exponentials` gives.
    """
    of_scores = sum(change.mask is not None for change in a.scores)
    for start, lanes in code.parts(a.count):
        at = code.at(scores, start)
        value = evaluate(code, "{0} * {1}", [code.load(at, code.lanes), inverse])
        value = _changed(code, a.shares, masks[of_scores:], value, start, lanes)
        code.store(at, value, code.lanes)


_EXPRESSIONS = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "maximum": "{0} if {0} > {1} or {0} != {0} else {1}",
    "minimum": "{0} if {0} < {1} or {0} != {0} else {1}",
    "replace_nan": "{1} if {0} != {0} else {0}",
}
"""Of scores and what changes them; a greatest or least one is no number where one of the two is none."""


_FLAG = np.dtype(bool)


def _changed(code: Code, changes: Sequence[Change], masks: Sequence[str], value: str, start: Value, lanes: int) -> str:
    """A vector of scores or shares after it was changed; of their row, it is so many from `start` on."""
    rest = iter(masks)
    for change in changes:
        other = code.constant(0.0 if change.number is None else float(np.float32(change.number)))
        if change.name == "tanh":
            value = tanh(code, value)
            continue
        is_one = change.mask is not None and change.mask[-1] == 1
        at = None if change.mask is None else next(rest)
        if change.is_chosen:
            assert at is not None
            kept = spread(code, at, _FLAG) if is_one else load(code, code.moved(at, start), _FLAG, lanes)
            value = code.select(kept.name, value, other)
            continue
        if at is not None:
            other = code.spread(at) if is_one else code.load(code.at(at, start), lanes)
        value = evaluate(code, _EXPRESSIONS[change.name], [value, other])
        if change.name in ("maximum", "minimum") and change.mask is not None:
            value = evaluate(code, "{1} if {1} != {1} else {0}", [value, other])
    return value


_MOST_VECTORS = 8
"""How many vectors of the result are made at a time."""


def _write_mixture(
    code: Code, a: Attention, begins: Sequence[str], values: Sequence[Strided], scores: str, made: str
) -> None:
    cut = list(enumerate(_cut(a.width, code.lanes)))
    for block in range(0, len(cut), _MOST_VECTORS):
        lanes = cut[block : block + _MOST_VECTORS]
        sums = [code.variable(code.constant(0)) for _ in lanes]
        start = 0
        for begin, part, count in zip(begins, values, a.values, strict=True):
            stride = part.strides[len(a.batch)]
            with code.loop(0, count) as number:
                share = code.spread(code.at(scores, code.add(number, start)))
                value = code.moved(begin, code.product(number, stride))
                for total, (n, used) in zip(sums, lanes, strict=True):
                    code.set(total, code.fma(share, code.load(code.at(value, n * code.lanes), used), code.get(total)))
            start += count
        for total, (n, used) in zip(sums, lanes, strict=True):
            code.store(code.at(made, n * code.lanes), code.get(total), used)
