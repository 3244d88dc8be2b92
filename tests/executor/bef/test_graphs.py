"""Functions of files as graphs, and as pictures from Python."""

from __future__ import annotations

import tfrt
from tfrt.executor.bef import read_bef
from tfrt.executor.bef.graphs import function_graph, program_graphs, register_names, signature
from tfrt.executor.support.drawing.graph import Edge

PROGRAM = """\
func.func @f(%n: i32, %x: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %r = tfrt.repeat.i32 %n, %x : i32 {
    %y = tfrt.add.i32 %x, %x
    tfrt.return %y : i32
  }
  %s = tfrt.call @f(%one, %r) : (i32, i32) -> i32
  tfrt.return %s : i32
}
func.func @text(%c: !tfrt.chain) -> !tfrt.chain {
  %s = tfrt_test.get_string {value = "a b"}
  %d = "tfrt_test.print_string"(%s, %c) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
  tfrt.return %d : !tfrt.chain
}
"""


def labels(graph):
    return [(vertex.kind, vertex.label, *vertex.details) for vertex in graph.vertices]


def test_functions():
    bef = read_bef(tfrt.compile(PROGRAM, "p.mlir"))
    f, text = program_graphs(bef)
    assert (f.name, f.signature) == ("@f", "(%arg0: i32, %arg1: i32) -> i32")
    assert labels(f) == [
        ("argument", "%arg0: i32"),
        ("argument", "%arg1: i32"),
        ("constant", "%2 = 1 : i32"),
        ("op", "tfrt.repeat.i32", "%3: i32"),
        ("op", "tfrt.call", "@f", "%4: i32"),
        ("op", "return"),
    ]
    assert set(f.edges) == {
        Edge(0, 3, "%arg0"), Edge(1, 3, "%arg1"), Edge(2, 4, "%2"), Edge(3, 4, "%3"), Edge(4, 5, "%4")
    }  # fmt: skip
    assert f.vertices[3].title == "tfrt.repeat.i32(%arg0, %arg1)\n%3: i32\nat p.mlir:3:8\nstream 0"
    (body,) = f.vertices[3].bodies
    assert labels(body) == [("argument", "%arg0: i32"), ("op", "tfrt.add.i32", "%1: i32"), ("op", "return")]
    assert labels(text)[1][:2] == ("constant", '%1 = "a b" : !tfrt.string')
    assert text.edges == (Edge(0, 2, "%arg0", True), Edge(1, 2, "%1"), Edge(2, 3, "%2", True))


ARRAYS = """\
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %c = stablehlo.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %y = stablehlo.dot %x, %c : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %z = stablehlo.tanh %y : tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}
"""


def test_arrays():
    bef = read_bef(tfrt.compile(ARRAYS, opt_level=2))
    (main,) = program_graphs(bef)
    assert signature(bef.functions[0]) == "(%arg0: memref<2x2xf32>) -> memref<2x2xf32>"
    (product,) = [vertex for vertex in main.vertices if "stablehlo.tanh" in vertex.details]
    assert product.details == ("stablehlo.dot", "stablehlo.tanh", "%2: memref<2x2xf32>")
    assert any("dense<[1.0, 2.0, 3.0, 4.0]>" in vertex.title for vertex in main.vertices)


def test_files_without_names_of_attributes_and_types():
    from tfrt.compiler import compile

    bef = read_bef(compile(PROGRAM, optional_sections=False))
    f, _ = program_graphs(bef)
    assert labels(f)[2:5] == [
        ("op", "tfrt.constant.i32", "%2"),
        ("op", "tfrt.repeat.i32", "%3"),
        ("op", "tfrt.call", "@f", "%4"),
    ]


def test_native_functions_and_regions_by_themselves():
    text = "func.func private @tfrt_test.none(i32) -> i32 attributes {tfrt.native}\n" + PROGRAM
    bef = read_bef(tfrt.compile(text))
    native = function_graph(bef, next(f for f in bef.functions if f.name == "tfrt_test.none"))
    assert (native.name, native.vertices) == ("@tfrt_test.none", ())
    region = next(f for f in bef.functions if not f.name)
    assert function_graph(bef, region).name == f"region {region.index}"
    assert register_names(region)[0] == "%arg0"


def test_the_first_kernels_of_a_function():
    bef = read_bef(tfrt.compile(PROGRAM))
    f = function_graph(bef, next(f for f in bef.functions if f.name == "f"), 2)
    assert [label for _, label, *_ in labels(f)] == ["%arg0: i32", "%arg1: i32", "%2 = 1 : i32", "tfrt.repeat.i32"]
    assert set(f.edges) == {Edge(0, 3, "%arg0"), Edge(1, 3, "%arg1")} and f.left_out == 1


def test_pictures_of_programs_and_functions():
    program = tfrt.load(tfrt.compile(PROGRAM, "p.mlir", opt_level=1))
    whole = program.to_svg()
    assert whole.startswith("<svg ") and "<title>p.mlir</title>" in whole and ">@text" in whole
    one = program["f"].to_svg()
    assert "<title>@f</title>" in one and "@text" not in one
    assert program.to_dot().startswith('digraph "p.mlir" {\n')
    assert program["f"].to_dot().startswith('digraph "@f" {\n')
