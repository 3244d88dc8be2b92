"""tfrt: compile MLIR text to bytecode and run it, asynchronously, on kernels that are Python functions.

::

    import tfrt

    bef = tfrt.compile(text, filename="program.mlir")     # bytes
    with tfrt.HostContext(work_queue="mstd:4") as host:
        program = tfrt.load(bef, host=host)               # or a path
        program["main"](1, 2)                             # waits, returns values
        await program["main"].call_async(1, 2)            # from a coroutine

Names are imported when first used: a program that only loads and runs needs neither xDSL nor lark.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfrt.compiler import compile
    from tfrt.executor.async_value import AsyncValue
    from tfrt.executor.attributes import (
        BF16,
        F16,
        F32,
        F64,
        I1,
        I8,
        I16,
        I32,
        I64,
        UI8,
        UI16,
        UI32,
        UI64,
        Aggregate,
        BF16Array,
        Dense,
        F16Array,
        F32Array,
        F64Array,
        I1Array,
        I8Array,
        I32Array,
        I64Array,
        Shape,
        String,
        Type,
        TypeArray,
    )
    from tfrt.executor.diagnostics import Diagnostic
    from tfrt.executor.dtype import DType
    from tfrt.executor.errors import (
        BefError,
        CancelledError,
        CompileError,
        KernelError,
        LoadError,
        TfrtError,
        UsageError,
    )
    from tfrt.executor.host_context import ExecutionContext, HostContext, ResourceContext
    from tfrt.executor.kernel_registry import Attributes, Functions, KernelRegistry, ResultCount, kernel
    from tfrt.executor.location import Location
    from tfrt.executor.native_functions import native_function
    from tfrt.executor.program import Function, Program, load
    from tfrt.executor.tensor import DenseHostTensor
    from tfrt.executor.values import CHAIN, Chain

_MODULES = {
    "tfrt.compiler": ("compile",),
    "tfrt.executor.async_value": ("AsyncValue",),
    "tfrt.executor.attributes": (
        "BF16",
        "F16",
        "F32",
        "F64",
        "I1",
        "I8",
        "I16",
        "I32",
        "I64",
        "UI8",
        "UI16",
        "UI32",
        "UI64",
        "Aggregate",
        "BF16Array",
        "Dense",
        "F16Array",
        "F32Array",
        "F64Array",
        "I1Array",
        "I8Array",
        "I32Array",
        "I64Array",
        "Shape",
        "String",
        "Type",
        "TypeArray",
    ),
    "tfrt.executor.diagnostics": ("Diagnostic",),
    "tfrt.executor.dtype": ("DType",),
    "tfrt.executor.errors": (
        "BefError",
        "CancelledError",
        "CompileError",
        "KernelError",
        "LoadError",
        "TfrtError",
        "UsageError",
    ),
    "tfrt.executor.host_context": ("ExecutionContext", "HostContext", "ResourceContext"),
    "tfrt.executor.kernel_registry": ("Attributes", "Functions", "KernelRegistry", "ResultCount", "kernel"),
    "tfrt.executor.location": ("Location",),
    "tfrt.executor.native_functions": ("native_function",),
    "tfrt.executor.program": ("Function", "Program", "load"),
    "tfrt.executor.tensor": ("DenseHostTensor",),
    "tfrt.executor.values": ("CHAIN", "Chain"),
}

_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [  # noqa: PLE0604 - the names are those of _MODULES
    *_HOME
]


def __getattr__(name: str) -> Any:
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(f"module 'tfrt' has no attribute '{name}'")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
