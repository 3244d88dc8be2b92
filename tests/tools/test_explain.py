"""What `bef-run` says of an error beyond its place: the calls that it came through, and the user's Python code."""

from __future__ import annotations

import re

import pytest

import tfrt

KERNELS = """\
import tfrt


def helper(x):
    raise ValueError(f"{x} is odd")


@tfrt.kernel("explain_test.fail")
def fail(x: int) -> int:
    return helper(x)
"""

PROGRAM = """\
func.func @inner(%x: i32) -> i32 {
  %y = "explain_test.fail"(%x) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @main() -> i32 {
  %n = tfrt.constant.i32 4
  %x = tfrt.constant.i32 1
  %z = tfrt.repeat.i32 %n, %x : i32 {
    %y = tfrt.call @inner(%x) : (i32) -> i32
    tfrt.return %y : i32
  }
  tfrt.return %z : i32
}
"""

CALLS = """\
note: in the program, innermost call first:
  p.mlir:2:8: explain_test.fail(1) in @inner
  p.mlir:9:10: tfrt.call(1) in a region
  p.mlir:8:8: tfrt.repeat.i32(4, 1) in @main
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(KERNELS)
    (tmp_path / "p.mlir").write_text(PROGRAM)
    (tmp_path / "p.bef").write_bytes(tfrt.compile(PROGRAM, "p.mlir"))
    return tmp_path


def run(tool, *options):
    return tool("bef-run", "p.bef", "--functions", "main", "--kernels", "k.py", *options)


@pytest.mark.parametrize("options", [(), ("--no-plans",), ("--work_queue_type", "mstd:2"), ("--plan-threshold", "0")])
def test_the_calls_and_the_users_code(folder, tool, options):
    done = run(tool, *options)
    assert done.code == 1
    # From Python 3.13 on carets differ.
    shown = "".join(line for line in done.err.splitlines(keepends=True) if set(line.strip()) - set("^~"))
    assert shown == (
        "p.mlir:2:8: error: runtime error: ValueError: 1 is odd\n"
        '  %y = "explain_test.fail"(%x) : (i32) -> i32\n'
        f"{CALLS}"
        "note: raised by this Python code, innermost call last:\n"
        f'  File "{folder}/k.py", line 10, in fail\n'
        "    return helper(x)\n"
        f'  File "{folder}/k.py", line 5, in helper\n'
        '    raise ValueError(f"{x} is odd")\n'
        "ValueError: 1 is odd\n"
    )


def test_our_own_code_on_request(folder, tool):
    done = run(tool, "--internal-traceback")
    named = re.findall(r'File ".*?([a-z_]+\.py)", line \d+, in', done.err)
    assert named[-2:] == ["k.py", "k.py"] and "results.py" in named
    # It is a matter of this run.
    assert "results.py" not in run(tool).err


def test_nothing_where_the_place_says_it_all(folder, tool):
    text = 'func.func @f() -> i32 {\n  %x = "tfrt_test.fail"() : () -> i32\n  tfrt.return %x : i32\n}\n'
    (folder / "p.mlir").write_text(text)
    (folder / "f.bef").write_bytes(tfrt.compile(text, "p.mlir"))
    done = tool("bef-run", "f.bef")
    headline = "p.mlir:2:8: error: runtime error: something bad happened\n"
    assert done.err == headline + '  %x = "tfrt_test.fail"() : () -> i32\n       ^\n'


def test_the_shapes_of_arrays(folder, tool):
    text = (
        "func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {\n"
        "  %z = stablehlo.add %x, %y : tensor<?xf32>\n  return %z : tensor<?xf32>\n}\n"
    )
    (folder / "f.bef").write_bytes(tfrt.compile(text, "f.mlir"))
    done = tool("bef-run", "f.bef", "--input", "2xf32=1", "--input", "3xf32=1")
    assert done.code == 1
    assert done.err.splitlines()[-2:] == [
        "note: in the program, innermost call first:", "  f.mlir:2:8: cpu.call(2xf32, 3xf32) in @f"
    ]  # fmt: skip
