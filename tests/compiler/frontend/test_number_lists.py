"""Long lists of numbers are read as short ones are, and refused as short ones are."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tfrt
from tfrt.compiler.frontend import lexer, number_lists


def both_ways(monkeypatch, text: str) -> bytes | list[str]:
    """The file, or what is wrong with the text; checked to be the same whether or not lists are read as a whole."""

    def outcome():
        try:
            return tfrt.compile(text, "t.mlir")
        except tfrt.CompileError as error:
            return [d.headline() for d in error.diagnostics]

    monkeypatch.setattr(number_lists, "_LEAST_CHARACTERS", 2)
    monkeypatch.setattr(number_lists, "_CHARACTERS_AT_ONCE", 50)
    found = outcome()
    monkeypatch.setattr(lexer, "find_list", lambda *_: None)
    assert found == outcome()
    monkeypatch.undo()
    return found


def program(literal: str, type: str) -> str:
    return f'func.func @f() {{\n  "my.op"() {{a = dense<{literal}> : tensor<{type}>}} : () -> ()\n  tfrt.return\n}}\n'


def spelled(value, chosen: random.Random) -> str:
    """A nested list of numbers, with blanks here and there."""
    blank = chosen.choice(["", " ", "\n  ", "\t"])
    if not isinstance(value, list):
        return f"{blank}{value}"
    return f"{blank}[{','.join(spelled(item, chosen) for item in value)}{blank}]"


@pytest.mark.parametrize("type", ["f16", "f32", "f64", "bf16", "i8", "ui8", "i32", "i64", "ui64", "i1"])
@pytest.mark.parametrize("shape", [(40,), (2, 3, 4), (5, 1), (1, 1, 30)])
def test_elements(monkeypatch, type, shape):
    chosen = random.Random(f"{type}{shape}")
    count = int(np.prod(shape))
    if "f" in type:
        numbers = [f"{chosen.uniform(-1, 1) * 10 ** chosen.randint(-9, 9):.9e}" for _ in range(count)]
        numbers[:3] = ["1.", "-0.0", "1.0E+2"]
    else:
        numbers = [chosen.choice("01") if type == "i1" else str(chosen.randint(0, 127)) for _ in range(count)]
    nested = np.array(numbers, object).reshape(shape).tolist()
    found = both_ways(monkeypatch, program(spelled(nested, chosen), "x".join(map(str, [*shape, type]))))
    assert isinstance(found, bytes)


LONG = ", ".join(["1.0"] * 2000)


def test_long_lists_are_read_as_a_whole():
    text = program(f"[{LONG}]", "2000xf32")
    start = text.index("[")
    assert number_lists.find_list(text, start, 100) == number_lists.NumberList(text, start, text.index("]") + 1)
    assert np.full(2000, 1, np.float32).tobytes() in tfrt.compile(text)
    for other in (
        f"[{LONG} 1.0]",
        f"[{LONG}, 0x10]",
        f"[{LONG}, true]",
        f"[{LONG}",
        f"[{LONG}]]",
        f"[{LONG}][1.0]",
        "[1.0]",
    ):
        assert number_lists.find_list(f"{other}>", 0, 100) is None
    assert number_lists.find_list(f"[[{LONG}]]>", 0, 1) is None


@pytest.mark.parametrize(
    ("literal", "type", "message"),
    [
        ("[1.0, 2.0, 3.0]", "2xf32", "inferred shape of elements literal ([3]) does not match type ([2])"),
        ("[[1.0], [2.0, 3.0]]", "2x2xf32", "tensor literal is invalid; ranks are not consistent between elements"),
        ("[1.0, 2]", "2xf32", "unexpected decimal integer literal for a floating point attribute; add a trailing dot"),
        ("[1, 2.0]", "2xi32", "floating point value not valid for specified type"),
        ("[1, 300]", "2xi8", "integer constant out of range for attribute"),
        ("[1, -1]", "2xui8", "negative integer literal not valid for unsigned integer type"),
        ("[1, 99999999999999999999]", "2xi64", "integer constant out of range for attribute"),
        ("[1, 40000]", "2xsi16", "integer constant out of range for attribute"),
        ("[1, 2]", "2xindex", "BEF files cannot encode the 'a' attribute"),
        ("[1, 2]", "2xcomplex<f32>", "expected '(' in complex element"),
    ],
)
def test_refusals(monkeypatch, literal, type, message):
    found = both_ways(monkeypatch, program(literal, type))
    assert isinstance(found, list)
    assert found[0].endswith(f"error: {message}")


@pytest.mark.parametrize(
    ("literal", "type"),
    [
        ("[255, -128, 0]", "3xi8"),
        ("[18446744073709551615, 9223372036854775808]", "2xui64"),
        ("[-9223372036854775808, 9223372036854775807, 18446744073709551615]", "3xi64"),
        ("[1.0e400, -1.0e39, 65520.0, 1.0e-46]", "4xf32"),
        ("[65519.9, 65520.0, 5.9e-8, 2.0e-8]", "4xf16"),
        ("[-0.0, 0.0]", "2xf64"),
        ("[16777217.0, 0.1000000000000000055511151231257827]", "2xf32"),
        ("[1.0, // a comment\n 2.0]", "2xf32"),
    ],
)
def test_edges(monkeypatch, literal, type):
    assert isinstance(both_ways(monkeypatch, program(literal, type)), bytes)


@pytest.mark.parametrize(
    "literal", ["[1.0, 2.0", "[1.0 2.0]", "[1.0,]", "[]]", "[1.0]]", "[[1.0]", "[1.0][2.0]", "[1.0], 2.0"]
)
def test_syntax(monkeypatch, literal):
    assert isinstance(both_ways(monkeypatch, program(literal, "2xf32")), list)


def test_nesting(monkeypatch):
    for depth in (90, 110):
        literal = "[" * depth + "1.0" + "]" * depth
        both_ways(monkeypatch, program(literal, "1x" * depth + "f32"))
