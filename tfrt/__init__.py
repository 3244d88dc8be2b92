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

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tfrt.executor.declarations.annotations import Attributes, Functions, ResultCount, ResultMetadata
from tfrt.executor.declarations.kernel_registry import KernelRegistry, kernel
from tfrt.executor.declarations.native_functions import native_function
from tfrt.executor.declarations.runs import Runs
from tfrt.executor.engines.function import Function
from tfrt.executor.engines.program import Program, load
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import (
    AbortedError,
    AlreadyExistsError,
    BefError,
    CancelledError,
    CompileError,
    DataLossError,
    DeadlineExceededError,
    EndedError,
    FailedPreconditionError,
    InvalidArgumentError,
    KernelError,
    LoadError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    TfrtError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
    UnknownError,
    UsageError,
)
from tfrt.executor.support.files import Files
from tfrt.executor.support.location import Location
from tfrt.executor.support.progress import Progress
from tfrt.executor.support.version import VERSION
from tfrt.executor.values.arguments import donate
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
    from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
    from tfrt.executor.core_runtime.dispatch import dispatch, on_device
    from tfrt.executor.core_runtime.eager_op import OpChain
    from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler, Outcome
    from tfrt.executor.core_runtime.stream_device import StreamDevice
    from tfrt.executor.core_runtime.tensor_handle import TensorHandle
    from tfrt.executor.core_runtime.transfer import register_copy
    from tfrt.executor.declarations.custom_calls import custom_call
    from tfrt.executor.declarations.metadata import TensorMetadata
    from tfrt.executor.declarations.op import OpEntry, OpFlags
    from tfrt.executor.declarations.op_attrs import OpAttrs
    from tfrt.executor.declarations.op_registry import CPU_OPS, OpRegistry, cpu_op
    from tfrt.executor.engines.debugger import Debugger, Stop
    from tfrt.executor.runtime.events import EventTrace
    from tfrt.executor.values.device import HOST_DEVICE, Device
    from tfrt.executor.values.tensor import DenseHostTensor, to_dense
    from tfrt.executor.values.variable import Variable

__version__ = VERSION

_WHEN_USED = {
    "CPU_OPS": "tfrt.executor.declarations.op_registry",
    "CoreRuntime": "tfrt.executor.core_runtime.core_runtime",
    "CpuOpHandler": "tfrt.executor.core_runtime.cpu_op_handler",
    "Debugger": "tfrt.executor.engines.debugger",
    "DenseHostTensor": "tfrt.executor.values.tensor",
    "Device": "tfrt.executor.values.device",
    "HOST_DEVICE": "tfrt.executor.values.device",
    "Invocation": "tfrt.executor.core_runtime.op_handler",
    "Op": "tfrt.executor.core_runtime.op_handler",
    "OpAttrs": "tfrt.executor.declarations.op_attrs",
    "OpChain": "tfrt.executor.core_runtime.eager_op",
    "OpEntry": "tfrt.executor.declarations.op",
    "OpFlags": "tfrt.executor.declarations.op",
    "OpHandler": "tfrt.executor.core_runtime.op_handler",
    "OpRegistry": "tfrt.executor.declarations.op_registry",
    "Outcome": "tfrt.executor.core_runtime.op_handler",
    "Stop": "tfrt.executor.engines.debugger",
    "StreamDevice": "tfrt.executor.core_runtime.stream_device",
    "TensorHandle": "tfrt.executor.core_runtime.tensor_handle",
    "TensorMetadata": "tfrt.executor.declarations.metadata",
    "Variable": "tfrt.executor.values.variable",
    "cpu_op": "tfrt.executor.declarations.op_registry",
    "custom_call": "tfrt.executor.declarations.custom_calls",
    "dispatch": "tfrt.executor.core_runtime.dispatch",
    "on_device": "tfrt.executor.core_runtime.dispatch",
    "register_copy": "tfrt.executor.core_runtime.transfer",
    "to_dense": "tfrt.executor.values.tensor",
}
"""Names that are imported when first used, since numpy comes with them or only devices need them."""

