"""The exact diagnostics for what is wrong with a text: message, line and column, one for each mistake."""

from __future__ import annotations

import pytest

from tfrt.compiler.frontend import parse_module
from tfrt.executor.support.diagnostics import Diagnostic, source_of_text
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.location import FileLineCol

SYNTAX = [
    ('"x.y"(', "1:7: error: expected ')' or an SSA value, found the end of the text"),
    ('"x.y"() {a = "abc} : () -> ()', "1:14: error: expected '\"' in string literal"),
    ('"x.y"() {a = !f<"abc>} : () -> ()', "1:17: error: expected '\"' in string literal"),
    ('"x.y"() : (i32 -> ()', "1:16: error: expected ')' or ',', found '->'"),
    (
        "%x = stablehlo.constant dense<0.0> : tensor<f32>\n"
        "%y = stablehlo.reduce(%x init: %x) applies stablehlo.add across dimensions = [1, 5.0] : "
        "(tensor<f32>, tensor<f32>) -> tensor<f32>",
        "2:82: error: expected an integer, found '5.0'",
    ),
    ('"x.y"() : () -> () loc("a":1:)', "1:30: error: expected an integer, found ')'"),
    ('"x.y"() : () -> () loc("a"', "1:27: error: expected '(', ')' or ':', found the end of the text"),
    ('"x.y"() {a = complex<i32<} : () -> ()', "1:25: error: expected '>', found '<'"),
    ('"x.y"() {a = complex<tensor<i32>>} : () -> ()', "1:14: error: invalid element type for complex"),
    ('"" () : () -> ()', "1:1: error: empty operation name is invalid"),
    (
        '%x#1 = "x.y"() : () -> i32',
        "1:1: error: cannot define '%x#1': '#' selects one of an operation's results",
    ),
    (
        "func.func @f(%x#1: i32) {\n  tfrt.return\n}",
        "1:14: error: cannot define '%x#1': '#' selects one of an operation's results",
    ),
    ('%x = "x.y"() : () -> tensor<xf32>', "1:29: error: expected a type or '(', found 'xf32'"),
    ('"x.y"() ? : () -> ()', "1:9: error: unexpected character '?'"),
    ('"x.y"() {1} : () -> ()', "1:10: error: expected '}', a string or an attribute name, found '1'"),
    ('"x.y"() {"" = 1} : () -> ()', "1:10: error: expected valid attribute name"),
    ("foo.bar %x", "1:1: error: custom op 'foo.bar' is unknown"),
    ("}", "1:1: error: expected an operation or the end of the text, found '}'"),
    ("module {", "1:9: error: expected an operation, '}' or a block name, found the end of the text"),
    ("func.func @f( {", "1:15: error: expected a type, '(', ')' or an SSA value, found '{'"),
    ("func.func @f() -> {", "1:19: error: expected a type or '(', found '{'"),
    ("% = 1", "1:1: error: invalid SSA name"),
    ("@", "1:1: error: @ identifier expected to start with letter or '_'"),
    ("^", "1:1: error: invalid block name"),
    ("#", "1:1: error: invalid attribute name"),
    ("!", "1:1: error: invalid type name"),
    ('%x:0 = "x.y"() : () -> ()', "1:4: error: expected named operation to have at least 1 result"),
    (
        "func.func @f() {\n  %a = tfrt.constant.i32\n  tfrt.return\n}",
        "3:3: error: expected 'false', 'true' or a number, found 'tfrt.return'",
    ),
    ("%h = corert.get_op_handler %ch 1", "1:32: error: expected a string, found '1'"),
    (
        'corert.executeop() "x"() : 1',
        "1:18: error: expected an SSA value, found ')'",
    ),
    ('corert.executeop(%a, %b) "x"() : 1', "1:18: error: expected an op handler in parentheses, found 2 values"),
    (
        'corert.executeop.seq(%a) "x"() : 1',
        "1:22: error: expected an op handler and a chain in parentheses, found 1 values",
    ),
    (
        '%h = "x.h"() : () -> !corert.ophandler\ncorert.executeop(%h) "x"() : -1',
        "2:30: error: expected a number of results from 0 to 65536",
    ),
    ("#a = [#b]\n#b = [#a]", "1:7: error: alias '#b' is defined in terms of itself"),
    ('"x.y"() : () -> () loc(#a)\n#a = 1', "1:24: error: expected location, but found alias '#a' of something else"),
]


@pytest.mark.parametrize(("text", "expected"), SYNTAX)
def test_syntax_errors(errors_of, text, expected):
    assert errors_of(text) == [expected]


def body(*lines: str) -> str:
    """A function without results around lines that start on the text's second line."""
    return "\n".join(["func.func @f() {", *lines, "tfrt.return", "}"])


