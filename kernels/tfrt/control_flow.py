"""Kernels of `tfrt` that run functions: calls, branches and loops.

Source of the semantics: ``lib/basic_kernels/control_flow_kernels.cc`` and ``parallel_kernels.cc`` in
tensorflow/runtime. Loops do not recurse: an iteration whose results are pending is continued from a callback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tfrt.executor.declarations.annotations import Functions
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.runs import Control, Runs
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import Promised, fulfil, fulfilling, guard, settle_all
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import I64
from tfrt.executor.values.chain import CHAIN, Chain


@kernel("tfrt.call", control=Control.CALL)
def call(*operands: Any, callee: Function, context: ExecutionContext) -> tuple[Any, ...]:
    return tuple(callee.execute(context, operands))


@kernel("tfrt.if", control=Control.BRANCH)
def if_(
    condition: bool, *operands: Any, then_region: Function, else_region: Function, context: ExecutionContext
) -> tuple[Any, ...]:
    return tuple((then_region if condition else else_region).execute(context, operands))


@kernel("tfrt.cond", control=Control.BRANCH)
def cond(
    condition: bool, *operands: Any, a_true_fn: Function, b_false_fn: Function, context: ExecutionContext
) -> tuple[Any, ...]:
    return tuple((a_true_fn if condition else b_false_fn).execute(context, operands))


@kernel("tfrt.case", control=Control.CASE)
def case(index: int, *operands: Any, first: Function, others: Functions, context: ExecutionContext) -> tuple[Any, ...]:
    branches = (first, *others)
    # An index without a branch takes the last one, as in TensorFlow.
    branch = branches[index] if 0 <= index < len(branches) else branches[-1]
    return tuple(branch.execute(context, operands))


@kernel("tfrt.once", runs=Runs())
def once(*operands: Any, function: Function, context: ExecutionContext) -> tuple[Any, ...]:
    """Call `function` the first time only; later calls of the same resource context get the first one's results.

    Raises:
        KernelError: the first call would have to wait for itself: this is a part of it, or of a call that it waits for.
    """
    mine = _Once(tuple(AsyncValue() for _ in function.result_types))
    kept = context.resources.get_or_create(f"tfrt.once @{function.name}", lambda: mine)
    if kept in context.within:
        raise KernelError(f"tfrt.once @{function.name} is called within the first call of @{function.name}")
    if context.within:
        waits: list[_Wait] = context.resources.get_or_create("tfrt.once waits", list)
        if not _may_wait(context.within, kept, waits):
            raise KernelError(f"tfrt.once @{function.name} would wait for a call that waits for this one")
    if kept is not mine:
        return kept.results
    part = context.part_within(mine)
    if not mine.results:
        return tuple(function.execute(part, operands))
    fulfil(mine.results, lambda: function.execute(part, operands))
    return mine.results


@dataclass(frozen=True, eq=False, slots=True)
class _Once:
    """The first call of a function."""

    results: tuple[AsyncValue, ...]

    @property
    def is_over(self) -> bool:
        return not any(result.is_pending for result in self.results)


_Wait = list[tuple[_Once, _Once] | None]
"""That the first of two calls waits for the second; None once it does not."""


def _may_wait(within: Sequence[_Once], kept: _Once, waits: list[_Wait]) -> bool:
    """Note that the innermost call of `within` waits for `kept`; False where that would be a circle.

    Appending is atomic, so the waits of all threads are in one order, and each looks at those before its own: of those
    that make a circle, exactly the last one finds it. It is taken out again.
    """
    wait: _Wait = [(within[-1], kept)]
    waits.append(wait)
    before = waits[: next(index for index, found in enumerate(waits) if found is wait)]
    reached, new = {kept}, [kept]
    while new:
        call = new.pop()
        for (pair,) in before:
            if pair is not None and pair[0] is call and pair[1] not in reached and not pair[1].is_over:
                reached.add(pair[1])
                new.append(pair[1])
    if kept.is_over or not reached.intersection(within):
        return True
    wait[0] = None
    return False


@kernel("tfrt.while", control=Control.WHILE)
def while_(
    condition: bool,
    *operands: Any,
    parallel_iterations: I64,
    body_fn: Function,
    context: ExecutionContext,
) -> tuple[Any, ...]:
    """Run `body_fn` while its last result is true; its other results are the next iteration's operands.

    With `parallel_iterations` over 1 each iteration is a task of its own, so that iterations overlap where the data
    allows it.
    """
    loop = _While(body_fn, context, len(operands), parallel_iterations > 1)
    return loop.run(condition, operands)


class _While:
    def __init__(self, body: Function, context: ExecutionContext, count: int, as_tasks: bool):
        self.body = body
        self.context = context
        self.results = tuple(AsyncValue() for _ in range(count))
        self.as_tasks = as_tasks

    def run(self, condition: Any, values: Sequence[Any]) -> tuple[Any, ...]:
        if self.as_tasks and condition:
            self.enqueue(condition, values)
            return self.results
        self.go_on(condition, values)
        return self.results

    def go_on(self, condition: Any, values: Sequence[Any]) -> None:
        guard(self.results, lambda: self._go_on(condition, values))

    def _go_on(self, condition: Any, values: Sequence[Any]) -> None:
        while type(condition) is not AsyncValue and condition:
            *values, condition = self.body.execute(self.context, values)
            if type(condition) is AsyncValue:
                break
            if self.as_tasks and condition:
                self.enqueue(condition, values)
                return
        if type(condition) is not AsyncValue:
            settle_all(self.results, values)
        elif condition.is_error:
            # Nothing of the loop may still be running when its results are there.
            failed = [condition] * len(self.results)
            self.context.host.run_when_ready(values, fulfilling(self.results, lambda: failed))
        else:
            pending, carried = condition, values
            go_on = Promised(self.results, lambda c: self.enqueue(c.value if c.is_available else c, carried))
            pending.and_then(go_on)

    def enqueue(self, condition: Any, values: Sequence[Any]) -> None:
        self.context.host.enqueue(Promised(self.results, lambda: self.go_on(condition, values)))


@kernel("tfrt.repeat.i32", control=Control.REPEAT)
def repeat_i32(count: int, *operands: Any, body: Function, context: ExecutionContext) -> tuple[Any, ...]:
    """Run `body` `count` times; its results are the next iteration's operands.

    As in the reference, an iteration starts even where operands are pending (its kernels wait for them), but a
    block of `_REPEAT_BLOCK` iterations waits for the block before it.
    """
    return _repeat(0, count, list(operands), body, context)


_REPEAT_BLOCK = 1024
"""Iterations started ahead of pending results."""


def _repeat(done: int, count: int, values: list[Any], body: Function, context: ExecutionContext) -> tuple[Any, ...]:
    while done < count:
        for _ in range(min(_REPEAT_BLOCK, count - done)):
            if context.cancellation is not None:
                return (context.cancellation,) * len(values)
            values = body.execute(context, values)
            done += 1
        if done < count and any(type(v) is AsyncValue and v.is_pending for v in values):
            return _repeat_later(done, count, values, body, context)
    return tuple(values)


def _repeat_later(
    done: int, count: int, values: list[Any], body: Function, context: ExecutionContext
) -> tuple[Any, ...]:
    results = tuple(AsyncValue() for _ in values)
    go_on = fulfilling(results, lambda: _repeat(done, count, values, body, context))
    # As a task, so that blocks do not pile up on the stack.
    context.host.run_when_ready(values, Promised(results, lambda: context.host.enqueue(go_on)))
    return results


_BLOCKS = Runs(takes=("i32", "i32", ...), gives=("!tfrt.chain",), or_nothing=True, skips=3, repeats=True)


@kernel("tfrt.parallel_for.i32", runs=_BLOCKS)
def parallel_for_i32(
    start: int, end: int, block_size: int, *operands: Any, body: Function, context: ExecutionContext
) -> Any:
    return _parallel_for(start, end, block_size, body=body, operands=operands, context=context)


@kernel("tfrt.parallel_call.i32", runs=_BLOCKS)
def parallel_call_i32(
    start: int, end: int, block_size: int, *operands: Any, callee: Function, context: ExecutionContext
) -> Any:
    return _parallel_for(start, end, block_size, body=callee, operands=operands, context=context)


def _parallel_for(
    start: int,
    end: int,
    block_size: int,
    *,
    body: Function,
    operands: tuple[Any, ...],
    context: ExecutionContext,
) -> Chain | AsyncValue:
    """Run `body` on the blocks of a range, as tasks; the chain is there when all of them are done.

    A body with one result is done when that chain is there; one without results when its call returns.
    """
    if len(body.result_types) > 1:
        raise KernelError("Invalid parallel body function result types")
    if end <= start:
        return CHAIN
    if block_size < 1:
        raise KernelError(f"parallel block size must be positive, got {block_size}")
    starts = range(start, end, block_size)
    blocks = [AsyncValue() for _ in starts]

    def run(first: int, last: int) -> None:
        # Half of the blocks become a task of their own, again and again, so that spreading them is parallel too.
        while last - first > 1:
            middle = (first + last) // 2
            context.host.enqueue(Promised(blocks[middle:last], partial(run, middle, last)))
            last = middle
        low = starts[first]
        fulfil([blocks[first]], lambda: body.execute(context, (low, min(low + block_size, end), *operands)) or [CHAIN])

    run(0, len(blocks))
    done = AsyncValue()
    outcome = fulfilling([done], lambda: [next((block for block in blocks if block.is_error), CHAIN)])
    context.host.run_when_ready(blocks, outcome)
    return done
