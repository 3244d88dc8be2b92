"""Kernels of `tfrt_dht_sync`: the twins of `tfrt_dht` for synchronous functions, which need no chains."""

from __future__ import annotations

from typing import Any

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.shape import TensorShape
from tfrt.executor.values.tensor import DenseHostTensor, HostBuffer, Tensor
from tfrt.kernels import tfrt_dht

kernel("tfrt_dht_sync.allocate_buffer")(tfrt_dht.allocate_buffer)
kernel("tfrt_dht_sync.get_buffer_slice")(tfrt_dht.get_buffer_slice)
kernel("tfrt_dht_sync.get_tensor_shape")(tfrt_dht.get_tensor_shape)


@kernel("tfrt_dht_sync.print_tensor")
def print_tensor(tensor: Tensor, host: HostContext) -> None:
    host.write(f"{tensor}\n")


def _register_for_type(suffix: str, dtype: DType) -> None:
    create = tfrt_dht.create_uninitialized_tensor(dtype)
    for rank in tfrt_dht.RANKS:
        kernel(f"tfrt_dht_sync.create_uninitialized_tensor.{suffix}.{rank}")(create)

    @kernel(f"tfrt_dht_sync.make_tensor.{suffix}")
    def make_tensor(buffer: HostBuffer, shape: TensorShape) -> DenseHostTensor:
        return tfrt_dht.tensor_of_buffer("tfrt_dht_sync.make_tensor", buffer, dtype, shape)

    @kernel(f"tfrt_dht_sync.set_tensor_with_constant_values.{suffix}")
    @tfrt_dht.stored_as(values=tfrt_dht.stored_values(dtype))
    def set_tensor_with_constant_values(tensor: DenseHostTensor, *, values: Any) -> None:
        tfrt_dht.assign_constants(tensor, dtype, values)


for _suffix, _dtype in tfrt_dht.ELEMENT_TYPES.items():
    _register_for_type(_suffix, _dtype)
