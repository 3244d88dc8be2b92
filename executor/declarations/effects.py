"""Which functions have side effects that their data orders completely, so that their kernels may run in any order.

The dataflow executor starts kernels in an order of its own (see `tfrt.executor.engines.dataflow`), and what a program
prints shows it. A plan runs kernels in the file's order instead. Nobody can tell the difference where the *effects*,
the kernels that are not pure, have only one possible order: each depends, directly or through others, on the one before
it. Programs that pass a chain from effect to effect are of this kind. Then any order that respects the operands gives
the same effects, and so does any mixture of the two executors.

For a call to count as one effect in its caller's order, what the caller may wait for must come after everything
the callee does: the results that do are its *sealed* results. A branch seals what all its sides seal. A loop orders
its iterations if an effect of the next one waits for a sealed result of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfrt.executor.bef import FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.declarations.kernel import Control, Kernel

MAX_ROUNDS = 100
"""How often summaries are refined before what still changes is given up; calls nested as deep need as many."""


@dataclass(frozen=True, slots=True)
class Effects:
    """A function's summary.

    Attributes:
        any: whether it has side effects.
        ordered: whether their order is complete.
        sealed: the results, by index, that come after all of them.
        awaited: the arguments, by index, that the first effect waits for.
        disorder: two kernels, by number, that nothing orders, where `ordered` is false because of this function.
    """

    any: bool
    ordered: bool
    sealed: frozenset[int]
    awaited: frozenset[int]
    disorder: tuple[int, int] | None = None

    @property
    def observable_at_end(self) -> bool:
        """Whether somebody who waits for all results may still see an effect happen."""
        return self.any and bool(not self.sealed)


def summarize(functions: Sequence[FunctionRecord], kernel_of: Callable[[str], Kernel]) -> list[Effects]:
    """The effects of each function: the best summaries that agree with one another."""
    summaries = [_optimistic(function) for function in functions]
    callers = callers_of(functions)
    waiting = dict.fromkeys(function.index for function in functions)
    rounds = [0] * len(functions)
    while waiting:
        index = next(iter(waiting))
        del waiting[index]
        function = functions[index]
        rounds[index] += 1
        found = _summarize(function, kernel_of, summaries) if rounds[index] <= MAX_ROUNDS else _unordered()
        if found != summaries[index]:
            summaries[index] = found
            waiting.update(dict.fromkeys(callers[index]))
    return summaries


def _optimistic(function: FunctionRecord) -> Effects:
    if function.kind is not FunctionKind.ASYNC:
        # It runs to completion before its results are there.
        return Effects(True, True, frozenset(range(len(function.result_types))), frozenset())
    return Effects(False, True, frozenset(range(len(function.result_types))), frozenset())


def _unordered(disorder: tuple[int, int] | None = None) -> Effects:
    return Effects(True, False, frozenset(), frozenset(), disorder)


def callers_of(functions: Sequence[FunctionRecord]) -> list[list[int]]:
    callers: list[dict[int, None]] = [{} for _ in functions]
    for function in functions:
        for kernel in function.kernels:
            for callee in kernel.functions:
                callers[callee][function.index] = None
    return [list(found) for found in callers]


def _summarize(function: FunctionRecord, kernel_of: Callable[[str], Kernel], summaries: Sequence[Effects]) -> Effects:
    if function.kind is not FunctionKind.ASYNC:
        return _optimistic(function)
    after: set[int] = set()
    """The registers that come after the last effect so far."""
    last = 0
    awaited: frozenset[int] = frozenset()
    for number, kernel in enumerate(function.kernels[1:], 1):
        effects = _of_kernel(kernel, kernel_of(kernel.name), summaries)
        if not effects.ordered:
            return _unordered()
        waits = not after.isdisjoint(kernel.arguments)
        if not effects.any:
            if waits:
                after.update(kernel.results)
            continue
        if not last:
            awaited = _arguments_before(function, number)
        elif not waits:
            return _unordered((last, number))
        last = number
        after = {kernel.results[index] for index in effects.sealed}
    if not last:
        return _optimistic(function)
    sealed = frozenset(i for i, register in enumerate(function.result_registers) if register in after)
    return Effects(True, True, sealed, awaited)


def _of_kernel(record: KernelRecord, kernel: Kernel, summaries: Sequence[Effects]) -> Effects:
    results = frozenset(range(len(record.results)))
    if not record.functions:
        return Effects(not kernel.is_pure, True, results, frozenset())
    callees = [summaries[index] for index in record.functions]
    if not any(callee.any for callee in callees) and (kernel.control or kernel.is_pure):
        return Effects(False, True, results, frozenset())
    if not all(callee.ordered for callee in callees):
        return Effects(True, False, frozenset(), frozenset())
    match kernel.control:
        case None:
            # What the kernel does with its functions, and when, is its own business.
            return Effects(True, not any(callee.any for callee in callees), results, frozenset())
        case Control.REPEAT:
            (body,) = callees
            return Effects(True, bool(body.awaited & body.sealed), body.sealed, frozenset())
        case Control.WHILE:
            # The last result is the condition, which the next iteration always waits for.
            (body,) = callees
            condition = len(record.results)
            is_ordered = condition in body.sealed or bool(body.awaited & body.sealed)
            return Effects(True, is_ordered, body.sealed - {condition}, frozenset())
        case _:
            sealing = [callee.sealed for callee in callees if callee.any]
            return Effects(True, True, results.intersection(*sealing), frozenset())


def _arguments_before(function: FunctionRecord, number: int) -> frozenset[int]:
    """The arguments that a kernel waits for, directly or through others."""
    needed = set(function.kernels[number].arguments)
    for kernel in reversed(function.kernels[1:number]):
        if not needed.isdisjoint(kernel.results):
            needed.update(kernel.arguments)
    count = len(function.argument_types)
    return frozenset(register for register in needed if register < count)
