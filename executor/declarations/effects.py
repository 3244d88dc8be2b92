"""Which functions have side effects that their data orders completely, so that their kernels may run in any order.

The dataflow executor starts kernels in an order of its own (see `tfrt.executor.engines.dataflow`), and what a program
prints shows it. A plan runs kernels in the file's order instead. Nobody can tell the difference where the *effects*,
the kernels that are not pure, have only one possible order: each depends, directly or through others, on the one before
it. Programs that pass a chain from effect to effect are of this kind. Then any order that respects the operands gives
the same effects, and so does any mixture of the two executors.

This is decided here once, for files and for blocks of ops alike: both are `Body`s to it. Plans run functions, passes
reorder ops, and the dataflow executor lets several threads run a function's kernels by what it says.

For a call to count as one effect in its caller's order, what the caller may wait for must come after everything
the callee does: the results that do are its *sealed* results. A branch seals what all its sides seal. A loop orders
its iterations if an effect of the next one waits for a sealed result of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.runs import Control

V = TypeVar("V", bound=Hashable)
V_co = TypeVar("V_co", bound=Hashable, covariant=True)

MAX_ROUNDS = 100
"""How often summaries are refined before what still changes is given up; calls nested as deep need as many."""


class Step(Protocol[V_co]):
    """A kernel at one place, whatever its values are: the records of a file are such, and so are ops.

    Attributes:
        arguments, results: the values that it reads and writes.
        functions: the functions that it refers to, by index.
    """

    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> Sequence[V_co]: ...
    @property
    def results(self) -> Sequence[V_co]: ...
    @property
    def functions(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Body(Generic[V]):
    """A function.

    Attributes:
        steps: its kernels.
        is_sync: whether it runs to its end, kernel after kernel, before its results are there.
    """

    arguments: Sequence[V]
    steps: Sequence[Step[V]]
    results: Sequence[V]
    is_sync: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """A function's summary.

    Attributes:
        any: whether it has side effects.
        ordered: whether their order is complete.
        sealed: the results, by index, that come after all of them.
        awaited: the arguments, by index, that the first effect waits for.
        disorder: two steps, by index, that nothing orders, where `ordered` is false because of this function.
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


def summarize(bodies: Mapping[int, Body[V]], kernel_of: Callable[[str], Kernel]) -> dict[int, Effects]:
    """The effects of functions, by index, with all that they call: the best summaries that agree with one another."""
    summaries = {index: _optimistic(body) for index, body in bodies.items()}
    callers = callers_of({index: callees_of(body) for index, body in bodies.items()})
    waiting = dict.fromkeys(bodies)
    rounds = dict.fromkeys(bodies, 0)
    while waiting:
        index = next(iter(waiting))
        del waiting[index]
        rounds[index] += 1
        found = _summarize(bodies[index], kernel_of, summaries) if rounds[index] <= MAX_ROUNDS else _unordered()
        if found != summaries[index]:
            summaries[index] = found
            waiting.update(dict.fromkeys(callers[index]))
    return summaries


def callees_of(body: Body[V]) -> Sequence[int]:
    """The functions that a function refers to, by index."""
    return [callee for step in body.steps for callee in step.functions]


def callers_of(callees: Mapping[int, Iterable[int]]) -> dict[int, list[int]]:
    """For each function, those that refer to it, given what each refers to."""
    callers: dict[int, dict[int, None]] = {index: {} for index in callees}
    for caller, called in callees.items():
        for callee in called:
            callers[callee][caller] = None
    return {index: list(found) for index, found in callers.items()}


def _optimistic(body: Body[V]) -> Effects:
    return Effects(body.is_sync, True, frozenset(range(len(body.results))), frozenset())


def _unordered(disorder: tuple[int, int] | None = None) -> Effects:
    return Effects(True, False, frozenset(), frozenset(), disorder)


def _summarize(body: Body[V], kernel_of: Callable[[str], Kernel], summaries: Mapping[int, Effects]) -> Effects:
    if body.is_sync:
        return _optimistic(body)
    after: set[V] = set()
    """What comes after the last effect so far."""
    last: int | None = None
    awaited: frozenset[int] = frozenset()
    pure = {name for name in {step.name for step in body.steps} if kernel_of(name).is_pure}
    for number, step in enumerate(body.steps):
        if step.name in pure and not step.functions:
            if after and not after.isdisjoint(step.arguments):
                after.update(step.results)
            continue
        effects = _of_step(step, kernel_of(step.name), summaries)
        if not effects.ordered:
            return _unordered()
        waits = not after.isdisjoint(step.arguments)
        if not effects.any:
            if waits:
                after.update(step.results)
            continue
        if last is None:
            awaited = _arguments_before(body, number)
        elif not waits:
            return _unordered((last, number))
        last = number
        after = {step.results[index] for index in effects.sealed}
    if last is None:
        return _optimistic(body)
    return Effects(True, True, frozenset(i for i, value in enumerate(body.results) if value in after), awaited)


def _of_step(step: Step[V], kernel: Kernel, summaries: Mapping[int, Effects]) -> Effects:
    results = frozenset(range(len(step.results)))
    if not step.functions:
        return Effects(not kernel.is_pure, True, results, frozenset())
    callees = [summaries[index] for index in step.functions]
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
            condition = len(step.results)
            is_ordered = condition in body.sealed or bool(body.awaited & body.sealed)
            return Effects(True, is_ordered, body.sealed - {condition}, frozenset())
        case _:
            sealing = [callee.sealed for callee in callees if callee.any]
            return Effects(True, True, results.intersection(*sealing), frozenset())


def _arguments_before(body: Body[V], number: int) -> frozenset[int]:
    """The arguments that a step waits for, directly or through others."""
    needed = set(body.steps[number].arguments)
    for step in reversed(body.steps[:number]):
        if not needed.isdisjoint(step.results):
            needed.update(step.arguments)
    return frozenset(index for index, argument in enumerate(body.arguments) if argument in needed)
