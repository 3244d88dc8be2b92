"""The debugger of `bef-run --step`, as a user at its prompt sees it."""

from __future__ import annotations

import io
import os
import pty
import select
import subprocess
import sys

import pytest

import tfrt
from tfrt.executor.bef import read_bef
from tfrt.executor.engines.stepping import Stepping
from tfrt.executor.tools.step import Prompt

PROGRAM = """\
func.func @double(%x: i32) -> i32 {
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}
func.func @main() -> i32 {
  %x = tfrt.constant.i32 4
  %y = tfrt.call @double(%x) : (i32) -> i32
  %z = tfrt.add.i32 %y, %x
  tfrt.return %z : i32
}
"""

ARRAYS = """\
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %y = stablehlo.tanh %x : tensor<2x2xf32>
  %z = stablehlo.add %y, %y : tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}
"""


@pytest.fixture
def session(tmp_path, monkeypatch, tool):
    """Runs a program with commands on the standard input; gives what comes after the program's own first line."""
    monkeypatch.chdir(tmp_path)

    def run(commands, *options, text=PROGRAM):
        (tmp_path / "p.mlir").write_text(text)
        (tmp_path / "p.bef").write_bytes(tfrt.compile(text, "p.mlir"))
        done = tool("bef-run", "p.bef", *(options or ("--step",)), "--functions", "main", stdin=commands)
        assert done.err == ""
        return done.code, done.out.removeprefix("--- Running 'main':\n").replace("(bef-run) ", "> ")

    return run


def test_steps_show_what_kernels_give(session):
    code, out = session("step\ns\n\ncontinue\n")
    assert code == 0
    assert out == (
        "p.mlir:6:8: tfrt.constant.i32()\n  %x = tfrt.constant.i32 4\n       ^\n"
        ">   tfrt.constant.i32 -> 4\n"
        "p.mlir:7:8: tfrt.call(4)\n  %y = tfrt.call @double(%x) : (i32) -> i32\n       ^\n"
        "> p.mlir:2:8: tfrt.add.i32(4, 4)\n  %y = tfrt.add.i32 %x, %x\n       ^\n"
        ">   tfrt.add.i32 -> 8\n"
        "  tfrt.call -> 8\n"
        "p.mlir:8:8: tfrt.add.i32(8, 4)\n  %z = tfrt.add.i32 %y, %x\n       ^\n"
        "> 'main' returned 12\n"
    )


@pytest.mark.parametrize("pattern", ["tfrt.add*", "2", "p.mlir:2", "p.mlir:2:8"])
def test_it_stops_where_it_is_told_to(session, pattern):
    code, out = session("where\nprint\nprint 1\nprint 2\nresult\ndelete\nc\n", "--break", pattern)
    assert code == 0
    assert out == (
        "p.mlir:2:8: tfrt.add.i32(4, 4)\n  %y = tfrt.add.i32 %x, %x\n       ^\n"
        ">   p.mlir:7:8: tfrt.call(4) in @main\n"
        "  p.mlir:2:8: tfrt.add.i32(4, 4) in @double\n"
        ">   0  4\n  1  4\n"
        ">   4\n"
        "> there is no operand '2'; the kernel takes 2\n"
        ">   4\n"
        "> > 'main' returned 12\n"
    )


def test_where_to_stop_is_listed_and_changed(session):
    out = session("b 8\nbreak 2\ndelete 3\ndelete 2\nb\nc\nc\n")[1]
    assert ">   1  8\n>   1  8\n  2  2\n> there is no '3'; break lists what there is\n> >   1  8\n" in out
    assert out.endswith(
        "> p.mlir:8:8: tfrt.add.i32(8, 4)\n  %z = tfrt.add.i32 %y, %x\n       ^\n> 'main' returned 12\n"
    )


def test_where_nothing_is_the_prompt_says_so(session):
    out = session("b 99\nb @mai\nb\nq\n")[1]
    nothing = "> no kernel, op, function or line with a kernel is called"
    assert f"{nothing} '99'\n{nothing} '@mai'; did you mean '@main'?\n> > " in out


def test_it_stops_where_a_function_begins(session):
    code, out = session("c\n", "--break", "@double")
    assert (code, out.count("> ")) == (0, 1) and out.startswith("p.mlir:2:8: tfrt.add.i32(4, 4)\n")


def test_next_and_finish(session):
    out = session("n\nn\nn\n")[1]
    assert [line.partition(": ")[0].removeprefix("> ") for line in out.splitlines() if "p.mlir" in line] == [
        "p.mlir:6:8", "p.mlir:7:8", "p.mlir:8:8"
    ]  # fmt: skip
    out = session("f\nc\n", "--break", "2")[1]
    assert "p.mlir:8:8: tfrt.add.i32(8, 4)\n" in out and "p.mlir:7" not in out
    both = session("c\nc\n", "--step", "--break", "2")[1]
    assert "p.mlir:6:8: tfrt.constant.i32()" in both and "p.mlir:2:8: tfrt.add.i32(4, 4)" in both


def test_registers(session):
    assert ">   %0 = 4\n  %1 = 8\n> 'main'" in session("registers\nc\n", "--break", "8")[1]


