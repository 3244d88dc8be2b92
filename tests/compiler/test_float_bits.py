"""Bits that a program spells are the bits that it gets: in attributes, in printed text, in BEF files, and back."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import AnyFloat, ComplexType, bf16, f16, f32, f64

from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.compiler.float_bits import float_attribute, from_bits, pack, to_bits, unpack
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.executor.bef import read_bef

NANS = {
    f16: (0x7C01, 0x7E00, 0x7E02, 0x7FFF, 0xFC01, 0xFE00, 0xFFFF),
    bf16: (0x7F81, 0x7FC0, 0x7FC1, 0x7FFF, 0xFF81, 0xFFC0),
    f32: (0x7F800001, 0x7FC00000, 0x7FC00001, 0x7FFFFFFF, 0xFF800001, 0xFFC00000),
    f64: (0x7FF0000000000001, 0x7FF8000000000000, 0x7FFFFFFFFFFFFFFF, 0xFFF0000000000001),
}
CASES = [(type, bits) for type, all_bits in NANS.items() for bits in all_bits]


@pytest.mark.parametrize(("type", "bits"), CASES)
def test_nans_go_through_values_and_bytes(type: AnyFloat, bits: int) -> None:
    value = from_bits(bits, type)
    assert math.isnan(value)
    assert to_bits(value, type) == bits
    data = bits.to_bytes(type.size, "little")
    assert pack((1.0, value), type)[type.size :] == data
    assert to_bits(unpack(data, type)[0], type) == bits
    assert to_bits(float_attribute(value, type).value.data, type) == bits
    ((real, imaginary),) = unpack(pack(((value, 1.0),), ComplexType(type)), ComplexType(type))
    assert (to_bits(real, type), imaginary) == (bits, 1.0)


@given(st.sampled_from([f16, bf16, f32, f64]), st.data())
def test_all_bits_come_back(type: AnyFloat, data: st.DataObject) -> None:
    bits = data.draw(st.integers(0, 2**type.bitwidth - 1))
    assert to_bits(from_bits(bits, type), type) == bits


@pytest.mark.parametrize("type", [f16, bf16, f32])
def test_a_payload_that_does_not_fit_leaves_a_nan(type: AnyFloat) -> None:
    (value,) = struct.unpack("<d", struct.pack("<Q", 0xFFF0000000000001))
    assert math.isnan(from_bits(to_bits(value, type), type))


PLACES = [
    "{0} : {2}",
    "[{0} : {2}, {1} : {2}]",
    "[{0} : {2}, {{}}, [{1} : {2}]]",
    "dense<{0}> : tensor<3x{2}>",
    "dense<[{0}, {1}]> : tensor<2x{2}>",
    "dense<({0},{1})> : tensor<1xcomplex<{2}>>",
    'dense<"0x{3}"> : vector<2x{2}>',
    "array<{2}: {0}, {1}>",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("type", NANS)
def test_text_keeps_bits(type: AnyFloat, place: str) -> None:
    for first, second in zip(NANS[type], NANS[type][1:], strict=False):
        blob = b"".join(bits.to_bytes(type.size, "little") for bits in (first, second)).hex()
        spelled = place.format(f"0x{first:X}", f"0x{second:X}", type.name, blob)
        module = parse_module(f'"x.op"() {{a = {spelled}}} : () -> ()', allow_unregistered=True)
        wanted = PLACES[4].format(f"0x{first:X}", f"0x{second:X}", type.name)
        wanted = wanted.replace("tensor", "vector") if "vector" in place else spelled
        assert f"{{a = {wanted}}}" in print_module(module)


STORED = [place for place in PLACES if not place.startswith("array") and "{}" not in place and "complex" not in place]


@pytest.mark.parametrize("place", STORED)
@pytest.mark.parametrize("type", NANS)
def test_files_keep_bits(type: AnyFloat, place: str) -> None:
    for first, second in zip(NANS[type], NANS[type][1:], strict=False):
        raw = [bits.to_bytes(type.size, "little") for bits in (first, second)]
        spelled = place.format(f"0x{first:X}", f"0x{second:X}", type.name, b"".join(raw).hex())
        bef = compile(f'func.func @f() {{\n  "x.op"() {{a = {spelled}}} : () -> ()\n  tfrt.return\n}}')
        assert (b"".join(raw) if "{1}" in place or "{3}" in place else raw[0]) in bef
        # What the file says is what compiling it again says.
        assert compile(disassemble(read_bef(bef))) == bef


def test_nans_that_differ_are_two_attributes() -> None:
    text = '"x.op"() {a = 0x7F800001 : f32, b = 0x7FC00001 : f32, c = dense<[0x7FC00001, 0x7F800001]> : tensor<2xf32>}'
    bef = read_bef(compile(f"func.func @f() {{\n  {text} : () -> ()\n  tfrt.return\n}}"))
    assert len(set(bef.functions[0].kernels[1].attributes)) == 3


@pytest.mark.parametrize("level", [1, 2, 3])
def test_passes_keep_bits(level: int) -> None:
    text = (
        "func.func @f() -> (f32, f32, f32) {\n  %a = tfrt.constant.f32 0x7F800001\n"
        "  %b = tfrt.constant.f32 0x7FC00001\n  %c = tfrt.constant.f32 0x7F800001\n"
        "  tfrt.return %a, %b, %c : f32, f32, f32\n}"
    )
    printed = disassemble(read_bef(compile(text, opt_level=level)), generic=False)
    assert "0x7F800001" in printed
    assert "0x7FC00001" in printed
