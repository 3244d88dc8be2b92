"""The public surface: what `tfrt` exports is exactly this, and all of it is documented."""

import inspect
import subprocess
import sys

import pytest

import tfrt

PUBLIC = [
    "Aggregate",
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
    "Dense",
    "DenseHostTensor",
    "Device",
    "Diagnostic",
    "ExecutionContext",
    "F16",
    "F16Array",
    "F32",
    "F32Array",
    "F64",
    "F64Array",
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
    "Invocation",
    "KernelError",
    "KernelRegistry",
    "LoadError",
    "Location",
    "Op",
    "OpAttrs",
    "OpChain",
    "OpEntry",
    "OpFlags",
    "OpHandler",
    "OpRegistry",
    "Outcome",
    "Program",
    "ResourceContext",
    "ResultCount",
    "ResultMetadata",
    "Runs",
    "Shape",
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
    "UsageError",
    "compile",
    "cpu_op",
    "dispatch",
    "kernel",
    "load",
    "native_function",
    "on_device",
    "register_copy",
    "to_dense",
]


def test_the_public_surface():
    assert sorted(tfrt.__all__) == sorted(PUBLIC)
    assert all(hasattr(tfrt, name) for name in PUBLIC)


def test_everything_is_documented():
    undocumented = []
    for name in PUBLIC:
        value = getattr(tfrt, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        if not value.__doc__:
            undocumented.append(name)
        members = vars(value).items() if inspect.isclass(value) and value.__module__.startswith("tfrt.") else ()
        undocumented += [
            f"{name}.{member}"
            for member, definition in members
            if not member.startswith("_")
            and (inspect.isfunction(definition) or isinstance(definition, property))
            and not inspect.getdoc(definition)
        ]
    assert undocumented == []


def test_importing_does_not_import_the_compiler():
    code = "import sys, tfrt; print(sorted(m for m in sys.modules if m.partition('.')[0] in ('xdsl', 'lark')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_folder_of_modules_is_a_package():
    """`setup.py` installs packages, and those only."""
    from pathlib import Path

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
