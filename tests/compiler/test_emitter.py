"""What the emitter refuses, with its exact messages and places, and how values end up in the file."""

from __future__ import annotations

import math
import struct
from importlib.metadata import version

import pytest

from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef import BefFile, FunctionKind, Producer, read_bef
from tfrt.executor.bef.attribute_values import CompilationUnit
from tfrt.executor.bef.format import SectionId
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.location import FusedLocation
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.dtype import DType

ANY = Stored("any")


def op(attributes: str) -> str:
    """A function ``f`` with an op that has these attributes, in line 2."""
    return f'func.func @f() {{\n  "a.b"() {{{attributes}}} : () -> ()\n  tfrt.return\n}}\n'


def values(attributes: str) -> list[object]:
    """What the kernel of `op` is given."""
    bef = read_bef(compile(op(attributes)))
    return [bef.attribute(at, ANY) for at in bef.functions[0].kernels[1].attributes]


def message(text: str) -> str:
    with pytest.raises(CompileError) as info:
        compile(text, "t.mlir")
    return str(info.value)


# -- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "unit",
        "1 : i4",
        "1 : index",
        "[1 : i32, 1 : i4]",
        "[[1 : i4]]",
        "tensor<1xi32>",
        "i3",
        "{x = 1 : i32}",
        "dense<1> : tensor<2xi3>",
        "dense<1> : tensor<2xindex>",
        "array<i32: 1>",
        "[1 : i32, @f]",
        "[@f, 1 : i32]",
        "[[@f]]",
    ],
)
def test_attributes_that_bef_cannot_hold(value):
    assert message(op(f"v = {value}")) == "t.mlir:2:3: error: BEF files cannot encode the 'v' attribute"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("func.func private @f()", "t.mlir:1:1: error: external functions are not allowed"),
        (
            'func.func @f() {\n  "a.b"() : () -> ()\n}',
            "t.mlir:2:3: error: all functions need to have a tfrt.return",
        ),
        (
            'func.func @f() {\n  "a.b"() ({\n    "c.d"() : () -> ()\n  }) : () -> ()\n  tfrt.return\n}',
            "t.mlir:3:5: error: all regions need to end with a tfrt.return",
        ),
        (
            'func.func @f() {\n  "a.b"() ({}) : () -> ()\n  tfrt.return\n}',
            "t.mlir:2:3: error: multi-block regions cannot be emitted to BEF files",
        ),
        (
            "func.func @f() {\n^bb0:\n  tfrt.return\n^bb1:\n  tfrt.return\n}",
            "t.mlir:1:1: error: multi-block regions cannot be emitted to BEF files",
        ),
        (
            'func.func @f(%0: i32) {\n  "a.b"() ({\n    "c.d"(%0) : (i32) -> ()\n    tfrt.return\n  }) : () -> ()\n'
            "  tfrt.return\n}",
            "t.mlir:3:5: error: BEF executor only supports references to kernels within the current region",
        ),
        (
            'func.func @f() {\n  %0 = "c.d"() : () -> i32\n  "a.b"() ({\n    tfrt.return %0 : i32\n  }) : () -> ()\n'
            '  "a.b"() ({\n    "c.d"(%0) : (i32) -> ()\n    tfrt.return\n  }) : () -> ()\n  tfrt.return\n}',
            "t.mlir:7:5: error: BEF executor only supports references to kernels within the current region",
        ),
        (
            "func.func @f(%0: i32) -> i32 attributes {tfrt.sync} {\n  tfrt.return %0 : i32\n}",
            "t.mlir:2:3: error: return value 0 is an argument in a sync function",
        ),
        (
            'func.func @f() -> (i32, i32) attributes {tfrt.sync} {\n  %0 = "a.b"() : () -> i32\n'
            "  tfrt.return %0, %0 : i32, i32\n}",
            "t.mlir:3:3: error: return value 1 is duplicated in a sync function",
        ),
        (op("v = @g"), "t.mlir:2:3: error: function @g not defined"),
        (op("v = @g::@h"), "t.mlir:2:3: error: function @g::@h not defined"),
        (
            op("v = [@g, @f, @h]"),
            "t.mlir:2:3: error: function @g not defined\nt.mlir:2:3: error: function @h not defined",
        ),
        (
            op("v = i3, w = 1 : i2") + op("v = i3").replace("@f", "@g"),
            "t.mlir:2:3: error: BEF files cannot encode the 'v' attribute\n"
            "t.mlir:6:3: error: BEF files cannot encode the 'v' attribute",
        ),
        (
            op('"x\\00y" = 1 : i32'),
            "t.mlir:2:3: error: BEF files cannot encode the name 'x\\x00y', which has a zero byte",
        ),
        (
            'func.func @"f\\00"() {\n  tfrt.return\n}',
            "t.mlir:1:1: error: BEF files cannot encode the name 'f\\x00', which has a zero byte",
        ),
        (
            'func.func @f() {\n  "a.\\00"() : () -> ()\n  tfrt.return\n}',
            "t.mlir:2:3: error: BEF files cannot encode the name 'a.\\x00', which has a zero byte",
        ),
    ],
)
def test_refusals(text, expected):
    assert message(text) == expected


