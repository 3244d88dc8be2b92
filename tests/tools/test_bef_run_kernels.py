"""Kernels that bef-run is given: files and modules of Python, and what is wrong with them."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import tfrt
from tests.tools.programs import compiled
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.tools import bef_run

TWICE = """\
import tfrt


@tfrt.kernel("{name}")
def twice(x: int) -> int:
    return 2 * x
"""


def test_kernels_from_a_file(tool, tmp_path):
    kernels = tmp_path / "from_file.py"
    kernels.write_text(TWICE.format(name="from_file.twice"))
    path = compiled(
        tmp_path,
        """
        func.func @f(%x: i32) -> i32 {
          %y = "from_file.twice"(%x) : (i32) -> i32
          tfrt.return %y : i32
        }
        """,
    )
    done = tool("bef-run", path, "--kernels", kernels, "--input=21")
    assert (done.code, done.out) == (0, "--- Running 'f':\n'f' returned 42\n")


def test_kernels_from_a_module_in_the_current_folder(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("from_module.py").write_text(TWICE.format(name="from_module.twice"))
    path = compiled(
        tmp_path,
        """
        func.func @f(%x: i32) -> i32 {
          %y = "from_module.twice"(%x) : (i32) -> i32
          tfrt.return %y : i32
        }
        """,
    )
    assert "returned 8" in tool("bef-run", path, "--kernels=from_module", "--input=4").out


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found' (FILE:1)"),
        ("x = 1\ny = z", "NameError: name 'z' is not defined (FILE:2)"),
        ("def", "SyntaxError: invalid syntax (broken.py, line 1)"),
        ("raise SystemExit(3)", "SystemExit: 3 (FILE:1)"),
    ],
)
def test_kernels_that_cannot_be_imported(tool, bef, tmp_path, content, reason):
    path = tmp_path / "broken.py"
    path.write_text(content)
    done = tool("bef-run", bef, "--kernels", path)
    expected = f"bef-run: cannot import kernels from '{path}': {reason.replace('FILE', str(path))}\n"
    assert (done.code, done.err) == (2, expected)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("no_such_file.py", "no such file"),
        ("../kernels", "expected a module's name or a .py file"),
        ("a_folder", "it is a folder without an __init__.py"),
    ],
)
def test_missing_kernel_modules(tool, bef, tmp_path, monkeypatch, name, reason):
    monkeypatch.chdir(tmp_path)
    Path("a_folder").mkdir()
    done = tool("bef-run", bef, "--kernels", name)
    assert (done.code, done.err) == (2, f"bef-run: cannot import kernels from '{name}': {reason}\n")


def test_bytes_that_are_not_utf8_pass_through(tool, tmp_path):
    path = compiled(
        tmp_path,
        r"""
        func.func @f() -> !tfrt.chain {
          %ch = tfrt.new.chain
          %s = tfrt_test.get_string {value = "caf\E9"}
          %ch1 = "tfrt_test.print_string"(%s, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
          tfrt.return %ch1 : !tfrt.chain
        }
        """,
    )
    assert tool("bef-run", path).stdout.splitlines()[1] == b"string = caf\xe9"


@kernel("tool_test.wrong_type")
def wrong_type() -> str:
    return "no number"


def test_a_kernel_that_returns_something_else_than_declared(tool, tmp_path):
    path = compiled(
        tmp_path,
        """
        func.func @f() -> (i32, f32) {
          %a = "tool_test.wrong_type"() : () -> i32
          %b = "tool_test.wrong_type"() : () -> f32
          tfrt.return %a, %b : i32, f32
        }
        """,
    )
    done = tool("bef-run", path)
    assert (done.code, done.err.splitlines()[0]) == (
        1,
        "test.mlir:3:8: error: runtime error: the result of 'tool_test.wrong_type' must be i32, got str 'no number'",
    )


def test_kernels_from_a_file_named_like_a_module_of_pythons(tool, tmp_path):
    import math

    kernels = tmp_path / "math.py"
    kernels.write_text(TWICE.format(name="from_math.twice"))
    text = 'func.func @f(%x: i32) -> i32 { %y = "from_math.twice"(%x) : (i32) -> i32 tfrt.return %y : i32 }'
    path = compiled(tmp_path, text)
    assert "returned 8" in tool("bef-run", path, "--kernels", kernels, "--input=4").out
    assert sys.modules["math"] is math


def test_modules_in_the_current_folder_do_not_stand_in_for_others(tool, bef, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    Path("colorsys.py").write_text("raise AssertionError('not the one that was asked for')")
    assert tool("bef-run", bef, "--kernels=colorsys", "--functions=seven").code == 0
    assert sys.path[-1] == str(tmp_path)


def test_the_folder_of_sources(tool, tmp_path, monkeypatch):
    sources, elsewhere = tmp_path / "sources", tmp_path / "elsewhere"
    sources.mkdir()
    elsewhere.mkdir()
    text = 'func.func @f() -> i32 {\n  %x = "tfrt_test.fail"() : () -> i32\n  tfrt.return %x : i32\n}\n'
    (sources / "f.mlir").write_text(text)
    (elsewhere / "f.bef").write_bytes(tfrt.compile(text, "f.mlir"))
    headline = "f.mlir:2:8: error: runtime error: something bad happened\n"
    line = '  %x = "tfrt_test.fail"() : () -> i32\n       ^\n'
    monkeypatch.chdir(elsewhere)
    assert tool("bef-run", "f.bef").err == headline
    assert tool("bef-run", "f.bef", "--source-root=../sources").err == headline + line
    monkeypatch.chdir(sources)
    assert tool("bef-run", "../elsewhere/f.bef").err == headline + line


@pytest.mark.parametrize("name", ["/dev/zero", "../secret.txt", "pipe"])
def test_a_location_opens_no_other_file(tool, tmp_path, monkeypatch, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret\n")
    monkeypatch.chdir(folder)
    os.mkfifo("pipe")
    op = f'"tfrt_test.fail"() : () -> i32 loc("{name}":1:1)'
    text = f"func.func @f() -> i32 {{\n  %x = {op}\n  tfrt.return %x : i32\n}}\n"
    Path("f.bef").write_bytes(tfrt.compile(text))
    assert tool("bef-run", "f.bef").err == f"{name}:1:1: error: runtime error: something bad happened\n"


def test_names_that_are_not_utf8(tmp_path, monkeypatch):
    """Of functions, files and attributes: they pass through; in an .npz file, which has none such, they are escaped."""
    text = """
        func.func @gabc(%a: i32) -> i32 {
          %x = "tfrt_test.sync_sum_attributes"() {qqq = 1 : i32} : () -> i32
          tfrt.return %x : i32
        }
        func.func @habc() -> (i32, i32) {
          %a = tfrt.constant.i32 5
          %x = tfrt.call @gabc(%a) : (i32) -> i32
          %y = "tfrt_test.fail"() : () -> i32 loc("ffff.mlir":1:1)
          tfrt.return %a, %y : i32, i32
        }
        """
    content = compiled(tmp_path, text).read_bytes()
    for name in (b"gabc", b"habc", b"ffff.mlir", b"qqq"):
        content = content.replace(name, name[:1] + b"\xff" + name[2:])
    (tmp_path / "f.bef").write_bytes(content)
    npz = tmp_path / "f.npz"

    def run(*options):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        monkeypatch.setattr("sys.stdout", streams[0])
        monkeypatch.setattr("sys.stderr", streams[1])
        bef_run.main([str(tmp_path / "f.bef"), *map(str, options)])
        return [stream.buffer.getvalue() for stream in streams]

    for options in ((), ("--no-plans",), ("--plan-threshold=0",), ("--work_queue_type=mstd:1",)):
        assert run(*options, "--functions=h\udcffbc") == [
            b"--- Running 'h\xffbc':\n'h\xffbc' returned 5,<<error: something bad happened>>\n",
            b"f\xffff.mlir:1:1: error: runtime error: something bad happened\n",
        ]
    assert b"h\xffbc" in run("--functions=f")[1]
    assert b"h\xffbc" in run("--dump-plan")[0]
    assert run("--profile", tmp_path / "p.json")[1].startswith(b"f\xffff.mlir:1:1")
    run("--output", npz)
    with np.load(npz) as saved:
        assert saved.files == ["h\\xffbc.0"]
