"""`outline-regions`: regions that are alike become one function.

Two regions are alike if they have the same ops, but for the names of values, and nobody could tell which of them has
run: an op that may fail or has effects also must be at the same location, as copies are that inlining makes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr, SymbolRefAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.traits import IsTerminator

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.purity import is_pure, name_of
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.dialects.shared.bodies import HasFunctionForm, control_of


@dataclass(frozen=True)
class OutlineRegions(ModulePass):
    """Makes regions that are alike into private functions that their ops share, for smaller files.

    A `tfrt.if` becomes a `tfrt.cond`, a `tfrt.parallel_for.i32` a `tfrt.parallel_call.i32`; `tfrt.repeat.i32` has no
    form that takes a function. Functions with attributes, which may say how their kernels are run, are left alone. No
    level runs the pass, for it saves no time.

    Args:
        threshold: the fewest ops that the regions of an op must have together.
    """

    name = "outline-regions"
    anchor = "builtin.module"

    threshold: int = 6

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        while groups := self._groups(op):
            for group in groups:
                _outline(op, group)

    def _groups(self, module: ModuleOp) -> list[list[Operation]]:
        """The ops whose regions are alike, none of them inside another one."""
        alike: dict[object, list[Operation]] = defaultdict(list)
        for function in functions_of(module).values():
            if not function.attributes:
                for op in function.walk():
                    has_form = op.has_trait(HasFunctionForm, value_if_unregistered=False)
                    if has_form and sum(1 for _ in op.walk()) > self.threshold:
                        alike[(op.name, tuple(map(_shape, op.regions)))].append(op)
        found: list[list[Operation]] = []
        chosen: set[Operation] = set()
        # Outer ops come before those inside them; what is inside is looked at again once it is in a function.
        for ops in alike.values():
            outer = [op for op in ops if not _is_inside(op, chosen)]
            if len(outer) > 1:
                found.append(outer)
                chosen.update(outer)
        return found


def _is_inside(op: Operation, others: set[Operation]) -> bool:
    parent = op.parent_op()
    while parent is not None and parent not in others:
        parent = parent.parent_op()
    return parent is not None


def _shape(region: Region) -> tuple[object, ...]:
    """What regions have in common that are alike."""
    block = region.block
    numbers: dict[SSAValue, int] = {argument: argument.index for argument in block.args}
    shapes: list[object] = [tuple(block.arg_types)]
    for op in block.ops:
        attributes = (frozenset(op.attributes.items()), frozenset(op.properties.items()))
        operands = tuple(numbers[operand] for operand in op.operands)
        where = None if _runs_unseen(op) else op.location
        inner = tuple(map(_shape, op.regions))
        shapes.append((name_of(op), attributes, operands, tuple(op.result_types), where, inner))
        numbers.update((result, len(numbers) + index) for index, result in enumerate(op.results))
    return tuple(shapes)


def _runs_unseen(op: Operation) -> bool:
    """Whether nobody can tell an op from one at another location; those inside it aside."""
    is_run_in_place = bool(op.regions) and control_of(op) is not None
    return is_run_in_place or op.has_trait(IsTerminator, value_if_unregistered=False) or is_pure(op)


def _outline(module: ModuleOp, group: Sequence[Operation]) -> None:
    symbols = [_function(module, [op.regions[number] for op in group]) for number in range(len(group[0].regions))]
    for op in group:
        form = op.get_trait(HasFunctionForm)
        assert form is not None
        new = form.with_functions(op, symbols)
        new.location = op.location
        Rewriter.replace_op(op, new)


def _function(module: ModuleOp, regions: Sequence[Region]) -> SymbolRefAttr:
    """A new function that does what each of the regions does; the first one becomes its body."""
    for ops in zip(*(region.walk() for region in regions), strict=True):
        ops[0].location = fuse(op.location for op in ops)
    first = regions[0]
    owner = first.parent
    assert owner is not None
    body: Block = first.detach_block(first.block)
    end = body.last_op
    assert end is not None
    names = functions_of(module)
    name = next(name for number in count() if (name := f"outlined_{number}") not in names)
    function = FuncOp(
        name, FunctionType.from_lists(body.arg_types, end.operand_types), Region(body), StringAttr("private")
    )
    function.location = owner.location
    Rewriter.insert_op(function, InsertPoint.at_end(module.body.block))
    return SymbolRefAttr(name)
