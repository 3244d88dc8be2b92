"""`lower-to-cpu`: ops of the core runtime become kernels on arrays, where all that dispatch would find out is known."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, DenseIntOrFPElementsAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, OpResult, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import (
    Fact,
    can_hold,
    constant,
    entry_of,
    lower,
    memref,
    metadata_of_fact,
    result_metadata,
)
from tfrt.compiler.passes.shared.fold import is_in_sync_function
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.runtime_values import dense_value, typed_values
from tfrt.dialects.corert import ConstDenseTensorOp, EnsureMetadataOp, ExecuteOp, GetOpHandlerOp, RegisterOpHandlerOp
from tfrt.dialects.cpu.arrays import ArraysOp, HandleOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.shared.corert_types import TENSOR_HANDLE
from tfrt.dialects.shared.execute_op import find_value
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.op_attrs import read_metadata

_DENSE = DenseIntOrFPElementsAttr
_CPU_MAKER = "corert.create_cpu_op_handler"
"""What gives the CPU's op handler; no dialect defines it."""


@dataclass(frozen=True)
class LowerToCpu(ModulePass):
    """Runs shape functions at compile time and replaces `corert.executeop`s by kernels on arrays, without dispatch.

    An op is lowered if its op handler is the CPU's, its inputs' element types and shapes are known, and it has no
    effects. Known are constants, also those that the op handler makes, what `corert.ensure_metadata` says, and results
    of lowered ops in the same block. An op handler is the CPU's if the module registers it as one; a program that finds
    another one under that name fails.
    All else stays as it is, also ops that would fail: they do so when the program runs. Where an op handler is missing,
    that is all that is reported; nothing that depends on it runs.

    Args:
        handlers: names of op handlers that are the CPU's although the module does not register them.
    """

    name = "lower-to-cpu"
    anchor = "builtin.module"

    handlers: tuple[str, ...] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        handlers = _cpu_handlers(op) | set(self.handlers)
        functions = [f for f in op.walk() if isinstance(f, FuncOp)] if handlers else []
        for function in functions:
            if not is_in_sync_function(function) and "tfrt.sync" not in function.attributes:
                for block in list(_blocks(function)):
                    _Lowering(block, frozenset(handlers)).run()


