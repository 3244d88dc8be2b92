"""Stream analysis: which kernels of a function are worth running one after another on one thread.

Every op is scheduled under the operand that is expected last, the one with the costliest path from the root; that
makes a tree. From its leaves up, the streams of an op's children are merged while they are cheaper than the cost
threshold, and the op joins the costliest of them (or the one that returns). The ids are part of the BEF file, so the
order of every step is that of the reference implementation (``lib/compiler/stream_analysis.cc`` in
tensorflow/runtime).

Options, as attributes of the function or else of the module around it: ``tfrt.cost_threshold`` (below 1: the cost of
the costliest path, and streams are then merged by cost from the root) and ``tfrt.merge_inter_dependent_streams``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i1
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation
from xdsl.traits import IsTerminator

from tfrt.dialects.shared.ops import operands_of, ops_of, type_of
from tfrt.dialects.shared.traits import cost_of
from tfrt.dialects.shared.walking import has_trait


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: the sum of its ops' costs, and the op of another stream that triggers it.

    Attributes:
        parent: that other stream's id, or -1 for the entry's stream.
        parent_op: that op; None for the entry, and for the entry's stream.
    """

    id: int
    cost: int
    parent: int
    parent_op: Operation | None


@dataclass(frozen=True, slots=True)
class Streams:
    """The stream of each op of a block, and of its entry.

    Attributes:
        found: the streams, in the order of their first ops; none where the ops state their streams.
    """

    root: int
    by_op: dict[Operation, int]
    found: tuple[Stream, ...] = ()


STREAM_ATTRIBUTE = "_tfrt_stream"
"""Says an op's stream outright. Disassembled programs need it, since BEF keeps no costs to derive streams from."""


def analyse_streams(block: Block) -> Streams:
    """Assign every op of `block`, the body of a function or of a region, to a stream.

    Where every op carries `STREAM_ATTRIBUTE`, that is the assignment; the last op, which returns, has the root's.
    """
    ops = ops_of(block)
    stated = [(op, op.attributes[STREAM_ATTRIBUTE]) for op in ops if STREAM_ATTRIBUTE in op.attributes]
    ids = {op: stream.value.data for op, stream in stated if isinstance(stream, IntegerAttr)}
    if ids and len(ids) == len(ops):
        return Streams(ids[ops[-1]], ids)
    analysis = _Analysis(block, ops)
    analysis.schedule()
    for op in range(len(analysis.ops), _ENTRY - 1, -1):
        analysis.build(op)
    return analysis.finish()


_ENTRY = 0
"""The number of the entry of the block; ops are counted from 1."""


