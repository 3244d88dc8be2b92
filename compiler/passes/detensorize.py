"""`detensorize`: counters, indices and conditions, which frameworks have as arrays of one integer, become numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FunctionType,
    IntegerAttr,
    LocationAttr,
    ModuleOp,
    i1,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tfrt.compiler.passes.shared.array_ops import entry_of
from tfrt.compiler.passes.shared.call_sites import called_once
from tfrt.compiler.passes.shared.fold import constant, is_in_sync_function
from tfrt.compiler.passes.shared.number_ops import Numbers, element_of, of_call, of_chain
from tfrt.compiler.passes.shared.purity import cannot_fail, is_pure
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.dialects.cpu.arrays import ConstantOp, ItemOp
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.cpu.numbers import ScalarOp
from tfrt.dialects.shared.bodies import control_of, functions_run_by
from tfrt.dialects.shared.ops import is_used, ops_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Control


@dataclass(frozen=True)
class Detensorize(ModulePass):
    """Computes with numbers where programs compute with arrays of one integer or truth value.

    The state of `tfrt.repeat.i32`, and of a `tfrt.while` with a function of its own, becomes numbers where iterations
    compute with it. Ops that take such arrays get them made of the numbers (`cpu.scalar`), unless they take numbers,
    too, as slices do; what other ops give is taken out of the arrays (`cpu.item`). Numbers that are needed for nothing
    but those of the next iteration are dropped.

    The name is that of MLIR's pass `linalg-detensorize`.
    """

    name = "detensorize"
    anchor = "builtin.module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = functions_of(op)
        run = _Detensorizing(called_once(op))
        for function in functions.values():
            if "tfrt.sync" not in function.attributes:
                for block in function.body.blocks:
                    run.block(block)
        known = set(functions.values())
        for inner in ops_in(op):
            for region in inner.regions:
                for block in region.blocks:
                    if inner not in known and not is_in_sync_function(inner):
                        run.block(block)


@dataclass
class _Detensorizing:
    """Works on blocks, one after another, those of loops with what runs them.

    Attributes:
        bodies: the functions that are referred to once and may change their types, by name.
        numbers: the numbers that arrays are, as far as there are any in their blocks.
        done: the blocks that have been worked on.
    """

    bodies: dict[str, FuncOp]
    numbers: dict[SSAValue, SSAValue] = field(default_factory=dict)
    done: set[Block] = field(default_factory=set)

    def block(self, block: Block) -> None:
        """Compute with numbers in a block."""
        if block in self.done:
            return
        self.done.add(block)
        for op in ops_of(block):
            control = control_of(op)
            if control is Control.REPEAT and op.regions:
                self._loop(op, op.regions[0].block, None)
            elif control is Control.WHILE and functions_run_by(op)[0] in self.bodies:
                function = self.bodies[functions_run_by(op)[0]]
                self._loop(op, function.body.block, function)
            elif type(op) is ItemOp:
                self._item(op)
            else:
                self._compute(op)
        self._give_numbers(block)
        _erase_unused(block)

    def _has_number(self, value: SSAValue) -> bool:
        return value in self.numbers or (type(value.owner) is ConstantOp and element_of(value.type) is not None)

    def _number(self, value: SSAValue) -> SSAValue:
        """The number that an array is."""
        found = self.numbers.get(value)
        if found is not None:
            return found
        owner, type = value.owner, element_of(value.type)
        assert type is not None
        if isinstance(owner, ConstantOp) and isinstance(owner.value, DenseIntOrFPElementsAttr):
            (attribute,) = owner.value.get_attrs()
            assert isinstance(attribute, IntegerAttr)
            number = attribute.value.data
            made = constant(IntegerAttr(int(bool(number)) if type == i1 else number, type), type)
        else:
            made = ItemOp.create(operands=[value], result_types=[type])
        if isinstance(owner, Operation):
            made.location = owner.location
            Rewriter.insert_op(made, InsertPoint.after(owner))
        else:
            parent = owner.parent_op()
            assert parent is not None
            made.location = parent.location
            Rewriter.insert_op(made, InsertPoint.at_start(owner))
        self.numbers[value] = made.results[0]
        return made.results[0]

    def _array(self, number: SSAValue, type: Attribute, where: InsertPoint, location: LocationAttr) -> SSAValue:
        """An array of a number."""
        made = ScalarOp.create(
            operands=[number], attributes={"metadata": metadata_attribute([type])}, result_types=[type]
        )
        made.location = location
        Rewriter.insert_op(made, where)
        (array,) = made.results
        if element_of(type) == number.type:
            self.numbers[array] = number
        return array

    def _item(self, op: ItemOp) -> None:
        number = self.numbers.get(op.array)
        if number is None:
            self.numbers[op.array] = op.item
            return
        op.item.replace_all_uses_with(number)
        Rewriter.erase_op(op)

    def _compute(self, op: Operation) -> None:
        if type(op) is CallOp and not op.steps.data:
            write = of_call(op)
        elif type(op) is ElementwiseOp:
            write = of_chain(op)
        else:
            return
        if write is None:
            return
        # One number alone that is taken out of an array and put into another one is no gain.
        if not any(self._has_number(o) for o in op.operands) and not _leads_to_number(op):
            return
        writer = Numbers(op)
        number = write(writer, [self._number(operand) for operand in op.operands])
        (result,) = op.results
        array = self._array(number, result.type, InsertPoint.before(op), op.location)
        result.replace_all_uses_with(array)
        Rewriter.erase_op(op)

    def _give_numbers(self, block: Block) -> None:
        """Give ops of a block that take numbers those that there are."""
        for op in ops_of(block):
            for number in _taking_numbers(op):
                if self._has_number(op.operands[number]):
                    op.operands[number] = self._number(op.operands[number])

    def _loop(self, op: Operation, body: Block, function: FuncOp | None) -> None:
        self.block(body)
        places = [place for place, argument in enumerate(body.args) if self._is_number(argument, _end(body), place)]
        if not places:
            return
        for place in places:
            self._carry_number(op, body, place)
        self._give_numbers(body)
        _erase_unused(body)
        kept = _needed_places(op, body, places)
        _keep(op, body, kept)
        if function is not None:
            function.function_type = FunctionType.from_lists(body.arg_types, _end(body).operand_types)
        made = type(op).create(
            operands=op.operands,
            result_types=body.arg_types,
            attributes=op.attributes,
            properties=op.properties,
            regions=[op.detach_region(region) for region in list(op.regions)],
        )
        made.location = op.location
        Rewriter.insert_op(made, InsertPoint.before(op))
        for old, new in zip([op.results[place] for place in kept], made.results, strict=True):
            array: SSAValue = new
            if old.type != new.type:
                array = self._array(new, old.type, InsertPoint.after(made), op.location)
            old.replace_all_uses_with(array)
        Rewriter.erase_op(op)

    def _is_number(self, argument: BlockArgument, end: Operation, place: int) -> bool:
        """Whether a part of a loop's state is one that iterations compute with."""
        if element_of(argument.type) is None:
            return False
        handed_on = end.operands[place]
        return argument in self.numbers or (type(handed_on.owner) is ScalarOp and handed_on in self.numbers)

    def _carry_number(self, op: Operation, body: Block, place: int) -> None:
        """Let a part of a loop's state be a number."""
        argument, end = body.args[place], _end(body)
        type, taken = element_of(argument.type), self.numbers.pop(argument, None)
        assert type is not None
        new = body.insert_arg(type, place)
        if taken is not None:
            assert isinstance(taken.owner, ItemOp)
            taken.replace_all_uses_with(new)
            Rewriter.erase_op(taken.owner)
        array = self._array(new, argument.type, InsertPoint.at_start(body), op.location)
        argument.replace_all_uses_with(array)
        body.erase_arg(argument)
        end.operands[place] = self._number(end.operands[place])
        first = len(op.operands) - len(body.args)
        op.operands[first + place] = self._number(op.operands[first + place])


