"""Ops that compute with numbers."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, IntegerType, MemRefType, f32, f64, i1, i32, i64
from xdsl.irdl import IRDLOperation, attr_def, irdl_op_definition, operand_def, result_def
from xdsl.traits import Pure

from tfrt.dialects.cpu.metadata import check_metadata
from tfrt.dialects.shared.definitions import OpClass, define_op
from tfrt.dialects.shared.verification import fail


@irdl_op_definition
class ScalarOp(IRDLOperation):
    """A number as an array without dimensions, in new memory. The element is of the number's type or, for a 32-bit
    integer, the float nearest to it."""

    name = "cpu.scalar"
    number = operand_def(IntegerType)
    metadata = attr_def(ArrayAttr)
    array = result_def(MemRefType)
    assembly_format = "$number attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        check_metadata(self, "metadata", self.metadata, (self.array.type,))
        elements = (self.number.type, f32, f64) if self.number.type == i32 else (self.number.type,)
        if self.array.type.get_shape() or self.array.type.element_type not in elements:
            fail(self, f"expects an array without dimensions of '{self.number.type}', but got '{self.array.type}'")


def _number_op(name: str, operands: Sequence[IntegerType], result: IntegerType, summary: str) -> OpClass:
    return define_op(
        f"cpu.{name}",
        operands={f"x{number}": type for number, type in enumerate(operands)},
        results={"result": result},
        traits=(Pure(),),
        summary=summary,
    )


_ON_INTEGERS = {
    "subtract": "The difference of two integers, which wraps around.",
    "minimum": "The lesser of two integers.",
    "maximum": "The greater of two integers.",
    "divide": "The quotient of two integers, truncated toward zero; -1 where the divisor is zero.",
    "remainder": "What dividing leaves, with the dividend's sign; the dividend where the divisor is zero.",
}


_ON_TRUTH_VALUES = {
    "or": "Whether one of two truth values is true.",
    "equal": "Whether two truth values are the same.",
    "unequal": "Whether two truth values differ.",
}


_COMPARING = {
    "less": "Whether an integer is less than another one.",
    "less_equal": "Whether an integer is not greater than another one.",
    "unequal": "Whether two integers differ.",
}


NUMBER_OPS = (
    *(_number_op(f"{n}.{t}", (t, t), t, summary) for n, summary in _ON_INTEGERS.items() for t in (i32, i64)),
    *(_number_op(f"{n}.{t}", (t, t), i1, summary) for n, summary in _COMPARING.items() for t in (i32, i64)),
    *(_number_op(f"{n}.i1", (i1, i1), i1, summary) for n, summary in _ON_TRUTH_VALUES.items()),
    _number_op("not.i1", (i1,), i1, "The opposite of a truth value."),
    *(_number_op(f"select.{t}", (i1, t, t), t, "One of two, by a truth value.") for t in (i1, i32, i64)),
    *(_number_op(f"convert.i1_to_{t}", (i1,), t, "1 where it is true, or else 0.") for t in (i32, i64)),
    _number_op("convert.i32_to_i64", (i32,), i64, "The same integer."),
    _number_op("convert.i64_to_i32", (i64,), i32, "The lower 32 bits of an integer."),
)
"""Ops that compute with numbers as ops of StableHLO do with arrays without dimensions."""
