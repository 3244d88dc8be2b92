"""IR is printed in MLIR's spellings, and printed text is stable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FileLineColLoc,
    FloatAttr,
    FunctionType,
    FusedLoc,
    IndexType,
    IntAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    NameLoc,
    NoneAttr,
    Signedness,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    TupleType,
    UnitAttr,
    UnknownLoc,
    UnrankedTensorType,
    UnregisteredAttr,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.parser import Parser

from tfrt.compiler.printer import attribute_text, print_module, type_text
from tfrt.dialects import context, get_dialects
from tfrt.dialects.shared.corert_types import ShapeAttr
from tfrt.dialects.shared.definitions import SourceDialect

Parse = Callable[[str], ModuleOp]


@pytest.fixture
def parse() -> Parse:
    return lambda text: Parser(context(allow_unregistered=True), text).parse_module()


def unregistered(name: str, value: str = "") -> Attribute:
    kind = UnregisteredAttr.with_name_and_type(name, True)
    return kind(name, True, False, value)


def dense(shape: Sequence[int], element: Any, values: Any) -> DenseIntOrFPElementsAttr:
    return DenseIntOrFPElementsAttr.from_list(TensorType(element, shape), values)


def unsigned(width: int) -> IntegerType:
    return IntegerType(width, Signedness.UNSIGNED)


TYPES = [
    (i1, "i1"),
    (i32, "i32"),
    (unsigned(8), "ui8"),
    (IntegerType(16, Signedness.SIGNED), "si16"),
    (bf16, "bf16"),
    (f64, "f64"),
    (IndexType(), "index"),
    (ComplexType(f32), "complex<f32>"),
    (TensorType(i32, [2, 3]), "tensor<2x3xi32>"),
    (TensorType(f32, []), "tensor<f32>"),
    (TensorType(ComplexType(f64), [-(2**63), 4]), "tensor<?x4xcomplex<f64>>"),
    (UnrankedTensorType(f32), "tensor<*xf32>"),
    (FunctionType.from_lists([i32], [i32]), "(i32) -> i32"),
    (FunctionType.from_lists([], []), "() -> ()"),
    (FunctionType.from_lists([i1, f32], [i32, f32]), "(i1, f32) -> (i32, f32)"),
    (FunctionType.from_lists([], [FunctionType.from_lists([], [i1])]), "() -> (() -> i1)"),
    (TupleType(ArrayAttr([i32, f32])), "tuple<i32, f32>"),
    (unregistered("test.atomic.i32"), "!test.atomic.i32"),
    (unregistered("a.b", "c, 4"), "!a.b<c, 4>"),
]

DIALECT_TYPES = {
    type.name: type
    for name, load in get_dialects().items()
    if name not in ("builtin", "func") and not isinstance(load(), SourceDialect)
    for type in load().attributes
    if type is not ShapeAttr
}


@pytest.mark.parametrize(("type", "text"), TYPES, ids=[text for _, text in TYPES])
def test_type(type: Attribute, text: str) -> None:
    assert type_text(type) == text


@pytest.mark.parametrize("name", DIALECT_TYPES)
def test_dialect_type(name: str, parse: Parse) -> None:
    assert type_text(DIALECT_TYPES[name]()) == f"!{name}"
    (op,) = parse(f'%x = "x.y"() : () -> !{name}').ops
    assert op.result_types == (DIALECT_TYPES[name](),)


def test_dialect_types_are_all_that_the_reference_has() -> None:
    assert sorted(DIALECT_TYPES) == sorted(
        [
            *("tfrt.chain", "tfrt.device", "tfrt.string", "tfrt.tensor_type"),
            *(
                "corert.ophandler",
                "corert.tensorhandle",
                "corert.string",
                "corert.resource",
                "corert.variant",
            ),
            *("corert.quint8", "corert.quint16", "corert.qint8", "corert.qint16", "corert.qint32"),
            *("ts.shape", "ts.partial_shape", "ht.host_buffer", "tfrt_tensor.tensor", "proto.example"),
            *(f"ts.fixed_rank_shape.{rank}" for rank in range(4)),
        ]
    )


ATTRIBUTES = [
    (IntegerAttr(7, i32), "7 : i32"),
    (IntegerAttr(-7, i64), "-7 : i64"),
    (IntegerAttr(255, unsigned(8)), "255 : ui8"),
    (IntegerAttr(255, i8), "-1 : i8"),
    (IntegerAttr(3, IndexType()), "3 : index"),
    (IntegerAttr(1, i1), "true"),
    (IntegerAttr(0, i1), "false"),
    (FloatAttr(1.5, f32), "1.500000e+00 : f32"),
    (FloatAttr(0.1, f64), "1.000000e-01 : f64"),
    (FloatAttr(-2.5, f16), "-2.500000e+00 : f16"),
    (FloatAttr(1 / 3, bf16), "3.339840e-01 : bf16"),
    (FloatAttr(float("inf"), f64), "0x7FF0000000000000 : f64"),
    (FloatAttr(float("nan"), f32), "0x7FC00000 : f32"),
    (StringAttr(""), '""'),
    (StringAttr('say "hi"\n'), r'"say \22hi\22\0A"'),
    (StringAttr("back\\slash\ttab\x7f"), r'"back\\slash\09tab\7F"'),
    (StringAttr("naïve"), r'"na\C3\AFve"'),
    (StringAttr("byte \udcff"), r'"byte \FF"'),
    (UnitAttr(), "unit"),
    (SymbolRefAttr("f"), "@f"),
    (SymbolRefAttr("strange name"), '@"strange name"'),
    (SymbolRefAttr("a", ["b"]), "@a::@b"),
    (i32, "i32"),
    (ArrayAttr([]), "[]"),
    (ArrayAttr([IntegerAttr(1, i64), IntegerAttr(2, i64)]), "[1, 2]"),
    (ArrayAttr([IntegerAttr(1, i32), IntegerAttr(1, i1)]), "[1 : i32, true]"),
    (ArrayAttr[Attribute]([FloatAttr(1.0, f64), FloatAttr(1.0, f32)]), "[1.000000e+00, 1.000000e+00 : f32]"),
    (ArrayAttr([FloatAttr(float("inf"), f64)]), "[0x7FF0000000000000 : f64]"),
    (ArrayAttr([ArrayAttr([IntegerAttr(1, i64)]), StringAttr("x"), f32]), '[[1], "x", f32]'),
    (DictionaryAttr({"b": UnitAttr(), "a": IntegerAttr(1, i64)}), "{a = 1 : i64, b}"),
    (DictionaryAttr({"two words": UnitAttr(), "1st": i1}), '{"1st" = i1, "two words"}'),
    (DictionaryAttr({"ünï": UnitAttr(), "a.b$c": i1}), r'{a.b$c = i1, "\C3\BCn\C3\AF"}'),
    (DenseArrayBase.from_list(i32, [1, 2]), "array<i32: 1, 2>"),
    (DenseArrayBase.from_list(f32, []), "array<f32>"),
    (dense([2, 3], i32, [1, 2, 3, 4, 5, 6]), "dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>"),
    (dense([2, 1, 2], i32, [1, 2, 3, 4]), "dense<[[[1, 2]], [[3, 4]]]> : tensor<2x1x2xi32>"),
    (dense([4], f32, [0.5]), "dense<5.000000e-01> : tensor<4xf32>"),
    (dense([2], i32, [1, 1]), "dense<1> : tensor<2xi32>"),
    (dense([1], i32, [4]), "dense<4> : tensor<1xi32>"),
    (dense([], i8, [-3]), "dense<-3> : tensor<i8>"),
    (dense([0], i64, []), "dense<> : tensor<0xi64>"),
    (dense([2], i1, [True, False]), "dense<[true, false]> : tensor<2xi1>"),
    (dense([2], f32, [0.0, -0.0]), "dense<[0.000000e+00, -0.000000e+00]> : tensor<2xf32>"),
    (dense([2], f32, [float("nan")] * 2), "dense<0x7FC00000> : tensor<2xf32>"),
    (
        dense([2], ComplexType(f32), [(1.0, 2.0), (3.0, 4.0)]),
        "dense<[(1.000000e+00,2.000000e+00), (3.000000e+00,4.000000e+00)]> : tensor<2xcomplex<f32>>",
    ),
    (dense([101], i8, range(101)), f'dense<"0x{bytes(range(101)).hex().upper()}"> : tensor<101xi8>'),
    (dense([100], i8, range(100)), f"dense<{list(range(100))}> : tensor<100xi8>"),
    (ShapeAttr.of([1, 2, 3]), "#corert.shape<1x2x3>"),
    (ShapeAttr.of([-1, 4]), "#corert.shape<?x4>"),
    (ShapeAttr.of(None), "#corert.shape<*>"),
    (ShapeAttr.of([]), "#corert.shape<>"),
]


@pytest.mark.parametrize(("attribute", "text"), ATTRIBUTES, ids=[text[:40] for _, text in ATTRIBUTES])
def test_attribute(attribute: Attribute, text: str) -> None:
    assert attribute_text(attribute) == text


@pytest.mark.parametrize("body", ["1x2x3", "?x4", "*", "", "7", "?"])
def test_shape_reads_back(body: str, parse: Parse) -> None:
    shape = ShapeAttr.from_body(body)
    assert attribute_text(shape) == f"#corert.shape<{body}>"
    (op,) = parse(f'"x.y"() {{s = #corert.shape<{body}>}} : () -> ()').ops
    assert op.attributes["s"] == shape


@pytest.mark.parametrize("body", ["1x", "x1", "-1", "a", "1x*", "1 x 2"])
def test_what_is_no_shape(body: str) -> None:
    with pytest.raises(ValueError, match="not a dimension"):
        ShapeAttr.from_body(body)


HERE = FileLineColLoc(StringAttr("a.py"), IntAttr(1), IntAttr(2))
THERE = FileLineColLoc(StringAttr('b"c'), IntAttr(3), IntAttr(4))

LOCATIONS = [
    (UnknownLoc(), "loc(unknown)"),
    (HERE, 'loc("a.py":1:2)'),
    (THERE, r'loc("b\22c":3:4)'),
    (NameLoc(StringAttr("n"), UnknownLoc()), 'loc("n")'),
    (NameLoc(StringAttr("n"), NoneAttr()), 'loc("n")'),
    (NameLoc(StringAttr("n"), HERE), 'loc("n"("a.py":1:2))'),
    (CallSiteLoc(HERE, THERE), r'loc(callsite("a.py":1:2 at "b\22c":3:4))'),
    (FusedLoc(ArrayAttr([HERE, UnknownLoc()]), NoneAttr()), 'loc(fused["a.py":1:2, unknown])'),
    (FusedLoc(ArrayAttr([HERE]), StringAttr("m")), 'loc(fused<"m">["a.py":1:2])'),
]


@pytest.mark.parametrize(("location", "text"), LOCATIONS, ids=[text for _, text in LOCATIONS])
def test_location(location: Attribute, text: str, parse: Parse) -> None:
    module = parse('"x.y"() : () -> ()')
    (op,) = module.ops
    op.location = location  # type: ignore[assignment]
    assert print_module(module, locations=True) == f'module {{\n  "x.y"() : () -> () {text}\n}} loc(unknown)\n'
    assert "loc" not in print_module(module)


MODULES = {
    "an empty module": ("builtin.module {}", "module {\n}\n"),
    "a named module with attributes": (
        'builtin.module @m attributes {b = 1 : i64, a} { "x.y"() : () -> () }',
        'module @m attributes {a, b = 1 : i64} {\n  "x.y"() : () -> ()\n}\n',
    ),
    "functions": (
        """func.func private @f(i32) -> i32 attributes {tfrt.native}
        func.func private @g() -> ()
        func.func @h(%x: i32) -> (i32, i32) attributes {tfrt.sync} { tfrt.return %x, %x : i32, i32 }""",
        """module {
  func.func private @f(i32) -> i32 attributes {tfrt.native}
  func.func private @g()
  func.func @h(%x: i32) -> (i32, i32) attributes {tfrt.sync} {
    tfrt.return %x, %x : i32, i32
  }
}
""",
    ),
    "groups of results": (
        """%0:2 = "x.a"() : () -> (i32, i32)
        %p:2, %q = "x.b"(%0#1) : (i32) -> (i32, i32, i32)
        "x.c"(%p#0, %q) : (i32, i32) -> ()""",
        """module {
  %0:2 = "x.a"() : () -> (i32, i32)
  %p:2, %q = "x.b"(%0#1) : (i32) -> (i32, i32, i32)
  "x.c"(%p#0, %q) : (i32, i32) -> ()
}
""",
    ),
    "names that were given twice": (
        """func.func @f(%x: i32) {
          %x_7 = "x.a"(%x) : (i32) -> i32
          "x.r"() ({ %x_8 = "x.a"(%x_7) : (i32) -> i32 }, { %x_9 = "x.a"(%x_7) : (i32) -> i32 }) : () -> ()
          tfrt.return
        }""",
        """module {
  func.func @f(%x: i32) {
    %x_1 = "x.a"(%x) : (i32) -> i32
    "x.r"() ({
      %x_2 = "x.a"(%x_1) : (i32) -> i32
    }, {
      %x_2 = "x.a"(%x_1) : (i32) -> i32
    }) : () -> ()
    tfrt.return
  }
}
""",
    ),
    "blocks": (
        """"x.r"() ({
          ^entry(%0: i32):
            "x.br"(%0) [^next] : (i32) -> ()
          ^next(%1: i32):
            "x.end"(%1) : (i32) -> ()
        }) : () -> ()""",
        """module {
  "x.r"() ({
  ^entry(%arg0: i32):
    "x.br"(%arg0)[^next] : (i32) -> ()
  ^next(%0: i32):
    "x.end"(%0) : (i32) -> ()
  }) : () -> ()
}
""",
    ),
    "a value used before its definition, in a region": (
        """"x.r"() ({ "x.use"(%0) : (i32) -> () }) : () -> ()
        %0 = "x.a"() : () -> i32
        %1 = "x.a"() : () -> i32""",
        """module {
  "x.r"() ({
    "x.use"(%0) : (i32) -> ()
  }) : () -> ()
  %0 = "x.a"() : () -> i32
  %1 = "x.a"() : () -> i32
}
""",
    ),
    "a module in a module": (
        "builtin.module { builtin.module @in { func.func private @f() } }",
        "module {\n  module @in {\n    func.func private @f()\n  }\n}\n",
    ),
    "an op without operands, attributes or a name of a dialect": (
        '"x"() : () -> ()',
        'module {\n  "x"() : () -> ()\n}\n',
    ),
}


