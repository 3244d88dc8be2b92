"""Disassembling: what is made up where the file does not say it, and that the text compiles into the same bytes."""

from __future__ import annotations

import pytest

from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble, is_complete, to_module
from tfrt.executor.bef import read_bef


def shown(text: str, *, generic: bool = True, locations: bool = False, optional_sections: bool = True) -> str:
    bef = read_bef(compile(text, "t.mlir", optional_sections=optional_sections))
    return disassemble(bef, generic=generic, locations=locations)


def survives(text: str) -> None:
    bef = compile(text, "t.mlir")
    for generic in (True, False):
        assert compile(disassemble(read_bef(bef), generic=generic)) == bef


FUNCTIONS = "func.func @g() {\n  tfrt.return\n}\nfunc.func @h() {\n  tfrt.return\n}\n"


def test_both_forms():
    text = "func.func @f(%arg0: i32) -> i32 {\n  %0 = tfrt.add.i32 %arg0, %arg0\n  tfrt.return %0 : i32\n}"
    assert shown(text, generic=False) == (
        "module {\n  func.func @f(%arg0: i32) -> i32 {\n    %0 = tfrt.add.i32 %arg0, %arg0\n"
        "    tfrt.return %0 : i32\n  }\n}\n"
    )
    assert shown(text) == (
        '"builtin.module"() ({\n'
        '  "func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({\n  ^bb0(%arg0: i32):\n'
        '    %0 = "tfrt.add.i32"(%arg0, %arg0) : (i32, i32) -> i32\n'
        '    "tfrt.return"(%0) : (i32) -> ()\n'
        "  }) : () -> ()\n}) : () -> ()\n"
    )


def test_function_results_that_are_functions():
    text = (
        'func.func @f() -> ((i32) -> f32) {\n  %0 = "a.b"() : () -> ((i32) -> f32)\n  tfrt.return %0 : (i32) -> f32\n}'
    )
    assert "func.func @f() -> ((i32) -> f32) {" in shown(text, generic=False)
    survives(text)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("callee = @g", "{callee = @g}"),
        ("x = @h, y = @g", "{function0 = @h, function1 = @g}"),
        ("x = [@h, @g, @h]", "{x = [@h, @g, @h]}"),
        ("x = [@h]", "{x = [@h]}"),
        ("a = 1 : i32, x = @g", "{a = 1 : i32, callee = @g}"),
    ],
)
def test_names_of_references_of_unknown_ops(attributes, expected):
    text = FUNCTIONS + f'func.func @f() {{\n  "a.b"() {{{attributes}}} : () -> ()\n  tfrt.return\n}}'
    assert f'"a.b"() {expected} : () -> ()' in shown(text)
    survives(text)


def test_names_of_references_come_from_the_ops_definition():
    text = FUNCTIONS + "func.func @f() {\n  tfrt.call @g() : () -> ()\n  tfrt.return\n}"
    assert "tfrt.call @g() : () -> ()" in shown(text, generic=False)
    survives(text)


def test_many_references_keep_their_order():
    many = ", ".join(f"x{i:02} = @{'gh'[i % 3 == 0]}" for i in range(12))
    survives(FUNCTIONS + f'func.func @f() {{\n  "a.b"() {{{many}}} : () -> ()\n  tfrt.return\n}}')


def test_streams_are_stated_where_they_do_not_follow():
    op = "%{} = tfrt_test.test_cost %x {{id = 0 : i64, _tfrt_cost = 3 : i64}} : i32\n"
    body = "".join(map(op.format, "abc"))
    text = f"func.func @f(%x: i32) attributes {{tfrt.cost_threshold = 5 : i64}} {{\n{body}tfrt.return\n}}"
    printed = shown(text)
    assert [line.split("_tfrt_stream = ")[1][0] for line in printed.splitlines() if "_tfrt_stream" in line] == list(
        "3311"
    )
    assert "_tfrt_stream" not in shown(FUNCTIONS)
    survives(text)


def test_locations():
    location = 'loc(callsite("x"("f":1:2) at fused["g":3:4, "h":5:6]))'
    text = f'func.func @f() {{\n  "a.b"() : () -> () {location}\n  tfrt.return\n}}'
    assert location in shown(text, locations=True)
    assert "loc(" not in shown(text)
    survives(text)


def test_without_optional_sections():
    text = (
        'func.func @f(%x: f32) -> i32 {\n  %0 = "a.b"(%x) {v = 1.5 : f32} : (f32) -> i64\n'
        '  %1 = "a.c"(%0) : (i64) -> i32\n  tfrt.return %1 : i32\n}'
    )
    bef = read_bef(compile(text, optional_sections=False))
    assert not is_complete(bef)
    assert is_complete(read_bef(compile(text)))
    assert shown(text, optional_sections=False) == (
        '"builtin.module"() ({\n'
        '  "func.func"() <{function_type = (f32) -> i32, sym_name = "f"}> ({\n  ^bb0(%arg0: f32):\n'
        '    %0 = "a.b"(%arg0) {attr0 = -559038737 : i32} : (f32) -> none\n'
        '    %1 = "a.c"(%0) : (none) -> i32\n'
        '    "tfrt.return"(%1) : (i32) -> ()\n'
        "  }) : () -> ()\n}) : () -> ()\n"
    )


def test_sync_and_native_functions():
    text = (
        "func.func private @n(i32) -> i32 attributes {tfrt.native}\n"
        'func.func @s() -> i32 attributes {tfrt.sync} {\n  %0 = "a.b"() : () -> i32\n  tfrt.return %0 : i32\n}'
    )
    printed = shown(text, generic=False)
    assert "func.func private @n(i32) -> i32 attributes {tfrt.native}" in printed
    assert "func.func @s() -> i32 attributes {tfrt.sync} {" in printed
    survives(text)


def test_the_ir_is_there_too():
    module = to_module(read_bef(compile(FUNCTIONS)))
    assert [op.attributes.get("sym_name") or op.properties["sym_name"] for op in module.ops]