NAMES_AND_TYPES = [
    (body("%b = tfrt.add.i32 %a, %a"), ["2:19: error: use of undeclared SSA value name '%a'"]),
    (
        body("%b = tfrt.add.i32 %a, %c", "%a = tfrt.constant.i32 1"),
        [
            "2:19: error: operand '%a' does not dominate this use",
            "3:1: note: operand defined here (op in the same block)",
            "2:23: error: use of undeclared SSA value name '%c'",
        ],
    ),
    (
        body('%b = "x.y"(%a) : (i64) -> i32', "%a = tfrt.constant.i32 1"),
        [
            "3:1: error: definition of SSA value '%a' has type 'i32'",
            "2:12: note: previously used here with type 'i64'",
        ],
    ),
    (
        body("%a = tfrt.constant.i32 1", "%a = tfrt.constant.i32 1"),
        ["3:1: error: redefinition of SSA value '%a'", "2:1: note: previously defined here"],
    ),
    (
        "func.func @f(%x: i32, %x: i32) { tfrt.return }",
        ["1:23: error: redefinition of SSA value '%x'", "1:14: note: previously defined here"],
    ),
    (
        body("%a = tfrt.constant.i32 1", "%b = tfrt.add.i64 %a, %a"),
        [
            "3:19: error: use of value '%a' expects different type than prior uses: 'i64' vs 'i32'",
            "2:1: note: prior use here",
            "3:23: error: use of value '%a' expects different type than prior uses: 'i64' vs 'i32'",
            "2:1: note: prior use here",
        ],
    ),
    (
        body("%a = tfrt.constant.i32 1", "%b = tfrt.add.i32 %a"),
        ["3:19: error: number of operands and types do not match: got 1 operands and 2 types"],
    ),
    (
        body('%a = "x.y"() : () -> i32', "%c = tfrt.parallel_call.i32 %a to %a fixed %a @f(%a)"),
        ["3:50: error: number of operands and types do not match: got 1 operands and 0 types"],
    ),
    (body('"x.y"(%a) : () -> ()'), ["2:1: error: expected 1 operand type but had 0"]),
    (body('"x.y"(%a, %b) : (i32) -> ()'), ["2:1: error: expected 2 operand types but had 1"]),
    (
        body("%a, %b = tfrt.constant.i32 1"),
        ["2:1: error: operation defines 1 results but was provided 2 to bind"],
    ),
    (body('%a = "x.y"() : () -> ()'), ["2:1: error: cannot name an operation with no results"]),
    (
        body('%a:2 = "x.y"() : () -> (i32, i32)', '"x.z"(%a#2) : (i32) -> ()'),
        ["3:7: error: reference to invalid result number of '%a'", "2:1: note: defined here"],
    ),
    ('"x.y"()[^bb4] : () -> ()', ["1:9: error: reference to an undefined block '^bb4'"]),
    (
        '"x.y"() ({\n^a:\n "x.t"() : () -> ()\n^a:\n}) : () -> ()',
        ["4:1: error: redefinition of block '^a'"],
    ),
    (
        body("%c = tfrt.constant.i1 true", "tfrt.if %c : () -> () {", "%d = tfrt.and.i1 %c, %c", "tfrt.return", "}"),
        ["4:18: error: use of undeclared SSA value name '%c'"],
    ),
    (
        body("%c = tfrt.constant.i1 true", "%d = tfrt.if %c : () -> (i1) {", "tfrt.return", "}"),
        ["3:6: error: expected 'else' in 'tfrt.if' with result values"],
    ),
    (body("%a = tfrt.constant.f32 true"), ["2:24: error: expected a number of type 'f32', found 'true'"]),
    (body("%a = tfrt.constant.i32 2147483648000"), ["2:24: error: integer constant out of range for attribute"]),
    (
        body("%a = tfrt.constant.i32 1 {value = 2 : i32}"),
        ["2:6: error: attribute 'value' occurs more than once in the attribute list"],
    ),
    ("func.func @f() { }", ["1:1: error: expected non-empty function body"]),
    ("func.func @f(i32) { tfrt.return }", ["1:1: error: expected SSA identifier"]),
    (
        "#a = 1\n#a = 2",
        ["2:1: error: redefinition of attribute alias id 'a'", "1:1: note: first defined here"],
    ),
    ("!a = i1\n!a = i8", ["2:1: error: redefinition of type alias id 'a'", "1:1: note: first defined here"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), NAMES_AND_TYPES)
def test_names_and_types(errors_of, text, expected):
    assert errors_of(text) == expected


def test_unregistered_ops(errors_of):
    assert errors_of('"x.y"() : () -> ()', allow_unregistered=False) == [
        "1:1: error: op 'x.y' is of an unregistered dialect. If this is intended, please use"
        " -allow-unregistered-dialect with the MLIR tool used"
    ]
    assert errors_of('"func.nope"() : () -> ()', allow_unregistered=False) == [
        "1:1: error: unregistered operation 'func.nope' found in dialect ('func') that does not allow"
        " unknown operations"
    ]


def test_several_mistakes_in_one_run(errors_of):
    text = body("%a = tfrt.constant.i32 1.5", "%b = tfrt.add.i32 %a, %z", '"x.y"() {k = 300 : i8, k} : () -> ()', "?")
    assert errors_of(text.replace("?\n", "")) == [
        "2:24: error: floating point value not valid for specified type",
        "3:23: error: use of undeclared SSA value name '%z'",
        "4:14: error: integer constant out of range for attribute",
        "4:24: error: duplicate key 'k' in dictionary attribute",
    ]


def test_the_message_shows_the_line_and_a_caret():
    text = body("\t%b = tfrt.print.i32 %a, %ch")
    with pytest.raises(CompileError) as raised:
        parse_module(text, "prog.mlir")
    first = raised.value.diagnostics[0].render(lambda name: text if name == "prog.mlir" else None)
    assert first == (
        "prog.mlir:2:22: error: use of undeclared SSA value name '%a'\n"
        "\t%b = tfrt.print.i32 %a, %ch\n"
        "\t                    ^"
    )


@pytest.mark.parametrize(
    ("start", "repeated", "column"),
    [
        ("", "module {", 808),
        ('"x.y"() {a = ', "[", 113),
        ('"x.y"() {a = !d.t', "<", 118),
        ('"x.y"() : ', "(", 111),
        ("", "complex<", 808),
        ('"x.y"() {a = ', "tensor<", 707),
    ],
)
def test_deep_nesting_is_refused(errors_of, start, repeated, column):
    expected = f"1:{column}: error: nesting exceeds the maximum depth of 100"
    assert errors_of(start + repeated * 100_000) == [expected]


def test_deep_alias_chains_are_refused(errors_of):
    chain = "\n".join(f"#a{i} = [#a{i + 1}]" for i in range(200)) + "\n#a200 = 1"
    (error,) = errors_of(chain)
    assert error == "51:9: error: aliases refer to each other more than 50 deep"


REGIONS = [
    "tfrt.if %a, %b : (i32) -> () {\n tfrt.return\n}",
    "%r = tfrt.if %a, %b : (i32) -> (i32) {\n tfrt.return %b : i32\n} else {\n tfrt.return %b : i32\n}",
    "%r = tfrt.repeat.i32 %a, %b : i32 {\n tfrt.return %b : i32\n}",
    "%r = tfrt.parallel_for.i32 %a to %b fixed %a {\n tfrt.return\n}",
    "%r = tfrt_test.do.async %a, %b : (i32, i32) -> (i32) {\n tfrt.return %b : i32\n}",
    '%r = tfrt_test.benchmark "b"(%a: i32, %b: i32) max_count = 1 {\n tfrt.return %b : i32\n}',
    '%r = "x.op"(%a, %b) ({\n^bb(%x: i32):\n "x.use"(%a, %b, %x) : (i32, i32, i32) -> ()\n}) : (i32, i32) -> i32',
    '"tfrt.if"(%a, %b) ({\n^bb(%x: i32):\n "tfrt.return"() : () -> ()\n}) : (i1, i32) -> ()',
    '"func.func"(%a, %b) ({\n "tfrt.return"() : () -> ()\n}) {function_type = () -> ()} : (i1, i1) -> ()',
]


@pytest.mark.parametrize("around", [lambda op: body(op), lambda op: op, lambda op: f"module {{\n{op}\n}}"])
@pytest.mark.parametrize("op", REGIONS)
def test_undeclared_operands_of_ops_with_regions(errors_of, op, around):
    messages = [line.partition("error: ")[2] for line in errors_of(around(op))]
    assert messages == [f"use of undeclared SSA value name '%{name}'" for name in "ab"]


IN_REGIONS = [
    (
        '"x.r"(%a) ({\n"x.b"()[^bb] : () -> ()\n^bb:\n%a = "x.u"() : () -> i32\n}) : (i32) -> ()',
        [
            "2:1: error: operand #0 does not dominate this use",
            "5:6: note: operand defined here (op in a child region)",
        ],
    ),
    (
        '%a:2 = "x.y"() : () -> (i32, i32)\n'
        'tfrt.if %c, %a#1 : (i32) -> () {\n"x.u"(%a#1) : (f32) -> ()\ntfrt.return\n}',
        [
            "4:7: error: use of value '%a#1' expects different type than prior uses: 'f32' vs 'i32'",
            "3:13: note: prior use here",
        ],
    ),
    (
        'tfrt.if %c, %a#0 : (i32) -> () {\n"x.u"(%a#0) : (f32) -> ()\ntfrt.return\n}',
        [
            "2:13: error: use of undeclared SSA value name '%a#0'",
            "3:7: error: use of value '%a#0' expects different type than prior uses: 'f32' vs 'i32'",
            "2:13: note: prior use here",
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), IN_REGIONS)
def test_values_in_and_around_regions(errors_of, text, expected):
    assert errors_of(f"func.func @f(%c: i1) {{\n{text}\ntfrt.return\n}}") == expected


def test_a_text_is_taken_apart_once_for_all_that_is_said_of_it():
    class Text(str):
        times = 0

        def split(self, *arguments):
            Text.times += 1
            return super().split(*arguments)

    text = Text("first\nsecond")
    found = [Diagnostic("error", "wrong", FileLineCol("t", line, 2)) for line in (1, 2, 2)]
    shown = [diagnostic.render(source_of_text("t", text)) for diagnostic in found]
    assert shown == [f"t:{line}:2: error: wrong\n{said}\n ^" for line, said in ((1, "first"), *[(2, "second")] * 2)]
    assert Text.times == 1
