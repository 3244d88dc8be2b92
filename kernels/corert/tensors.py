"""Kernels of `corert` that make tensor handles, look into them, and move them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import Aggregate, Dense, I64Array, Stored
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.device import HOST_DEVICE, Device
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.shape import TensorShape
from tfrt.executor.values.tensor import DenseHostTensor, StringHostTensor, Tensor, convert, elements, to_dense
from tfrt.kernels.tfrt_test.tensor_types import TensorType

_ELEMENT_TYPES = {
    **{f"ui{bits}": DType[f"UI{bits}"] for bits in (8, 16, 32, 64)},
    **{f"i{bits}": DType[f"I{bits}"] for bits in (1, 8, 16, 32, 64)},
    "bf16": DType.BF16,
    "f16": DType.F16,
    "f32": DType.F32,
    "f64": DType.F64,
    "complex64": DType.COMPLEX64,
    "complex128": DType.COMPLEX128,
}


@kernel("corert.const_dense_tensor", pure=True)
def const_dense_tensor(host: HostContext, *, value: Dense) -> TensorHandle:
    """The constant as a tensor that views the file, which may not be written to."""
    return _handle(host, DenseHostTensor(value, DType.of(value)))


@kernel("corert.const_string_tensor", pure=True)
def const_string_tensor(host: HostContext, *, shape: I64Array, value: Aggregate) -> TensorHandle:
    """A tensor of strings; one string stands for as many as the shape has elements."""
    count = math.prod(shape)
    strings = tuple(value) * count if len(value) == 1 else tuple(value)
    if len(strings) != count:
        raise KernelError(f"a string tensor of shape {list(shape)} needs {count} strings, not {len(strings)}")
    return _handle(host, StringHostTensor(shape, strings))


def _create_dense_tensor(dtype: DType) -> Callable[..., Any]:
    parts = {DType.COMPLEX64: DType.F32, DType.COMPLEX128: DType.F64}.get(dtype)

    def create(host: HostContext, *, shape: Any, value: Any) -> TensorHandle:
        values = value if parts is None else [complex(r, i) for r, i in zip(value[::2], value[1::2], strict=True)]
        count = math.prod(shape)
        if len(values) not in (1, count):
            raise KernelError(f"a tensor of shape {list(shape)} needs {count} values, not {len(values)}")
        array = np.broadcast_to(elements(values, dtype).reshape(-1 if len(values) == 1 else shape), shape)
        return _handle(host, DenseHostTensor(np.ascontiguousarray(array).reshape(shape), dtype))

    create.__annotations__.update(
        host=HostContext, shape=I64Array, value=Annotated[Any, Stored("array", parts or dtype)]
    )
    return create


CREATE_DENSE_TENSOR = {suffix: _create_dense_tensor(dtype) for suffix, dtype in _ELEMENT_TYPES.items()}
"""The kernels that make a dense tensor, by the element type's suffix; `corert_sync` has the same."""

for _suffix, _create in CREATE_DENSE_TENSOR.items():
    kernel(f"corert.create_dense_tensor.{_suffix}")(_create)


@kernel("corert.print_tensorhandle")
def print_tensorhandle(handle: TensorHandle, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"{handle}\n")
    return CHAIN


@kernel("corert.tensorhandle_to_shape", pure=True)
def tensorhandle_to_shape(handle: TensorHandle, chain: Chain = CHAIN) -> Any:
    metadata = handle.metadata
    if type(metadata) is not AsyncValue:
        return TensorShape(metadata.shape)
    shape = AsyncValue()
    metadata.and_then(fulfilling([shape], lambda m: [m if m.is_error else TensorShape(m.value.shape)]))
    return shape


@kernel("corert.ht_to_tensorhandle")
def ht_to_tensorhandle(tensor: Tensor, chain: Chain, host: HostContext) -> TensorHandle:
    return _handle(host, tensor)


@kernel("corert.tensorhandle_to_ht")
def tensorhandle_to_ht(handle: TensorHandle, chain: Chain = CHAIN) -> Any:
    return handle.tensor


@kernel("corert.tensorhandle_to_int32")
def tensorhandle_to_int32(handle: TensorHandle) -> Any:
    return when_tensor_there(handle, _index)


@kernel("corert.get_dst_tensor_type")
def get_dst_tensor_type(handle: TensorHandle, device: Device) -> Any:
    return when_tensor_there(handle, lambda tensor: TensorType(_host_kind(tensor)))


@kernel("corert.transfer")
def transfer_kernel(
    handle: TensorHandle, device: Device, tensor_type: TensorType, context: ExecutionContext
) -> TensorHandle:
    """The tensor on `device` in the given format; the same tensor where it is that already."""
    return _transferred(handle, device, lambda _: tensor_type.name, context)


@kernel("corert.transfer_inferred_tensortype")
def transfer_inferred_tensortype(handle: TensorHandle, device: Device, context: ExecutionContext) -> TensorHandle:
    return _transferred(handle, device, _host_kind, context)


def _transferred(
    handle: TensorHandle, device: Device, kind: Callable[[Tensor], str], context: ExecutionContext
) -> TensorHandle:
    def move(tensor: Tensor) -> Tensor:
        wanted = kind(tensor)
        return tensor if tensor.kind == wanted else convert(tensor, wanted)

    # What is in another memory has the one kind that it has there; only host tensors come in several.
    if device.kind != HOST_DEVICE.kind:
        return handle.transfer(device, context)
    here = handle.transfer(device, context)
    return TensorHandle(context.host, device, when_tensor_there(here, move), here.metadata)


def _host_kind(tensor: Tensor) -> str:
    return StringHostTensor.kind if isinstance(tensor, StringHostTensor) else DenseHostTensor.kind


def _index(tensor: Tensor) -> int:
    dense = to_dense(tensor)
    if dense.dtype is not DType.I32:
        raise KernelError("Expecting a DenseHostTensor of int32 as branch index.")
    if dense.shape not in ((), (1,)):
        raise KernelError("The tensor should have only one element, which is the index.")
    return int(dense.array.reshape(-1)[0])


def when_tensor_there(handle: TensorHandle, function: Callable[[Tensor], Any]) -> Any:
    """`function` of the tensor, now or when it is there."""
    tensor = handle.tensor
    if type(tensor) is not AsyncValue:
        return function(tensor)
    result = AsyncValue()
    tensor.and_then(fulfilling([result], lambda there: [there if there.is_error else function(there.value)]))
    return result


def _handle(host: HostContext, tensor: Tensor) -> TensorHandle:
    return TensorHandle(host, HOST_DEVICE, tensor)