__all__ = [
    "BF16",
    "CHAIN",
    "CPU_OPS",
    "F16",
    "F32",
    "F64",
    "HOST_DEVICE",
    "I1",
    "I8",
    "I16",
    "I32",
    "I64",
    "UI8",
    "UI16",
    "UI32",
    "UI64",
    "AbortedError",
    "Aggregate",
    "AlreadyExistsError",
    "AsyncValue",
    "Attributes",
    "BF16Array",
    "BefError",
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
    "F16Array",
    "F32Array",
    "F64Array",
    "FailedPreconditionError",
    "Files",
    "Function",
    "Functions",
    "HostContext",
    "I1Array",
    "I8Array",
    "I32Array",
    "I64Array",
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


def compile(
    text: str,
    filename: str = "-",
    *,
    opt_level: int = 0,
    externalize_constants: str | None = None,
    larger_than: int = 1024,
    input_shapes: Mapping[str | int, Sequence[int | None] | str] | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> bytes:
    """Compile MLIR text to a BEF file.

    Args:
        text: the program.
        filename: what locations call it; runtime errors show the line where a file of this name is at hand.
        opt_level: 0 to 3: how much to optimise; 0 runs no passes.
        externalize_constants: a safetensors file for constant arrays of more than `larger_than` bytes, which are then
            not in the BEF file: `load` takes it as `weights`.
        input_shapes: shapes of arguments of a framework's functions, by the argument's name, ``function.name`` or
            number: sizes, of which None is one that stays unknown, or text such as ``8x28x28`` or ``8x?xf32``. Ops
            whose shapes follow from them run as if the text had said these.
        progress: told of each step (reading, each pass, writing) as it begins; what it raises ends the compilation.

    Raises:
        UsageError: there is no such level, what installed packages add cannot be used, the file for constants cannot
            be written, or `input_shapes` names no argument.
        CompileError: the text is malformed or invalid, or `input_shapes` does not fit it; it holds one diagnostic for
            each mistake.
    """
    from tfrt.compiler import compile as compile_text

    return compile_text(
        text,
        filename,
        opt_level=opt_level,
        externalize_constants=externalize_constants,
        larger_than=larger_than,
        input_shapes=input_shapes,
        progress=progress,
    )


def import_onnx(
    source: str | os.PathLike[str] | Any,
    *,
    weights: str | os.PathLike[str] | None = None,
    larger_than: int = 1024,
    input_shapes: Mapping[str | int, Sequence[int | None] | str] | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> str:
    """The MLIR text of a program whose function ``main`` is what an ONNX model does; needs the package ``onnx``.

    The graph's inputs are its arguments, in their order and under their names, and sizes that have a name instead of a
    number are known when it is called.

    Args:
        source: a file, or an ``onnx.ModelProto``.
        weights: a safetensors file for initializers of more than `larger_than` bytes, which are then not in the text:
            `load` takes it as `weights`.
        input_shapes: shapes of inputs, by name or number, in place of what the model says; see `compile`. Known here,
            they make ops of StableHLO of operators that need them.
        progress: told of each step as it begins; what it raises ends the import.

    Raises:
        UsageError: the package ``onnx`` is missing, a file cannot be read or written, or an input cannot have the shape
            that is given for it.
        CompileError: there are operators that are not supported; it names each with its node.
    """
    from tfrt.compiler.importers.onnx import import_onnx as import_model

    return import_model(source, weights=weights, larger_than=larger_than, input_shapes=input_shapes, progress=progress)


def import_tensorflow(
    source: str | os.PathLike[str] | Any,
    *,
    signature: str = "serving_default",
    weights: str | os.PathLike[str] | None = None,
    larger_than: int = 1024,
    progress: Callable[[Progress], object] | None = None,
) -> str:
    """The MLIR text of a program whose function is a signature of a model of TensorFlow's, under the signature's name;
    needs the package ``tensorflow``.

    Its arguments and results have the signature's names. Variables are constants of the values that they have now,
    unless the signature changes one: then they are the program's, and have these values at first.

    Args:
        source: a SavedModel's folder, a Keras file, or a Keras model.
        weights: a safetensors file for constants of more than `larger_than` bytes, which are then not in the text:
            `load` takes it as `weights`. Values of variables have the variables' names there.
        progress: told of each step as it begins; what it raises ends the import.

    Raises:
        UsageError: the package ``tensorflow`` is missing, or a file cannot be read or written, or there is no such
            signature.
        CompileError: there is what is not supported; it names each op with its node.
    """
    from tfrt.compiler.importers.tensorflow import import_tensorflow as import_model

    return import_model(source, signature=signature, weights=weights, larger_than=larger_than, progress=progress)


def record_machine_code(path: str | os.PathLike[str], *, level: str | None = None) -> AbstractContextManager[None]:
    """Save the machine code that this process makes meanwhile to a file, for machines without Numba.

    What runs in the block on hosts with ``native=True`` is made, and saved: so call what is to be called there, with
    arguments of the same types and shapes, on as many threads. There, ``HostContext(machine_code=path)`` takes it. It
    must come before any other machine code of the process. Machine code of scalar functions is Numba's, and not saved.

    Args:
        path: the file, which is as it was if the block raises.
        level: which processors are to run it, ``x86-64-v3`` (with AVX2) or ``x86-64-v4`` (with AVX-512); by default the
            best level that this processor has.

    Raises:
        UsageError: there is no such level, this processor does not have it, llvmlite is not installed, this process has
            made machine code before, none is made in the block, or the file cannot be written.
    """
    from tfrt.executor.support.saved_code import record

    return record(path, level)


def trace(path: str | os.PathLike[str] | None = None, *, level: str = "kernels") -> AbstractContextManager[EventTrace]:
    """Record what programs do, and passes of the compiler, in this process meanwhile, and write it to a file.

    Perfetto (https://ui.perfetto.dev) opens the file; ``docs/operating.md`` says what is in it. Programs that have been
    loaded already are recorded, too, from their next call on. The block gets the events; their ``kernels()`` are how
    long each kernel has taken.

    Args:
        path: a file for Chrome's trace events (JSON); by default there is none.
        level: ``functions``: requests and calls of functions, at hardly any cost; ``kernels``: each kernel, too, and
            what waited for what: then programs run kernel by kernel, not from plans; ``values``: also what kernels take
            and give.

    Raises:
        UsageError: there is no such level, there is a trace already, or the file cannot be written.
    """
    from tfrt.executor.engines.traces import traced

    return traced(path, level)


def __getattr__(name: str) -> Any:
    if name in _WHEN_USED:
        return getattr(import_module(_WHEN_USED[name]), name)
    raise AttributeError(f"module 'tfrt' has no attribute '{name}'")
