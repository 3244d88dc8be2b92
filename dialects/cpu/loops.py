"""Loops whose bodies are kernels on arrays and numbers."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, IntegerType, MemRefType, i32
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

from tfrt.dialects.cpu.metadata import check_metadata, is_index
from tfrt.dialects.shared.verification import fail


@irdl_op_definition
class IterateOp(IRDLOperation):
    """Runs iterations of a loop whose body is kernels on arrays and numbers, as many of these as it can, all at once.

    Operands are how many iterations there are, the loop's state, and constants that its body reads. Results are how
    many iterations are left, and the state then; memory that the body overwrites is that of operands, at which nobody
    else looks. A step of the body is an array ``[kernel, [number, ...], what it gives, attribute, ...]``: numbers are
    those of operands, then of what steps before it give, which is said as in `metadata`; attributes are the kernel's
    others, by name. `gives` are the numbers of the state that an iteration hands on.
    """

    name = "cpu.iterate"
    count = operand_def(i32)
    operands_ = var_operand_def(AnyOf((BaseAttr(MemRefType), BaseAttr(IntegerType))))
    arguments = attr_def(ArrayAttr)
    body = attr_def(ArrayAttr)
    gives = attr_def(ArrayAttr)
    left = result_def(i32)
    outputs = var_result_def(AnyOf((BaseAttr(MemRefType), BaseAttr(IntegerType))))
    assembly_format = "$count `,` $operands_ attr-dict `:` functional-type($operands_, $outputs)"

    def verify_(self) -> None:
        check_metadata(self, "arguments", self.arguments, self.operands_.types)
        if tuple(self.outputs.types) != tuple(self.operands_.types)[: len(self.outputs)]:
            fail(self, "expects results of the types of the operands that are the loop's state")
        if len(self.gives) != len(self.outputs) or not all(map(is_index, self.gives)):
            fail(self, f"attribute 'gives' must have the number of a value for each of the {len(self.outputs)} results")
