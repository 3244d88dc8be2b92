"""tfrt: compile MLIR text to bytecode and run it, asynchronously, on kernels that are Python functions.

::

    import tfrt

    bef = tfrt.compile(text, filename="program.mlir")     # bytes
    with tfrt.HostContext(work_queue="mstd:4") as host:
        program = tfrt.load(bef, host=host)               # or a path
        program["main"](1, 2)                             # waits, returns values
        await program["main"].call_async(1, 2)            # from a coroutine

The compiler, and with it xDSL and lark, is imported when `compile` is first called, and numpy when tensors are first
needed: a program that loads and runs scalars needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tfrt.executor.declarations.annotations import Attributes, Functions, ResultCount, ResultMetadata
from tfrt.executor.declarations.kernel_registry import KernelRegistry, kernel
from tfrt.executor.declarations.native_functions import native_function
from tfrt.executor.declarations.runs import Runs
from tfrt.executor.engines.program import Function, Program, load
from tfrt.executor.runtime.host_context import ExecutionContext, HostContext, ResourceContext
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import (
    BefError,
    CancelledError,
    CompileError,
    KernelError,
    LoadError,
    TfrtError,
    UsageError,
)
from tfrt.executor.support.files import Files
from tfrt.executor.support.location import Location
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import (
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
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.dtype import DType

if TYPE_CHECKING:
    from tfrt.executor.core_runtime.core_runtime import CoreRuntime
    from tfrt.executor.core_runtime.eager_op import OpChain
    from tfrt.executor.core_runtime.op_handler import OpHandler
    from tfrt.executor.core_runtime.tensor_handle import TensorHandle
    from tfrt.executor.declarations.metadata import TensorMetadata
    from tfrt.executor.declarations.op import OpFlags
    from tfrt.executor.declarations.op_attrs import OpAttrs
    from tfrt.executor.declarations.op_registry import cpu_op
    from tfrt.executor.values.tensor import DenseHostTensor

_NEED_NUMPY = {
    "CoreRuntime": "tfrt.executor.core_runtime.core_runtime",
    "DenseHostTensor": "tfrt.executor.values.tensor",
    "OpAttrs": "tfrt.executor.declarations.op_attrs",
    "OpChain": "tfrt.executor.core_runtime.eager_op",
    "OpFlags": "tfrt.executor.declarations.op",
    "OpHandler": "tfrt.executor.core_runtime.op_handler",
    "TensorHandle": "tfrt.executor.core_runtime.tensor_handle",
    "TensorMetadata": "tfrt.executor.declarations.metadata",
    "cpu_op": "tfrt.executor.declarations.op_registry",
}
"""Names that are imported when first used, since numpy comes with them."""

__all__ = [
    "BF16",
    "CHAIN",
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
    "AsyncValue",
    "Attributes",
    "BF16Array",
    "BefError",
    "CancelledError",
    "Chain",
    "CompileError",
    "CoreRuntime",
    "DType",
    "Dense",
    "DenseHostTensor",
    "Diagnostic",
    "ExecutionContext",
    "F16Array",
    "F32Array",
    "F64Array",
    "Files",
    "Function",
    "Functions",
    "HostContext",
    "I1Array",
    "I8Array",
    "I32Array",
    "I64Array",
    "KernelError",
    "KernelRegistry",
    "LoadError",
    "Location",
    "OpAttrs",
    "OpChain",
    "OpFlags",
    "OpHandler",
    "Program",
    "ResourceContext",
    "ResultCount",
    "ResultMetadata",
    "Runs",
    "Shape",
    "String",
    "TensorHandle",
    "TensorMetadata",
    "TfrtError",
    "Type",
    "TypeArray",
    "UsageError",
    "compile",
    "cpu_op",
    "kernel",
    "load",
    "native_function",
]


def compile(text: str, filename: str = "-", *, opt_level: int = 0) -> bytes:
    """Compile MLIR text to a BEF file.

    Args:
        text: the program.
        filename: what locations call it; runtime errors show the line where a file of this name is at hand.
        opt_level: 0 to 3: how much to optimise; 0 runs no passes.

    Raises:
        UsageError: there is no such level, or what installed packages add cannot be used.
        CompileError: the text is malformed or invalid; it holds one diagnostic for each mistake.
    """
    from tfrt.compiler import compile as compile_text

    return compile_text(text, filename, opt_level=opt_level)


def __getattr__(name: str) -> Any:
    if name in _NEED_NUMPY:
        return getattr(import_module(_NEED_NUMPY[name]), name)
    raise AttributeError(f"module 'tfrt' has no attribute '{name}'")
