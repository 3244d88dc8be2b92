"""Every builtin attribute and type, and what is wrong with those that are wrong."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FloatAttr,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneType,
    Signedness,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    TupleType,
    UnitAttr,
    UnrankedTensorType,
    UnregisteredAttr,
    VectorType,
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

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.frontend.number_literals import round_to
from tfrt.executor.support.errors import CompileError

TO_I1, TO_I8 = (FunctionType.from_lists([], [type]) for type in (i1, i8))
UI8 = IntegerType(8, Signedness.UNSIGNED)
SI16 = IntegerType(16, Signedness.SIGNED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", IntegerAttr(7, i64)),
        ("-2 : i16", IntegerAttr(-2, i16)),
        ("255 : i8", IntegerAttr(-1, i8)),
        ("0xFF : i16", IntegerAttr(255, i16)),
        ("-0x10 : i32", IntegerAttr(-16, i32)),
        ("200 : ui8", IntegerAttr(200, UI8)),
        ("-5 : si16", IntegerAttr(-5, SI16)),
        ("18446744073709551615 : ui64", IntegerAttr(2**64 - 1, IntegerType(64, Signedness.UNSIGNED))),
        ("3 : index", IntegerAttr(3, IndexType())),
        ("1 : i128", IntegerAttr(1, IntegerType(128))),
        ("true", IntegerAttr(1, i1)),
        ("false", IntegerAttr(0, i1)),
        ("2.5", FloatAttr(2.5, f64)),
        ("1.", FloatAttr(1.0, f64)),
        ("-1.5e+3 : f32", FloatAttr(-1500.0, f32)),
        ("0x3F80 : bf16", FloatAttr(1.0, bf16)),
        ("0x3C00 : f16", FloatAttr(1.0, f16)),
        ("0x3F800000 : f32", FloatAttr(1.0, f32)),
        ("0x7FF0000000000000 : f64", FloatAttr(math.inf, f64)),
        ("1.0e+39 : f32", FloatAttr(math.inf, f32)),
        ('"a\\n\\t\\"\\\\\\22 é"', StringAttr('a\n\t"\\" é')),
        ('"\\C3\\A9"', StringAttr("é")),
        ('"s" : i32', StringAttr("s")),
        ("[]", ArrayAttr([])),
        ("[1 : i8, [i32]]", ArrayAttr([IntegerAttr(1, i8), ArrayAttr([i32])])),
        ("{}", DictionaryAttr({})),
        ('{x, "y z" = 1, loc = i1}', DictionaryAttr({"x": UnitAttr(), "y z": IntegerAttr(1, i64), "loc": i1})),
        ("unit", UnitAttr()),
        ("@f", SymbolRefAttr("f")),
        ('@"x y"::@g::@h', SymbolRefAttr("x y", ["g", "h"])),
        ("array<i32: 1, -2>", DenseArrayBase.from_list(i32, [1, -2])),
        ("array<f32: 1.5>", DenseArrayBase.from_list(f32, [1.5])),
        ("array<i1: true, false>", DenseArrayBase.from_list(i1, [1, 0])),
        ("array<i8>", DenseArrayBase.from_list(i8, [])),
        ("(i32, f32) -> ()", FunctionType.from_lists([i32, f32], [])),
        ("() -> (i32, i1)", FunctionType.from_lists([], [i32, i1])),
        ("(() -> i1) -> (() -> i8)", FunctionType.from_lists([TO_I1], [TO_I8])),
        ("complex<f32>", ComplexType(f32)),
        ("tuple<>", TupleType(ArrayAttr([]))),
        ("tuple<i32, tuple<f32>>", TupleType(ArrayAttr([i32, TupleType(ArrayAttr([f32]))]))),
        ("none", NoneType()),
        ("tensor<2x?xf32>", TensorType(f32, [2, DYNAMIC_INDEX])),
        ("tensor<0x12xi32>", TensorType(i32, [0, 12])),
        ("tensor< 2 x 3 x i8 >", TensorType(i8, [2, 3])),
        ("tensor<f64>", TensorType(f64, [])),
        ("tensor<1xi1, 5>", TensorType(i1, [1], IntegerAttr(5, i64))),
        ("tensor<*xf32>", UnrankedTensorType(f32)),
        ("vector<4x2xi32>", VectorType(i32, [4, 2])),
        ("memref<?x3xf32>", MemRefType(f32, [DYNAMIC_INDEX, 3])),
    ],
)  # fmt: skip
def test_builtin_attribute(attribute, text, expected):
    assert attribute(text) == expected


@pytest.mark.parametrize(
    ("text", "type", "values"),
    [
        ("dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>", i32, (1, 2, 3, 4, 5, 6)),
        ("dense<0.5> : tensor<3xf32>", f32, (0.5, 0.5, 0.5)),
        ("dense<> : tensor<0xi8>", i8, ()),
        ("dense<[]> : tensor<0x4xi8>", i8, ()),
        ("dense<-3> : tensor<i8>", i8, (-3,)),
        ("dense<true> : tensor<2xi1>", i1, (-1, -1)),
        ("dense<[true, false]> : vector<2xi1>", i1, (-1, 0)),
        ('dense<"0x01000000FFFFFFFF"> : tensor<2xi32>', i32, (1, -1)),
        ('dense<"0x07"> : tensor<3xi8>', i8, (7, 7, 7)),
        ('dense<"0x05"> : tensor<3xi1>', i1, (-1, 0, -1)),
        ('dense<"0xFF"> : tensor<9xi1>', i1, (-1,) * 9),
        ("dense<(1.0, -2.0)> : tensor<2xcomplex<f32>>", ComplexType(f32), ((1.0, -2.0), (1.0, -2.0))),
        ("dense<[(1, 2), (3, 4)]> : tensor<2xcomplex<i8>>", ComplexType(i8), ((1, 2), (3, 4))),
        ("dense<[0x7F800000, 1.0]> : tensor<2xf32>", f32, (math.inf, 1.0)),
        ("dense<[0, 200]> : tensor<2xui8>", UI8, (0, 200)),
    ],
)
def test_dense(attribute, text, type, values):
    dense = attribute(text)
    assert isinstance(dense, DenseIntOrFPElementsAttr)
    assert dense.get_element_type() == type
    assert tuple(dense.get_values()) == values


def test_nan_keeps_its_payload(attribute):
    value = attribute("0x7FC00001 : f32").value.data
    assert struct.pack("<f", value) == bytes.fromhex("0100C07F")


@pytest.mark.parametrize(
    ("text", "name", "body"),
    [
        ("!test.atomic.i32", "test.atomic.i32", ""),
        ("!foo.bar<baz <x> [(1)] \"> \" -> y>", "foo.bar", "baz <x> [(1)] \"> \" -> y"),
        ("#foo.bar<1x2>", "foo.bar", "1x2"),
    ],
)  # fmt: skip
def test_opaque_dialect_attributes_are_kept(attribute, text, name, body):
    opaque = attribute(text)
    assert isinstance(opaque, UnregisteredAttr)
    assert (opaque.attr_name.data, opaque.value.data, bool(opaque.is_type.data)) == (name, body, text[0] == "!")
    assert str(opaque) == text


def test_dialect_types_are_known(attribute):
    assert str(attribute("!tfrt.chain")) == "!tfrt.chain"
    assert not isinstance(attribute("!tfrt.chain"), UnregisteredAttr)
    assert attribute("#corert.shape<1x?x3>").shape == (1, -1, 3)
    assert attribute("#corert.shape<*>").shape is None


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("300 : i8", 14, "integer constant out of range for attribute"),
        ("-1 : ui8", 14, "negative integer literal not valid for unsigned integer type"),
        ("1.5 : i32", 14, "floating point value not valid for specified type"),
        (
            "1 : f32",
            14,
            "unexpected decimal integer literal for a floating point attribute; add a trailing dot",
        ),
        ("-0x1 : f32", 14, "hexadecimal float literal should not have a leading minus"),
        ("0x100000000 : f32", 14, "hexadecimal float constant out of range for type"),
        ("1 : tensor<1xi1>", 14, "integer literal not valid for specified type"),
        ("1.0 : none", 14, "floating point literal not valid for specified type"),
        ("9223372036854775808 : index", 14, "integer constant out of range for attribute"),
        (r'"a\q"', 16, "unknown escape in string literal"),
        ("{x = 1, x = 2}", 22, "duplicate key 'x' in dictionary attribute"),
        ("tensor<*xf32, 1>", 14, "cannot apply encoding to unranked tensor"),
        ("tensor<99999999999999999999xf32>", 14, "invalid dimension"),
        ("vector<?xi32>", 14, "expected a vector type with known dimensions"),
        ("vector<0xi32>", 14, "vector types must have positive constant sizes"),
        ("vector<2xnone>", 14, "vector elements must be int/index/float type"),
        ("dense<1> : i32", 20, "elements literal must be a shaped type"),
        ("dense<1> : tensor<?xi32>", 20, "elements literal type must have static shape"),
        ("dense<1> : tensor<2xnone>", 20, "expected elements of integer, index, float or complex type"),
        ("dense<1> : tensor<2xi128>", 20, "dense elements of more than 64 bits are not supported"),
        ("dense<1> : tensor<9999999999xi8>", 20, "dense elements take more than 1073741824 bytes"),
        (
            "dense<[1]> : tensor<3xi32>",
            21,
            "inferred shape of elements literal ([1]) does not match type ([3])",
        ),
        (
            "dense<[[1, 2], [3]]> : tensor<2x2xi8>",
            22,
            "tensor literal is invalid; ranks are not consistent between elements",
        ),
        ("dense<> : tensor<1xi8>", 14, "parsed zero elements, but type (tensor<1xi8>) expected at least 1"),
        ("dense<true> : tensor<1xi8>", 20, "expected i1 type for 'true' or 'false' values"),
        ("dense<1> : tensor<1xcomplex<i8>>", 20, "expected '(' in complex element"),
        ("dense<(1, 2)> : tensor<1xi8>", 21, "expected element literal of primitive type"),
        ('dense<["x"]> : tensor<1xi8>', 21, "expected element literal of primitive type"),
        ('dense<"0x01"> : tensor<1xi32>', 20, "elements hex data size is invalid for provided type"),
        ('dense<"0x01"> : tensor<9xi1>', 20, "elements hex data size is invalid for provided type"),
        ('dense<"01"> : tensor<1xi8>', 20, "expected string containing hex digits starting with `0x`"),
        ('dense<"0x0 1"> : tensor<1xi8>', 20, "expected string containing hex digits starting with `0x`"),
        ('dense<"0x 01"> : tensor<1xi8>', 20, "expected string containing hex digits starting with `0x`"),
        ('dense<"0x01\\09"> : tensor<1xi8>', 20, "expected string containing hex digits starting with `0x`"),
        ('dense<"0x012"> : tensor<1xi8>', 20, "expected string containing hex digits starting with `0x`"),
        (
            f'dense<"0x{"00" * 999} 00"> : tensor<1000xi8>',
            20,
            "expected string containing hex digits starting with `0x`",
        ),
        ("array<none: 1>", 14, "element type must be an integer or float type"),
        ("array<i7: 1>", 14, "element type bitwidth must be 1, 8, 16, 32 or 64"),
        ("#corert.shape<1xb>", 14, "invalid attribute '#corert.shape<1xb>'"),
        ("!ts.nope", 14, "unknown type '!ts.nope' in dialect 'ts'"),
        ("#corert.nope", 14, "unknown attribute '#corert.nope' in dialect 'corert'"),
        ("#corert.shape", 14, "expected '<' and parameters after '#corert.shape'"),
        ("!tfrt.chain<1>", 14, "invalid attribute '!tfrt.chain<1>'"),
        ("!foo.bar<[>", 24, "unbalanced '>' in dialect symbol"),
        ("!foo.bar<x", 24, "unbalanced '}' in dialect symbol"),
        ("1" * 5000, 14, "number literal is too long"),
        ("i99999999999", 14, "expected an attribute, found 'i99999999999'"),
        ("#a", 14, "undefined symbol alias id 'a'"),
        ("!a", 14, "undefined symbol alias id 'a'"),
    ],
)
def test_wrong_attribute(errors_of, text, column, message):
    assert errors_of(f'"x.y"() {{a = {text}}} : () -> ()') == [f"1:{column}: error: {message}"]


@given(st.floats(width=64))
def test_rounding_to_f32_is_that_of_the_hardware(value):
    try:
        expected = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        expected = math.copysign(math.inf, value)
    rounded = round_to(value, f32)
    assert math.isnan(rounded) if math.isnan(expected) else struct.pack("<d", rounded) == struct.pack("<d", expected)


@given(st.floats(width=16, allow_nan=False), st.sampled_from([f16, f32, f64]))
def test_values_that_fit_are_not_rounded(value, type):
    assert struct.pack("<d", round_to(value, type)) == struct.pack("<d", value)


def test_bf16_rounds_once_and_to_even():
    # Through f32 these would round twice: up to a tie, then away from the nearer value.
    assert round_to(1.0 + 2.0**-8 + 2.0**-40, bf16) == 1.0 + 2.0**-7
    assert round_to(1.0 + 2.0**-8, bf16) == 1.0
    assert round_to(1.0 + 3 * 2.0**-8, bf16) == 1.0 + 2.0**-6
    assert round_to(3.4e38, bf16) == math.inf


def test_aliases_stand_for_a_bounded_number_of_types() -> None:
    lines = ["!a0 = tuple<i32, i32>", *(f"!a{i} = tuple<!a{i - 1}, !a{i - 1}>" for i in range(1, 40))]
    with pytest.raises(CompileError) as caught:
        parse_module("\n".join([*lines, '"x.y"() {t = !a39} : () -> ()']), allow_unregistered=True)
    assert str(caught.value).partition("\n")[0] == (
        "-:12:1: error: alias '!a11' stands for more than 10,000 attributes and types"
    )
