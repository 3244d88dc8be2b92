"""`examples/plugin`, as if it was installed, and the document that goes through it."""

import ast
import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import tfrt
import tfrt.ir

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "examples" / "plugin"
DOCUMENT = ROOT / "docs" / "extending.md"

MAIN = """\
--- Not running 'volume' because it has arguments.
--- Running 'main':
f32 = 2.500000
DenseHostTensor dtype = f32, shape = [4], values = [0.000000e+00, 5.000305e-02, 1.000000e+00, 1.638400e+04]
'main' returned !tfrt.chain value
"""


@pytest.fixture
def plugin(install, monkeypatch):
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    install(project["name"], project["entry-points"])
    monkeypatch.syspath_prepend(PLUGIN)
    yield project
    for name in [name for name in sys.modules if name.partition(".")[0] == "fixed_point"]:
        del sys.modules[name]


@pytest.mark.parametrize("options", [[], ["-O1"], ["-O3"], ["-p", "fixed-shift,canonicalize"]])
def test_its_program_runs_with_any_passes(plugin, tool, options):
    optimised = tool("tfrt-opt", "--verify-roundtrip", *options, PLUGIN / "program.mlir")
    assert optimised.err == ""
    bef = tool("tfrt-translate", stdin=optimised.stdout).stdout
    done = tool("bef-run", stdin=bef)
    assert (done.out, done.err) == (MAIN, "")
    assert tool("tfrt-translate", stdin=tool("tfrt-translate", stdin=bef).stdout).stdout == bef


def test_its_pass_and_its_canonicalization_show(plugin, tool):
    text = tool("tfrt-opt", "--fixed-shift", "--canonicalize", PLUGIN / "program.mlir").out
    assert "%0 = fixed.shift %arg0 by -2\n    tfrt.return %0 : !fixed.q16" in text
    assert tool("tfrt-opt", "-O1", PLUGIN / "program.mlir").out.count("fixed.multiply") == 1


def test_a_shift_has_the_location_of_the_product(plugin, tool):
    text = tool("tfrt-opt", "--fixed-shift", "--print-debuginfo", PLUGIN / "program.mlir").out
    assert re.search(r"fixed\.shift .* loc\(\".*program\.mlir\":7:8\)", text)


def test_a_synchronous_function_does_not_return_its_argument(plugin, tool):
    text = """func.func @f(%x: !fixed.q16) -> !fixed.q16 attributes {tfrt.sync} {
  %one = fixed.constant 1.0
  %same = fixed.multiply %x by %one
  tfrt.return %same : !fixed.q16
}"""
    assert tool("tfrt-translate", "-O1", "-p", "fixed-shift", stdin=text).err == ""


CALL = """func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.custom_call @fixed_round(%x) {mhlo.backend_config = {scale = 2.0 : f32}}
    : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}"""


def test_programs_of_frameworks_call_it(plugin):
    found = tfrt.load(tfrt.compile(CALL))["main"](np.array([0.5, 2**-17 * 3], np.float32))
    np.testing.assert_array_equal(found, [1, 2**-14])
    with pytest.raises(tfrt.KernelError) as caught:
        tfrt.load(tfrt.compile(CALL.replace("2xf32", "2xf64")))["main"](np.zeros(2))
    assert caught.value.message == "fixed_round takes f32, not f64"


def test_no_package_is_needed_for_its_name_alone(tool):
    done = tool("tfrt-opt", PLUGIN / "program.mlir")
    assert "program.mlir:4:10: error: custom op 'fixed.constant' is unknown" in done.err


PUBLIC = {"tfrt": tfrt, "tfrt.ir": tfrt.ir}


def names_used(text):
    """The names of tfrt that Python code uses, as ``module.name``."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tfrt":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names if alias.name.partition(".")[0] == "tfrt")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tfrt":
            yield ("tfrt", node.attr)


def code():
    yield from ((str(path.relative_to(ROOT)), path.read_text()) for path in sorted(PLUGIN.rglob("*.py")))
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    yield from ((f"block {number} of the document", block) for number, block in enumerate(blocks))


def test_it_and_the_document_use_public_names_only():
    used = {(where, *name) for where, text in code() for name in names_used(text)}
    assert len(used) > 40
    assert not [
        (where, module, name)
        for where, module, name in used
        if module not in PUBLIC or (name is not None and name not in PUBLIC[module].__all__)
    ]


def test_the_documents_snippets_are_the_files_text():
    spec = importlib.util.spec_from_file_location("snippets", ROOT / "docs" / "snippets.py")
    snippets = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(snippets)
    text = DOCUMENT.read_text(encoding="utf-8")
    assert snippets.renewed(text) == text, "python docs/snippets.py writes the snippets anew"
    shown = set(re.findall(r"<!-- examples/plugin/(\S+)", text))
    assert shown == {
        "pyproject.toml",
        *(f"fixed_point/{name}.py" for name in ("dialect", "kernels", "passes", "device", "calls")),
    }
