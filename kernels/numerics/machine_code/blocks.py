"""Running machine code that works on blocks: of arrays, and the first and the last unit of a block."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tfrt.executor.declarations.prepared import Scribe, Write, written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import UNFIT, Signature, Takes, Whole, directly
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.fork_join import Crew, Queue
from tfrt.executor.support.fork_join_code import shared_text
from tfrt.executor.support.machine_code import CannotAssemble, assemble
from tfrt.kernels.numerics.copying import in_c_order

Shape = tuple[int, ...]

BLOCKS_A_THREAD = 4
"""So many, lest all wait for a thread that the system has stopped."""


LONG = 64
"""As many of the fewest units that are worth a block take some 200 microseconds, so threads are woken for them."""


def in_blocks(
    code: Callable[..., None], arrays: int, units: int, host: HostContext | None, least: int, most: int
) -> Callable[..., None]:
    """A function of as many arrays that does all units, on all compute threads of the host where that pays.

    Args:
        least: the fewest units that are worth a block of their own, some microseconds.
        most: how many units a thread does without a break, in which Python handles signals; some milliseconds.
    """
    least, most = max(1, least), max(1, most)
    if host is not None and _is_shared(units, host, least):
        try:
            return _shared(code, arrays, units, host, least, most)
        except CannotAssemble:
            return lambda *given: host.parallel_for(units, least, lambda start, end: code(*given, start, end))
    return with_breaks(code, units, most)


def _is_shared(units: int, host: HostContext | None, least: int) -> bool:
    """Whether threads share the units."""
    return host is not None and host.parallelism > 1 and units >= 2 * max(1, least)


def with_breaks(code: Callable[..., None], units: int, most: int, *more: int) -> Callable[..., None]:
    """A function of arrays that does all units by code of arrays, the first and the last unit, and what more it takes:
    so many without a break, in which Python handles signals."""
    if units <= most:
        return lambda *given: code(*given, 0, units, *more)

    def run(*given: object) -> None:
        for first in range(0, units, most):
            code(*given, first, min(first + most, units), *more)

    return run


BRIEF_WORK = 1 << 22
"""So many multiplications are done with the interpreter lock, in at most some 70 microseconds..."""

_LONG_OF_BRIEF = 3
"""How many times as much takes so long that threads are woken for it, as `LONG` is."""

BRIEF_WORK_OF_MANY = 1 << 18
"""...or where a host has compute threads, in some four."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much work is done in which way, in multiplications or elements.

    Attributes:
        least: what is worth a block of its own on another thread.
        most: what is done without a break.
        brief: what is done with the interpreter lock, in some tens of microseconds; or, where the host has compute
            threads, in a few.
    """

    least: int
    most: int
    brief: tuple[int, int] = (BRIEF_WORK, BRIEF_WORK_OF_MANY)


@dataclass(frozen=True, slots=True)
class Units:
    """The units of work that some machine code does.

    Attributes:
        count: how many there are.
        limits: the same for all, in units.
        is_strided: whether what a unit reads lies apart, a piece of each row. Then a thread's units are one block, for
            it reads the faster the longer the pieces are.
    """

    count: int
    limits: Limits
    is_strided: bool = False


def units_of(count: int, each: int, limits: Limits, *, is_strided: bool = False) -> Units:
    """So many units, of so much work each."""
    each = max(1, each)
    one, many = limits.brief
    return Units(count, Limits(-(-limits.least // each), limits.most // each, (one // each, many // each)), is_strided)


Work = Callable[..., Any]
"""A function of arrays, and perhaps of one for the result after them, that returns the result; or `UNFIT` where it has
done nothing, for an array is not one that its code takes."""


def whole_work(
    text: str,
    name: str,
    sizes: Sequence[int],
    dtype: np.dtype | Sequence[np.dtype],
    units: Units,
    host: HostContext | None,
    shape: Shape,
    result: int = -1,
) -> Work:
    """What does all units by the code of a module, as `in_blocks` has it; it takes arrays in C order.

    Args:
        name: the function's in the module.
        sizes: how many elements each array has at least.
        dtype: the type of all of them, or that of each.
        shape: the result's.
        result: which of the arrays that is; the function is given the others.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    dtypes = [dtype] * len(sizes) if isinstance(dtype, np.dtype) else dtype
    takes = [Whole(*each) for each in zip(sizes, dtypes, strict=True)]
    direct = direct_work(text, name, takes, units, host, shape, result)
    if direct is not None:
        return direct
    count, place = units.count, result % len(sizes)
    code = assemble(text, name, [*[ctypes.py_object] * len(sizes), ctypes.c_int64, ctypes.c_int64])
    do_all = in_blocks(code, len(sizes), count, host, units.limits.least, units.limits.most)

    def work(*given: np.ndarray) -> object:
        inputs, out = (given[:-1], given[-1]) if len(given) == len(sizes) else (given, np.empty(shape, dtypes[place]))
        ordered = (*inputs[:place], out, *inputs[place:])
        if not (_are_whole(ordered, sizes, dtypes) and all(array.flags.c_contiguous for array in ordered)):
            return UNFIT
        do_all(*ordered)
        return out

    return work


