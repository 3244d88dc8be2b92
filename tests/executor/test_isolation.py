"""The executor and the kernels need neither xDSL nor lark nor the compiler."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfrt

ROOT = Path(__file__).parents[2]
FORBIDDEN = ("xdsl", "lark", "tfrt.compiler", "tfrt.dialects")

RUN_WITHOUT_COMPILER = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("xdsl", "lark") or name.startswith(("tfrt.compiler", "tfrt.dialects")):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Refuse())
from tfrt.executor.tools.bef_run import main
code = main(sys.argv[1:])
assert not [m for m in sys.modules if m.startswith(("xdsl", "lark", "tfrt.compiler", "tfrt.dialects"))]
raise SystemExit(code)
"""


@pytest.mark.parametrize("program", ["control_flow", "concurrency", "tensors", "scalars"])
def test_running_with_the_compiler_blocked(program):
    golden = ROOT / "tests" / "golden"
    done = subprocess.run(
        [sys.executable, "-c", RUN_WITHOUT_COMPILER, str(golden / f"{program}.bef")], capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout == (golden / f"{program}.out").read_text()
    assert done.returncode == 0


MODEL = """
func.func @main(%x: tensor<2x3xf32>, %b: tensor<2xbf16>) -> (tensor<2x2xf32>, tensor<2xbf16>) {
  %w = stablehlo.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %z = stablehlo.tanh %y : tensor<2x2xf32>
  %c = stablehlo.add %b, %b : tensor<2xbf16>
  return %z, %c : tensor<2x2xf32>, tensor<2xbf16>
}
"""


def test_a_model_with_everything_else_blocked(tmp_path):
    """A framework's program, with weights and inputs from files, runs on numpy (and ml_dtypes for bf16) alone."""
    weights = str(tmp_path / "weights.safetensors")
    program = tmp_path / "model.bef"
    program.write_bytes(tfrt.compile(MODEL, opt_level=2, externalize_constants=weights, larger_than=0))
    np.savez(tmp_path / "args.npz", arg0=np.zeros((2, 3), np.float32), arg1=np.uint16([0x3F80, 0x4000]))
    blocked = '("xdsl", "lark", "jax", "jaxlib", "scipy", "safetensors", "numba")'
    done = subprocess.run(
        [
            sys.executable, "-c", RUN_WITHOUT_COMPILER.replace('("xdsl", "lark")', blocked, 1), str(program),
            "--weights", weights, "--function", "main", "--inputs", str(tmp_path / "args.npz"),
        ],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "--- Running 'main':\n'main' returned 2x2xf32=[0.0 0.0][0.0 0.0],2xbf16=2.0 4.0\n"


@pytest.mark.parametrize("folder", ["executor", "kernels"])
def test_no_module_imports_the_compiler(folder):
    offending = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in _imports(path)
        if name.startswith(FORBIDDEN)
    ]
    assert offending == []


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_bf16_is_imported_when_it_is_used():
    program = (
        "import tfrt, sys; from tfrt.kernels.tf import elementwise, matmul, nn; assert 'ml_dtypes' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_only_the_modules_of_what_is_asked_for_are_imported():
    program = (
        "import sys; from tfrt.executor.declarations.op_registry import CPU_OPS; assert CPU_OPS.get('stablehlo.sort'); "
        "print(sorted(name for name in sys.modules if name.startswith('tfrt.kernels.stablehlo')))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "['tfrt.kernels.stablehlo', 'tfrt.kernels.stablehlo.sorting']\n"
