"""Modules marked `tfrt.compiled`: xDSL reads what they hold, and the file has the reference's text of it."""

from __future__ import annotations

import pytest

from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.executor.bef import read_bef
from tfrt.executor.bef.attribute_values import CompilationUnit
from tfrt.executor.support.errors import CompileError
from tfrt.executor.values.attributes import Stored

RUN = """
func.func @f() {
  "simple.kernel"() {func = @k::@main} : () -> ()
  tfrt.return
}
"""


def compiled(body: str) -> str:
    return f"module @k attributes {{tfrt.compiled}} {{\n{body}\n}}"


def unit_of(text: str, **options: int) -> str:
    bef = read_bef(compile(text + RUN, "k.mlir", **options))
    unit = bef.attribute(bef.functions[0].kernels[1].attributes[0], Stored("any"))
    assert isinstance(unit, CompilationUnit)
    return unit.module


LOOP = compiled("""\
  func.func @main(%a: memref<?xf32>, %n: index) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %s = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (f32) {
      %v = memref.load %a[%i] : memref<?xf32>
      %e = math.exp %v : f32
      %r = arith.addf %acc, %e : f32
      %below = arith.cmpi slt, %i, %n : index
      scf.if %below {
        memref.store %r, %a[%i] : memref<?xf32>
      }
      scf.yield %r : f32
    }
    return %s : f32
  }""")
LOOP_TEXT = """\
"builtin.module"() <{sym_name = "k"}> ({
  "func.func"() <{function_type = (memref<?xf32>, index) -> f32, sym_name = "main"}> ({
  ^bb0(%arg0: memref<?xf32>, %arg1: index):
    %0 = "arith.constant"() <{value = 0 : index}> : () -> index
    %1 = "arith.constant"() <{value = 1 : index}> : () -> index
    %2 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %3 = "scf.for"(%0, %arg1, %1, %2) ({
    ^bb0(%arg2: index, %arg3: f32):
      %4 = "memref.load"(%arg0, %arg2) : (memref<?xf32>, index) -> f32
      %5 = "math.exp"(%4) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      %6 = "arith.addf"(%arg3, %5) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %7 = "arith.cmpi"(%arg2, %arg1) <{predicate = 2 : i64}> : (index, index) -> i1
      "scf.if"(%7) ({
        "memref.store"(%6, %arg0, %arg2) : (f32, memref<?xf32>, index) -> ()
        "scf.yield"() : () -> ()
      }, {
      }) : (i1) -> ()
      "scf.yield"(%6) : (f32) -> ()
    }) : (index, index, index, f32) -> f32
    "func.return"(%3) : (f32) -> ()
  }) : () -> ()
}) {tfrt.compiled} : () -> ()"""


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_text_of_a_loop(level):
    assert unit_of(LOOP, opt_level=level) == LOOP_TEXT


def test_regions_are_numbered_last_first():
    text = unit_of(
        compiled("""\
  func.func @main(%x: i32) -> i32 {
    %y = arith.muli %x, %x : i32
    return %y : i32
  }
  func.func @other(%x: i32) -> i32 {
    %y = arith.muli %x, %x : i32
    return %y : i32
  }""")
    )
    lines = [line.strip() for line in text.splitlines()]
    assert lines[2:4] == [
        "^bb0(%arg1: i32):",
        '%1 = "arith.muli"(%arg1, %arg1) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32',
    ]
    assert lines[7:9] == [
        "^bb0(%arg0: i32):",
        '%0 = "arith.muli"(%arg0, %arg0) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32',
    ]


def test_blocks_say_their_predecessors():
    text = unit_of(
        compiled("""\
  func.func @main(%p: i1, %x: i32) -> i32 {
    cf.cond_br %p, ^left(%x : i32), ^right
  ^left(%y: i32):
    cf.br ^end(%y : i32)
  ^right:
    cf.br ^end(%x : i32)
  ^end(%z: i32):
    return %z : i32
  }""")
    )
    lines = [line.strip() for line in text.splitlines()]
    assert lines[3:10] == [
        '"cf.cond_br"(%arg0, %arg1)[^bb1, ^bb2] <{operandSegmentSizes = array<i32: 1, 1, 0>}> : (i1, i32) -> ()',
        "^bb1(%0: i32):  // pred: ^bb0",
        '"cf.br"(%0)[^bb3] : (i32) -> ()',
        "^bb2:  // pred: ^bb0",
        '"cf.br"(%arg1)[^bb3] : (i32) -> ()',
        "^bb3(%1: i32):  // 2 preds: ^bb1, ^bb2",
        '"func.return"(%1) : (i32) -> ()',
    ]


