"""What is printed reads back as the same IR, through the front end: the goldens, and attributes of every kind."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import (
    ArrayAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FloatAttr,
    FunctionType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    Signedness,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    UnregisteredOp,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import attribute_text, print_module
from tfrt.dialects.shared.corert_types import ShapeAttr
from tfrt.dialects.tfrt.types import CHAIN

GOLDENS = sorted((Path(__file__).parent.parent / "golden").glob("*.mlir"))


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("locations", [False, True])
def test_goldens_are_stable(golden: Path, generic: bool, locations: bool) -> None:
    module = parse_module(golden.read_text(), golden.name, allow_unregistered=True)
    text = print_module(module, generic=generic, locations=locations)
    again = parse_module(text, "again.mlir", allow_unregistered=True)
    assert print_module(again, generic=generic, locations=locations) == text
    assert again.is_structurally_equivalent(module)
    if locations:
        assert [op.location for op in again.walk()] == [op.location for op in module.walk()]


@pytest.mark.parametrize(
    ("type", "values"),
    [
        (i8, range(-100, 100)),
        (i32, range(200)),
        (f32, [i / 3 for i in range(200)]),
        (i1, [i % 3 == 0 for i in range(200)]),
        (ComplexType(f64), [(float(i), -0.5) for i in range(200)]),
        (IntegerType(16, Signedness.UNSIGNED), range(65000, 65200)),
    ],
    ids=str,
)
def test_large_dense_attributes_read_back(type: Any, values: Any) -> None:
    attribute = DenseIntOrFPElementsAttr.from_list(TensorType(type, [2, 100]), list(values))
    op = UnregisteredOp.with_name("x.op").create(attributes={"a": attribute})
    (read,) = parse_module(print_module(ModuleOp([op])), allow_unregistered=True).ops
    assert read.attributes["a"] == attribute


def integers(type: IntegerType) -> st.SearchStrategy[Attribute]:
    low, high = type.value_range()
    return st.integers(low, high - 1).map(lambda value: IntegerAttr(value, type))


def float_of_bits(code: str, size: int) -> st.SearchStrategy[float]:
    # NaNs have many encodings, of which Python's floats keep some only.
    values = st.binary(min_size=size, max_size=size).map(lambda data: struct.unpack(code, data)[0])
    return values.filter(lambda value: value == value)


SCALAR_TYPES = [i1, i8, i16, i32, i64, f16, bf16, f32, f64, ComplexType(f32)]
UNSIGNED = [IntegerType(width, Signedness.UNSIGNED) for width in (8, 16, 32, 64)]

TYPES: st.SearchStrategy[Attribute] = st.recursive(
    st.sampled_from([*SCALAR_TYPES, *UNSIGNED, CHAIN]),
    lambda inner: st.builds(FunctionType.from_lists, st.lists(inner, max_size=2), st.lists(inner, max_size=2)),
    max_leaves=4,
)

NUMBERS: st.SearchStrategy[Attribute] = st.one_of(
    *(integers(type) for type in (i8, i16, i32, i64, *UNSIGNED)),
    st.booleans().map(IntegerAttr.from_bool),
    float_of_bits("<d", 8).map(lambda value: FloatAttr(value, f64)),
    float_of_bits("<f", 4).map(lambda value: FloatAttr(value, f32)),
    float_of_bits("<e", 2).map(lambda value: FloatAttr(value, f16)),
)

SHAPES: st.SearchStrategy[Attribute] = st.one_of(st.none(), st.lists(st.integers(-1, 2**40), max_size=4)).map(
    ShapeAttr.of
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def dense(draw: st.DrawFn) -> Attribute:
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    count = 1
    for size in shape:
        count *= size
    type: Any
    type, values = draw(
        st.sampled_from(
            [
                (i32, st.integers(-(2**31), 2**31 - 1)),
                (i64, st.integers(-(2**63), 2**63 - 1)),
                (i1, st.booleans().map(int)),
                (f32, float_of_bits("<f", 4)),
                (f64, float_of_bits("<d", 8)),
            ]
        )
    )
    data = draw(st.lists(values, min_size=count, max_size=count))
    return DenseIntOrFPElementsAttr.from_list(TensorType(type, shape), data)


ATTRIBUTES: st.SearchStrategy[Attribute] = st.recursive(
    st.one_of(
        NUMBERS,
        TYPES,
        SHAPES,
        dense(),
        TEXTS.map(StringAttr),
        st.text(st.characters(categories=["Ll"]), min_size=1).map(SymbolRefAttr),
        st.just(UnitAttr()),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(ArrayAttr),
        st.dictionaries(TEXTS.filter(bool), inner, max_size=3).map(DictionaryAttr),
    ),
    max_leaves=6,
)


# xDSL keeps the name of an op that is not registered in an attribute, op_name__.
@given(st.dictionaries(TEXTS.filter(lambda name: name not in ("", "op_name__")), ATTRIBUTES, min_size=1, max_size=3))
def test_attributes_read_back(attributes: dict[str, Attribute]) -> None:
    op = UnregisteredOp.with_name("x.op").create(attributes=attributes)
    text = print_module(ModuleOp([op]))
    (read,) = parse_module(text, allow_unregistered=True).ops
    read_attributes = {name: value for name, value in read.attributes.items() if name != "op_name__"}
    assert read_attributes == attributes
    assert {name: attribute_text(value) for name, value in read_attributes.items()} == {
        name: attribute_text(value) for name, value in attributes.items()
    }


@given(st.lists(TYPES, max_size=4), st.lists(TYPES, max_size=4))
def test_types_read_back(operands: list[Attribute], results: list[Attribute]) -> None:
    source = UnregisteredOp.with_name("x.source").create(result_types=operands)
    op = UnregisteredOp.with_name("x.op").create(operands=source.results, result_types=results)
    module = ModuleOp([source, op])
    read = parse_module(print_module(module), allow_unregistered=True)
    assert [op.result_types for op in read.ops] == [source.result_types, op.result_types]


def test_members_of_a_group_can_be_redeclared() -> None:
    text = """module {
  func.func @f(%n: i32) -> i32 {
    %o:2 = "x.a"() : () -> (i32, i32)
    %r:2 = tfrt.repeat.i32 %n, %o#0, %o#1 : i32, i32 {
      %q:2 = "x.c"(%o#0, %o#1) : (i32, i32) -> (i32, i32)
      tfrt.return %q#1, %o#0 : i32, i32
    }
    %s = tfrt.repeat.i32 %n, %o#1 : i32 {
      tfrt.return %o#1 : i32
    }
    tfrt.return %r#1 : i32
  }
}
"""
    assert print_module(parse_module(text, allow_unregistered=True)) == text
