"""Ops of `cpu` say the types of arrays twice, and the verifier holds both to be the same."""

from __future__ import annotations

import pytest

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.executor.support.errors import CompileError

M = "memref<2xf32>"
CALL = (
    'arguments = [[f32, 2]], inputs = 1 : i64, metadata = [[f32, 2]], op_attrs = [], op_name = "tf.Softmax", steps = []'
)
CALL_INTO = (
    'arguments = [[f32, 2], [f32, 2]], inputs = 1 : i64, metadata = [[f32, 2]], op_attrs = [["a", true]], '
    'op_name = "tf.MaxPool", steps = [["tf.Mul", 0, 1]]'
)
CHAIN = 'arguments = [[f32, 2]], metadata = [[f32, 2]], steps = [["tf.Relu", 0], ["tf.Add", 1, 0]]'
REDUCTION = (
    "arguments = [[f32, 2]], dimensions = [0], gives = [2], metadata = [[f32, 2]], shape = [2], "
    'steps = [["stablehlo.reduce", 0, f32, "stablehlo.add"], ["stablehlo.divide", 0, 1, f32]]'
)
FORMS = {
    "cpu.constant": f"%r = cpu.constant {{value = dense<1.0> : tensor<2xf32>}} : {M}",
    "cpu.arrays": f"%r = cpu.arrays %cpu, %h {{metadata = [[f32, 2]]}} : {M}",
    "cpu.call": f"%r = cpu.call %x {{{CALL}}} : ({M}) -> {M}",
    "cpu.call_into": f"%r = cpu.call_into %x, %x, %x {{{CALL_INTO}}} : ({M}, {M}, {M}) -> {M}",
    "cpu.elementwise": f"%r = cpu.elementwise %x {{{CHAIN}}} : ({M}) -> {M}",
    "cpu.elementwise_into": f"%r = cpu.elementwise_into %x, %x {{{CHAIN}}} : ({M}, {M}) -> {M}",
    "cpu.reduction": f"%r = cpu.reduction %x {{{REDUCTION}}} : ({M}) -> {M}",
    "cpu.reduction_into": f"%r = cpu.reduction_into %x, %x {{{REDUCTION}}} : ({M}, {M}) -> {M}",
    "cpu.arena": f"%r = cpu.arena {{metadata = [[f32, 2]], offsets = [0], size = 64 : i64}} : {M}",
    "cpu.handle": f"%r = cpu.handle %cpu, %x {{metadata = [[f32, 2]]}} : {M}",
}


def text(op: str) -> str:
    return (
        f"func.func @f(%cpu: !corert.ophandler, %h: !corert.tensorhandle, %x: {M}, %y: memref<3xf32>) {{\n  {op}\n"
        "  tfrt.return\n}\n"
    )


@pytest.mark.parametrize("op", FORMS.values(), ids=FORMS)
def test_reads_what_it_prints(op):
    module = parse_module(text(op), "f.mlir")
    for generic in (False, True):
        printed = print_module(module, generic=generic)
        again = parse_module(printed, "f.mlir")
        assert again.is_structurally_equivalent(module)
        assert print_module(again, generic=generic) == printed


METADATA = "attribute 'metadata' must say the types of the arrays: [[f32, 2 : i64]]"
ARGUMENTS = "attribute 'arguments' must say the types of the arrays: [[f32, 2 : i64]]"
WRONG = [
    ("cpu.arrays", "[[f32, 2]]", "[[f32, 3]]", METADATA),
    ("cpu.arrays", "%cpu, %h", "%cpu, %h, %h", "expects as many results as tensors, 2"),
    ("cpu.call", "arguments = [[f32, 2]]", "arguments = []", ARGUMENTS),
    ("cpu.call", "inputs = 1", "inputs = 2", "attribute 'inputs' must be at most the number of operands, 1"),
    ("cpu.call", "steps = []", 'steps = [["tf.Relu", 1]]', "step 0 must have operands from 0 to 0"),
    ("cpu.call", "steps = []", "steps = [[0]]", "a step must be an array [op, number of an operand, ...]"),
    ("cpu.call_into", "%x, %x, %x", "%x, %x, %y", "expects memory for the result, of its type, as the last operand"),
    ("cpu.elementwise", '[["tf.Relu", 0], ["tf.Add", 1, 0]]', "[]", "expects a step"),
    ("cpu.elementwise", '["tf.Add", 1, 0]', '["tf.Add", 2, 0]', "step 1 must have operands from 0 to 1"),
    ("cpu.elementwise_into", "%x, %x", "%x, %y", "expects memory for the result, of its type, as the last operand"),
    (
        "cpu.reduction",
        "[2], meta",
        "[0], meta",
        "attribute 'gives' must have the number of a step's value, from 1, for each result",
    ),
    ("cpu.reduction", "shape = [2]", "shape = [0]", "attribute 'shape' must be an array of sizes above 0"),
    ("cpu.reduction", "[0]", "[1]", "attribute 'dimensions' must be an array of numbers from 0 to 0"),
    ("cpu.reduction", '"stablehlo.reduce", 0', '"stablehlo.reduce", 1', "step 0 must have operands from 0 to 0"),
    ("cpu.reduction_into", "%x, %x", "%x, %y", "expects memory for the result, of its type, as the last operand"),
    ("cpu.arena", "[0]", "[0, 1]", "attribute 'offsets' must be an array with a number of bytes for each result"),
    ("cpu.handle", "[[f32, 2]]", "[[f64, 2]]", METADATA),
]


