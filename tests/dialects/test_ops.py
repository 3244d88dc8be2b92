"""Ops that are made, moved and dropped by `dialects/shared/ops.py` are as if xDSL had done it."""

import random

import pytest
from xdsl.dialects.builtin import UNKNOWN_LOC, IntegerAttr, NameLoc, StringAttr, UnknownLoc, UnregisteredOp, i32, i64
from xdsl.ir import Block, Region
from xdsl.irdl import IRDLOperation, attr_def, irdl_op_definition, prop_def, var_operand_def, var_result_def

from tfrt.compiler.frontend import parse_module
from tfrt.dialects.shared.ops import (
    add_arguments,
    append_op,
    copy_region,
    erase_op,
    is_plain,
    make_op,
    operands_of,
    put_before,
    replace_op,
    replace_uses,
)


@irdl_op_definition
class Any(IRDLOperation):
    name = "test.any"
    of = var_operand_def()
    gives = var_result_def()


@irdl_op_definition
class WithDefaults(IRDLOperation):
    name = "test.with_defaults"
    gives = var_result_def()
    first = prop_def(IntegerAttr, default_value=IntegerAttr(1, i32))
    second = attr_def(IntegerAttr, default_value=IntegerAttr(2, i32))


def _with_xdsl(kind, operands=(), result_types=(), attributes=None, properties=None):
    given = {"attributes": attributes or {}, "properties": properties or {}}
    return kind.create(operands=operands, result_types=result_types, **given)