def test_affine_maps_are_aliases():
    text = unit_of(
        "#same = affine_map<(d0, d1) -> (d0, d1)>\n"
        + compiled("""\
  func.func @main(%a: memref<4x8xf32>, %b: memref<8xf32>, %o: memref<4x8xf32>, %x: memref<4x4xf32>) {
    linalg.generic {indexing_maps = [#same, affine_map<(d0, d1) -> (d1)>, #same],
                    iterator_types = ["parallel", "parallel"]}
      ins(%a, %b : memref<4x8xf32>, memref<8xf32>) outs(%o : memref<4x8xf32>) {
    ^bb0(%p: f32, %q: f32, %r: f32):
      linalg.yield %p : f32
    }
    linalg.matmul ins(%x, %a : memref<4x4xf32>, memref<4x8xf32>) outs(%o : memref<4x8xf32>)
    return
  }""")
    )
    lines = [line.strip() for line in text.splitlines()]
    assert lines[:5] == [
        "#map = affine_map<(d0, d1) -> (d0, d1)>",
        "#map1 = affine_map<(d0, d1) -> (d1)>",
        "#map2 = affine_map<(d0, d1, d2) -> (d0, d2)>",
        "#map3 = affine_map<(d0, d1, d2) -> (d2, d1)>",
        "#map4 = affine_map<(d0, d1, d2) -> (d0, d1)>",
    ]
    assert lines[8].startswith(
        '"linalg.generic"(%arg0, %arg1, %arg2) <{indexing_maps = [#map, #map1, #map], iterator_ty'
    )
    # What has been added up so far comes first.
    assert '%1 = "arith.addf"(%arg6, %0) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32' in lines


def test_forms_that_xdsl_lacks():
    text = unit_of(
        compiled("""\
  func.func @main(%a: memref<4xf32>, %b: memref<4xf32>) {
    %c = memref.cast %a : memref<4xf32> to memref<?xf32>
    %r = memref.rank %a : memref<4xf32>
    memref.copy %a, %b : memref<4xf32> to memref<4xf32>
    return
  }""")
    )
    lines = [line.strip() for line in text.splitlines()]
    assert lines[3:6] == [
        '%0 = "memref.cast"(%arg0) : (memref<4xf32>) -> memref<?xf32>',
        '%1 = "memref.rank"(%arg0) : (memref<4xf32>) -> index',
        '"memref.copy"(%arg0, %arg1) : (memref<4xf32>, memref<4xf32>) -> ()',
    ]


WIDER = compiled("""\
  func.func @main(%i: tensor<2xi32>, %f: vector<2xf32>, %b: tensor<2xi1>, %x: index, %s: f32, %u: memref<*xf32>,
                  %t: i64, %c: i1) {
    %0 = arith.sitofp %i : tensor<2xi32> to tensor<2xf32>
    %1 = arith.fptoui %f : vector<2xf32> to vector<2xi8>
    %2 = arith.trunci %t : i64 to i32
    %3 = arith.trunci %t overflow<nuw, nsw> : i64 to i1
    %4 = arith.extf %f fastmath<nnan,ninf> : vector<2xf32> to vector<2xf64>
    %5 = arith.truncf %s : f32 to bf16
    %6 = arith.index_cast %x : index to i64
    %7 = arith.index_castui %i : tensor<2xi32> to tensor<2xindex>
    %8 = arith.select %b, %i, %i : tensor<2xi1>, tensor<2xi32>
    %9 = arith.select %c, %i, %i {a.b} : tensor<2xi32>
    %10 = math.isnan %f : vector<2xf32>
    %11 = math.isinf %s fastmath<nnan> {a.b} : f32
    %12 = arith.remf %s, %s : f32
    %13 = math.erfc %s : f32
    %14 = memref.rank %u : memref<*xf32>
    return
  }""")
