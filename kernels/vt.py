"""Kernels of `vt`: integers that say when they come into being and when they go.

They show how long the executor keeps a register's value. Source of the texts: ``lib/test_kernels/simple_kernels.cc`` in
tensorflow/runtime, where a kernel's result is constructed and then moved into its register.
"""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.attributes import I32
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.kernels.shared.c_semantics import wrap32


class TrackedValue:
    """An integer that prints its construction and its destruction."""

    def __init__(self, value: int, host: HostContext):
        self.value = value
        self._host = host
        host.write(f"constructed vt.value({value})\nmove constructed vt.value({value})\n")

    def __del__(self) -> None:
        self._host.write(f"destroyed vt.value({self.value})\n")


@kernel("vt.constant")
def constant(*, host: HostContext, value: I32) -> TrackedValue:
    return TrackedValue(value, host)


@kernel("vt.add")
def add(lhs: TrackedValue, rhs: TrackedValue, *, host: HostContext) -> TrackedValue:
    return TrackedValue(wrap32(lhs.value + rhs.value), host)


@kernel("vt.print")
def print_(tracked: TrackedValue, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"print vt_value({tracked.value})\n")
    return chain
