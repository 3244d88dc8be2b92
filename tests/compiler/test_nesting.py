"""Whatever nests deeply is read, printed, optimised and written, or refused with a message: no recursion errors."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tfrt.compiler import compile
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.frontend.lexer import MAX_NESTING
from tfrt.compiler.tfrt_opt import _check_roundtrip
from tfrt.executor.support.errors import CompileError


def function(*lines: str) -> str:
    return "\n".join(["func.func @f(%c: i1, %n: i32) {", *lines, "tfrt.return", "}"])


def around(before: str, after: str, count: int, core: str = "") -> str:
    return before * count + core + after * count


def chain(count: int, first: str, step: str) -> str:
    """Aliases that are defined by one another; `{0}` is the one before."""
    sigil = step[0]
    names = [f"{sigil}a{i}" for i in range(count + 1)]
    return "\n".join([f"{names[0]} = {first}", *(f"{n} = {step[1:].format(p)}" for p, n in pairwise(names))])


def typed(type: str) -> str:
    return function(f'%x = "x.y"() : () -> ({type})')


def located(location: str) -> str:
    return function(f"%x = tfrt.constant.i32 1 loc({location})")


SHAPES = {
    "tfrt.repeat": lambda n: function(around("tfrt.repeat.i32 %n, %n : i32 {\n", "tfrt.return %n : i32\n}\n", n)),
    "tfrt.if": lambda n: function(around("tfrt.if %c, %c : (i1) -> () {\n", "tfrt.return\n}\n", n)),
    "generic form": lambda n: function(around('"x.r"() ({\n', '"tfrt.return"() : () -> ()\n}) : () -> ()\n', n)),
    "modules": lambda n: around("module {\n", "}\n", n, function()),
    "tuple": lambda n: typed(around("tuple<", ">", n, "i32")),
    "tensor": lambda n: typed(around("tensor<2x", ">", n, "i32")),
    "functions as results": lambda n: typed(around("(i32) -> (", ")", n, "i32")),
    "functions as arguments": lambda n: typed(around("(", ") -> i32", n, "i32")),
    "array": lambda n: function(f'"x.y"() {{a = {around("[", "]", n, "1")}}} : () -> ()'),
    "names of locations": lambda n: located(around('"a"(', ")", n, '"f":1:2')),
    "callees": lambda n: located(around("callsite(", ' at "g":1:1)', n, '"f":1:2')),
    "callers": lambda n: located(around('callsite("g":1:1 at ', ")", n, '"f":1:2')),
    "fused locations": lambda n: located(around("fused<1>[", ', "g":1:1]', n, '"f":1:2')),
    "aliases of types": lambda n: chain(n, "i32", "!tuple<{0}, i32>") + "\n" + typed(f"!a{n}"),
    "aliases of arrays": lambda n: (
        chain(n, "1", "#[{0}]") + "\n" + function(f'"x.y"() {{a = #a{n}}} : () -> ()')
    ),
    "aliases of locations": lambda n: chain(n, 'loc("f":1:2)', '#loc("x"({0}))') + "\n" + located(f"#a{n}"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_nested_ninety_deep(shape):
    text = SHAPES[shape](90)
    _check_roundtrip(parse_module(text, allow_unregistered=True), True)
    for level in (0, 3):
        compile(text, opt_level=level)


@pytest.mark.parametrize("count", [1_200, 20_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_nested_too_deep(shape, count):
    with pytest.raises(CompileError) as caught:
        parse_module(SHAPES[shape](count), "t.mlir", allow_unregistered=True)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == f"nesting exceeds the maximum depth of {MAX_NESTING}"


def test_an_alias_nests_as_deep_as_what_it_stands_for():
    text = f"!a = {around('tuple<', '>', 60, 'i32')}\n" + typed(around("tuple<", ">", 60, "!a"))
    with pytest.raises(CompileError) as caught:
        parse_module(text, "t.mlir", allow_unregistered=True)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.headline() == "t.mlir:3:383: error: nesting exceeds the maximum depth of 100"


DOUBLING = {
    "tuple": ("i32", "!tuple<{0}, {0}>", '"x.y"() : () -> !a{0}'),
    "function": ("i32", "!({0}) -> {0}", '"x.y"() : () -> (!a{0})'),
    "array": ("1", "#[{0}, {0}]", '"x.y"() {{a = #a{0}}} : () -> ()'),
    "dictionary": ("1", "#{{a = {0}, b = {0}}}", '"x.y"() {{a = #a{0}}} : () -> ()'),
    "location": ('loc("f":1:2)', "#loc(callsite({0} at {0}))", '"x.y"() : () -> () loc(#a{0})'),
}


@pytest.mark.parametrize("shape", DOUBLING)
def test_aliases_that_use_each_other_twice(shape):
    first, step, op = DOUBLING[shape]
    few = f"{chain(5, first, step)}\n{function(op.format(5))}"
    _check_roundtrip(parse_module(few, allow_unregistered=True), True)
    with pytest.raises(CompileError) as caught:
        parse_module(f"{chain(40, first, step)}\n{function(op.format(40))}", "t.mlir", allow_unregistered=True)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message.endswith("stands for more than 10,000 attributes and types")


def test_long_lists_in_aliases_are_no_explosion():
    text = f'#a = [{", ".join(map(str, range(30_000)))}]\n"x.y"() {{a = #a, b = [#a, #a]}} : () -> ()'
    parse_module(text, allow_unregistered=True)