WIDER_LINES = [
    '%0 = "arith.sitofp"(%arg0) : (tensor<2xi32>) -> tensor<2xf32>',
    '%1 = "arith.fptoui"(%arg1) : (vector<2xf32>) -> vector<2xi8>',
    '%2 = "arith.trunci"(%arg6) <{overflowFlags = #arith.overflow<none>}> : (i64) -> i32',
    '%3 = "arith.trunci"(%arg6) <{overflowFlags = #arith.overflow<nsw, nuw>}> : (i64) -> i1',
    '%4 = "arith.extf"(%arg1) <{fastmath = #arith.fastmath<nnan,ninf>}> : (vector<2xf32>) -> vector<2xf64>',
    '%5 = "arith.truncf"(%arg4) : (f32) -> bf16',
    '%6 = "arith.index_cast"(%arg3) : (index) -> i64',
    '%7 = "arith.index_castui"(%arg0) : (tensor<2xi32>) -> tensor<2xindex>',
    '%8 = "arith.select"(%arg2, %arg0, %arg0) : (tensor<2xi1>, tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>',
    '%9 = "arith.select"(%arg7, %arg0, %arg0) {a.b} : (i1, tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>',
    '%10 = "math.isnan"(%arg1) <{fastmath = #arith.fastmath<none>}> : (vector<2xf32>) -> vector<2xi1>',
    '%11 = "math.isinf"(%arg4) <{fastmath = #arith.fastmath<nnan>}> {a.b} : (f32) -> i1',
    '%12 = "arith.remf"(%arg4, %arg4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32',
    '%13 = "math.erfc"(%arg4) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32',
    '%14 = "memref.rank"(%arg5) : (memref<*xf32>) -> index',
]


def test_ops_that_take_more_than_in_xdsl():
    lines = [line.strip() for line in unit_of(WIDER).splitlines()]
    assert lines[3:18] == WIDER_LINES


PARALLEL = compiled("""\
  func.func @main(%x: index, %s: f32) {
    %0 = scf.parallel (%p, %q) = (%x, %x) to (%x, %x) step (%x, %x) init (%s) -> f32 {
      scf.reduce(%s : f32) {
      ^bb0(%l: f32, %r: f32):
        scf.reduce.return %l : f32
      }
    } {a.b}
    %1:2 = scf.parallel (%p) = (%x) to (%x) step (%x) init (%s, %s) -> (f32, f32) {
      scf.reduce(%s, %s : f32, f32) {
      ^bb0(%l: f32, %r: f32):
        scf.reduce.return %l : f32
      }, {
      ^bb0(%l: f32, %r: f32):
        scf.reduce.return %r : f32
      }
    }
    scf.parallel (%p) = (%x) to (%x) step (%x) {
    }
    return
  }""")


def test_parallel_loops():
    lines = [line.strip() for line in unit_of(PARALLEL).splitlines() if "scf.parallel" in line or "(index" in line]
    segments = "operandSegmentSizes = array<i32"
    assert lines[1:] == [
        f'%0 = "scf.parallel"(%arg0, %arg0, %arg0, %arg0, %arg0, %arg0, %arg1) <{{{segments}: 2, 2, 2, 1>}}> ({{',
        "}) {a.b} : (index, index, index, index, index, index, f32) -> f32",
        f'%1:2 = "scf.parallel"(%arg0, %arg0, %arg0, %arg1, %arg1) <{{{segments}: 1, 1, 1, 2>}}> ({{',
        "}) : (index, index, index, f32, f32) -> (f32, f32)",
        f'"scf.parallel"(%arg0, %arg0, %arg0) <{{{segments}: 1, 1, 1, 0>}}> ({{',
        "}) : (index, index, index) -> ()",
    ]


def test_ops_have_their_positions():
    module = parse_module(LOOP + RUN, "k.mlir", allow_unregistered=True)
    printed = print_module(module, locations=True)
    assert '%v = memref.load %a[%i] : memref<?xf32> loc("k.mlir":7:12)' in printed
    assert 'scf.yield %r : f32 loc("k.mlir":14:7)' in printed


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("body", [LOOP, WIDER, PARALLEL], ids=["loop", "wider", "parallel"])
def test_round_trips(generic, body):
    data = compile(body + RUN, "k.mlir")
    assert compile(disassemble(read_bef(data), generic=generic)) == data
    printed = print_module(parse_module(body + RUN, "k.mlir", allow_unregistered=True), generic=generic, locations=True)
    assert compile(printed, "k.mlir") == data


