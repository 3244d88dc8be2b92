"""Locations that a text states, as MLIR reads and prints them, and what a BEF file keeps of them."""

from __future__ import annotations

import pytest

from tfrt.compiler import compile
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.executor.bef import read_bef
from tfrt.executor.support.diagnostics import Diagnostic, source_of_text


def program(location: str) -> str:
    return f"func.func @f() {{\n  %x = tfrt.constant.i32 1 loc({location})\n  tfrt.return\n}}"


SPELLED = [
    # what the text says, how it is printed, the location of equal bytes in a BEF file
    ('"f.py":1:2', '"f.py":1:2', '"f.py":1:2'),
    ('"f.py":7', '"f.py":7:0', '"f.py":7:0'),
    ('"f.py":0x10:0', '"f.py":16:0', '"f.py":16:0'),
    ('"f.py":4294967295:4294967295', '"f.py":4294967295:4294967295', '"f.py":4294967295:4294967295'),
    ('"f.py":1:2 to 3:4', '"f.py":1:2 to 3:4', '"f.py":1:2'),
    ('"f.py":1:2 to :4', '"f.py":1:2 to :4', '"f.py":1:2'),
    ('"f.py":1:2 to 1:4', '"f.py":1:2 to :4', '"f.py":1:2'),
    ('"f.py":1:2 to :2', '"f.py":1:2', '"f.py":1:2'),
    ('"f.py":1:2 to 3:2', '"f.py":1:2 to 3:2', '"f.py":1:2'),
    ('fused["f.py":1:2 to 3:4, "g.py":1]', 'fused["f.py":1:2 to 3:4, "g.py":1:0]', 'fused["f.py":1:2, "g.py":1:0]'),
    ('fused<"m">["f.py":1:2 to 3:4]', 'fused<"m">["f.py":1:2 to 3:4]', 'fused<"m">["f.py":1:2]'),
    ('"layer"("f.py":1:2 to :9)', '"layer"("f.py":1:2 to :9)', '"layer"("f.py":1:2)'),
    (
        'callsite("f.py":7 at "g.py":1:2 to 3:4)',
        'callsite("f.py":7:0 at "g.py":1:2 to 3:4)',
        'callsite("f.py":7:0 at "g.py":1:2)',
    ),
]


@pytest.mark.parametrize(("spelled", "printed", "stored"), SPELLED)
def test_file_locations(spelled, printed, stored):
    text = print_module(parse_module(program(spelled)), locations=True)
    assert f"tfrt.constant.i32 1 loc({printed})" in text
    assert print_module(parse_module(text), locations=True) == text
    assert compile(program(spelled)) == compile(program(stored))


def test_a_range_has_an_alias():
    text = '#here = loc("f.py":1:2 to 3:4)\n' + program("#here")
    assert 'loc("f.py":1:2 to 3:4)' in print_module(parse_module(text), locations=True)


@pytest.mark.parametrize(
    ("location", "column", "message"),
    [
        ('"f":-1:2', 36, "expected integer line number in FileLineColRange"),
        ('"f":4294967296:2', 36, "expected integer line number in FileLineColRange"),
        ('"f":1:-2', 38, "expected integer column number in FileLineColRange"),
        ('"f":1:99999999999999999999', 38, "expected integer column number in FileLineColRange"),
        ('"f":1:2 to -1:2', 43, "expected integer line number in FileLineColRange"),
        ('"f":1:2 to 1:-2', 45, "expected integer column number in FileLineColRange"),
        ('"f":-1', 36, "expected integer line number in FileLineColRange"),
        ('"f":1 to 2:3', 38, "expected ')' or ':', found 'to'"),
        ('"f":1:2 to 3', 44, "expected ':', found ')'"),
        ('"f":"1":2', 36, 'expected an integer, found "1"'),
    ],
)
def test_positions_that_are_none(errors_of, location, column, message):
    assert errors_of(program(location)) == [f"2:{column}: error: {message}"]


def test_columns_count_bytes(errors_of):
    before = '  "x.é"() {a = "é€𝄞"} : () -> () '
    (error,) = errors_of("func.func @f() {\n" + before + "tfrt.nope\n}")
    assert error == f"2:{len(before.encode()) + 1}: error: custom op 'tfrt.nope' is unknown"


def test_columns_of_ops_behind_other_letters_are_stored_in_bytes():
    text = 'func.func @f() {\n  "x.é"() {a = "ü"} : () -> () %x = tfrt.constant.i32 1\n  tfrt.return\n}'
    bef = read_bef(compile(text, "t.mlir"))
    located = bef.location(bef.functions[0].kernels[2].location)
    assert str(located) == f"t.mlir:2:{text.splitlines()[1].encode().index(b'tfrt.constant') + 1}"


def test_the_caret_is_under_the_letter():
    text = "ü\té x"
    (line, caret) = Diagnostic("error", "m", _at(text, "x")).render(source_of_text("f", text)).splitlines()[1:]
    assert (line, caret) == (text, " \t  ^")


def _at(text: str, letter: str):
    from tfrt.compiler.frontend.errors import Source

    return Source(text, "f").position(text.index(letter))


def test_positions_may_be_asked_for_in_any_order():
    from tfrt.compiler.frontend.errors import Source

    text = "ü x é\n€ y ü z\n"
    source = Source(text, "f")
    expected = {
        offset: (before.count("\n") + 1, len(before.rpartition("\n")[2].encode()) + 1)
        for offset in range(len(text))
        for before in [text[:offset]]
    }
    order = [*expected, *reversed(expected), *sorted(expected, key=lambda offset: offset * 7 % 13)]
    assert [source.line_and_column(offset) for offset in order] == [expected[offset] for offset in order]