def direct_work(
    text: str,
    name: str,
    takes: Sequence[Takes],
    units: Units,
    host: HostContext | None,
    shape: Shape,
    result: int = -1,
) -> Work | None:
    """What does all units by the code of a module as a function of Python's, if there can be one: where Python is
    another one, where nothing can be assembled, which will be seen, and where units take too long to be done at once,
    there is none.

    Args:
        takes: what each array must be; see `whole_work` for the others.
    """
    count, least, most, brief = units.count, units.limits.least, units.limits.most, units.limits.brief
    place = result % len(takes)
    is_brief = count <= brief[host is not None and host.parallelism > 1]
    is_shared = host is not None and _is_shared(count, host, least)
    with suppress(CannotAssemble):
        if host is not None and is_shared and count <= most * host.parallelism:
            crew, shared = host.single(crew_of), shared_text(text, name, len(takes))
            taken = [Whole(crew.words.size, crew.words.dtype), *takes]
            numbers = (0, count, *_shares(units, host))
            function = directly(shared, "shared", Signature(taken, numbers, place + 1, shape, not is_brief))
            crew.start()
            return partial(function, crew.words)
        if is_brief or (count <= most and not is_shared):
            return directly(text, name, Signature(takes, (0, count), place, shape, not is_brief))
    return None


def shares_of(units: Units, host: HostContext) -> tuple[int, int] | None:
    """How threads share units, as code that forks a loop is told (`tfrt.executor.support.fork_join_code`): how many a
    block has, and whether the loop takes long. None where one thread does them all."""
    return _shares(units, host) if _is_shared(units.count, host, units.limits.least) else None


