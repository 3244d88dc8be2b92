"""Ops that tests of the compiler need."""

from __future__ import annotations

from xdsl.dialects.builtin import i32, i64
from xdsl.irdl import IRDLOperation, attr_def, irdl_op_definition, result_def, traits_def, var_operand_def

from tfrt.dialects.shared.definitions import number_of
from tfrt.dialects.shared.traits import COST_ATTRIBUTE, AttributeCost


@irdl_op_definition
class TestCostOp(IRDLOperation):
    """An op whose cost is whatever its attribute says."""

    name = "tfrt_test.test_cost"
    args = var_operand_def()
    id = attr_def(number_of(i64))
    cost = attr_def(number_of(i64), attr_name=COST_ATTRIBUTE)
    result = result_def(i32)
    traits = traits_def(AttributeCost())
    assembly_format = "$args attr-dict `:` type($args)"
