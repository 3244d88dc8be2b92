"""Ops that tests of the runtime itself need: several results, and costs that are made up."""

from __future__ import annotations

from xdsl.dialects.builtin import i32, i64
from xdsl.irdl import (
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import OpClass, define_op, number_of
from tfrt.dialects.shared.traits import COST_ATTRIBUTE, AttributeCost
from tfrt.dialects.tfrt.types import SCALARS


def _count3(suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt_test.count3.{suffix}",
        operands={"start": type},
        results={"one_more": type, "two_more": type, "three_more": type},
        traits=(Pure(),),
        summary="The next three integers.",
    )


COUNT3_OPS = tuple(_count3(suffix) for suffix in ("i32", "i64"))


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
