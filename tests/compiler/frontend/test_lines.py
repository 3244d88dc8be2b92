"""Texts give the same module, and the same mistakes, whether lines that are alike are read once or not."""

# ruff: noqa: E501

import random
from pathlib import Path

import pytest

from tfrt.compiler.frontend import lexer, parse_module
from tfrt.compiler.printer import print_module
from tfrt.executor.support.errors import CompileError

ROOT = Path(__file__).parents[3]
TEXTS = [
    ROOT / "tests" / "models" / "transformer_layer.mlir",
    ROOT / "tests" / "models" / "control_flow.mlir",
    ROOT / "tests" / "golden" / "control_flow.mlir",
]

CASES = {
    "a name of an outer region": """
func.func @f(%x: tensor<2xf32>, %c: tensor<i1>) -> tensor<2xf32> {
  %0 = stablehlo.add %x, %x : tensor<2xf32>
  %1 = stablehlo.add %x, %0 : tensor<2xf32>
  %2 = "stablehlo.if"(%c) ({
    %3 = stablehlo.add %1, %0 : tensor<2xf32>
    stablehlo.return %3 : tensor<2xf32>
  }, {
    %3 = stablehlo.add %0, %1 : tensor<2xf32>
    stablehlo.return %3 : tensor<2xf32>
  }) : (tensor<i1>) -> tensor<2xf32>
  %4 = stablehlo.add %2, %1 : tensor<2xf32>
  return %4 : tensor<2xf32>
}
""",
    "an op that goes on in the next line": """
func.func @f(%x: i32) -> i32 {
  %0 = tfrt.add.i32 %x, %x
  %1 = tfrt.add.i32 %0, %x
  %2 = tfrt.add.i32 %1, %x
    loc("there":1:2)
  %3 = tfrt.add.i32 %2, %x
    {note}
  tfrt.return %3 : i32
}
""",
    "locations of their own": """
func.func @f(%x: i32) -> i32 {
  %0 = tfrt.add.i32 %x, %x loc(unknown)
  %1 = tfrt.add.i32 %0, %x loc(unknown)
  %2 = tfrt.add.i32 %1, %x loc(unknown)
  %3 = tfrt.add.i32 %2, %x
  tfrt.return %3 : i32
}
""",
    "values before they are defined": """
func.func @f(%x: i32) -> i32 {
  %0 = tfrt.add.i32 %x, %x
  %1 = tfrt.add.i32 %0, %x
  %2 = tfrt.add.i32 %3, %x
  %3 = tfrt.add.i32 %1, %x
  tfrt.return %2 : i32
}
""",
    "another type": """
func.func @f(%x: i32, %y: i64) -> i32 {
  %0 = tfrt.add.i32 %x, %x
  %1 = tfrt.add.i32 %0, %x
  %2 = tfrt.add.i32 %y, %x
  tfrt.return %2 : i32
}
""",
    "another number of types": """
func.func @f(%x: tensor<2xf32>, %z: tensor<f32>) -> tensor<2xf32> {
  %0 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [0] : (tensor<2xf32>) -> tensor<f32>
  %1 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [0] : (tensor<2xf32>) -> tensor<f32>
  %2 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [0] : (tensor<2xf32>) -> tensor<f32>
  return %x : tensor<2xf32>
}
""",
    "reductions": """
func.func @f(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>, %z: tensor<f32>) -> tensor<2xf32> {
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %1 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %2 = stablehlo.reduce(%y init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %3 = stablehlo.reduce(%y init: %z) applies stablehlo.maximum across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %4 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32> loc(unknown)
  %5 = stablehlo.reduce(%y init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32> loc(unknown)
  %6 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32> loc(unknown)
  return %6 : tensor<2xf32>
}
""",
    "reductions of what they cannot reduce": """
func.func @f(%x: tensor<2xf32>, %y: tensor<2xf32>, %z: tensor<f32>) -> tensor<f32> {
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
  %1 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
  %2 = stablehlo.reduce(%z init: %y) applies stablehlo.add across dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
  return %2 : tensor<f32>
}
""",
    "reductions by what is no op to reduce by": """
func.func @f(%x: tensor<2xf32>, %z: tensor<f32>) -> tensor<f32> {
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.subtract across dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
  %1 = stablehlo.reduce(%x init: %z) applies stablehlo.subtract across dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
  %2 = stablehlo.reduce(%x init: %z) applies stablehlo.subtract across dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
  return %z : tensor<f32>
}
""",
    "reductions of another number of types": """
func.func @f(%x: tensor<2xf32>, %z: tensor<f32>) -> tensor<f32> {
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2xf32>) -> tensor<f32>
  %1 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2xf32>) -> tensor<f32>
  %2 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2xf32>) -> tensor<f32>
  return %z : tensor<f32>
}
""",
    "a name that is defined again": """
func.func @f(%x: i32) -> i32 {
  %0 = tfrt.add.i32 %x, %x
  %1 = tfrt.add.i32 %0, %x
  %1 = tfrt.add.i32 %1, %x
  tfrt.return %1 : i32
}
""",
    "a type that goes on in the next line": """
func.func @f(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.add %x, %x : tensor<2x
    3xf32>
  %1 = stablehlo.add %x, %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
""",
    "brackets that nest too deep where a line stands": f"""
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {{
  %0 = stablehlo.slice %x {"[" * 100}0:1{"]" * 100} : (tensor<2xf32>) -> tensor<1xf32>
  return %x : tensor<2xf32>
}}
""",
    "brackets that nest too deep": f"""
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {{
  %0 = stablehlo.slice %x {"[" * 101}0:1{"]" * 101} : (tensor<2xf32>) -> tensor<1xf32>
  return %x : tensor<2xf32>
}}
""",
    "several results": """
func.func @f(%x: i32) -> i32 {
  %a,
  %b = tfrt.add.i32 %x, %x
  %c = tfrt.add.i32 %x, %x
  %d = tfrt.add.i32 %c, %x
  tfrt.return %d : i32
}
""",
}


