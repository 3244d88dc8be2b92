"""Ops that are functions of a program: they take and return a chain, then tensor handles.

Their results are on the host: where a function's result will be is known only when it is there, but a handle says so at
once. What a function leaves on a device is copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler, Outcome
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.device import HOST_DEVICE, Device

_HANDLE = "!corert.tensorhandle"


def make_composite_op(function: Function) -> Op:
    """The op that runs `function`.

    Raises:
        KernelError: it takes or returns something other than a chain, then tensor handles.
    """
    for index, type in enumerate(function.argument_types[1:]):
        if type != _HANDLE:
            raise KernelError(
                f"The function should only takes type [{_HANDLE}] as input. "
                f"But the {index}-th argument is type [{type}]."
            )
    for index, type in enumerate(function.result_types[1:]):
        if type != _HANDLE:
            raise KernelError(
                f"The function should only returns type [{_HANDLE}]. But the {index}-th results is type [{type}]."
            )
    if not function.argument_types or not function.result_types:
        raise KernelError(f"function '{function.name}' must take and return a chain first to be an op")

    def invoke(invocation: Invocation) -> Outcome:
        takes = len(function.argument_types) - 1
        if len(invocation.arguments) != takes:
            raise KernelError(f"op @{function.name} takes {takes} inputs and is given {len(invocation.arguments)}")
        has = len(function.result_types) - 1
        if invocation.result_count not in (None, has):
            raise KernelError(f"op @{function.name} has {has} results, not {invocation.result_count}")
        start = CHAIN if invocation.chain is None else invocation.chain
        chain, *results = function.execute(invocation.context, [start, *invocation.arguments])
        handles = tuple(_as_handle(result, invocation) for result in results)
        return Outcome(handles, None if invocation.chain is None else chain)

    return invoke


@dataclass(frozen=True, eq=False)
class CompositeOpHandler:
    """Runs functions of programs as ops, by name, and asks `fallback` for other ops::

        handler = CompositeOpHandler({"my.Square": program["square"]}, CpuOpHandler())
        runtime.execute("my.Square", x, handler=handler)

    Raises:
        KernelError: a function cannot be an op; see `make_composite_op`.
    """

    functions: Mapping[str, Function]
    fallback: OpHandler
    name: str = "composite"
    device: Device = HOST_DEVICE
    _ops: dict[str, Op] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ops = {name: make_composite_op(function) for name, function in self.functions.items()}
        object.__setattr__(self, "_ops", ops)

    def make_op(self, op_name: str) -> Op:
        """The function of that name, or the fallback's op."""
        return self._ops.get(op_name) or self.fallback.make_op(op_name)


def _as_handle(value: Any, invocation: Invocation) -> TensorHandle:
    """The handle that a function returns, which may itself be pending."""
    if isinstance(value, TensorHandle):
        return _on_host(value, invocation)
    tensor, metadata = AsyncValue(), AsyncValue()

    def parts(resolved: AsyncValue) -> tuple[Any, Any]:
        handle = _on_host(resolved.value, invocation)
        return handle.metadata, handle.tensor

    value.and_then(fulfilling([metadata, tensor], parts))
    return TensorHandle(invocation.context.host, HOST_DEVICE, tensor, metadata)


def _on_host(handle: TensorHandle, invocation: Invocation) -> TensorHandle:
    if handle.device.kind == HOST_DEVICE.kind:
        return handle
    return handle.transfer(HOST_DEVICE, invocation.context, invocation.location)
