"""Elementwise ops and reductions in one pass over memory."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, MemRefType
from xdsl.irdl import attr_def, irdl_op_definition, var_result_def

from tfrt.dialects.cpu.calls import ArraysToArrays, check_memory
from tfrt.dialects.cpu.metadata import check_metadata, is_index
from tfrt.dialects.cpu.steps import check_steps
from tfrt.dialects.shared.ops import operands_of, type_of
from tfrt.dialects.shared.verification import fail


class _Reduces(ArraysToArrays):
    dimensions = attr_def(ArrayAttr)
    gives = attr_def(ArrayAttr)
    shape = attr_def(ArrayAttr)
    arrays = var_result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $arrays)"


@irdl_op_definition
class ReductionOp(_Reduces):
    """Runs elementwise ops and reductions in one pass over memory.

    Operands broadcast to `shape`, as numpy has it. A step is like one of `cpu.elementwise`, and always says the element
    type of what it gives. A step ``["stablehlo.reduce", number, element type, "op"]`` combines a value's elements along
    `dimensions` by an op that has no order; these dimensions stay, with size 1. `gives` are the numbers of the values
    that are results, of steps. A result has a value's elements, in another shape perhaps; at most the first one has as
    many as `shape`.
    """

    name = "cpu.reduction"

    def check(self) -> None:
        _check_reduction(self, len(operands_of(self)))


@irdl_op_definition
class ReductionIntoOp(_Reduces):
    """Like `cpu.reduction`, with the first result in the memory of the last operand, at which nobody else looks."""

    name = "cpu.reduction_into"

    def check(self) -> None:
        check_memory(self)
        _check_reduction(self, len(operands_of(self)) - 1)


def _check_reduction(op: _Reduces, operands: int) -> None:
    check_metadata(op, "arguments", op.arguments, map(type_of, operands_of(op)[:operands]))
    check_metadata(op, "metadata", op.metadata, map(type_of, op.results))
    check_steps(op, op.steps, operands)
    values = operands + len(op.steps)
    if len(op.gives) != len(op.results) or not all(is_index(n) and operands <= n.value.data < values for n in op.gives):
        fail(op, f"attribute 'gives' must have the number of a step's value, from {operands}, for each result")
    rank = len(op.shape)
    if not all(is_index(size) and size.value.data > 0 for size in op.shape):
        fail(op, "attribute 'shape' must be an array of sizes above 0")
    if not len(op.dimensions) or not all(is_index(d) and d.value.data < rank for d in op.dimensions):
        fail(op, f"attribute 'dimensions' must be an array of numbers from 0 to {rank - 1}")
