"""What follows from a program's functions and from what their kernels declare, before anything has run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from tfrt.executor.bef import FunctionKind, FunctionRecord
from tfrt.executor.declarations.effects import Body, Effects, callers_of, summarize
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.runs import Control
from tfrt.executor.engines.binding import Callee
from tfrt.executor.engines.graph import Graph, Node
from tfrt.executor.engines.plans.classes import Classes, register_classes
from tfrt.executor.values.scalars import scalar_class

_CHOOSES = {Control.BRANCH: bool, Control.CASE: int, Control.REPEAT: int, Control.WHILE: bool}
"""The class of what says which function is run, or how often."""

MAX_NESTING = 8
"""How many functions with effects may call one another without being counted."""


class Facts:
    """What plans know of a program, worked out when first asked for."""

    def __init__(self, functions: Sequence[FunctionRecord], kernels: Mapping[str, Kernel]):
        self._functions = functions
        self._kernels = kernels
        self._classes: dict[int, Classes] = {}

    @cached_property
    def effects(self) -> list[Effects]:
        """The effects of each function."""
        return summarize([_body(function) for function in self._functions], self._kernels.__getitem__)

    def classes(self, graph: Graph) -> Classes:
        """The classes of a function's registers."""
        index = graph.record.index
        found = self._classes.get(index)
        return self._classes.setdefault(index, register_classes(graph)) if found is None else found

    def classes_at(self, graph: Graph, node: Node) -> tuple[Classes, Classes]:
        """The classes of a kernel's operands, and of its results."""
        classes = self.classes(graph)
        return tuple([classes[r] for r in node.arguments]), tuple([classes[r] for r in node.results])

    def runs_directly(self, graph: Graph, node: Node) -> bool:
        """Whether plans run a kernel's functions in its stead."""
        bound = node.bound
        if bound.control is None or graph.record.kind is FunctionKind.SYNC:
            return False
        given, wanted = self.classes_at(graph, node)
        if bound.control is not Control.CALL:
            if not given or given[0] is not _CHOOSES[bound.control]:
                return False
            given = given[1:]
        if bound.control is Control.WHILE:
            wanted = (*wanted, bool)
        return all(
            function.kind is FunctionKind.ASYNC
            and tuple(map(scalar_class, function.argument_types)) == given
            and tuple(map(scalar_class, function.result_types)) == wanted
            for function in bound.functions
        )

    @cached_property
    def restarts(self) -> list[bool]:
        """For each function, whether a call of it may start again: all that it runs is pure and may run twice."""
        overwrites = self._running(lambda kernel: kernel.overwrites)
        return [not effects.any and not may_not for effects, may_not in zip(self.effects, overwrites, strict=True)]

    def starts_again(self, caller: Callee, callee: Callee) -> bool:
        """Whether a call may begin again where Python's stack has ended.

        In a function that may itself, its caller sees to it.
        """
        return self.restarts[callee.index] and not self.restarts[caller.index]

    def is_counted(self, callee: Callee) -> bool:
        """Whether calls of a function in plans are counted, and end where no more fit on the stack."""
        return not self.restarts[callee.index] and self.nesting[callee.index] >= MAX_NESTING

    @cached_property
    def may_cancel(self) -> list[bool]:
        """For each function, whether it may cancel the request that it belongs to."""
        return self._running(lambda kernel: kernel.may_cancel)

    def _running(self, is_such: Callable[[Kernel], bool]) -> list[bool]:
        """For each function, whether it runs such a kernel, or another function does that it calls."""
        functions, kernels = self._functions, self._kernels
        names = [{kernel.name for kernel in function.kernels[1:]} for function in functions]
        found = [any(is_such(kernels[name]) for name in each) for each in names]
        callers = callers_of([[c for kernel in f.kernels for c in kernel.functions] for f in functions])
        waiting = [index for index, is_found in enumerate(found) if is_found]
        while waiting:
            for caller in callers[waiting.pop()]:
                if not found[caller]:
                    found[caller] = True
                    waiting.append(caller)
        return found

    @cached_property
    def nesting(self) -> list[int]:
        """For each function, how many calls it may put on the stack besides its own that cannot start again.

        Where Python's stack ends, a pure function can start again; one with effects cannot. So calls of functions with
        effects that recurse, or that stand on `MAX_NESTING` others, are counted (`is_counted`).
        """
        functions, restarts = self._functions, self.restarts
        callees = [
            {
                callee
                for kernel in function.kernels
                for callee in kernel.functions
                if not restarts[callee] and functions[callee].kind is FunctionKind.ASYNC
            }
            for function in functions
        ]
        nesting = [0] * len(functions)
        recursive = {index for index in range(len(functions)) if not restarts[index] and _reaches(callees, index)}
        for index in _callees_first(callees):
            inside = [nesting[c] + 1 for c in callees[index] if nesting[c] < MAX_NESTING]
            nesting[index] = MAX_NESTING if index in recursive else max(inside, default=0)
        return nesting


def _body(function: FunctionRecord) -> Body[int]:
    """A function as the analysis of effects sees it."""
    is_sync = function.kind is not FunctionKind.ASYNC
    results = range(len(function.result_types)) if is_sync else function.result_registers
    # The first kernel stands for the arguments.
    return Body(range(len(function.argument_types)), function.kernels[1:], results, is_sync)


def _reaches(callees: Sequence[set[int]], target: int) -> bool:
    waiting, seen = list(callees[target]), set[int]()
    while waiting:
        index = waiting.pop()
        if index == target:
            return True
        if index not in seen:
            seen.add(index)
            waiting.extend(callees[index])
    return False


def _callees_first(callees: Sequence[set[int]]) -> list[int]:
    """The functions in an order in which callees come before callers, except in recursion."""
    order: list[int] = []
    seen: set[int] = set()
    for root in range(len(callees)):
        waiting = [(root, False)]
        while waiting:
            index, is_done = waiting.pop()
            if is_done:
                order.append(index)
            elif index not in seen:
                seen.add(index)
                waiting.append((index, True))
                waiting.extend((callee, False) for callee in callees[index])
    return order