def _read(text):
    try:
        return print_module(parse_module(text, allow_unregistered=True), generic=True, locations=True)
    except CompileError as error:
        return str(error)


def _both(text, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(lexer, "_TOKENS_AND_LINES", lexer._TOKENS)
        expected = _read(text)
    return _read(text), expected


@pytest.mark.parametrize("case", CASES)
def test_lines(case, monkeypatch):
    found, expected = _both(CASES[case], monkeypatch)
    assert found == expected


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_texts_and_what_is_wrong_with_them(path, monkeypatch):
    text = path.read_text(encoding="utf-8")
    found, expected = _both(text, monkeypatch)
    assert found == expected
    draw = random.Random(0)
    for _ in range(12):
        lines = text.split("\n")
        place = draw.randrange(len(lines))
        line = lines[place]
        match draw.randrange(4):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, line)
            case 2:
                cut = draw.randrange(len(line) + 1)
                lines[place : place + 1] = [line[:cut], line[cut:]]
            case _:
                cut = draw.randrange(len(line) + 1)
                lines[place] = line[:cut] + draw.choice("%,:=<>x1 ") + line[cut + 1 :]
        found, expected = _both("\n".join(lines), monkeypatch)
        assert found == expected


def test_lines_that_are_alike_are_tokens(monkeypatch):
    lines = "\n".join(f"  %{i + 1} = tfrt.add.i32 %{i}, %x" for i in range(5))
    kinds = []

    def tokenize(*arguments):
        found = lexer.tokenize(*arguments)
        kinds.extend(token[0] for token in found)
        return found

    monkeypatch.setattr("tfrt.compiler.frontend.pipeline.tokenize", tokenize)
    module = parse_module(f"func.func @f(%0: i32, %x: i32) -> i32 {{\n{lines}\n  tfrt.return %5 : i32\n}}\n")
    assert kinds.count("OP_LINE") == 5
    assert [str(op.location) for op in module.walk() if op.name == "tfrt.add.i32"] == [
        f'loc("-":{line}:8)' for line in range(2, 7)
    ]


def test_a_type_may_go_on_in_the_next_line():
    module = parse_module("func.func private @f(tensor<2x\n  3x \tf32>)\n")
    assert "tensor<2x3xf32>" in print_module(module)
