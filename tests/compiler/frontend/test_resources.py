"""The section ``{-# … #-}``: blobs that attributes name, as in MLIR's text form."""

from __future__ import annotations

import pytest

from tfrt.compiler.printer import print_module

OP = '"x.y"() {{a = dense_resource<{0}> : {1}}} : () -> ()\n'


def section(resources: str) -> str:
    return "{-#\n  dialect_resources: {\n    builtin: {" + resources + "}\n  }\n#-}\n"


VALUES = [
    ("0x040000000100000002000000", "tensor<2xi32>", "dense<[1, 2]> : tensor<2xi32>"),
    ("0x080000000000803F", "vector<1xf32>", "dense<1.000000e+00> : vector<1xf32>"),
    ("0x01000000000102", "tensor<3xi1>", "dense<[false, true, true]> : tensor<3xi1>"),
    ("0x00000000", "tensor<0x2xf64>", "dense<> : tensor<0x2xf64>"),
    ("0x04000000" + "0100807F" + "0100C07F", "tensor<2xf32>", "dense<[0x7F800001, 0x7FC00001]> : tensor<2xf32>"),
]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("blob", "type", "value"), VALUES)
def test_values(parse, blob, type, value, first):
    parts = [OP.format("blob", type), section(f'blob: "{blob}"')]
    printed = print_module(parse("".join(reversed(parts) if first else parts)))
    assert f"{{a = {value}}}" in printed
    assert print_module(parse(printed)) == printed


def test_keys_of_all_kinds_and_several_sections(parse):
    text = section('"a key": "0x0100000007", dense: "0x0100000008"') + OP.format('"a key"', "tensor<i8>")
    text += OP.format("dense", "tensor<i8>") + OP.format("more", "tensor<i8>") + section('more: "0x0100000009"')
    printed = print_module(parse(text))
    assert all(f"dense<{value}> : tensor<i8>" in printed for value in (7, 8, 9))


def test_a_blob_that_was_left_out_keeps_its_key(parse):
    text = OP.format("__elided__", "tensor<4xf32>") + OP.format('"a b"', "tensor<?xf32>")
    printed = print_module(parse(text))
    assert "dense_resource<__elided__> : tensor<4xf32>" in printed
    assert 'dense_resource<"a b"> : tensor<?xf32>' in printed
    assert print_module(parse(printed)) == printed


def test_what_other_tools_keep_is_passed_over(parse):
    kept = '{-# external_resources: {mlir_reproducer: {pipeline: "p", verify_each: true, x: false}} #-}'
    assert print_module(parse('"x.y"() : () -> ()\n' + kept)) == 'module {\n  "x.y"() : () -> ()\n}\n'
    assert print_module(parse("{-# #-}")) == "module {\n}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{-# other: {} #-}", "1:5: error: unknown key 'other' in file metadata dictionary"),
        ("{-# dialect_resources: {nope: {}} #-}", "1:25: error: dialect 'nope' is unknown"),
        ("{-# dialect_resources: {func: {}} #-}", "1:25: error: unexpected 'resource' section for dialect 'func'"),
        ("{-# dialect_resources: {builtin: {a: true}} #-}", "1:38: error: expected hex string blob for key 'a'"),
        (
            '{-# dialect_resources: {builtin: {a: "0x0 00000000"}} #-}',
            "1:38: error: expected hex string blob for key 'a'",
        ),
        (
            '{-# dialect_resources: {builtin: {a: "0x0000"}} #-}',
            "1:38: error: expected hex string blob for key 'a' to encode alignment in first 4 bytes",
        ),
        (
            '{-# dialect_resources: {builtin: {a: "0x03000000"}} #-}',
            "1:38: error: expected hex string blob for key 'a' to encode alignment in first 4 bytes,"
            " but got non-power-of-2 value: 3",
        ),
        (
            OP.format("a", "tensor<2xi32>") + '{-# dialect_resources: {builtin: {a: "0x0400000001000000"}} #-}',
            "1:14: error: resource 'a' has 4 bytes, which is no value of type tensor<2xi32>",
        ),
        (OP.format("a", "i32"), "1:14: error: `dense_resource` expected a shaped type"),
        (
            OP.format("a", "tensor<?xi32>") + section('a: "0x01000000"'),
            "1:14: error: elements literal type must have static shape",
        ),
        ("{-# dialect_resources: {} ", "1:27: error: expected '#-}' or ',', found the end of the text"),
    ],
)
def test_what_is_wrong(errors_of, text, expected):
    assert errors_of(text) == [expected]
