"""Convolutions whose result is pooled while it is in the cache, block by block: it is nowhere as a whole.

Images and filters are as `channels_last` has them. A block is as many images, or rows of windows of the pool, as fit
into its `BLOCK_BYTES` before they are pooled. Steps that give no less for more are done after a maximum, to a fraction
of the elements: the greatest of them is then what they give for the greatest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite, prod

import numpy as np

from tfrt.executor.declarations.annotations import Pooling, RowEpilogue
from tfrt.executor.declarations.pools import Pool
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.arithmetic import floats
from tfrt.kernels.numerics.borrowing import Part, function_of
from tfrt.kernels.numerics.chains.epilogues import epilogue, names_of
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.convolution.blocks import Block, Kind, blocks_of
from tfrt.kernels.numerics.convolution.channels_last import (
    MOST_HELD,
    Arrays,
    Body,
    Convolve,
    following,
    kind_of,
    with_writing,
)
from tfrt.kernels.numerics.convolution.patches import Shape
from tfrt.kernels.numerics.copying import given_back, room_for
from tfrt.kernels.numerics.products import LEAST_WORK
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.reductions.side_by_side import pool_of
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Room, Workspace

_ALWAYS = (np.maximum, np.minimum, np.tanh, floats.logistic)
"""Functions that give no less for more, and NaN for NaN, whatever other operand they have."""

_OF_FINITE = (np.add, np.subtract)
"""Those for which that is so where the second operand is finite: an infinity and its opposite give NaN..."""

_OF_POSITIVE = (np.multiply, np.divide)
"""...or finite and greater than zero."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done to a convolution's result before it is pooled, and after. Of both, the value comes first among the
    operands, then `others`.

    Attributes:
        others: the shapes of arrays that come from elsewhere.
        finite, positive: numbers of those that must be so, for this to give what the program says.
    """

    before: tuple[Step, ...]
    after: tuple[Step, ...]
    others: tuple[Shape, ...]
    finite: frozenset[int] = frozenset()
    positive: frozenset[int] = frozenset()


def steps_around(before: RowEpilogue | None, pooling: Pooling | None) -> Steps | None:
    """The steps as the program has them; None where it is not known of which steps something consists."""
    after = None if pooling is None else pooling.after
    first, then = [() if each is None else each.steps for each in (before, after)]
    if first is None or then is None:
        return None
    known = before or after
    return Steps(tuple(first), tuple(then), () if known is None else known.others)


def delayed(steps: Steps, pool: Pool, *, always: bool) -> Steps:
    """The same with fewer steps before the pool and more after it, as far as the result is the same.

    Args:
        always: whether it must be so whatever the other arrays hold.
    """
    if pool.function not in ("maximum", "minimum") or pool.divisors:
        # `fmax` leaves NaN out, of which not all functions give NaN.
        return steps
    while steps.before:
        needs = _needs(steps)
        if needs is None or (always and needs != (frozenset(), frozenset())):
            break
        *first, last = steps.before
        then = _with_first(last, steps.after, _value_before(steps), len(steps.others))
        steps = Steps(tuple(first), then, steps.others, steps.finite | needs[0], steps.positive | needs[1])
    return steps


def _needs(steps: Steps) -> tuple[frozenset[int], frozenset[int]] | None:
    """Of which arrays the last step before a pool needs that they are finite, or positive, to give no less for more;
    None where it may do so."""
    last, value = steps.before[-1], _value_before(steps)
    beside = frozenset(n - 1 for n in last.operands if n != value)
    if last.dtype is not None or last.operands.count(value) != 1 or not beside.issubset(range(len(steps.others))):
        return None
    nothing = frozenset[int]()
    if last.function in _ALWAYS:
        return nothing, nothing
    is_first = last.operands[0] == value
    if last.function in _OF_FINITE and (is_first or last.function is np.add):
        return beside, nothing
    if last.function in _OF_POSITIVE and (is_first or last.function is np.multiply):
        return nothing, beside
    return None


def _value_before(steps: Steps) -> int:
    """The number of the value to which the last step before a pool is done."""
    return len(steps.others) + len(steps.before) - 1 if len(steps.before) > 1 else 0


def _with_first(step: Step, steps: Sequence[Step], value: int, others: int) -> tuple[Step, ...]:
    """Steps after a pool and, before them, one that was done to a value before it."""
    first = replace(step, operands=tuple([0 if n == value else n for n in step.operands]))

    def moved(n: int) -> int:
        return 1 + others if n == 0 else n if n <= others else n + 1

    return (first, *(replace(each, operands=tuple(map(moved, each.operands))) for each in steps))


def seen_by(pool: Pool, windows: Sequence[Window]) -> tuple[Window, ...]:
    """A convolution's windows, as many as a pool sees."""
    return tuple(replace(each, count=each.count // size * size) for each, size in zip(windows, pool.sizes, strict=True))


def prepare_pooled(
    images: Shape,
    filters: Shape,
    windows: Sequence[Window],
    dtype: np.dtype,
    host: HostContext | None,
    before: RowEpilogue | None,
    pooling: Pooling,
) -> Convolve:
    """A function of images, filters, the other arrays that steps read, and perhaps `out`: the convolution, what is done
    to it, the pool, and what is done to that.

    Args:
        images: their shape; so are `filters`.
        windows: those of each dimension between the first and the last.
    """
    pool, seen = pooling.pool, seen_by(pooling.pool, windows)
    depth, threads = filters[-1], 1 if host is None else host.parallelism
    shape = (images[0], *pool.counts(tuple([each.count for each in seen])), depth)
    if not prod(shape):
        return lambda x, w, *others, out=None: np.empty(shape, dtype) if out is None else out
    ways, choose = _ways_around(before, pooling)
    kind = kind_of(images, filters, seen, dtype)
    known = before or pooling.after
    inputs = names_of(() if known is None else known.others)[1:]
    bodies: dict[tuple[Shape, tuple[Window, ...]], Sequence[Body]] = {}
    blocks = []
    # What is copied may take twice as much as what is made of it.
    wanted = depth if kind[0] <= 2 * depth else kind[0]
    for block, over in _blocks(images, seen, pool, wanted, dtype, threads):
        kind_of_block = (block.shape, over)
        if kind_of_block not in bodies:
            whole = replace(block, windows=over)
            bodies[kind_of_block] = [_body(whole, kind, depth, pool, dtype, way, inputs) for way in ways]
        blocks.append((block, bodies[kind_of_block]))
    least = -(-LEAST_WORK * len(blocks) // max(1, prod(shape) * pool.taps * prod(filters[:-1])))

    def some(start: int, end: int, x: np.ndarray, w: np.ndarray, others: Arrays, result: np.ndarray) -> None:
        way = choose(others)
        for block, found in blocks[start:end]:
            found[way](x[block.read], w, result[block.made], *others)

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = room_for(shape, dtype, out)
        if host is None or len(blocks) == 1:
            quiet.call(some, 0, len(blocks), x, w, others, result)
        else:
            host.parallel_for(len(blocks), least, lambda start, end: quiet.call(some, start, end, x, w, others, result))
        return given_back(result, out)

    if len(blocks) > 1:
        return run
    ((_, found),) = blocks

    def only(x: np.ndarray, w: np.ndarray, result: np.ndarray, *others: np.ndarray) -> np.ndarray:
        return found[choose(others)](x, w, result, *others)

    return with_writing(run, only if len(found) > 1 else found[0], 2 + len(inputs), shape, dtype)


def _body(
    block: Block,
    kind: Kind,
    depth: int,
    pool: Pool,
    dtype: np.dtype,
    way: tuple[RowEpilogue | None, RowEpilogue | None],
    inputs: Sequence[str],
) -> Body:
    """What convolves and pools the images of a block, with steps before the pool and after it; it also takes arrays of
    these names."""
    before, after = way
    whole = (block.shape[0], *(window.count for window in block.windows), depth)
    pooled = (prod((whole[0], *pool.counts(whole[1:-1]))), depth)
    matrix, first = following(before, whole, (prod(whole[:-1]), depth), dtype, "y")
    place, last = following(after, whole, pooled, dtype, "z")
    convolving = kind[1](block, matrix)

    def make(room: Room | Workspace) -> Sequence[np.ndarray]:
        return (room.array(matrix, dtype),)

    parts = [
        Part(["y = y0 = images"], {}, ["images"], make, ("images", matrix, dtype), lasts=True),
        convolving.part,
        first,
        pool_of(pool, whole, dtype),
        None if last is None else Part(["z0 = result.reshape(place)"], {"place": place}),
        last,
        Part(["return result"]),
    ]
    stays = convolving.nbytes <= MOST_HELD
    return function_of(["x", "w", "result", *inputs], [part for part in parts if part], stays=stays)


def _blocks(
    images: Shape, windows: Sequence[Window], pool: Pool, wanted: int, dtype: np.dtype, parallelism: int
) -> Iterator[tuple[Block, tuple[Window, ...]]]:
    """Blocks of what is pooled, and of each the windows of which that is; so many elements are wanted for each."""
    rows, *others = windows
    size = pool.sizes[0]
    # What a window of the pool sees of the images.
    extent = (size - 1) * rows.stride + (rows.size - 1) * rows.dilation + 1
    seen = replace(rows, size=extent, stride=size * rows.stride, dilation=1, count=rows.count // size)
    bytes_an_image = prod(window.count for window in windows) * wanted * dtype.itemsize
    for block in blocks_of(images, [seen, *others], bytes_an_image, parallelism):
        down = block.windows[0]
        over = (replace(rows, before=down.before, after=down.after, count=down.count * size), *others)
        yield block, over


def _ways_around(
    before: RowEpilogue | None, pooling: Pooling
) -> tuple[Sequence[tuple[RowEpilogue | None, RowEpilogue | None]], Callable[[Arrays], int]]:
    """What may be done before the pool and after it, and the number of what is best for the other arrays."""
    said = steps_around(before, pooling)
    if said is None:
        return [(before, pooling.after)], lambda others: 0
    surely, best = (delayed(said, pooling.pool, always=always) for always in (True, False))
    ways = [(_epilogue(steps.before, steps.others), _epilogue(steps.after, steps.others)) for steps in (surely, best)]
    needs = [(number, _is_finite) for number in best.finite] + [(number, _is_positive) for number in best.positive]
    return ways, lambda others: int(all(holds(others[number]) for number, holds in needs))


def _epilogue(steps: tuple[Step, ...], others: tuple[Shape, ...]) -> RowEpilogue | None:
    return RowEpilogue(epilogue(steps, others), others, steps) if steps else None


def _is_finite(array: np.ndarray) -> bool:
    """Whether all elements are finite; perhaps not where their squares are not."""
    elements = array.reshape(-1)
    return isfinite(elements.dot(elements))


def _is_positive(array: np.ndarray) -> bool:
    return bool(array.min() > 0) and _is_finite(array)
