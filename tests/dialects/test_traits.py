"""Costs, and which operands a region re-declares."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.ir import Operation

from tfrt.dialects.shared.regions import redeclared_operands
from tfrt.dialects.shared.traits import FixedCost, cost_of
from tfrt.dialects.shared.verification import OpVerifyError

ParseOp = Callable[[str, str], Operation]

COSTS = '%x = "x.value"() : () -> i32 %r = "tfrt_test.test_cost"(%x) {attributes} : (i32) -> i32'


def test_an_op_says_its_cost(parse_op: ParseOp) -> None:
    op = parse_op(COSTS.replace("{attributes}", "{id = 1, _tfrt_cost = 42}"), "tfrt_test.test_cost")
    assert cost_of(op) == 42


def test_most_ops_have_no_cost(parse_op: ParseOp) -> None:
    assert cost_of(parse_op("%c = tfrt.constant.i32 1", "tfrt.constant.i32")) is None


def test_unregistered_ops_have_no_cost(parse_op: ParseOp) -> None:
    assert cost_of(parse_op('"x.y"() {_tfrt_cost = 3} : () -> ()', "builtin.unregistered")) is None


def test_a_fixed_cost_is_the_same_for_every_op(parse_op: ParseOp) -> None:
    assert FixedCost(7).get_cost(parse_op("%c = tfrt.new.chain", "tfrt.new.chain")) == 7


@pytest.mark.parametrize("attributes", ["{id = 1}", '{id = 1, _tfrt_cost = "much"}'])
def test_a_cost_is_an_integer(attributes: str, parse_op: ParseOp) -> None:
    op = parse_op(COSTS.replace("{attributes}", attributes), "tfrt_test.test_cost")
    with pytest.raises(OpVerifyError) as caught:
        for trait in op.get_irdl_definition().traits:  # type: ignore[attr-defined]
            trait.verify(op)
    assert str(caught.value) == "'tfrt_test.test_cost' op cost attribute not found"


@pytest.mark.parametrize(
    ("name", "signature", "redeclared"),
    [
        ("tfrt.if", "(i1, f32, f64) -> ()", [1, 2]),
        ("tfrt.repeat.i32", "(i32, f32, f64) -> ()", [1, 2]),
        ("tfrt.parallel_for.i32", "(i32, i32, i32, f64) -> ()", [0, 1, 3]),
        ("tfrt_test.do.async", "(f32, f64) -> ()", [0, 1]),
        ("tfrt_test.benchmark", "(f32, f64) -> ()", [0, 1]),
        ("tfrt.call", "(f32, f64) -> ()", []),
    ],
)
def test_regions_redeclare_operands(name: str, signature: str, redeclared: list[int], parse_op: ParseOp) -> None:
    types = signature.partition(" ->")[0].strip("()").split(", ")
    values = ", ".join(f"%v{i}" for i in range(len(types)))
    regions = {"tfrt.if": "({}, {})", "tfrt.call": ""}.get(name, "({})")
    text = f'{values} = "x.values"() : () -> ({", ".join(types)}) "{name}"({values}) {regions} : {signature}'
    op = parse_op(text, name)
    assert list(redeclared_operands(op)) == [op.operands[i] for i in redeclared]