@dataclass(slots=True)
class _Op:
    cost: int
    returns: bool
    cost_from_root: int = 1
    stream: int = -1
    scheduled: list[int] = field(default_factory=list)
    side_uses: dict[int, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Stream:
    cost: int = 0
    merged_into: int = -1
    parent_op: int = _ENTRY
    returns: bool = False
    side_deps: dict[int, None] = field(default_factory=dict)


class _Analysis:
    """The state of one analysis. Ops are numbers."""

    def __init__(self, block: Block, ops: list[Operation]):
        self.ops = ops
        parent = block.parent_op()
        threshold = _option(parent, "tfrt.cost_threshold")
        self.threshold = threshold.value.data if isinstance(threshold, IntegerAttr) else -1
        merge = _option(parent, "tfrt.merge_inter_dependent_streams")
        self.merge_dependent = isinstance(merge, IntegerAttr) and merge.type == i1 and bool(merge.value.data)
        self.by_cost_from_root = False
        self.infos: list[_Op] = []
        self.streams: list[_Stream] = []

    @property
    def effective_threshold(self) -> int:
        return max(self.threshold, 1)

    def info(self, op: Operation) -> _Op:
        if has_trait(op.__class__, IsTerminator, if_unregistered=False):
            return _Op(1, True)
        declared = cost_of(op)
        # An op that does not say what it costs counts as expensive, but outweighs no other.
        return _Op(self.effective_threshold if declared is None else declared, False)

    def schedule(self) -> None:
        """Forward: hang every op under the operand with the costliest path from the root."""
        infos = self.infos
        infos.append(_Op(1, False))
        # What defines each value; arguments are the entry's. By identity, for that is how values are compared.
        definitions: dict[int, int] = {}
        longest = 1
        for number, op in enumerate(self.ops, 1):
            info = self.info(op)
            parent, path = _ENTRY, 0
            for operand in operands_of(op):
                definition = definitions.get(id(operand), _ENTRY)
                # Chains order side effects only; streams are merged for the sake of data.
                if type_of(operand).name != "tfrt.chain":
                    infos[definition].side_uses[number] = None
                if infos[definition].cost_from_root > path:
                    parent, path = definition, infos[definition].cost_from_root
            infos[parent].side_uses.pop(number, None)
            infos[parent].scheduled.append(number)
            info.cost_from_root = info.cost + path
            longest = max(longest, info.cost_from_root)
            infos.append(info)
            for result in op.results:
                definitions[id(result)] = number
        if self.threshold <= 0:
            self.by_cost_from_root = True
            self.threshold = longest

    def build(self, op: int) -> None:
        """Backward: merge the streams of an op's children, then put the op into one of them."""
        info = self.infos[op]
        if not info.scheduled:
            self.streams.append(_Stream())
            self.assign(op, len(self.streams) - 1)
            return
        children = [self.infos[child].stream for child in info.scheduled]
        for child in children:
            self.streams[child].parent_op = op
        if self.merge_dependent and len(children) > 1:
            children = self.merge_inter_dependent(info.cost_from_root if self.by_cost_from_root else 0, children)
        merged: list[int] = []
        costliest, cost, returning = -1, 0, -1
        for child in children:
            target = child
            if not self.is_expensive(info, child):
                if not merged or self.is_expensive(info, merged[-1], child):
                    merged.append(child)
                else:
                    self.merge(child, merged[-1])
                target = merged[-1]
            stream = self.streams[target]
            if stream.cost > cost:
                costliest, cost = target, stream.cost
            if stream.returns:
                returning = target
        # The stream that returns goes on in the root.
        own = returning if returning >= 0 else costliest
        self.assign(op, own)
        if self.by_cost_from_root or not merged or merged[-1] == own or self.is_expensive(info, merged[-1]):
            return
        # At most one cheap stream is left, the last one.
        self.merge(merged[-1], own)

    def is_expensive(self, info: _Op, first: int, second: int | None = None) -> bool:
        if not self.by_cost_from_root:
            return self.streams[first].cost >= self.effective_threshold
        together = self.streams[first].cost + (0 if second is None else self.streams[second].cost)
        return info.cost_from_root + together >= self.effective_threshold

    def assign(self, op: int, stream: int) -> None:
        info = self.infos[op]
        info.stream = stream
        self.streams[stream].cost += info.cost
        if info.returns:
            self.streams[stream].returns = True
        for user in info.side_uses:
            other = self.resolve(user)
            if other != stream:
                self.streams[stream].side_deps[other] = None
                self.streams[other].side_deps[stream] = None

    def merge(self, source: int, target: int) -> None:
        deps = self.streams[target].side_deps
        for dep in self.streams[source].side_deps:
            latest = self.latest(dep)
            if latest != target:
                deps[latest] = None
        deps.pop(source, None)
        self.streams[target].returns |= self.streams[source].returns
        self.streams[target].cost += self.streams[source].cost
        self.streams[source].merged_into = target

    def merge_inter_dependent(self, cost_from_root: int, children: list[int]) -> list[int]:
        """Merge cheap children that exchange data; returns those that are left."""
        candidates, gone = set(children), set()
        for child in children:
            if child in gone:
                continue
            found: dict[int, None] = {}
            for dep in self.streams[child].side_deps:
                if dep in candidates:
                    latest = self.latest(dep)
                    if latest != child and self.streams[latest].cost < self.effective_threshold:
                        found[latest] = None
            for stream in _in_hash_order(found):
                self.merge(stream, child)
                gone.add(stream)
                if cost_from_root + self.streams[child].cost >= self.effective_threshold:
                    break
        return [child for child in children if child not in gone]

    def latest(self, stream: int) -> int:
        while self.streams[stream].merged_into >= 0:
            stream = self.streams[stream].merged_into
        return stream

    def resolve(self, op: int) -> int:
        info = self.infos[op]
        info.stream = self.latest(info.stream)
        return info.stream

    def finish(self) -> Streams:
        """The streams that are left."""
        root = self.resolve(_ENTRY)
        by_op = {op: self.resolve(number) for number, op in enumerate(self.ops, 1)}
        found = [Stream(root, self.streams[root].cost, -1, None)]
        for id in dict.fromkeys(by_op.values()):
            if id != root:
                number = self.streams[id].parent_op
                parent_op = None if number == _ENTRY else self.ops[number - 1]
                parent = root if parent_op is None else by_op[parent_op]
                found.append(Stream(id, self.streams[id].cost, parent, parent_op))
        return Streams(root, by_op, tuple(found))


def _option(parent: Operation | None, name: str) -> Attribute | None:
    if isinstance(parent, FuncOp) and name in parent.attributes:
        return parent.attributes[name]
    module = parent
    while module is not None and not isinstance(module, ModuleOp):
        module = module.parent_op()
    return None if module is None else module.attributes.get(name)


def _in_hash_order(ids: Iterable[int]) -> list[int]:
    """The order in which LLVM's ``SmallDenseSet<int, 2>`` yields distinct `ids` that were inserted in the order given.

    It hashes an id to 37 times the id and probes quadratically, so ids of one bucket come in an order that depends on
    their insertion. From two elements on there are 64 buckets, doubled before they are three quarters full.
    """
    buckets: list[int | None] = [None] * 64
    for count, id in enumerate(ids, 1):
        if count * 4 >= len(buckets) * 3:
            old, buckets = buckets, [None] * (2 * len(buckets))
            for other in old:
                if other is not None:
                    _place(buckets, other)
        _place(buckets, id)
    return [id for id in buckets if id is not None]


def _place(buckets: list[int | None], id: int) -> None:
    mask = len(buckets) - 1
    at, step = id * 37 & mask, 1
    while buckets[at] is not None:
        at, step = at + step & mask, step + 1
    buckets[at] = id