def _replace_with_xdsl(op, values):
    for old, new in zip(op.results, values, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


def _erase_with_xdsl(op):
    op.detach()
    op.erase()


OURS = (make_op, append_op, put_before, lambda value, by: replace_uses(value, by), replace_op, erase_op)
XDSLS = (
    _with_xdsl,
    lambda block, op: block.add_op(op),
    lambda op, there: there.parent.insert_op_before(op, there),
    lambda value, by: value.replace_all_uses_with(by),
    _replace_with_xdsl,
    _erase_with_xdsl,
)


def _edited(seed, ways):
    """A block that many ops were put into, moved in and taken from, as text that shows all there is to it."""
    make, append, put, replace_value, replace, erase = ways
    draw = random.Random(seed)
    block = Block(arg_types=[i32, i64, i32])
    block.args[0].name_hint = "first"
    for number in range(60):
        ops = list(block.ops)
        values = [*block.args, *(result for op in ops for result in op.results)]
        match draw.randrange(6):
            case 0 | 1 | 2:
                operands = draw.choices(values, k=draw.randrange(4))
                attributes = {"number": IntegerAttr(number, i32)} if draw.random() < 0.5 else {}
                op = make(Any, operands, draw.choices([i32, i64], k=draw.randrange(3)), attributes)
                for result in op.results:
                    if draw.random() < 0.5:
                        result.name_hint = f"v{number}_1_2"
                if ops and draw.random() < 0.4:
                    put(op, draw.choice(ops))
                else:
                    append(block, op)
            case 3:
                replace_value(draw.choice(values), draw.choice(values))
            case 4 if ops:
                op = draw.choice(ops)
                others = [value for value in values if value.owner is not op]
                replace(op, [draw.choice(others) for _ in op.results])
            case 5 if ops:
                op = draw.choice(ops)
                if not any(result.first_use for result in op.results):
                    erase(op)
    return _described(block)


def _described(block):
    """All of a block's ops, forwards and backwards, their values, and the uses of each in order."""
    numbers = {op: number for number, op in enumerate(block.ops)}
    backwards = [numbers[op] for op in reversed(block.ops)]
    values = [*block.args, *(result for op in block.ops for result in op.results)]
    places = {value: number for number, value in enumerate(values)}
    uses = [
        (value.name_hint, str(value.type), [(numbers[u.operation], u.index) for u in value.uses]) for value in values
    ]
    ops = []
    for op in block.ops:
        assert op.parent is block and list(op.operands) == list(operands_of(op))
        own = [use for operand in set(op.operands) for use in operand.uses if use.operation is op]
        assert set(map(id, own)) == set(map(id, op._operand_uses))
        results = [(result.index, result.op is op) for result in op.results]
        ops.append(([places[o] for o in op.operands], results, str(op.attributes), op.properties, op.location))
    return ops, backwards, uses


@pytest.mark.parametrize("seed", range(20))
def test_blocks_are_edited_as_xdsl_edits_them(seed):
    assert _edited(seed, OURS) == _edited(seed, XDSLS)


@pytest.mark.parametrize("kind", [Any, WithDefaults, UnregisteredOp.with_name("some.op")])
def test_what_is_made_has_what_xdsls_has(kind):
    attribute = {"number": IntegerAttr(3, i64)}
    made, expected = make_op(kind, [], [i32], attribute), _with_xdsl(kind, [], [i32], attribute)
    assert type(made) is type(expected)
    for name in ("properties", "attributes", "location", "regions", "parent", "next_op", "prev_op"):
        assert getattr(made, name) == getattr(expected, name)
    assert list(made.successors) == list(expected.successors) == []
    assert made.attributes is not attribute
    assert isinstance(made.location, UnknownLoc)
    # What is not set is as the class has it.
    assert {*vars(expected)} - {*vars(made)} <= {"_successors", "_successor_uses", "regions"}
    assert {*vars(made)} <= {*vars(expected)}
    assert {*vars(made.results[0])} == {*vars(expected.results[0])}


def test_ops_with_regions_are_dropped_with_what_is_in_them():
    module = parse_module(
        "func.func @f(%c: tensor<i1>, %x: tensor<f32>) -> tensor<f32> {\n"
        '  %0 = "stablehlo.if"(%c) ({\n    stablehlo.return %x : tensor<f32>\n'
        "  }, {\n    stablehlo.return %x : tensor<f32>\n  }) : (tensor<i1>) -> tensor<f32>\n"
        "  return %x : tensor<f32>\n}\n"
    )
    (function,) = module.ops
    block = function.body.block
    erase_op(block.first_op)
    assert [use.operation.name for use in block.args[1].uses] == ["func.return"]
    assert block.first_op.name == "func.return"


def test_what_is_used_is_not_dropped():
    block = Block()
    first = Any.create(result_types=[i32])
    block.add_ops([first, Any.create(operands=first.results)])
    with pytest.raises(ValueError, match="still has uses"):
        erase_op(first)


def test_arguments_are_added_as_xdsl_adds_them():
    made, expected = Block(arg_types=[i32]), Block(arg_types=[i32])
    place = NameLoc(StringAttr("there"), UNKNOWN_LOC)
    assert add_arguments(made, [i64, i32], [place, UNKNOWN_LOC]) == list(made.args[1:])
    for type, location in ((i64, place), (i32, UNKNOWN_LOC)):
        expected.insert_arg(type, len(expected.args), location)
    assert [{**vars(each), "block": None} for each in made.args] == [
        {**vars(each), "block": None} for each in expected.args
    ]
    assert all(argument.block is made for argument in made.args)


def test_a_region_is_copied_as_xdsl_copies_it():
    outer = Block(arg_types=[i64])
    block = Block(arg_types=[i32, i64])
    block.args[1].name_hint = "second"
    first = Any.create(operands=[block.args[0], outer.args[0]], result_types=[i32, i32])
    first.results[1].name_hint = "half"
    block.add_ops([first, WithDefaults.create(properties={"first": IntegerAttr(7, i32)})])
    block.add_op(Any.create(operands=[first.results[1], first.results[1], block.args[1]]))
    region, place = Region(block), NameLoc(StringAttr("there"), UNKNOWN_LOC)
    expected, copy = region.clone(), copy_region(region, place)
    assert {each.location for each in [*copy.block.args, *copy.block.ops]} == {place}
    for op in copy.block.ops:
        op.location = UNKNOWN_LOC
    assert copy.is_structurally_equivalent(expected)
    assert [use.index for use in copy.block.first_op.results[1].uses] == [1, 0]
    names = [[value.name_hint for op in each.block.ops for value in op.results] for each in (copy, expected)]
    assert names[0] == names[1] == [None, "half"]
    assert [argument.name_hint for argument in copy.block.args] == [None, "second"]
    assert [use.operation for use in outer.args[0].uses] == [copy.block.first_op, expected.block.first_op, first]


def test_regions_are_plain_that_are_one_block_of_ops_without_regions():
    assert is_plain(Region(Block([Any.create()])))
    assert not is_plain(Region())
    assert not is_plain(Region([Block(), Block()]))
    assert not is_plain(Region(Block([Any.create(regions=[Region()])])))
