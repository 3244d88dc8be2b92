"""Ops of `tfrt_test` that compute nothing: they show what the core runtime does with tensors of every kind.

Source of the semantics: ``backends/cpu/lib/ops/test/example_ops.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from tfrt.executor.declarations.metadata import same_metadata
from tfrt.executor.declarations.op import OpFlags
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.tensor import CooHostTensor, DenseHostTensor, ScalarHostTensor, Tensor, convert
from tfrt.kernels.tfrt_test.work import enqueue_work


@cpu_op(
    "tfrt_test.print",
    flags=OpFlags.ALLOWS_SCALAR | OpFlags.ALLOWS_COO | OpFlags.ALLOWS_STRING | OpFlags.SIDE_EFFECTS,
)
def print_(operand: Tensor, host: HostContext) -> None:
    """Write the tensor as a line."""
    host.write(f"{operand}\n")


@cpu_op(
    "tfrt_test.print_address",
    flags=OpFlags.ALLOWS_SCALAR | OpFlags.ALLOWS_COO | OpFlags.SIDE_EFFECTS,
)
def print_address(operand: DenseHostTensor | ScalarHostTensor | CooHostTensor, host: HostContext) -> None:
    """Write where a dense tensor's elements are in memory."""
    if isinstance(operand, DenseHostTensor):
        host.write(f"DenseHostTensor: buffer={operand.array.ctypes.data:#x}\n")
    else:
        host.write("Unsupported tensor type\n")


@cpu_op("tfrt_test.identity")
@cpu_op("tfrt_test.identity_dense_only")
def identity(operand: DenseHostTensor) -> DenseHostTensor:
    """The operand made dense, in the same memory if it was dense already."""
    return operand


@cpu_op("tfrt_test.async.noop", metadata=same_metadata, flags=OpFlags.ALLOWS_SCALAR)
@cpu_op("tfrt_test.async.noop_no_md", flags=OpFlags.ALLOWS_SCALAR)
def async_noop(operand: DenseHostTensor | ScalarHostTensor, host: HostContext) -> AsyncValue:
    """A copy, available once the work queue gets to it."""
    copy = convert(operand, operand.kind)
    return enqueue_work(host, lambda: copy)


@cpu_op("tfrt_test.error.tensor", metadata=same_metadata, flags=OpFlags.ALLOWS_SCALAR)
def error_tensor(operand: DenseHostTensor | ScalarHostTensor) -> AsyncValue:
    """No tensor, although its metadata is known."""
    return AsyncValue.failed(KernelError("error from test.error.tensor implementation"))
