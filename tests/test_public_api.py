"""The public surface: what `tfrt` exports is exactly this, and all of it is documented."""

import ast
import importlib
import inspect
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tfrt
import tfrt.ir

PUBLIC = [
    "AbortedError",
    "Aggregate",
    "AlreadyExistsError",
    "AsyncValue",
    "Attributes",
    "BF16",
    "BF16Array",
    "BefError",
    "CHAIN",
    "CPU_OPS",
    "CancelledError",
    "Chain",
    "CompileError",
    "CoreRuntime",
    "CpuOpHandler",
    "DType",
    "DataLossError",
    "DeadlineExceededError",
    "Debugger",
    "Dense",
    "DenseHostTensor",
    "Device",
    "Diagnostic",
    "EndedError",
    "ExecutionContext",
    "F16",
    "F16Array",
    "F32",
    "F32Array",
    "F64",
    "F64Array",
    "FailedPreconditionError",
    "Files",
    "Function",
    "Functions",
    "HOST_DEVICE",
    "HostContext",
    "I1",
    "I16",
    "I1Array",
    "I32",
    "I32Array",
    "I64",
    "I64Array",
    "I8",
    "I8Array",
    "InvalidArgumentError",
    "Invocation",
    "KernelError",
    "KernelRegistry",
    "LoadError",
    "Location",
    "NotFoundError",
    "Op",
    "OpAttrs",
    "OpChain",
    "OpEntry",
    "OpFlags",
    "OpHandler",
    "OpRegistry",
    "OutOfRangeError",
    "Outcome",
    "PermissionDeniedError",
    "Program",
    "Progress",
    "ResourceContext",
    "ResourceExhaustedError",
    "ResultCount",
    "ResultMetadata",
    "Runs",
    "Shape",
    "Stop",
    "StreamDevice",
    "String",
    "TensorHandle",
    "TensorMetadata",
    "TfrtError",
    "Type",
    "TypeArray",
    "UI16",
    "UI32",
    "UI64",
    "UI8",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "UsageError",
    "Variable",
    "compile",
    "cpu_op",
    "custom_call",
    "dispatch",
    "donate",
    "import_onnx",
    "import_tensorflow",
    "kernel",
    "load",
    "native_function",
    "on_device",
    "record_machine_code",
    "register_copy",
    "to_dense",
    "trace",
]


def test_the_public_surface():
    assert sorted(tfrt.__all__) == sorted(PUBLIC)
    assert all(hasattr(tfrt, name) for name in PUBLIC)


def public_names():
    return [(module, name) for module in (tfrt, tfrt.ir) for name in module.__all__]


def has_docstring(module, name):
    """Whether the source says what a public name is: as a docstring, or a string after the assignment."""
    tree = ast.parse(inspect.getsource(module))
    imported = {
        (alias.asname or alias.name): node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    if name in imported:
        return has_docstring(importlib.import_module(imported[name]), name)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement, following in itertools.pairwise([*body, None]) if isinstance(body, list) else ():
            if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == name:
                return bool(ast.get_docstring(statement))
            targets = getattr(statement, "targets", [getattr(statement, "target", None)])
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                value = following.value if isinstance(following, ast.Expr) else None
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    return True
    return False


def test_every_public_name_is_documented():
    assert [(module.__name__, name) for module, name in public_names() if not has_docstring(module, name)] == []


def test_a_name_without_a_docstring_is_found(tmp_path, monkeypatch):
    source = 'A = 1\n"""A."""\nB = 2\nC: int = 3\n"""C."""\ndef d(): ...\nclass E:\n    """E."""\nD = 4\n'
    (tmp_path / "some_names.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("some_names")
    assert [name for name in ("A", "B", "C", "d", "E", "D", "F") if has_docstring(module, name)] == ["A", "C", "E"]


def test_every_member_of_a_public_class_is_documented():
    undocumented = []
    for module, name in public_names():
        value = getattr(module, name)
        if not inspect.isclass(value) or not value.__module__.startswith("tfrt."):
            continue
        undocumented += [
            f"{name}.{member}"
            for member, definition in vars(value).items()
            if not member.startswith("_")
            and (inspect.isfunction(definition) or isinstance(definition, property))
            and not inspect.getdoc(definition)
        ]
        undocumented += [
            f"{name}.{field}"
            for field in inspect.get_annotations(value)
            # The marker `supplied_as` is between annotations and the engine.
            if not field.startswith("_") and field != "supplied_as" and not is_described(value, field)
        ]
    assert undocumented == []


def is_described(kind, field):
    """Whether the docstring of a class, or a string after the field, says what the field is."""
    return bool(re.search(rf"\b{field}\b", kind.__doc__ or "")) or (
        bool(re.search(rf'^    {field}: .*\n    """', inspect.getsource(kind), re.MULTILINE))
    )


def test_the_reference_has_every_public_name_once():
    docs = Path(__file__).parents[1] / "docs"
    for page, module in (("api.md", tfrt), ("api_ir.md", tfrt.ir)):
        shown = re.findall(r"^::: (\S+)$", (docs / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert sorted(shown) == sorted(f"{module.__name__}.{name}" for name in module.__all__)


def test_importing_does_not_import_the_compiler():
    code = "import sys, tfrt; print(sorted(m for m in sys.modules if m.partition('.')[0] in ('xdsl', 'lark')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_folder_of_modules_is_a_package():
    """`setup.py` installs packages, and those only."""
    root = Path(__file__).parents[1]
    folders = {
        path.parent for top in ("compiler", "dialects", "executor", "kernels") for path in (root / top).rglob("*.py")
    }
    assert folders and not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_compile_optimises_as_much_as_it_is_asked_to():
    text = """func.func @main() -> i32 {
  %a = tfrt.constant.i32 3
  %b = tfrt.add.i32 %a, %a
  tfrt.return %b : i32
}"""
    sizes = []
    for level in range(4):
        program = tfrt.load(tfrt.compile(text, opt_level=level))
        assert program["main"]() == 6
        sizes.append(len(program.bef.functions[0].kernels))
    # The first kernel is what gives the arguments.
    assert sizes == [3, 2, 2, 2]
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.compile(text, opt_level=4)
    assert str(caught.value) == "there is no optimisation level 4: they are 0 to 3"
