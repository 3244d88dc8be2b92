"""`compute-once`: what depends on constants and weights only becomes a function that a loaded program runs once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr, SymbolRefAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import entry_of, is_static, metadata_of_type
from tfrt.compiler.passes.shared.buffer_uses import is_view, size_of
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.dialects.cpu.arrays import ConstantOp, WeightOp
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.once import OnceOp
from tfrt.dialects.shared.ops import make_op, operands_of, ops_of
from tfrt.dialects.tfrt.control_flow import ReturnOp


@dataclass(frozen=True)
class ComputeOnce(ModulePass):
    """Makes private functions of the ops of a block that depend on constants and weights only, which `cpu.once` runs
    once for a loaded program: weights that are converted, scaled or taken apart, vectors of a normalization.

    What they give is kept in memory. An array stays what is computed in each call where it has more than `growth` times
    the bytes of the constants that it is made of, but for small ones, or where it is no more than a view.

    Args:
        growth: how many times as large as its constants an array may be. Those of 4 bits become floats of 32.
        small: so many bytes are never too many.
    """

    name = "compute-once"
    anchor = "builtin.module"

    growth: int = 8
    small: int = 1 << 14

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for name, function in functions_of(op).items():
            if "tfrt.sync" in function.attributes:
                continue
            for block in _blocks_in(function):
                candidates, members = self._members(block)
                if members:
                    _take_out(op, name, block, candidates, members)

    def _members(self, block: Block) -> tuple[list[Operation], set[Operation]]:
        """The ops that depend on constants only, in order, and which of them are computed once."""
        # What arrays are made of, by constants.
        sources: dict[SSAValue, frozenset[SSAValue]] = {}
        found: list[Operation] = []
        for op in ops_of(block):
            if isinstance(op, ConstantOp | WeightOp):
                sources[op.array] = frozenset((op.array,))
            elif _is_computed(op) and all(operand in sources for operand in operands_of(op)):
                made_of = frozenset().union(*(sources[operand] for operand in operands_of(op)))
                sources.update((result, made_of) for result in op.results)
                found.append(op)
        kept: set[Operation] = set()
        # Where one stays, those that it needs are looked at for themselves.
        for op in reversed(found):
            leaves = any(use.operation not in kept for result in op.results for use in result.uses)
            if not leaves or not (is_view(op) or self._is_too_large(op, sources)):
                kept.add(op)
        return found, kept

    def _is_too_large(self, op: Operation, sources: dict[SSAValue, frozenset[SSAValue]]) -> bool:
        size = sum(map(size_of, op.results))
        return size > self.small and size > self.growth * sum(map(size_of, sources[op.results[0]]))


def _blocks_in(function: FuncOp) -> Iterator[Block]:
    for op in function.walk():
        for region in op.regions:
            yield from region.blocks


def _is_computed(op: Operation) -> bool:
    """Whether an op does nothing but compute arrays of what it is given."""
    if not isinstance(op, CallOp | ElementwiseOp) or not op.results:
        return False
    if isinstance(op, CallOp) and ((entry := entry_of(op)) is None or entry.has_effects):
        return False
    return all(is_static(type) and prod(metadata_of_type(type).shape) for type in op.result_types)


def _take_out(
    module: ModuleOp, owner: str, block: Block, candidates: Sequence[Operation], members: set[Operation]
) -> None:
    """Move ops into a function of their own, and put what keeps its results in their place.

    What they need and is not moved, constants and what stays because others read it, is in the function, too.
    """
    ordered = [op for op in candidates if op in members]
    given = [
        result for op in ordered for result in op.results if any(use.operation not in members for use in result.uses)
    ]
    location = fuse(op.location for op in ordered)
    needed: set[SSAValue] = set()
    for op in reversed(candidates):
        if op in members or any(result in needed for result in op.results):
            needed.update(op.operands)
    constants = [op for op in ops_of(block) if isinstance(op, ConstantOp | WeightOp) and op.array in needed]
    body, copies = Block(), dict[SSAValue, SSAValue]()
    for op in (*constants, *candidates):
        if op in members:
            for index, operand in enumerate(op.operands):
                op.operands[index] = copies.get(operand, operand)
            op.detach()
            body.add_op(op)
        elif any(result in needed for result in op.results):
            operands = [copies.get(operand, operand) for operand in op.operands]
            copy = make_op(type(op), operands, op.result_types, op.attributes, op.properties, op.location)
            body.add_op(copy)
            copies.update(zip(op.results, copy.results, strict=True))
    once = make_op(OnceOp, (), [value.type for value in given], {"function": _symbol(module, owner)}, location=location)
    first = block.first_op
    assert first is not None
    block.insert_ops_before([once], first)
    for value, kept in zip(given, once.arrays, strict=True):
        for use in list(value.uses):
            if use.operation.parent is not body:
                use.operation.operands[use.index] = kept
    for constant in constants:
        if not constant.array.uses:
            constant.detach()
            constant.erase()
    body.add_op(make_op(ReturnOp, given, location=location))
    types = FunctionType.from_lists([], [value.type for value in given])
    function = FuncOp(once.function.root_reference.data, types, Region(body), StringAttr("private"))
    function.location = location
    module.body.block.add_op(function)


def _symbol(module: ModuleOp, owner: str) -> SymbolRefAttr:
    names = functions_of(module)
    return SymbolRefAttr(next(name for n in count() if (name := f"{owner}_constants{n or ''}") not in names))