def test_places_are_those_that_the_text_states():
    text = op("v = i3").replace(": () -> ()", ': () -> () loc("made.up":7:8)')
    assert message(text) == "made.up:7:8: error: BEF files cannot encode the 'v' attribute"


# -- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("true", True),
        ("false", False),
        ("-128 : i8", -128),
        ("-32768 : i16", -32768),
        ("-2147483648 : i32", -(2**31)),
        ("-9223372036854775808 : i64", -(2**63)),
        ("9223372036854775807 : i64", 2**63 - 1),
        ("255 : ui8", 255),
        ("65535 : ui16", 65535),
        ("4294967295 : ui32", 2**32 - 1),
        ("18446744073709551615 : ui64", 2**64 - 1),
        ("1.5 : f32", 1.5),
        ("1.5 : bf16", 1.5),
        ("1.5 : f16", 1.5),
        ("1.0e-300 : f64", 1e-300),
        ("0x7F800000 : f32", math.inf),
        ("0xFC00 : f16", -math.inf),
        ("0xFF80 : bf16", -math.inf),
        ('"é\\00\\FF"', "é\0\udcff"),
        ("[true, false, true]", (True, False, True)),
        ("[1 : i8, -1 : i8]", (1, -1)),
        ("[1.5 : bf16, 2.0 : bf16]", (1.5, 2.0)),
        ("[]", ()),
        ("[i32, f32]", (DType.I32, DType.F32)),
        ('["a", "b"]', ("a", "b")),
        ('[1 : i8, 2 : i64, ["x", [], f32]]', (1, 2, ("x", (), DType.F32))),
        ("complex<f64>", DType.COMPLEX128),
        ("#corert.shape<2x?>", (2, None)),
        ("#corert.shape<*>", None),
        ("#corert.shape<>", ()),
    ],
)
def test_values(value, read):
    assert values(f"v = {value}") == [read]


@pytest.mark.parametrize(("type", "code"), [("f16", "e"), ("f32", "f"), ("f64", "d")])
def test_zeros_and_nans_are_told_apart(type, code):
    nan = {"f16": "0x7E00", "f32": "0x7FC00000", "f64": "0x7FF8000000000000"}[type]
    found = values(f"a = 0.0 : {type}, b = -0.0 : {type}, c = {nan} : {type}, d = [0.0 : {type}], e = [-0.0 : {type}]")
    assert [math.copysign(1, found[0]), math.copysign(1, found[1])] == [1, -1]
    assert math.isnan(found[2])
    assert [struct.pack(code, v) for (v,) in found[3:]] == [struct.pack(code, 0.0), struct.pack(code, -0.0)]


def test_equal_attributes_are_stored_once_and_nans_are_equal():
    text = op("a = 1 : i32, b = 1 : i32, c = 1 : i64, d = 0x7FC00000 : f32, e = 0x7FC00000 : f32, f = -0.0 : f32")
    bef = read_bef(compile(text))
    a, b, c, d, e, f = bef.functions[0].kernels[1].attributes
    assert a == b
    assert d == e
    assert len({a, c, d, f}) == 4


