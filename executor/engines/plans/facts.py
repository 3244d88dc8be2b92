"""What follows from a program's functions and from what their kernels declare, before anything has run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tfrt.executor.bef import FunctionKind
from tfrt.executor.bef.functions import Functions
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


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What is known of a function, all that it may call considered.

    Attributes:
        restarts: whether a call of it may start again: all that it runs is pure and may run twice.
        may_cancel: whether it may cancel the request that it belongs to.
        nesting: how many calls it may put on the stack besides its own that cannot start again.
    """

    effects: Effects
    restarts: bool
    may_cancel: bool
    nesting: int


class Facts:
    """What plans know of a program. Of a function, and those that it may call, it is worked out when it is asked for.

    None is decoded for it that neither has effects nor calls another one.
    """

    def __init__(self, functions: Functions, kernels: Mapping[str, Kernel]):
        self._functions = functions
        self._kernels = kernels
        self._known: dict[int, FunctionFacts] = {}
        self._classes: dict[int, Classes] = {}

    def __getitem__(self, index: int) -> FunctionFacts:
        """The facts of a function."""
        found = self._known.get(index)
        if found is None:
            # Other threads come to the same.
            self._known.update(self._work_out(index))
            found = self._known[index]
        return found

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

    def starts_again(self, caller: Callee, callee: Callee) -> bool:
        """Whether a call may begin again where Python's stack has ended.

        In a function that may itself, its caller sees to it.
        """
        return self[callee.index].restarts and not self[caller.index].restarts

    def is_counted(self, callee: Callee) -> bool:
        """Whether calls of a function in plans are counted, and end where no more fit on the stack."""
        facts = self[callee.index]
        return not facts.restarts and facts.nesting >= MAX_NESTING

    def _work_out(self, root: int) -> dict[int, FunctionFacts]:
        """The facts of a function, and of all functions that it may call."""
        functions, kernels = self._functions, self._kernels
        callees = _reached(root, functions.callees)
        names = {index: functions.kernel_names(index) for index in callees}
        pure = {name for name in set().union(*names.values()) if kernels[name].is_pure}
        bodies = {index: self._body(index, may_be_pure=names[index] <= pure) for index in callees}
        effects = summarize(bodies, kernels.__getitem__)
        overwrites = _running(names, callees, lambda name: kernels[name].overwrites)
        may_cancel = _running(names, callees, lambda name: kernels[name].may_cancel)
        restarts = {index: not effects[index].any and index not in overwrites for index in callees}
        nesting = self._nesting(callees, restarts)
        return {
            index: FunctionFacts(effects[index], restarts[index], index in may_cancel, nesting[index])
            for index in callees
        }

    def _body(self, index: int, *, may_be_pure: bool) -> Body[int]:
        """A function as the analysis of effects sees it; its kernels are left out where they do not matter."""
        signature = self._functions.signatures[index]
        arguments, results = range(len(signature.argument_types)), range(len(signature.result_types))
        if signature.kind is not FunctionKind.ASYNC:
            return Body(arguments, (), results, is_sync=True)
        if may_be_pure and not self._functions.callees(index):
            return Body(arguments, (), results)
        record = self._functions[index]
        # The first kernel stands for the arguments.
        return Body(arguments, record.kernels[1:], record.result_registers)

    def _nesting(self, callees: Mapping[int, Iterable[int]], restarts: Mapping[int, bool]) -> dict[int, int]:
        """For each function, how many calls it may put on the stack besides its own that cannot start again.

        Where Python's stack ends, a pure function can start again; one with effects cannot. So calls of functions with
        effects that recurse, or that stand on `MAX_NESTING` others, are counted (`is_counted`).
        """
        signatures = self._functions.signatures
        stacked = {
            index: {c for c in called if not restarts[c] and signatures[c].kind is FunctionKind.ASYNC}
            for index, called in callees.items()
        }
        nesting = dict.fromkeys(callees, 0)
        recursive = {index for index in callees if not restarts[index] and _reaches(stacked, index)}
        for index in _callees_first(stacked):
            inside = [nesting[c] + 1 for c in stacked[index] if nesting[c] < MAX_NESTING]
            nesting[index] = MAX_NESTING if index in recursive else max(inside, default=0)
        return nesting


def _reached(root: int, callees_of: Callable[[int], Iterable[int]]) -> dict[int, Iterable[int]]:
    """A function and all that it may call, in the file's order, each with those that it refers to."""
    found: dict[int, Iterable[int]] = {}
    waiting = [root]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found[index] = callees_of(index)
            waiting.extend(found[index])
    return dict(sorted(found.items()))


def _running(
    names: Mapping[int, Iterable[str]], callees: Mapping[int, Iterable[int]], is_such: Callable[[str], bool]
) -> set[int]:
    """The functions that run such a kernel, or that call another function which does."""
    waiting = [index for index, used in names.items() if any(map(is_such, used))]
    found, callers = set(waiting), callers_of(callees)
    while waiting:
        for caller in callers[waiting.pop()]:
            if caller not in found:
                found.add(caller)
                waiting.append(caller)
    return found


def _reaches(callees: Mapping[int, set[int]], target: int) -> bool:
    waiting, seen = list(callees[target]), set[int]()
    while waiting:
        index = waiting.pop()
        if index == target:
            return True
        if index not in seen:
            seen.add(index)
            waiting.extend(callees[index])
    return False


def _callees_first(callees: Mapping[int, set[int]]) -> list[int]:
    """The functions in an order in which callees come before callers, except in recursion."""
    order: list[int] = []
    seen: set[int] = set()
    for root in callees:
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
