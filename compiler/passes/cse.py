"""`cse`: computes the same thing once."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from tfrt.compiler.locations import MergedLocations
from tfrt.compiler.passes.shared.fold import is_returned_by_sync_function
from tfrt.compiler.passes.shared.purity import is_pure, name_of
from tfrt.dialects.shared.ops import ops_of, replace_op


@dataclass(frozen=True)
class Cse(ModulePass):
    """Merges pure ops of a block that are alike: same name, attributes, operands and result types.

    The first one stays, at the places of all.
    """

    name = "cse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        _merge_inside(op)


def _merge_inside(root: Operation) -> None:
    for region in root.regions:
        for block in region.blocks:
            known: dict[object, Operation] = {}
            locations = MergedLocations()
            for op in ops_of(block):
                if op.regions:
                    _merge_inside(op)
                elif op.results and is_pure(op):
                    _merge(op, known, locations)
            locations.settle()


def _merge(op: Operation, known: dict[object, Operation], locations: MergedLocations) -> None:
    attributes = (frozenset(op.attributes.items()), frozenset(op.properties.items()))
    key = (name_of(op), attributes, tuple(op.operands), tuple(op.result_types))
    first = known.setdefault(key, op)
    if first is op or is_returned_by_sync_function(op):
        return
    locations.add(first, op.location)
    replace_op(op, first.results)
