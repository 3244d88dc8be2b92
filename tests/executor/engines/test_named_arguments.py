"""Arguments and results that have names: files keep them, and calls may use them."""

from __future__ import annotations

import asyncio

import pytest

import tfrt
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef import read_bef

TEXT = """\
func.func @main(%a: i32 {tfrt.name = "left"}, %b: i32 {tfrt.name = "right hand"}, %c: i32)
    -> (i32 {tfrt.name = "sum"}) {
  %0 = tfrt.add.i32 %a, %b
  %1 = tfrt.add.i32 %0, %c
  tfrt.return %1 : i32
}
func.func @plain(%a: i32) -> i32 {
  tfrt.return %a : i32
}
"""
NAMED = TEXT.replace("%c: i32)", '%c: i32 {tfrt.name = "third"})')


@pytest.fixture
def main():
    return tfrt.load(tfrt.compile(NAMED))["main"]


def test_names_are_kept():
    program = tfrt.load(tfrt.compile(TEXT))
    assert program["main"].argument_names == ("left", "right hand", "")
    assert program["main"].result_names == ("sum",)
    assert (program["plain"].argument_names, program["plain"].result_names) == ((), ())
    text = disassemble(read_bef(tfrt.compile(TEXT)), generic=False, locations=False)
    assert '{tfrt.name = "right hand"}' in text
    assert tfrt.compile(text) == tfrt.compile(disassemble(read_bef(tfrt.compile(text)), generic=False, locations=False))


def test_files_without_names_have_no_section_for_them():
    text = TEXT.replace(' {tfrt.name = "left"}', "").replace(' {tfrt.name = "right hand"}', "")
    assert b"left" not in tfrt.compile(text.replace(' {tfrt.name = "sum"}', ""))
    assert len(tfrt.compile(TEXT)) > len(tfrt.compile(text.replace(' {tfrt.name = "sum"}', "")))


def test_arguments_by_name(main):
    assert main(1, 20, 300) == 321
    assert main(third=300, left=1, **{"right hand": 20}) == 321
    assert main(1, third=300, **{"right hand": 20}) == 321
    assert asyncio.run(main.call_async(1, 20, third=300)) == 321


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((1,), {"left": 2}, "function 'main' takes arguments by name, but 'left' is given twice"),
        ((), {"x": 2}, "function 'main' takes arguments by name, but 'x' is not among them: left, right hand, third"),
        ((1,), {"third": 2}, "function 'main' is not given 'right hand'"),
        ((1, 2, 3, 4), {"third": 2}, "function 'main' takes arguments by name, but 'third' is given twice"),
    ],
)
def test_names_that_are_wrong(main, arguments, named, message):
    with pytest.raises(tfrt.UsageError) as info:
        main(*arguments, **named)
    assert str(info.value) == message


def test_functions_without_names():
    plain = tfrt.load(tfrt.compile(TEXT))["plain"]
    with pytest.raises(tfrt.UsageError, match="but 'a' is not among them: none has one"):
        plain(a=1)
