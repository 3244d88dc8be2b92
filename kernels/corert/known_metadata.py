"""Tensors of which a program says the element types and shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.metadata import TensorMetadata, metadata_of
from tfrt.executor.declarations.op_attrs import read_metadata
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import TypedAggregate
from tfrt.executor.values.device import HOST_DEVICE
from tfrt.executor.values.tensor import DenseHostTensor, to_dense
from tfrt.kernels.corert.tensors import when_tensor_there


@kernel("corert.ensure_metadata", pure=True)
def ensure_metadata(*handles: TensorHandle, metadata: TypedAggregate, context: ExecutionContext) -> tuple[Any, ...]:
    """The tensors as dense ones on the host, when they are there."""
    return tuple(
        when_there(handle, known, context, lambda tensor: TensorHandle(context.host, HOST_DEVICE, tensor))
        for handle, known in zip(handles, read_metadata(metadata), strict=True)
    )


def when_there(
    handle: TensorHandle, wanted: TensorMetadata, context: ExecutionContext, result: Callable[[DenseHostTensor], Any]
) -> Any:
    """`result` of the tensor as a dense one on the host, now or when it is there; an error unless it is as `wanted`."""
    here = handle.transfer(HOST_DEVICE, context)
    return when_tensor_there(here, lambda tensor: result(_dense(tensor, wanted)))


def _dense(tensor: Any, wanted: TensorMetadata) -> DenseHostTensor:
    found = metadata_of(tensor)
    if found != wanted:
        raise KernelError(f"expected a tensor of {wanted}, got {found}")
    return to_dense(tensor)