@dataclass
class _Lowering:
    """Lowers the ops of one block.

    Attributes:
        facts: what is known of tensors.
        arrays: the elements of constants and of the results of lowered ops.
        taken: the elements of ensured tensors, for each op handler that they are used with.
        behind: the op handlers without which there is no result of a lowered op.
    """

    block: Block
    handlers: frozenset[str]
    facts: dict[SSAValue, Fact] = field(default_factory=dict)
    arrays: dict[SSAValue, SSAValue] = field(default_factory=dict)
    taken: dict[Operation, dict[SSAValue, ArraysOp]] = field(default_factory=dict)
    behind: dict[SSAValue, frozenset[SSAValue]] = field(default_factory=dict)

    def run(self) -> None:
        lowered: dict[Operation, None] = {}
        sources = []
        for op in ops_of(self.block):
            if self._note(op):
                sources.append(op)
            elif self._is_on_cpu(op) and self._lower(op):
                lowered[op] = None
        for op in lowered:
            self._put_handles(op, lowered)
        for op in reversed(lowered):
            _erase(op)
        for source in sources:
            if self._is_done_with(source):
                _erase(source)
            else:
                self._take_one_by_one(source)

    def _note(self, op: Operation) -> bool:
        """Note what an op that is not lowered says of its results; whether it says anything."""
        try:
            if isinstance(op, EnsureMetadataOp):
                facts: list[Fact] = [*read_metadata(typed_values(op.metadata))]
            elif (value := self._constant(op)) is not None:
                facts = [dense_value(value)]
            else:
                return False
        except ValueError:
            # What files cannot hold, which is reported when the file is written.
            return False
        if not all(can_hold(metadata_of_fact(fact)) for fact in facts):
            return False
        self.facts.update(zip(op.results, facts, strict=True))
        return True

    def _constant(self, op: Operation) -> DenseIntOrFPElementsAttr | None:
        """The elements of a constant tensor, which `op` surely makes if it runs."""
        value = op.attributes.get("value")
        if not isinstance(op, ConstDenseTensorOp):
            entry = entry_of(op) if self._is_on_cpu(op) else None
            name = None if entry is None else entry.gives
            value = find_value(op, name) if name is not None and result_metadata(op, ()) else None
        return value if isinstance(value, _DENSE) else None

    def _is_on_cpu(self, op: Operation) -> bool:
        if not isinstance(op, ExecuteOp) or not isinstance(source := op.op_handler.owner, GetOpHandlerOp):
            return False
        return source.op_handler_name.data in self.handlers

    def _lower(self, op: Operation) -> bool:
        handler, *tensors = op.operands
        facts = [self.facts[tensor] for tensor in tensors if tensor in self.facts]
        # An op that needs nothing which needs the op handler would run, and perhaps fail, without it.
        if len(facts) != len(tensors) or not any(self._needs(tensor, handler) for tensor in tensors):
            return False
        metadata = result_metadata(op, facts)
        if metadata is None:
            return False
        ops, results = lower(op, [self._array(tensor, handler, op) for tensor in tensors], metadata)
        self.block.insert_ops_before(ops, op)
        behind = frozenset((handler,)).union(*(self.behind.get(tensor, ()) for tensor in tensors))
        for old, new, known in zip(op.results, results, metadata, strict=True):
            if new is not None:
                self.facts[old], self.arrays[old], self.behind[old] = known, new, behind
        return True

    def _needs(self, tensor: SSAValue, handler: SSAValue) -> bool:
        return isinstance(tensor.owner, EnsureMetadataOp) or handler in self.behind.get(tensor, ())

    def _array(self, tensor: SSAValue, handler: SSAValue, user: Operation) -> SSAValue:
        """The array of a tensor's elements for `user`, an op on that op handler."""
        if tensor in self.arrays:
            return self.arrays[tensor]
        source = tensor.owner
        assert isinstance(source, Operation)
        if isinstance(source, EnsureMetadataOp):
            taken = self.taken.setdefault(source, {})
            if handler not in taken:
                taken[handler] = self._take(source, handler, user)
            assert isinstance(tensor, OpResult)
            return taken[handler].results[tensor.index]
        value = self._constant(source)
        assert value is not None
        made = constant(value, source.location)
        self.block.insert_ops_before([made], source)
        self.arrays[tensor] = made.results[0]
        return made.results[0]

    def _take(self, source: EnsureMetadataOp, handler: SSAValue, user: Operation) -> ArraysOp:
        made = ArraysOp.create(
            operands=[handler, *source.results],
            attributes={"metadata": source.metadata},
            result_types=[
                type for r in source.results if (type := memref(metadata_of_fact(self.facts[r]))) is not None
            ],
        )
        made.location = source.location
        self.block.insert_ops_before([made], user)
        return made

    def _put_handles(self, op: Operation, lowered: Container[Operation]) -> None:
        """Make tensors of the results that are used by what is not lowered."""
        for result in op.results:
            others = [use for use in result.uses if use.operation not in lowered]
            if not others:
                continue
            array = self.arrays[result]
            made = HandleOp.create(
                operands=[op.operands[0], array],
                attributes={"metadata": metadata_attribute([array.type])},
                result_types=[TENSOR_HANDLE],
            )
            made.location = op.location
            self.block.insert_ops_before([made], op)
            for use in others:
                use.operation.operands[use.index] = made.results[0]

    def _is_done_with(self, source: Operation) -> bool:
        """Whether only the arrays of a source of facts are used; these then come from where it has its tensors."""
        users = {use.operation for result in source.results for use in result.uses}
        if not isinstance(source, EnsureMetadataOp):
            return not users and source.results[0] in self.arrays
        taken = list(self.taken.get(source, {}).values())
        if len(taken) != 1 or users != set(taken):
            return False
        (arrays,) = taken
        arrays.operands = [arrays.operands[0], *source.operands]
        return True

    def _take_one_by_one(self, source: Operation) -> None:
        """Take each array of a source by itself: an ensured tensor may be an error, and others none."""
        for handler, arrays in self.taken.get(source, {}).items():
            if len(arrays.results) == 1:
                continue
            for handle, array, metadata in zip(arrays.handles, arrays.arrays, arrays.metadata, strict=True):
                if array.uses:
                    made = ArraysOp.create(
                        operands=[handler, handle],
                        attributes={"metadata": ArrayAttr([metadata])},
                        result_types=[array.type],
                    )
                    made.location = arrays.location
                    self.block.insert_ops_before([made], arrays)
                    array.replace_all_uses_with(made.results[0])
            _erase(arrays)


def _erase(op: Operation) -> None:
    op.detach()
    op.erase()


def _cpu_handlers(module: ModuleOp) -> set[str]:
    """The names under which a module registers the CPU's op handler, and no other."""
    kinds: dict[str, set[bool]] = {}
    for op in ops_in(module):
        if type(op) is RegisterOpHandlerOp:
            maker = op.op_handler.owner
            is_cpu = isinstance(maker, Operation) and name_of(maker) == _CPU_MAKER
            kinds.setdefault(op.op_handler_name.data, set()).add(is_cpu)
    return {name for name, found in kinds.items() if found == {True}}


def _blocks(op: Operation) -> Iterator[Block]:
    for region in op.regions:
        for block in region.blocks:
            yield block
            for inner in block.ops:
                if not isinstance(inner, FuncOp):
                    yield from _blocks(inner)
