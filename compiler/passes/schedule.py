"""`schedule`: what takes long is started first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.effects import Callees, callees, kernel_of
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.traits import HasCost, cost_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.kernel import Kernel

_LATENCY = 1000
"""What a kernel is taken to last that runs elsewhere, while nobody has measured it."""
_COST = 10
"""What other kernels are taken to cost, but for those with an inline expression, which cost 1."""


@dataclass(frozen=True)
class Schedule(ModulePass):
    """Reorders the ops of a block so that kernels that run elsewhere start first, and the others fill in the time.

    This is list scheduling: of the ops whose operands are there, the next one is that with the longest path of kernels
    to the end that run elsewhere (on the blocking threads, as tasks of the work queue, or otherwise later), then that
    with the longest path of expensive ones; all others keep their order. Costs are the measured or declared ones, else
    rough guesses.

    Only blocks whose effects are completely ordered by chains or other data are touched, and only where everything that
    may run them is of that kind, too; functions marked `tfrt.sync` keep their order, in which the first error counts.

    Args:
        expensive: from which cost on an op is expensive. A measured cost of 1 is a microsecond.
    """

    name = "schedule"
    anchor = "builtin.module"

    expensive: int = 100

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if not self._makes_a_difference(op):
            return
        known = callees(op)
        waits = _that_wait(known)
        for block in known.free:
            _schedule(block, {inner: self._load(inner, known, waits) for inner in ops_of(block)})

    def _makes_a_difference(self, module: ModuleOp) -> bool:
        """Whether any kernel runs elsewhere or is expensive; all others keep their order."""
        ops = [op for op in ops_in(module) if op.name not in _AROUND_KERNELS]
        names = dict.fromkeys(map(name_of, ops))
        if any(_runs_elsewhere(kernel_of(name)) for name in names):
            return True
        return any((cost_of(op) or 0) >= self.expensive for op in ops if _may_cost(op.__class__) or op.attributes)

    def _load(self, op: Operation, known: Callees, waits: frozenset[Block]) -> _Load:
        kernel = kernel_of(name_of(op))
        cost = cost_of(op)
        if any(block in waits for block in known.of.get(op, ())):
            return _Load(_COST, latency=cost or _LATENCY)
        if _runs_elsewhere(kernel):
            return _Load(1, latency=cost or _LATENCY)
        issue = cost or (1 if kernel.never_fails else _COST)
        return _Load(issue, is_expensive=cost is not None and cost >= self.expensive)


@dataclass(frozen=True)
class _Load:
    """What an op costs.

    Attributes:
        issue: for how long it occupies the thread that calls it.
        latency: how long after that its results are there.
    """

    issue: int
    latency: int = 0
    is_expensive: bool = False


_AROUND_KERNELS = (ModuleOp.name, FuncOp.name)


@cache
def _may_cost(kind: type[Operation]) -> bool:
    """Whether a class of ops declares what they cost."""
    return kind.get_trait(HasCost) is not None


def _runs_elsewhere(kernel: Kernel) -> bool:
    return kernel.blocking or kernel.enqueued or kernel.signature.returns_async


def _that_wait(known: Callees) -> frozenset[Block]:
    """The bodies of functions whose calls take time elsewhere, because a kernel inside does."""
    callers: dict[Block, list[Block]] = {}
    for op, called in known.of.items():
        for block in called:
            callers.setdefault(block, []).append(_block_of(op))
    waiting = [block for block in known.blocks if any(_runs_elsewhere(kernel_of(name_of(op))) for op in ops_of(block))]
    found: set[Block] = set()
    while waiting:
        block = waiting.pop()
        if block not in found:
            found.add(block)
            waiting.extend(callers.get(block, ()))
    return frozenset(found)


def _block_of(op: Operation) -> Block:
    block = op.parent
    assert block is not None
    return block


def _schedule(block: Block, loads: Mapping[Operation, _Load]) -> None:
    end = block.last_op
    ops = [op for op in ops_of(block) if op is not end]
    users = {op: _users(op, end) for op in ops}
    tails: dict[Operation, int] = {}
    paths: dict[Operation, int] = {}
    for op in reversed(ops):
        load = loads[op]
        tails[op] = load.latency + max((loads[u].issue + tails[u] for u in users[op] if tails[u]), default=0)
        path = max((paths[user] for user in users[op]), default=0)
        paths[op] = path + load.issue if path or load.is_expensive else 0
    if not any(tails.values()) and not any(paths.values()):
        return
    keys = {op: (-tails[op], -paths[op]) for op in ops}
    for op in _in_order(ops, users, loads, keys):
        op.detach()
        assert end is not None
        block.insert_op_before(op, end)


def _in_order(
    ops: list[Operation],
    users: Mapping[Operation, list[Operation]],
    loads: Mapping[Operation, _Load],
    keys: Mapping[Operation, tuple[int, int]],
) -> list[Operation]:
    """The ops in the order of a thread that, of those whose operands are there, starts the one with the least key.

    Among equals that is the first.
    """
    missing = dict.fromkeys(ops, 0)
    for op in ops:
        for user in users[op]:
            missing[user] += 1
    numbers = {op: number for number, op in enumerate(ops)}
    there = dict.fromkeys(ops, 0)
    later: list[tuple[int, int]] = []
    ready: list[tuple[tuple[int, int], int]] = []
    for op in ops:
        if not missing[op]:
            heappush(ready, (keys[op], numbers[op]))
    order: list[Operation] = []
    now = 0
    while ready or later:
        if not ready:
            now = max(now, later[0][0])
        while later and later[0][0] <= now:
            number = heappop(later)[1]
            heappush(ready, (keys[ops[number]], number))
        op = ops[heappop(ready)[1]]
        order.append(op)
        now += loads[op].issue
        for user in users[op]:
            there[user] = max(there[user], now + loads[op].latency)
            missing[user] -= 1
            if not missing[user]:
                heappush(later, (there[user], numbers[user]))
    return order


def _users(op: Operation, end: Operation | None) -> list[Operation]:
    """The ops that need results of `op`, each once."""
    found = dict.fromkeys(use.operation for result in op.results for use in result.uses)
    return [user for user in found if user is not end]
