"""The `check` dialect: what tests of StableHLO programs expect of values. A check that does not hold is an error.

Definitions follow `stablehlo/tests/CheckOps.td` of StableHLO.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerType, Signedness, f64
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    PrintingState,
    TypeDirective,
    irdl_custom_directive,
)
from xdsl.printer import Printer

from tfrt.dialects.shared.definitions import define_dialect, number_of
from tfrt.dialects.shared.directives import Part, Reading, SpelledDirective
from tfrt.dialects.shared.tensor_types import CheckedOp, require_agreement, require_one_type
from tfrt.dialects.stablehlo.constraints import ANY, FLOAT_OR_COMPLEX

_ULPS = number_of(IntegerType(64, Signedness.UNSIGNED))
_TOLERANCE = number_of(f64)


@irdl_custom_directive
class ExpectedValue(SpelledDirective):
    """A constant of the operand's type."""

    SYMBOL = "check_value"
    RULES = """
check_value: elements  -> the_list
           | HASH_NAME -> alias
"""

    value: AttributeVariable
    operand: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        value, operand = names
        if not isinstance(part, DenseIntOrFPElementsAttr):
            raise ValueError(f"expects a dense value, but got '{part}'")
        reading.attributes[value] = part
        reading.operand_types[operand] = [part.get_type()]

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        value = self.value.get(op)
        assert value is not None
        printer.print_attribute(value)


@irdl_custom_directive
class OneType(SpelledDirective):
    """The type of both operands."""

    SYMBOL = "type"

    lhs: TypeDirective
    rhs: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        reading.operand_types.update({name: [part] for name in names})

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_attribute(op.operand_types[0])


class _OfTwo(CheckedOp):
    custom_directives = (OneType,)
    irdl_options = (ParsePropInAttrDict(),)

    def check(self) -> None:
        require_one_type(self, "C1", self.operand_types)


class _OfConstant(CheckedOp):
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (ExpectedValue,)

    def check(self) -> None:
        value = self.properties["value"]
        assert isinstance(value, DenseIntOrFPElementsAttr)
        require_agreement(self, "C1", "an operand", self.operand_types[0], value.get_type())


@irdl_op_definition
class ExpectEqOp(_OfTwo):
    """Expects that two tensors are equal."""

    name = "check.expect_eq"
    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    assembly_format = "$lhs `,` $rhs attr-dict `:` custom<OneType>(type($lhs), type($rhs))"


@irdl_op_definition
class ExpectEqConstOp(_OfConstant):
    """Expects that a tensor is equal to a constant."""

    name = "check.expect_eq_const"
    lhs = operand_def(ANY)
    value = prop_def(BaseAttr(DenseIntOrFPElementsAttr))
    assembly_format = "$lhs `,` custom<ExpectedValue>($value, type($lhs)) attr-dict"


@irdl_op_definition
class ExpectAlmostEqOp(_OfTwo):
    """Expects that the elements of two tensors differ by no more than a tolerance, which is 1e-4 unless it is given."""

    name = "check.expect_almost_eq"
    lhs = operand_def(FLOAT_OR_COMPLEX)
    rhs = operand_def(FLOAT_OR_COMPLEX)
    tolerance = opt_prop_def(_TOLERANCE)
    assembly_format = (
        "$lhs `,` $rhs (`,` `tolerance` `=` $tolerance^)? attr-dict `:` custom<OneType>(type($lhs), type($rhs))"
    )


@irdl_op_definition
class ExpectAlmostEqConstOp(_OfConstant):
    """Expects that the elements of a tensor and a constant differ by no more than a tolerance, which is 1e-4
    unless it is given."""

    name = "check.expect_almost_eq_const"
    lhs = operand_def(FLOAT_OR_COMPLEX)
    value = prop_def(BaseAttr(DenseIntOrFPElementsAttr))
    tolerance = opt_prop_def(_TOLERANCE)
    assembly_format = "$lhs `,` custom<ExpectedValue>($value, type($lhs)) (`,` `tolerance` `=` $tolerance^)? attr-dict"


@irdl_op_definition
class ExpectCloseOp(_OfTwo):
    """Expects that so many numbers of their type, or more or fewer, are between the elements of two tensors."""

    name = "check.expect_close"
    actual = operand_def(FLOAT_OR_COMPLEX)
    expected = operand_def(FLOAT_OR_COMPLEX)
    max_ulp_difference = prop_def(_ULPS)
    min_ulp_difference = opt_prop_def(_ULPS)
    assembly_format = (
        "$actual `,` $expected `,` `max_ulp_difference` `=` $max_ulp_difference"
        " (`,` `min_ulp_difference` `=` $min_ulp_difference^)? attr-dict `:` type($actual) `,` type($expected)"
    )


CHECK = define_dialect("check", __name__, is_source=True)