@pytest.mark.parametrize("type", ["i8", "i64", "f16", "bf16", "f32", "f64", "ui8", "complex<f32>", "i1"])
def test_dense(type):
    (empty,) = values(f"v = dense<> : tensor<0x2x{type}>")
    assert empty.shape == (0, 2)
    size = empty.dtype.itemsize
    data = bytes(size - 1) + b"\1" if type == "i1" else bytes([0, 1] * (size // 2) or [1])
    spelled = {"i1": "true"}.get(type, f'"0x{data.hex()}"')
    (splat,) = values(f"v = dense<{spelled}> : tensor<3x{type}>")
    assert splat.tobytes() == data * 3


def test_attributes_come_in_the_order_of_their_names():
    assert values("c = 3 : i32, a = 1 : i32, b = 2 : i32") == [1, 2, 3]


def test_costs_and_streams_are_not_passed_on():
    assert values("_tfrt_cost = 5 : i64, a = 1 : i32") == [1]


# -- functions and modules --------------------------------------------------------------------------------------


def test_native_functions():
    bef = read_bef(compile("func.func private @n(i32) -> f32 attributes {tfrt.native}"))
    (native,) = bef.functions
    assert (native.name, native.kind, native.argument_types, native.result_types) == (
        "n",
        FunctionKind.NATIVE,
        ("i32",),
        ("f32",),
    )


def test_functions_of_regions_come_before_their_own():
    inner = '"c.d"() ({\n tfrt.return\n }) : () -> ()\n tfrt.return\n'
    bef = read_bef(compile(f'func.func @f() {{\n "a.b"() ({{\n {inner} }}) : () -> ()\n tfrt.return\n}}'))
    assert [f.name for f in bef.functions] == ["", "", "f"]
    assert [f.kernels[1].functions for f in bef.functions[1:]] == [(0,), (1,)]


def test_plain_modules_are_looked_through():
    text = "module {\n  module @m {\n    func.func @g() {\n      tfrt.return\n    }\n  }\n" + op("v = @g") + "}"
    bef = read_bef(compile(text))
    assert [f.name for f in bef.functions] == ["g", "f"]
    assert bef.functions[1].kernels[1].functions == (0,)
    assert bef.functions[1].kernels[1].attributes == ()


COMPILED = """module {
  module @k attributes {tfrt.compiled} {
    func.func @main(%arg0: i32) -> i32 {
      tfrt.return %arg0 : i32
    }
  }
  func.func @f() {
    "a.b"() {func = @k::@main} : () -> ()
    "a.b"() {func = [1 : i32, @k::@main]} : () -> ()
    tfrt.return
  }
}
"""


def test_compiled_modules_are_passed_on_as_text():
    bef = read_bef(compile(COMPILED))
    assert [f.name for f in bef.functions] == ["f"]
    one, two = (kernel.attributes for kernel in bef.functions[0].kernels[1:])
    unit = bef.attribute(one[0], ANY)
    assert isinstance(unit, CompilationUnit)
    assert (unit.number, unit.symbol) == (0, ("k", "main"))
    assert unit.module.startswith('"builtin.module"() <{sym_name = "k"}> ({\n')
    assert bef.attribute(two[0], ANY) == (1, unit)


@pytest.mark.parametrize("symbol", ["@k", "@k::@nobody", "@k::@main::@x", "@main", "@nobody::@main"])
def test_symbols_that_are_in_no_compiled_module(symbol):
    text = COMPILED.replace("@k::@main} ", f"{symbol}}} ")
    assert message(text) == f"t.mlir:8:5: error: function {symbol} not defined"


def test_compiled_modules_in_modules():
    text = COMPILED.replace("module @k", "module @o {\nmodule @k").replace("  func.func @f", "}\n  func.func @f")
    data = compile(text.replace("@k::@main", "@o::@k::@main"))
    unit = read_bef(data).attribute(read_bef(data).functions[0].kernels[1].attributes[0], ANY)
    assert isinstance(unit, CompilationUnit)
    assert unit.symbol == ("o", "k", "main")


def test_vectors_are_stored_as_tensors():
    assert compile(op("v = dense<[1, 2]> : vector<2xi32>")) == compile(op("v = dense<[1, 2]> : tensor<2xi32>"))


@pytest.mark.parametrize(
    ("location", "equal"),
    [
        ('fused["a":1:1, unknown]', '"a":1:1'),
        ('fused["a":1:1, "a":1:1]', '"a":1:1'),
        ('fused["a":1:1, fused["b":1:1, "a":1:1]]', 'fused["a":1:1, "b":1:1]'),
        ("fused[unknown]", "unknown"),
        ("fused[]", "unknown"),
    ],
)
def test_fused_locations_are_simplified(location, equal):
    first, second = (
        compile(f'func.func @f() {{\n "a.b"() : () -> () loc({at})\ntfrt.return\n}}') for at in (location, equal)
    )
    assert first == second


@pytest.mark.parametrize("location", ['"a\\00b"', '"a\\00b":1:2', 'callsite("f" at "\\00"("a\\00":3:4))'])
def test_zero_bytes_in_locations_are_spelled(location):
    """Strings of a file end at one."""
    data = compile(f'func.func @f() {{\n  "a.b"() : () -> () loc({location})\n  tfrt.return\n}}')
    shown = disassemble(read_bef(data))
    assert location.replace("\\", "\\\\") in shown
    assert compile(shown) == data


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ('fused<"m">["a":1:1]', "a:1:1"),
        ('fused<"m">["a":1:1, unknown]', "a:1:1"),
        ('fused<"m">[]', "unknown"),
        ('fused["a":1:1, fused<"m">["b":1:1, "c":1:1]]', "a:1:1, b:1:1, c:1:1"),
        ('fused<"m">[fused<"n">["b":1:1], "c":1:1]', "b:1:1, c:1:1"),
    ],
)
def test_fused_locations_with_metadata_keep_their_parts(location, shown):
    data = compile(f'func.func @f() {{\n  "a.b"() : () -> () loc({location})\n  tfrt.return\n}}')
    bef = read_bef(data)
    assert str(bef.location(bef.functions[0].kernels[1].location)) == shown
    assert isinstance(bef.location(bef.functions[0].kernels[1].location), FusedLocation)
    assert compile(disassemble(bef)) == data