def _end(body: Block) -> Operation:
    end = body.last_op
    assert end is not None
    return end


def _erase_unused(block: Block) -> None:
    """Erase ops that nobody can tell are there, and arrays of numbers that nobody reads."""
    for op in reversed(ops_of(block)):
        if op.results and not is_used(op) and (isinstance(op, ScalarOp | ConstantOp) or is_pure(op)):
            Rewriter.erase_op(op)


def _needed_places(op: Operation, body: Block, numbers: Sequence[int]) -> list[int]:
    """The parts of a loop's state but those numbers that are needed for nothing but those of the next iteration, and
    are no results."""
    end, first = _end(body), len(op.operands) - len(body.args)
    may_go = {p for p in numbers if not op.results[p].uses and cannot_fail(op.operands[first + p])}
    needed: set[Operation] = set()
    waiting = [value for place, value in enumerate(end.operands) if place not in may_go]
    waiting += [value for inner in body.ops if inner is not end and not is_pure(inner) for value in inner.operands]
    while waiting:
        value = waiting.pop()
        if isinstance(value, BlockArgument) and value.block is body:
            if value.index in may_go:
                may_go.remove(value.index)
                waiting.append(end.operands[value.index])
        elif isinstance(value.owner, Operation) and value.owner not in needed:
            needed.add(value.owner)
            waiting.extend(value.owner.operands)
    return [place for place in range(len(body.args)) if place not in may_go]


def _keep(op: Operation, body: Block, kept: Sequence[int]) -> None:
    """Drop all parts of a loop's state but these from what it and its body are given, and from what that hands on."""
    end, count = _end(body), len(body.args)
    first = len(op.operands) - count
    end.operands = [*[end.operands[place] for place in kept], *end.operands[count:]]
    op.operands = [*op.operands[:first], *[op.operands[first + place] for place in kept]]
    _erase_unused(body)
    for argument in reversed(body.args):
        if argument.index not in kept:
            body.erase_arg(argument)


def _taking_numbers(op: Operation) -> range:
    """The operands of an op that may be numbers in place of arrays without dimensions."""
    entry = entry_of(op) if type(op) is CallOp else None
    if entry is None or entry.numbers_from is None:
        return range(0)
    assert isinstance(op, CallOp)
    return range(entry.numbers_from, op.inputs.value.data)


def _leads_to_number(op: Operation) -> bool:
    """Whether what an op gives is computed with further on."""
    for use in op.results[0].uses:
        user = use.operation
        if type(user) is ItemOp or use.index in _taking_numbers(user):
            return True
        if (type(user) is CallOp and of_call(user)) or (type(user) is ElementwiseOp and of_chain(user)):
            return True
    return False
