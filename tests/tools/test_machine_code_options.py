"""`bef-run`'s options for machine code."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tfrt.executor.support.flat_code import is_possible
from tfrt.executor.support.saved_code import has_compiler


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--no-native", "--machine-code=f"], "--no-native and --machine-code exclude each other"),
        (["--processor=x86-64-v3"], "--processor goes with --save-machine-code"),
        (["--save-machine-code=g", "--no-native"], "--save-machine-code and --no-native exclude each other"),
        (["--save-machine-code=g", "--machine-code=f"], "--save-machine-code and --machine-code exclude each other"),
        (["--save-machine-code=g", "--dump-plan"], "--save-machine-code and --dump-plan exclude each other"),
        (["--save-machine-code=g", "--compare-with=h"], "--save-machine-code and --compare-with exclude each other"),
        (["--machine-code=none.code"], "cannot read 'none.code': No such file or directory"),
    ],
)
def test_bad_usage(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out, err) == (2, "", f"bef-run: {message}\n")


PROGRAM = """
func.func @main(%x: tensor<64x256xf32>, %w: tensor<256x512xf32>) -> tensor<64x512xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<64x256xf32>, tensor<256x512xf32>) -> tensor<64x512xf32>
  return %0 : tensor<64x512xf32>
}
"""


@pytest.mark.skipif(not (has_compiler() and is_possible()), reason="needs llvmlite, on Linux on x86")
def test_what_one_run_saves_another_takes(tmp_path, monkeypatch):
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "main.mlir").write_text(PROGRAM)

    def tool(name: str, *arguments: str) -> str:
        command = [sys.executable, "-m", name, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path).stdout

    tool("tfrt.compiler.tfrt_translate", "-O2", "main.mlir", "-o", "main.bef")
    inputs = ("--function=main", "--input=64x256xf32=0.5", "--input=256x512xf32=0.25")
    saved = tool("tfrt.executor.tools.bef_run", "main.bef", *inputs, "--save-machine-code=main.code")
    assert (tmp_path / "main.code").exists()
    taken = tool("tfrt.executor.tools.bef_run", "main.bef", *inputs, "--machine-code=main.code")
    assert saved == taken and "32" in saved