def test_compiled_modules_round_trip():
    data = compile(COMPILED)
    shown = disassemble(read_bef(data))
    assert shown.count("tfrt.compiled") == 1
    assert compile(shown) == data


def test_optional_sections():
    full, bare = read_bef(compile(op("v = 1 : i32"))), read_bef(compile(op("v = 1 : i32"), optional_sections=False))
    optional = (SectionId.ATTRIBUTE_TYPES, SectionId.ATTRIBUTE_NAMES, SectionId.REGISTER_TYPES)
    assert [full.has(s) for s in optional] == [True] * 3
    assert [bare.has(s) for s in optional] == [False] * 3
    assert names_of(full) == ("v",)
    assert bare.functions[0].attribute_names is None
    assert "v" not in strings_of(bare)


def names_of(bef: BefFile) -> tuple[str, ...]:
    names = bef.functions[0].attribute_names
    assert names is not None
    return names[1]


def strings_of(bef: BefFile) -> list[str]:
    cursor = bef.section(SectionId.STRINGS)
    return bytes(cursor.data[cursor.position : cursor.end]).decode().split("\0")


def test_a_file_says_who_compiled_it_where_passes_have_run(tool):
    text = "func.func @f(%x: i32) -> i32 {\n  tfrt.return %x : i32\n}\n"
    assert read_bef(compile(text, "f.mlir")).producer is None
    bef = compile(text, "f.mlir", opt_level=1)
    assert read_bef(bef).producer == Producer(f"tfrt {version('tfrt')}", "f.mlir", "canonicalize,cse")
    # It stays with the program as text.
    shown = tool("tfrt-translate", stdin=bef).out
    assert shown.startswith(f'module attributes {{tfrt.producer = ["tfrt {version("tfrt")}", "f.mlir", "canonicalize,')
    assert compile(shown, "again.mlir") == bef
    assert read_bef(compile(f'module attributes {{tfrt.producer = "me"}} {{\n{text}}}')).producer is None