@pytest.mark.parametrize(("name", "right", "wrong", "message"), WRONG)
def test_what_is_refused(name, right, wrong, message):
    op = FORMS[name].replace(right, wrong)
    assert op != FORMS[name]
    if name == "cpu.call_into":
        op = op.replace(f"({M}, {M}, {M})", f"({M}, {M}, memref<3xf32>)")
    if name in ("cpu.elementwise_into", "cpu.reduction_into"):
        op = op.replace(f"({M}, {M})", f"({M}, memref<3xf32>)")
    assert problem(op) == f"'{name}' op {message}"


def problem(op: str) -> str:
    with pytest.raises(CompileError) as caught:
        parse_module(text(op), "f.mlir")
    (found,) = caught.value.diagnostics
    return found.message


SLICE = """%r = cpu.call %y, {start} {{arguments = [[f32, 3], [i32]], inputs = 2 : i64, metadata = [[f32, 2]],
  op_attrs = [["slice_sizes", [2]]], op_name = "{op}", steps = []}} : (memref<3xf32>, i32) -> memref<2xf32>"""


def test_numbers_stand_for_arrays_where_the_op_takes_them():
    number = "%n = tfrt.constant.i32 1\n  "
    parse_module(text(number + SLICE.format(start="%n", op="stablehlo.dynamic_slice")), "f.mlir")
    assert problem(number + SLICE.format(start="%n", op="stablehlo.dynamic_gather")) == (
        "'cpu.call' op expects arrays, not numbers, for these operands of op 'stablehlo.dynamic_gather'"
    )
    chain = FORMS["cpu.elementwise"].replace("cpu.elementwise %x", "cpu.elementwise %n")
    chain = chain.replace("[[f32, 2]], metadata", "[[i32]], metadata").replace(f"({M})", "(i32)")
    assert problem(number + chain) == "'cpu.elementwise' op expects arrays, not numbers"


@pytest.mark.parametrize(("array", "metadata"), [("memref<1xi32>", "i32, 1"), ("memref<i64>", "i64")])
def test_arrays_of_numbers(array, metadata):
    op = f"%n = tfrt.constant.i32 1\n  %r = cpu.scalar %n {{metadata = [[{metadata}]]}} : (i32) -> {array}"
    assert problem(op) == f"'cpu.scalar' op expects an array without dimensions of 'i32', but got '{array}'"


@pytest.mark.parametrize("metadata", ["[]", "[[2]]", "[[f32, -1]]", "[f32]"])
def test_metadata_that_is_none(metadata):
    handle = "!corert.tensorhandle"
    assert problem(f"%r = corert.ensure_metadata %h {{metadata = {metadata}}} : ({handle}) -> {handle}") == (
        "'corert.ensure_metadata' op attribute 'metadata' must be an array [element type, size, size, ...] for each "
        "tensor"
    )


def test_as_many_results_as_tensors():
    handle = "!corert.tensorhandle"
    op = f"%r:2 = corert.ensure_metadata %h {{metadata = [[f32]]}} : ({handle}) -> ({handle}, {handle})"
    assert problem(op) == "'corert.ensure_metadata' op expects as many results as tensors, 1"
