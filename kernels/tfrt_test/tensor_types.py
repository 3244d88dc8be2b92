"""Kernels of `tfrt_test` on the types of tensors: how one represents its elements."""

from __future__ import annotations

from dataclasses import dataclass

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.attributes import String
from tfrt.executor.values.chain import CHAIN, Chain


@dataclass(frozen=True, slots=True)
class TensorType:
    """A representation of tensors, known by its name."""

    name: str


_KNOWN = {name: TensorType(name) for name in ("DenseHost", "StringHost", "CooHost", "ScalarHost")}
_UNKNOWN = TensorType("Unknown")


@kernel("tfrt_test.get_static_tensor_type", pure=True)
def get_static_tensor_type(*, tensor_type: String) -> TensorType:
    return _KNOWN.get(tensor_type, _UNKNOWN)


@kernel("tfrt_test.print_tensor_type")
def print_tensor_type(tensor_type: TensorType, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"tensor_type = {tensor_type.name}\n")
    return chain
