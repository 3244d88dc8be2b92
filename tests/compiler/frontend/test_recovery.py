"""A syntax error does not hide what else is wrong, and causes no diagnostics that only follow from it."""

from __future__ import annotations

import pytest

MISTAKES = """\
func.func @main(%c: i1) {
  %x = foo.bar %c, 1
  tfrt.print.i32 %x, %x
  %y:2 = foo.baz(%c) {
    %q = x.y
  }
  %z = tfrt.add.i32 %y#1, %undeclared
  "x.y"() {a = ?} : () -> ()
  "x.y"() {a = "unclosed} : () -> ()
  "x.y"() {a = !ht.nope} : () -> ()
  "x.y"() {a = 1 : } : () -> ()
  %w = tfrt.constant.i32
  %v = tfrt.add.i32 %w, %v2
  tfrt.if %c : () -> () {
    %s = unknown.op
    x.other
    tfrt.return
  }
  tfrt.nope %a { a
   b
   c }
  tfrt.return
}
func.func @other( {
  tfrt.nope
}
func.func @third() {
  tfrt.nope
}
"""


def test_one_diagnostic_for_each_mistake(errors_of):
    assert errors_of(MISTAKES) == [
        "2:8: error: custom op 'foo.bar' is unknown",
        "4:10: error: custom op 'foo.baz' is unknown",
        "7:27: error: use of undeclared SSA value name '%undeclared'",
        "8:16: error: unexpected character '?'",
        "9:16: error: expected '\"' in string literal",
        "10:16: error: unknown type '!ht.nope' in dialect 'ht'",
        "11:20: error: expected a type or '(', found '}'",
        "13:3: error: expected 'false', 'true' or a number, found '%v'",
        "13:25: error: use of undeclared SSA value name '%v2'",
        "15:10: error: custom op 'unknown.op' is unknown",
        "16:5: error: custom op 'x.other' is unknown",
        "19:3: error: custom op 'tfrt.nope' is unknown",
        "24:19: error: expected a type, '(', ')' or an SSA value, found '{'",
        "28:3: error: custom op 'tfrt.nope' is unknown",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'func.func @f() {\n  "x.a"(%x) : (i32) -> ()\n  %x:2 = foo.bar\n  "x.a"(%x#1, %y) : (i32, i32) -> ()\n}',
            ["3:10: error: custom op 'foo.bar' is unknown", "4:15: error: use of undeclared SSA value name '%y'"],
            id="uses before and after",
        ),
        pytest.param(
            "func.func @f() {\n  %x = foo.bar\n  %x = tfrt.constant.i32 1\n  tfrt.return\n}\nfoo.last",
            ["2:8: error: custom op 'foo.bar' is unknown", "6:1: error: custom op 'foo.last' is unknown"],
            id="defined once more",
        ),
        pytest.param(
            '%a = "x.a"() : () -> i32\n%r = "x.if"(%a) ({\n  foo.bar\n  "x.b"(%no) : (i32) -> ()\n}) : (i32) -> i32\n'
            '"x.c"(%r) : (i32) -> ()',
            ["3:3: error: custom op 'foo.bar' is unknown", "4:9: error: use of undeclared SSA value name '%no'"],
            id="first in a region",
        ),
        pytest.param(
            '#a = [1, ?]\n"x.a"() {a = #a, b = #a} : () -> ()\n"x.b"() {a = #a} : () -> ()\nfoo.bar',
            ["1:10: error: unexpected character '?'", "4:1: error: custom op 'foo.bar' is unknown"],
            id="an alias used twice",
        ),
        pytest.param(
            "foo.bar\n}\nfoo.baz",
            ["1:1: error: custom op 'foo.bar' is unknown"],
            id="a brace too many",
        ),
        pytest.param(
            "func.func @f() {\n  foo.bar\n^bb(%x i32):\n  foo.baz\n}",
            ["2:3: error: custom op 'foo.bar' is unknown", "3:8: error: expected ':', found 'i32):'"],
            id="the head of a block",
        ),
        pytest.param(
            "foo.bar {\n  foo.baz\n", ["1:1: error: custom op 'foo.bar' is unknown"], id="a region that never ends"
        ),
        pytest.param(
            "func.func @f(%c: i1) {\n  %r = tfrt.if %c : () -> (i32) {\n    tfrt.return\n  } els {\n  }\n"
            '  "x.a"(%r) : (i32) -> ()\n  foo.bar\n  tfrt.return\n}',
            ["2:8: error: expected 'else' in 'tfrt.if' with result values", "4:5: error: custom op 'els' is unknown",
             "7:3: error: custom op 'foo.bar' is unknown"],
            id="behind a region",
        ),
    ],
)  # fmt: skip
def test_what_follows_from_a_mistake_is_not_said(errors_of, text, expected):
    assert errors_of(text) == expected


def test_there_is_an_end_to_it(errors_of):
    assert len(errors_of("foo.bar\n" * 1000)) == 100


def test_every_use_of_an_unregistered_op_is_reported(errors_of):
    text = '"a.b"() : () -> ()\n"a.b"() : () -> ()'
    assert [line.partition(": error")[0] for line in errors_of(text, allow_unregistered=False)] == ["1:1", "2:1"]