def _shares(units: Units, host: HostContext) -> tuple[int, int]:
    count, limits, threads = units.count, units.limits, host.parallelism
    grain = -(-count // threads) if units.is_strided else _grain(count, host, limits.least, limits.most * threads)
    # Where a unit takes longer than what is brief, two do.
    return grain, int(count > _LONG_OF_BRIEF * limits.brief[0])


def written_work(work: Work, run: Callable[..., Any], inputs: int) -> Write:
    """How `run`, a function of so many arrays and of `out`, is written that is `work` wherever that takes them."""

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        done = f"{scribe.constant(work, 'work')}({', '.join(operands)})"
        return [f"{result} = {done}", unless_done(run, inputs, operands, result, scribe)]

    return write


def taking_any(work: Work, shape: Shape, sizes: Sequence[int], dtypes: np.dtype | Sequence[np.dtype]) -> Work:
    """`work`, whose result of this shape comes after its inputs, as a function of arrays that need not lie in C order,
    and of `out`."""
    inputs, dtype = len(sizes) - 1, dtypes if isinstance(dtypes, np.dtype) else dtypes[-1]

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        found = work(*arrays) if out is None else work(*arrays, out)
        if found is not UNFIT:
            return found
        if out is not None and not out.flags.c_contiguous:
            out[...] = run(*arrays)
            return out
        in_order = [*map(in_c_order, arrays), np.empty(shape, dtype) if out is None else out]
        require_whole(in_order, sizes, dtypes)
        return work(*in_order)

    return written(run, written_work(work, run, inputs))


def unless_done(run: Callable[..., Any], inputs: int, operands: Sequence[str], result: str, scribe: Scribe) -> str:
    """The statement that has `run` do what has been found to be `UNFIT`."""
    unfit = scribe.constant(UNFIT, "unfit")
    return f"{result} = {result} if {result} is not {unfit} else {called(run, inputs, operands, scribe)}"


def called(run: Callable[..., Any], inputs: int, operands: Sequence[str], scribe: Scribe) -> str:
    """A call of a function of so many arrays, where there is one operand more with that as `out`."""
    given = [*operands[:inputs], *(f"out={out}" for out in operands[inputs:])]
    return f"{scribe.constant(run, 'run')}({', '.join(given)})"


def require_whole(arrays: Sequence[np.ndarray], sizes: Sequence[int], dtype: np.dtype | Sequence[np.dtype]) -> None:
    """Machine code takes arrays for what it is told that they are.

    Raises:
        KernelError: one has another type, or fewer elements, which only programs do that say so wrongly.
    """
    if _are_whole(arrays, sizes, dtype):
        return
    given = ", ".join(f"{array.size} {array.dtype}" for array in arrays)
    if isinstance(dtype, np.dtype):
        raise KernelError(f"made for arrays of {', '.join(map(str, sizes))} elements {dtype}, got {given}")
    wanted = ", ".join(f"{size} {each}" for size, each in zip(sizes, dtype, strict=True))
    raise KernelError(f"made for arrays of {wanted} elements, got {given}")


def require_strided(arrays: Sequence[np.ndarray], kinds: Sequence[tuple[Shape, np.dtype]]) -> None:
    """As `require_whole`, for code that looks at strides, and so takes arrays of these shapes and types only.

    Raises:
        KernelError: one has another shape or type.
    """
    for array, (shape, dtype) in zip(arrays, kinds, strict=True):
        if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
            raise KernelError(f"made for an array of {list(shape)} {dtype}, got {list(array.shape)} {array.dtype}")


def _are_whole(arrays: Sequence[np.ndarray], sizes: Sequence[int], dtype: np.dtype | Sequence[np.dtype]) -> bool:
    # numpy's scalars look like arrays, and are none.
    if not all(isinstance(array, np.ndarray) for array in arrays):
        return False
    if isinstance(dtype, np.dtype):
        return all(array.size >= size and array.dtype == dtype for array, size in zip(arrays, sizes, strict=True))
    return all(a.size >= size and a.dtype == each for a, size, each in zip(arrays, sizes, dtype, strict=True))


def _shared(
    code: Callable[..., None], arrays: int, units: int, host: HostContext, least: int, most: int
) -> Callable[..., None]:
    share, most = host.single(crew_of).sharing(code, arrays), most * host.parallelism
    return with_breaks(share, units, most, _grain(units, host, least, most), int(units >= LONG * least))


def _grain(units: int, host: HostContext, least: int, most: int) -> int:
    """How many units a block has."""
    return max(least, -(-min(units, most) // (BLOCKS_A_THREAD * host.parallelism)))


def crew_of(host: HostContext) -> Crew:
    """The threads that help with loops of a host; `HostContext.single` has those that there are.

    Raises:
        CannotAssemble: there can be none.
    """
    if not isinstance(host.work_queue, Queue):
        raise CannotAssemble(f"nobody knows whether the queue '{host.work_queue.name}' has tasks that wait")
    crew = Crew(host.work_queue, host.parallelism - 1)
    host.on_close(crew.close)
    return crew
