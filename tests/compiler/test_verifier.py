"""What the verifier says about IR, whether it came from text or from a pass."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    IntAttr,
    ModuleOp,
    NameLoc,
    NoneAttr,
    StringAttr,
    UnknownLoc,
    i1,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.locations import location_of
from tfrt.compiler.verifier import verify
from tfrt.dialects import context
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.location import UNKNOWN, CallSiteLocation, FileLineCol, FusedLocation, NameLocation


def body(*lines: str) -> str:
    return "\n".join(["func.func @f() {", *lines, "tfrt.return", "}"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (body('"tfrt.add.i32"() : () -> ()'), ["2:1: error: 'tfrt.add.i32' op expected 2 operands, but found 0"]),
        (
            body('%a = "tfrt.new.chain"() : () -> i32'),
            ["2:6: error: 'tfrt.new.chain' op result #0 must be !tfrt.chain type, but got 'i32'"],
        ),
        (
            body('%c = "x.y"() : () -> f32', '%s = "tfrt.add.i32"(%c, %c) : (f32, f32) -> i32'),
            ["3:6: error: 'tfrt.add.i32' op operand #0 must be 32-bit signless integer, but got 'f32'"],
        ),
        (
            body('%c = "x.y"() : () -> i1', '%s = "tfrt.add.f32"(%c, %c) : (i1, i1) -> f32'),
            ["3:6: error: 'tfrt.add.f32' op operand #0 must be 32-bit float, but got 'i1'"],
        ),
        (
            body('"tfrt.if"() ({}, {}) : () -> ()'),
            ["2:1: error: 'tfrt.if' op expected 1 or more operands, but found 0"],
        ),
        (
            body('%c = "x.y"() : () -> i1', '%d = "tfrt.new.chain"(%c) : (i1) -> !tfrt.chain'),
            ["3:6: error: 'tfrt.new.chain' op requires zero operands"],
        ),
        (
            body('%a = "tfrt.constant.i32"() : () -> i32'),
            ["2:6: error: 'tfrt.constant.i32' op requires attribute 'value'"],
        ),
        (
            body('%a = "tfrt.constant.i32"() {value = 1 : i64} : () -> i32'),
            [
                "2:6: error: 'tfrt.constant.i32' op attribute 'value' failed to satisfy constraint:"
                " 32-bit signless integer attribute"
            ],
        ),
        (
            body('%s = "ts.build_shape"() {value = [1 : i64, 2 : i32]} : () -> !ts.shape'),
            [
                "2:6: error: 'ts.build_shape' op attribute 'value' failed to satisfy constraint:"
                " 64-bit integer array attribute"
            ],
        ),
        (
            body('"tfrt.call"() {callee = 1} : () -> ()'),
            [
                "2:1: error: 'tfrt.call' op attribute 'callee' failed to satisfy constraint:"
                " flat symbol reference attribute"
            ],
        ),
        (
            body("tfrt.call @nope() : () -> ()"),
            ["2:1: error: 'tfrt.call' op 'nope' does not reference a valid function"],
        ),
        (
            "func.func @f() -> i32 { tfrt.return }",
            ["1:25: error: 'tfrt.return' op has 0 operands, but enclosing function returns 1"],
        ),
        (
            "func.func @f(%x: i64) -> i32 {\n  tfrt.return %x : i64\n}",
            ["2:3: error: type of return operand 0 ('i64') doesn't match function result type ('i32')"],
        ),
        (
            "func.func @f() {\n  %a = tfrt.constant.i32 1\n}",
            ["2:8: error: block with no terminator, has 'tfrt.constant.i32'"],
        ),
        (
            body("tfrt_test.do.async : () -> () {", "}"),
            ["2:1: error: empty block: expect at least a terminator"],
        ),
        (
            body("%a = tfrt_test.do.async : () -> i1 {", "tfrt.return", "}"),
            ["3:1: error: 'tfrt.return' op operand types don't match 'tfrt_test.do.async' result"],
        ),
        (
            f"{body()}\n{body()}",
            [
                "4:1: error: redefinition of symbol named 'f'",
                "1:1: note: see existing symbol definition here",
            ],
        ),
        (
            body('"x.r"() ({', '"x.br"()[^a] : () -> ()', "^a:", "tfrt.return", "}) : () -> ()",
                 '"x.s"() ({', '"x.br"()[^b] : () -> ()', '"x.t"() : () -> ()', "^b:", "tfrt.return", "}) : () -> ()"),
            ["8:1: error: 'x.br' op operation with block successors must terminate its parent block"],
        ),
        (
            '"x.r"() ({\n"x.br"()[^a, ^b] : () -> ()\n^a:\n%v = "x.d"() : () -> i1\n"x.br"()[^b] : () -> ()\n'
            '^b:\n"x.use"(%v) : (i1) -> ()\n}) : () -> ()',
            [
                "7:1: error: operand #0 does not dominate this use",
                "4:6: note: operand defined here (op in the same region)",
            ],
        ),
    ],
)  # fmt: skip
def test_invalid_text(text, expected):
    with pytest.raises(CompileError) as raised:
        parse_module(text, "t.mlir", allow_unregistered=True)
    shown = [p.headline() for d in raised.value.diagnostics for p in (d, *d.notes)]
    assert shown == [f"t.mlir:{line}" for line in expected]


def test_several_mistakes_in_the_order_of_the_text():
    text = (
        body('%b = "tfrt.new.chain"() : () -> i1', "tfrt.call @g() : () -> ()")
        + "\nfunc.func @h() -> i1 { tfrt.return }"
    )
    with pytest.raises(CompileError) as raised:
        parse_module(text, "t.mlir")
    assert [d.location.line for d in raised.value.diagnostics] == [2, 3, 6]


def test_a_use_that_a_pass_moved_before_its_definition():
    module = parse_module(body("%a = tfrt.constant.i32 1", "%b = tfrt.add.i32 %a, %a"), "t.mlir")
    block = module.body.block.first_op.body.block
    constant = block.first_op
    constant.detach()
    block.insert_op_before(constant, block.last_op)
    diagnostics = verify(module)
    assert [d.headline() for d in diagnostics] == [
        "t.mlir:3:6: error: operand #0 does not dominate this use",
        "t.mlir:3:6: error: operand #1 does not dominate this use",
    ]
    assert diagnostics[0].notes[0].headline() == "t.mlir:2:6: note: operand defined here (op in the same block)"


def test_a_value_used_across_an_isolated_region():
    module = parse_module("func.func @f(%x: i32) {\n  tfrt.return\n}\nfunc.func @g() {\n  tfrt.return\n}", "t.mlir")
    first, second = (op for op in module.body.block.ops if isinstance(op, FuncOp))
    add = (
        context()
        .get_op("tfrt.add.i32")
        .create(operands=[first.args[0], first.args[0]], result_types=[first.args[0].type], location=second.location)
    )
    second.body.block.insert_op_before(add, second.body.block.first_op)
    assert [d.headline() for d in verify(module)] == [
        "t.mlir:4:1: error: 'tfrt.add.i32' op using value defined outside the region"
    ] * 2


def test_valid_ir_has_no_diagnostics():
    assert verify(ModuleOp([])) == []
    assert verify(parse_module(body("%a = tfrt.constant.i32 1"))) == []


def test_locations():
    here = FileLineColLoc(StringAttr("f"), IntAttr(1), IntAttr(2))
    at = FileLineCol("f", 1, 2)
    assert location_of(UnknownLoc()) == UNKNOWN
    assert location_of(NameLoc(StringAttr("n"), here)) == NameLocation("n", at)
    assert location_of(CallSiteLoc(here, UnknownLoc())) == CallSiteLocation(at, UNKNOWN)
    assert location_of(FusedLoc(ArrayAttr([here, UnknownLoc()]), NoneAttr())) == FusedLocation((at, UNKNOWN))


def test_block_argument_types_of_functions():
    module = parse_module("func.func @f(%x: i32) {\n  tfrt.return\n}", "t.mlir")
    function = module.body.block.first_op
    block = Block(arg_types=[i1])
    function.body.block.last_op.detach()
    block.add_op(context().get_op("tfrt.return").create())
    function.body.detach_block(function.body.block)
    function.body.add_block(block)
    assert [d.headline() for d in verify(module)] == [
        "t.mlir:1:1: error: 'func.func' op Expected entry block arguments to have the same types as the function"
        " input types"
    ]


def test_each_of_several_alike_ops_is_looked_at():
    wrong = '%{0} = "tfrt.add.i32"(%x, %{1}) : (i32, {2}) -> i32'
    lines = [wrong.format(name, *given) for name, given in zip("abcd", (("x", "i32"), ("y", "i1")) * 2, strict=True)]
    text = "\n".join(["func.func @f(%x: i32, %y: i1) {", *lines, "tfrt.return", "}"])
    with pytest.raises(CompileError) as caught:
        parse_module(text)
    message = "error: 'tfrt.add.i32' op operand #1 must be 32-bit signless integer, but got 'i1'"
    assert str(caught.value).splitlines() == [f"-:{line}:6: {message}" for line in (3, 5)]


def test_a_rule_that_a_name_breaks_which_is_not_utf_8():
    with pytest.raises(CompileError) as caught:
        parse_module('%x = "tfrt.constant.i32"() {value = @"\\80"} : () -> i32', "t.mlir")
    assert str(caught.value) == (
        "t.mlir:1:6: error: 'tfrt.constant.i32' op has an attribute that its definition does not allow, "
        "with a name that is not UTF-8"
    )
