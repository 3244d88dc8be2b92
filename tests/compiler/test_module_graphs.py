"""Modules as graphs: what is drawn of ops, values, constants, regions and streams."""

from __future__ import annotations

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.module_graphs import module_graphs, module_to_dot, module_to_svg
from tfrt.executor.support.drawing.graph import Edge, Outer

LOOP = """\
func.func @f(%n: i32, %x: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %r = tfrt.repeat.i32 %n, %x : i32 {
    %y = tfrt.add.i32 %x, %x
    tfrt.return %y : i32
  }
  %s = tfrt.call @f(%one, %r) : (i32, i32) -> i32
  tfrt.return %s : i32
}
"""


def graphs(text):
    return module_graphs(parse_module(text, "p.mlir", allow_unregistered=True))


def labels(graph):
    return [(vertex.kind, vertex.label, *vertex.details) for vertex in graph.vertices]


def test_a_function():
    (f,) = graphs(LOOP)
    assert (f.name, f.signature) == ("@f", "(%n: i32, %x: i32) -> i32")
    assert f.title == "@f(%n: i32, %x: i32) -> i32\nat p.mlir:1:1"
    assert labels(f) == [
        ("argument", "%n: i32"),
        ("argument", "%x: i32"),
        ("constant", "%one = 1 : i32"),
        ("op", "tfrt.repeat.i32", "%r: i32"),
        ("op", "tfrt.call", "@f", "%s: i32"),
        ("op", "tfrt.return"),
    ]
    assert f.edges == (Edge(0, 3, "%n"), Edge(1, 3, "%x"), Edge(2, 4, "%one"), Edge(3, 4, "%r"), Edge(4, 5, "%s"))
    assert f.vertices[4].title == (
        "tfrt.call(%one, %r)\n%s: i32\ncallee = @f\nat p.mlir:7:8\nstream 0"
    )  # fmt: skip


def test_regions_are_within_their_ops():
    (f,) = graphs(LOOP)
    (body,) = f.vertices[3].bodies
    assert (body.name, body.signature) == ("region", "(%x: i32)")
    assert labels(body) == [("argument", "%x: i32"), ("op", "tfrt.add.i32", "%y: i32"), ("op", "tfrt.return")]
    assert body.edges == (Edge(0, 1, "%x"), Edge(1, 2, "%y"))


CASE = """\
func.func @main(%i: tensor<i32>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %r = "stablehlo.case"(%i) ({
    %a = stablehlo.tanh %x : tensor<2xf32>
    stablehlo.return %a : tensor<2xf32>
  }, {
    stablehlo.return %x : tensor<2xf32>
  }) : (tensor<i32>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}
"""


def test_values_that_regions_take_from_outside():
    (main,) = graphs(CASE)
    first, second = main.vertices[2].bodies
    assert first.outer == (Outer(0, "%x"),) and second.outer == (Outer(0, "%x"),)
    assert Edge(1, 2, "%x") in main.edges and Edge(0, 2, "%i") in main.edges


def test_frameworks_have_no_streams_yet():
    (main,) = graphs(CASE)
    assert {vertex.stream for vertex in main.vertices} == {None}
    (f,) = graphs(LOOP)
    assert [vertex.stream for vertex in f.vertices] == [None, None, 1, 0, 0, 0]


def test_chains_are_order():
    (f,) = graphs("""\
func.func @f(%c: !tfrt.chain) -> !tfrt.chain {
  %x = tfrt.constant.i32 1
  %d = tfrt.print.i32 %x, %c
  tfrt.return %d : !tfrt.chain
}
""")
    assert f.edges == (Edge(1, 2, "%x"), Edge(0, 2, "%c", True), Edge(2, 3, "%d", True))


def test_long_constants_and_attributes_are_elided():
    numbers = ", ".join(map(str, range(300)))
    text = f"""\
func.func @main() -> tensor<300xi32> {{
  %c = stablehlo.constant dense<[{numbers}]> : tensor<300xi32>
  %d = stablehlo.constant dense<7> : tensor<300xi32>
  %e = stablehlo.constant dense<[1, 2]> : tensor<2xi32>
  "my.op"() {{list = [{numbers}], array = array<i64: {numbers}>}} : () -> ()
  return %c : tensor<300xi32>
}}
"""
    (main,) = graphs(text)
    assert [vertex.label for vertex in main.vertices[:3]] == [
        "%c = dense<…> : tensor<300xi32>",
        "%d = dense<7> : tensor<300xi32>",
        "%e = dense<[1, 2]> : tensor<2xi32>",
    ]
    assert main.vertices[3].title == (
        "my.op()\narray = array<i64: …>\nlist = [0, 1, 2, 3, … and 296 more]\nat p.mlir:5:3"
    )


def test_ops_that_kernels_run_are_named():
    text = """\
func.func @f(%h: !corert.ophandler, %x: !corert.tensorhandle) -> !corert.tensorhandle {
  %y = corert.executeop(%h) "tf.Relu"(%x) : 1
  tfrt.return %y : !corert.tensorhandle
}
"""
    assert labels(graphs(text)[0])[2] == ("op", "corert.executeop", "tf.Relu", "%y: !corert.tensorhandle")


def test_many_results():
    (f,) = graphs('func.func @f() {\n  %r:6 = "my.op"() : () -> (i1, i2, i3, i4, i5, i6)\n  tfrt.return\n}\n')
    assert f.vertices[0].details == ("%r#0: i1", "%r#1: i2", "%r#2: i3", "%r#3: i4", "… and 2 more")


def test_blocks_and_declarations_and_what_is_beside_functions():
    text = """\
func.func private @native(i32) -> i32
"my.global"() {sym_name = "h"} : () -> ()
func.func @g(%x: i32) -> i32 {
  "my.br"(%x)[^bb1] : (i32) -> ()
^bb1(%y: i32):
  "my.ret"(%y, %x) : (i32, i32) -> ()
}
"""
    module, native, g = graphs(text)
    assert (module.name, labels(module)) == ("module", [("op", "my.global")])
    assert (native.name, native.signature, native.vertices) == ("@native", "(i32) -> i32", ())
    (blocks,) = g.vertices
    first, second = blocks.bodies
    assert (first.name, second.name, second.signature) == ("^bb0", "^bb1", "(%y: i32)")
    assert second.outer == (Outer(1, "%x"),)


def test_pictures():
    module = parse_module(LOOP, "p.mlir")
    picture = module_to_svg(module, "a loop")
    assert picture.startswith("<svg ") and "<title>a loop</title>" in picture
    assert module_to_dot(module).startswith('digraph "module" {\n')
