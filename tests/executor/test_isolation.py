"""The executor and the kernels need neither xDSL nor lark nor the compiler."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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
