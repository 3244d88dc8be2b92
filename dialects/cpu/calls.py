"""Ops that run ops of the core runtime on arrays."""

from __future__ import annotations

from xdsl.dialects.builtin import I64, ArrayAttr, IntegerAttr, IntegerType, MemRefType, StringAttr
from xdsl.irdl import (
    AnyOf,
    BaseAttr,
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    result_def,
    var_operand_def,
    var_result_def,
)

from tfrt.dialects.cpu.metadata import check_metadata, is_number
from tfrt.dialects.cpu.steps import check_steps
from tfrt.dialects.shared.ops import operands_of, type_of
from tfrt.dialects.shared.tensor_types import CheckedOp
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.declarations.op_registry import CPU_OPS


class ArraysToArrays(CheckedOp):
    """What the ops that compute share: arrays in, and attributes that say what is done with them."""

    operands_ = var_operand_def(AnyOf((BaseAttr(MemRefType), BaseAttr(IntegerType))))
    arguments = attr_def(ArrayAttr)
    metadata = attr_def(ArrayAttr)
    steps = attr_def(ArrayAttr)


class _Call(ArraysToArrays):
    inputs = attr_def(IntegerAttr[I64])
    op_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)


@irdl_op_definition
class CallOp(_Call):
    """Runs an op of the CPU's op handler on arrays, and then `steps` on its result, if there are any.

    The op's inputs come first, `inputs` of them; other operands are for the steps. A step is an array
    ``[op, number, ...]`` with the numbers of its operands: 0 is the op's result, then come the other operands, then
    what the steps before it give. All are elementwise ops, but for one perhaps that pools what the step before it
    gives, with its attributes after the number. Steps after that do not read what is before it, and other operands are
    vectors then.

    Where the op takes numbers (`tfrt.executor.declarations.op.OpEntry`), these may stand for arrays without dimensions.
    """

    name = "cpu.call"
    arrays = var_result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def check(self) -> None:
        _check_call(self, len(operands_of(self)))


@irdl_op_definition
class CallIntoOp(_Call):
    """Like `cpu.call`, with the result in the memory of the last operand, at which nobody else looks."""

    name = "cpu.call_into"
    array = result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $array)"

    def check(self) -> None:
        check_memory(self)
        _check_call(self, len(operands_of(self)) - 1)


@irdl_op_definition
class ElementwiseOp(ArraysToArrays):
    """Runs a chain of elementwise ops in one pass over memory.

    A step is an array ``[op, number, ...]`` with the numbers of its operands: the operands of this op come first,
    then what the steps before it give. The last step gives the result. After the numbers comes the element type of what
    it gives, where that is not the result's, and then an array of the op's attributes, where it has any.

    The first steps may be ``stablehlo.slice``, of operands that have other shapes than the result: what they give has
    its shape.
    """

    name = "cpu.elementwise"
    array = result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $array)"

    def check(self) -> None:
        _check_elementwise(self, len(operands_of(self)))


@irdl_op_definition
class ElementwiseIntoOp(ArraysToArrays):
    """Like `cpu.elementwise`, with the result in the memory of the last operand, at which nobody else looks.

    That operand may also be one of those that the steps read.
    """

    name = "cpu.elementwise_into"
    array = result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $array)"

    def check(self) -> None:
        check_memory(self)
        _check_elementwise(self, len(operands_of(self)) - 1)


@irdl_op_definition
class CallInOrderOp(CheckedOp):
    """Like `cpu.execute`, for ops whose effects can be seen: they run in the order of chains."""

    name = "cpu.call_in_order"
    chain = operand_def(CHAIN)
    operands_ = var_operand_def()
    metadata = attr_def(ArrayAttr)
    op_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)
    done = result_def(CHAIN)
    arrays = var_result_def()
    assembly_format = "$chain `,` $operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def check(self) -> None:
        check_metadata(self, "metadata", self.metadata, self.arrays.types)


@irdl_op_definition
class ExecuteOp(CheckedOp):
    """Runs an op of the CPU's op handler on arrays of which the program does not say everything.

    What follows from element types and shapes is found out when the first arrays of a kind come, and kept. `metadata`
    says what is known of results: an array ``[element type, size, ...]`` for each, -1 for a size that is not known, or
    ``[element type, "*"]`` where the rank is not; those that are no arrays have an empty one.
    """

    name = "cpu.execute"
    operands_ = var_operand_def()
    metadata = attr_def(ArrayAttr)
    op_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)
    results_ = var_result_def()
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $results_)"

    def check(self) -> None:
        check_metadata(self, "metadata", self.metadata, self.result_types)


def check_memory(op: IRDLOperation) -> None:
    """Refuse an op whose last operand is no memory for its first result."""
    if not op.operands or op.operands[-1].type != op.results[0].type:
        fail(op, "expects memory for the result, of its type, as the last operand")


def _check_call(op: _Call, operands: int) -> None:
    inputs = op.inputs.value.data
    if not 0 <= inputs <= operands:
        fail(op, f"attribute 'inputs' must be at most the number of operands, {operands}")
    types = [*map(type_of, operands_of(op))]
    check_metadata(op, "arguments", op.arguments, types[:operands])
    check_metadata(op, "metadata", op.metadata, map(type_of, op.results))
    numbers = [number for number, type in enumerate(types) if is_number(type)]
    if numbers:
        entry = CPU_OPS.get(op.op_name.data)
        if entry is None or entry.numbers_from is None or not entry.numbers_from <= numbers[0] <= numbers[-1] < inputs:
            fail(op, f"expects arrays, not numbers, for these operands of op '{op.op_name.data}'")
    if op.steps.data and len(op.results) != 1:
        fail(op, "steps follow only an op of one result")
    check_steps(op, op.steps, 1 + operands - inputs)


def _check_elementwise(op: ArraysToArrays, operands: int) -> None:
    types = [*map(type_of, operands_of(op))]
    check_metadata(op, "arguments", op.arguments, types[:operands])
    check_metadata(op, "metadata", op.metadata, map(type_of, op.results))
    if any(map(is_number, types)):
        fail(op, "expects arrays, not numbers")
    if not op.steps.data:
        fail(op, "expects a step")
    check_steps(op, op.steps, operands)