@pytest.mark.parametrize(("source", "text"), MODULES.values(), ids=MODULES.keys())
def test_module(source: str, text: str, parse: Parse) -> None:
    assert print_module(parse(source)) == text


@pytest.mark.parametrize(("source", "text"), MODULES.values(), ids=MODULES.keys())
@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("locations", [False, True])
def test_printed_text_is_stable(source: str, text: str, generic: bool, locations: bool, parse: Parse) -> None:
    if text.startswith("module {\n  module @in"):
        source = f"builtin.module {{ {source} }}"
    once = print_module(parse(source), generic=generic, locations=locations)
    assert print_module(parse(once), generic=generic, locations=locations) == once


def test_generic_form_of_everything(parse: Parse) -> None:
    module = parse("""func.func @f(%x: i32) -> i32 attributes {tfrt.sync} {
      %y = tfrt.add.i32 %x, %x {k = 1 : i32}
      tfrt.return %y : i32
    }""")
    assert print_module(module, generic=True) == (
        """"builtin.module"() ({
  "func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
  ^bb0(%x: i32):
    %y = "tfrt.add.i32"(%x, %x) {k = 1 : i32} : (i32, i32) -> i32
    "tfrt.return"(%y) : (i32) -> ()
  }) {tfrt.sync} : () -> ()
}) : () -> ()
"""
    )


def test_printing_changes_nothing(parse: Parse) -> None:
    module = parse('"x.y"() {b, a} : () -> ()')
    before = module.clone()
    print_module(module)
    assert module.is_structurally_equivalent(before)
    assert "op_name__" in next(iter(module.ops)).attributes


def test_a_use_without_a_definition_still_prints(parse: Parse) -> None:
    module = parse('func.func @f(%x: i32) { "x.y"(%x) : (i32) -> () tfrt.return }')
    (function,) = module.ops
    inner = function.regions[0].block.first_op
    assert inner is not None
    inner.detach()
    wrapped = ModuleOp([inner])
    assert print_module(wrapped) == 'module {\n  "x.y"(%x) : (i32) -> ()\n}\n'


def test_large_functions_print_in_linear_time(parse: Parse) -> None:
    # Quadratic naming would take minutes here.
    body = "\n".join(f"%x_{i} = tfrt.constant.i32 {i}" for i in range(5000))
    module = parse(f"func.func @f() {{ {body} tfrt.return }}")
    assert print_module(module).count("\n") == 5005
