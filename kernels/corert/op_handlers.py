"""Kernels of `corert` that make, name and find op handlers.

Source of the semantics: ``lib/core_runtime/kernels.cc`` and ``backends/cpu/lib/core_runtime/op_handler_kernels.cc`` in
tensorflow/runtime.
"""

from __future__ import annotations

from collections.abc import Callable

from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.logging_op_handler import LoggingOpHandler
from tfrt.executor.core_runtime.op_handler import NullOpHandler, OpHandler
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError, UsageError
from tfrt.executor.values.attributes import String
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.device import HOST_DEVICE, Device


@kernel("corert.create_null_op_handler")
def create_null_op_handler() -> OpHandler:
    return NullOpHandler()


@kernel("corert.create_cpu_op_handler")
def create_cpu_op_handler(fallback: OpHandler) -> OpHandler:
    return CpuOpHandler(fallback, HOST_DEVICE)


@kernel("corert.create_cpu_op_handler_with_ordinal")
def create_cpu_op_handler_with_ordinal(fallback: OpHandler, ordinal: int) -> OpHandler:
    return CpuOpHandler(fallback, Device(f"CPU:{ordinal}"))


@kernel("corert.create_logging_op_handler")
def create_logging_op_handler(wrapped: OpHandler, *, sync_log_results: int) -> OpHandler:
    return LoggingOpHandler(wrapped, bool(sync_log_results))


@kernel("corert.register_op_handler")
def register_op_handler(handler: OpHandler, host: HostContext, *, op_handler_name: String) -> Chain:
    CoreRuntime.of(host).register(op_handler_name, handler)
    return CHAIN


@kernel("corert.get_op_handler", prepares=True)
def get_op_handler(host: HostContext, *, op_handler_name: String) -> Callable[[Chain], OpHandler]:
    found: OpHandler | None = None

    def get(chain: Chain) -> OpHandler:
        # A name keeps its op handler, so one that has been found need not be looked for again.
        nonlocal found
        if found is None:
            found = find_op_handler(host, op_handler_name)
        return found

    return get


def find_op_handler(host: HostContext, name: str) -> OpHandler:
    """The op handler registered under that name.

    Raises:
        KernelError: there is none, or the package that provides it cannot make it here.
    """
    try:
        handler = CoreRuntime.of(host).handler(name)
    except UsageError as error:
        raise KernelError(str(error)) from error
    if handler is None:
        raise KernelError(f"op_handler not found: {name}")
    return handler
