"""Kernels of `tfrt_test` that look into the core runtime."""

from __future__ import annotations

from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.chain import CHAIN, Chain


@kernel("tfrt_test.error_tensorhandle")
def error_tensorhandle() -> TensorHandle:
    raise KernelError("invalid tensorhandle")


@kernel("tfrt_test.corert.op_attrs_print")
def op_attrs_print(attrs: OpAttrs, chain: Chain, host: HostContext) -> Chain:
    host.write(str(attrs))
    return CHAIN


@kernel("tfrt_test.corert.op_attrs_freeze")
def op_attrs_freeze(attrs: OpAttrs, chain: Chain) -> tuple[OpAttrs, Chain]:
    return attrs.freeze(), CHAIN


@kernel("tfrt_test.corert.op_attrs_ref_print")
def op_attrs_ref_print(attrs: OpAttrs, chain: Chain, host: HostContext) -> Chain:
    host.write(str(attrs))
    return CHAIN
