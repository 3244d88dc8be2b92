"""Ops that take arrays out of tensors of the core runtime, put them in, and make memory for them."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    StringAttr,
    UnrankedMemRefType,
)
from xdsl.irdl import (
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    result_def,
    var_operand_def,
    var_result_def,
)

from tfrt.dialects.cpu.metadata import ARRAY, check_metadata, is_index
from tfrt.dialects.shared.corert_types import OP_HANDLER, TENSOR_HANDLE
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.tfrt.types import CHAIN


@irdl_op_definition
class ArraysOp(IRDLOperation):
    """The elements of tensors, which must be dense ones of these element types and shapes.

    The op handler must be the host's CPU.
    """

    name = "cpu.arrays"
    op_handler = operand_def(OP_HANDLER)
    handles = var_operand_def(TENSOR_HANDLE)
    metadata = attr_def(ArrayAttr)
    arrays = var_result_def(MemRefType)
    assembly_format = "operands attr-dict `:` type($arrays)"

    def verify_(self) -> None:
        if len(self.handles) != len(self.arrays):
            fail(self, f"expects as many results as tensors, {len(self.handles)}")
        check_metadata(self, "metadata", self.metadata, self.arrays.types)


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """A constant array, which nobody may write to."""

    name = "cpu.constant"
    value = attr_def(DenseIntOrFPElementsAttr)
    array = result_def(MemRefType)
    assembly_format = "attr-dict `:` type($array)"


@irdl_op_definition
class WeightOp(IRDLOperation):
    """An array that is not in the program: it is given, by its name, when the program is loaded."""

    name = "cpu.weight"
    metadata = attr_def(ArrayAttr)
    weight_name = attr_def(StringAttr, attr_name="name")
    array = result_def(MemRefType)
    assembly_format = "attr-dict `:` type($array)"

    def verify_(self) -> None:
        if min(self.array.type.get_shape(), default=0) < 0:
            fail(self, "expects a shape that is known")
        check_metadata(self, "metadata", self.metadata, (self.array.type,))


@irdl_op_definition
class VariableOp(IRDLOperation):
    """The program's variable of a name. Whoever asks first makes it, of an array if there is one."""

    name = "cpu.variable"
    initial = var_operand_def(MemRefType)
    variable_name = attr_def(StringAttr, attr_name="name")
    variable = result_def()
    assembly_format = "$initial attr-dict `:` functional-type($initial, $variable)"

    def verify_(self) -> None:
        if len(self.operands) > 1:
            fail(self, f"expects at most one array, but got {len(self.operands)}")


@irdl_op_definition
class ArenaOp(IRDLOperation):
    """New memory of `size` bytes, as arrays that start at `offsets` and may overlap."""

    name = "cpu.arena"
    metadata = attr_def(ArrayAttr)
    offsets = attr_def(ArrayAttr)
    size = attr_def(IntegerAttr[I64])
    arrays = var_result_def(MemRefType)
    assembly_format = "attr-dict `:` type($arrays)"

    def verify_(self) -> None:
        check_metadata(self, "metadata", self.metadata, self.arrays.types)
        if len(self.offsets) != len(self.arrays) or not all(is_index(offset) for offset in self.offsets):
            fail(self, "attribute 'offsets' must be an array with a number of bytes for each result")


@irdl_op_definition
class HandleOp(IRDLOperation):
    """An array as a tensor of the core runtime, on an op handler that must be the host's CPU."""

    name = "cpu.handle"
    op_handler = operand_def(OP_HANDLER)
    array = operand_def(MemRefType)
    metadata = attr_def(ArrayAttr)
    handle = result_def(TENSOR_HANDLE)
    assembly_format = "operands attr-dict `:` type($array)"

    def verify_(self) -> None:
        check_metadata(self, "metadata", self.metadata, (self.array.type,))


@irdl_op_definition
class AfterOp(IRDLOperation):
    """Arrays, once a chain is there."""

    name = "cpu.after"
    chain = operand_def(CHAIN)
    operands_ = var_operand_def(ARRAY)
    arrays = var_result_def(ARRAY)
    assembly_format = "$chain `,` $operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def verify_(self) -> None:
        if tuple(self.operands_.types) != tuple(self.arrays.types):
            fail(self, "expects results of the arrays' types")


@irdl_op_definition
class ItemOp(IRDLOperation):
    """The only element of an array, as a number."""

    name = "cpu.item"
    array = operand_def(ARRAY)
    item = result_def(IntegerType)
    assembly_format = "$array attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        type = self.array.type
        if type not in (MemRefType(self.item.type, []), UnrankedMemRefType.from_type(self.item.type)):
            fail(self, f"expects an array without dimensions of '{self.item.type}', but got '{self.array.type}'")


class _KeepsType(IRDLOperation):
    """What the ops have in common that give an array of the type of their first operand."""

    def verify_(self) -> None:
        if self.operand_types[0] != self.result_types[0]:
            fail(self, "expects a result of the array's type")


class _Copies(_KeepsType):
    array = operand_def(ARRAY)
    copy = result_def(ARRAY)
    assembly_format = "$array attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class OwnOp(_Copies):
    """An array in memory of its own, row by row: a copy, unless it is that already. Arguments are not."""

    name = "cpu.own"


@irdl_op_definition
class CopyOp(_Copies):
    """A copy of an array, row by row."""

    name = "cpu.copy"


@irdl_op_definition
class SettledOp(_KeepsType):
    """An array, once other values are there."""

    name = "cpu.settled"
    array = operand_def(ARRAY)
    others = var_operand_def()
    result = result_def(ARRAY)
    assembly_format = "$array `,` $others attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class CastOp(IRDLOperation):
    """An array whose type says more of it, or less."""

    name = "cpu.cast"
    array = operand_def()
    cast = result_def()
    assembly_format = "$array attr-dict `:` functional-type(operands, results)"