def test_disassembly_shows_a_module_once_and_the_last_one_first():
    text = (
        LOOP
        + LOOP.replace("@k", "@l")
        + RUN.replace('  "simple', '  "a.b"() {f = @k::@main, g = @l::@main} : () -> ()\n  "simple').replace(
            "tfrt.return", '"a.b"() {f = @k::@other} : () -> ()\n  tfrt.return'
        )
    ).replace("  }\n}", "  }\n  func.func @other() {\n    return\n  }\n}")
    shown = disassemble(read_bef(compile(text)), generic=False)
    assert [line for line in shown.splitlines() if "module @" in line] == [
        "  module @l attributes {tfrt.compiled} {",
        "  module @k attributes {tfrt.compiled} {",
    ]
    assert compile(shown) == compile(text)


@pytest.mark.parametrize(
    ("wrong", "diagnostic"),
    [
        ("%x = arith.constant 1.0 : g32", "k.mlir:3:31: error: in a compiled module: type expected"),
        ("arith.nosuchop", "k.mlir:3:5: error: in a compiled module: custom op 'arith.nosuchop' is unknown"),
        ("return %x : f32", "k.mlir:5:1: error: in a compiled module: values used but not defined: [%x]"),
        (
            "%x = arith.constant 1 : i32\n    %y = arith.sitofp %x : i32 to i64",
            "k.mlir:4:5: error: in a compiled module: Unexpected attribute i64",
        ),
        (
            "%x = arith.constant dense<1> : tensor<2xi32>\n    %y = arith.sitofp %x : tensor<2xi32> to tensor<3xf32>",
            "k.mlir:4:10: error: 'arith.sitofp' op requires the same shape for all operands and results",
        ),
        (
            "%x = arith.constant true\n    %y = arith.constant dense<1> : tensor<2xi32>\n"
            '    %z = "arith.select"(%x, %y, %x) : (i1, tensor<2xi32>, i1) -> i1',
            "k.mlir:5:10: error: 'arith.select' op failed to verify that all of {true_value, false_value, result} "
            "have same type",
        ),
        (
            "%x = arith.constant dense<true> : tensor<3xi1>\n    %y = arith.constant dense<1> : tensor<2xi32>\n"
            "    %z = arith.select %x, %y, %y : tensor<3xi1>, tensor<2xi32>",
            "k.mlir:5:10: error: 'arith.select' op expected condition type to have the same shape as the result type",
        ),
        (
            '%x = "arith.constant',
            "k.mlir:3:10: error: expected '\"' in string literal",
        ),
    ],
)
def test_mistakes_are_located(wrong, diagnostic):
    with pytest.raises(CompileError) as caught:
        compile(compiled(f"  func.func @main() {{\n    {wrong}\n  }}") + RUN, "k.mlir")
    assert caught.value.diagnostics[0].render() == diagnostic


def test_ops_of_ours_are_read_too():
    text = unit_of(
        compiled(
            "  func.func @main(%x: i1) {\n    tfrt.if %x : () -> () {\n      tfrt.return\n    }\n    func.return\n  }"
        )
    )
    assert '"tfrt.if"(%arg0) ({' in text


def test_names_in_strings_and_comments_are_no_modules():
    text = "// module @k attributes {tfrt.compiled} {\nfunc.func @f() {\n"
    text += '  "a.b"() {s = "tfrt.compiled {"} : () -> ()\n  tfrt.return\n}\n'
    assert len(read_bef(compile(text)).functions) == 1


@pytest.mark.parametrize("attributes", ['s = "tfrt.compiled"', "s = {tfrt.compiled}", "s = [@tfrt.compiled]"])
def test_modules_whose_attributes_only_mention_it(attributes):
    text = f"module attributes {{{attributes}}} {{\n  func.func @f() {{\n    tfrt.return\n  }}\n}}"
    assert [f.name for f in read_bef(compile(text)).functions] == ["f"]


def test_an_open_string_before_much_text():
    """xDSL's lexer would take exponential time."""
    with pytest.raises(CompileError) as caught:
        compile(LOOP.replace("%s = scf", '"    %s = scf') + RUN, "k.mlir")
    assert caught.value.diagnostics[0].render() == "k.mlir:6:5: error: expected '\"' in string literal"


def test_functions_without_a_type():
    body = '"func.func"() ({\n  "func.return"() : () -> ()\n}) {sym_name = "main"} : () -> ()'
    with pytest.raises(CompileError) as caught:
        compile(compiled(body) + RUN, "k.mlir")
    assert [d.render() for d in caught.value.diagnostics] == [
        "k.mlir:2:1: error: 'func.func' op requires attribute 'function_type'"
    ]