def test_the_source_around_a_kernel(session):
    out = session("list\nc\n", "--break", "2")[1]
    assert (
        ">      1  func.func @double(%x: i32) -> i32 {\n>    2    %y = tfrt.add.i32 %x, %x\n     3    tfrt.return"
        in out
    )


def test_the_source_need_not_be_there(session, tmp_path):
    out = session("list\nc\n", "--break", "2", "--source-root", str(tmp_path / "elsewhere"))[1]
    assert "> the source is not at hand\n" in out


def test_arrays_are_shown(session, tool, tmp_path):
    session("c\n", text=ARRAYS)
    options = ("--break", "stablehlo.add", "--input", "2x2xf32=0")
    done = tool("bef-run", "p.bef", *options, stdin="p\np 0\nc\n")
    assert "p.mlir:3:8: cpu.elementwise (stablehlo.add)(2x2xf32, 2x2xf32)\n" in done.out
    assert "  0  2x2xf32=[0.0 0.0][0.0 0.0]\n  1  2x2xf32=[0.0 0.0][0.0 0.0]\n" in done.out


def test_quitting_and_the_end_of_the_commands(session):
    assert session("q\n")[0] == 0
    code, out = session("s\n")
    assert code == 0 and out.endswith("> \n") and "returned" not in out
    assert session("")[0] == 0


def test_the_end_of_the_commands_ends_a_program_that_has_no_end(session):
    endless = """\
func.func @body(%x: i1) -> (i1, i1) {
  %y = tfrt.and.i1 %x, %x
  tfrt.return %x, %y : i1, i1
}
func.func @main() -> i1 {
  %x = tfrt.constant.i1 true
  %y = tfrt.while %x @body(%x) parallel_iterations(1) : (i1) -> (i1)
  tfrt.return %y : i1
}
"""
    code, out = session("c\nc\n", "--break", "2", text=endless)
    assert (code, out) == (0, 3 * "p.mlir:2:8: tfrt.and.i1(true, true)\n  %y = tfrt.and.i1 %x, %x\n       ^\n> " + "\n")


def test_what_is_no_command(session):
    assert "> there is no command 'jump'; help lists them\n" in session("jump 3\nc\n")[1]


def test_help_lists_the_long_names(session):
    out = session("help\nhelp break\nc\n")[1]
    assert "break     delete  help  next   quit       result  where\n" in out
    assert "> break PATTERN: stop before kernels of that name" in out


def test_completion_knows_commands_kernels_and_ops():
    prompt = Prompt(Stepping(read_bef(tfrt.compile(ARRAYS))), lambda name: None, io.StringIO(), io.StringIO())
    assert prompt.completenames("s") == ["step"]
    known = ["@main", "cpu.elementwise", "cpu.own", "stablehlo.add", "stablehlo.tanh"]
    assert prompt.complete_break("", "break ", 6, 6) == known
    assert prompt.complete_break("stablehlo.t", "b stablehlo.t", 2, 13) == ["stablehlo.tanh"]
    # Lines are parted at the character.
    assert prompt.complete_break("ma", "b @ma", 3, 5) == ["main"]


def test_completion_at_a_terminal(tmp_path):
    (tmp_path / "p.bef").write_bytes(tfrt.compile(PROGRAM, "p.mlir"))
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "tfrt.executor.tools.bef_run", "p.bef", "--step", "--functions", "main"]
    environment = os.environ | {"TERM": "dumb", "INPUTRC": os.devnull}
    child = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=tmp_path, env=environment)
    os.close(terminal)
    shown = ""

    def until(text):
        nonlocal shown
        while text not in shown:
            assert select.select([controller], [], [], 20)[0], shown
            shown += os.read(controller, 4096).decode()
        shown = shown.partition(text)[2]

    try:
        until("(bef-run) ")
        os.write(controller, b"b tfrt.a\t\n")
        until("b tfrt.add.i32")
        until("  1  tfrt.add.i32")
        os.write(controller, b"del\t\nfin\t\n")
        until("finish")
        until("'main' returned 12")
        assert child.wait(60) == 0
    finally:
        child.kill()
        child.wait()
        os.close(controller)


ALONE = "--step and --break go with no other option that watches or compares kernels"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--step", "--profile", "p.json"), ALONE),
        (("--break", "x", "--dump-plan"), ALONE),
        (("--break", "99"), "no kernel, op, function or line with a kernel is called '99'"),
        (("--step", "--work_queue_type", "mstd"),
         "--step and --break go with --work_queue_type=s only: one kernel runs at a time"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(tool, tmp_path, options, message):
    path = tmp_path / "p.bef"
    path.write_bytes(tfrt.compile(PROGRAM))
    done = tool("bef-run", path, *options)
    assert (done.code, done.err) == (2, f"bef-run: {message}\n")


def test_the_program_must_be_a_file(tool):
    done = tool("bef-run", "--step", stdin=tfrt.compile(PROGRAM))
    message = "--step and --break read commands from the standard input, so the program must be a file"
    assert (done.code, done.err) == (2, f"bef-run: {message}\n")
