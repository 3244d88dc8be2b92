"""Ops that are functions of a program: they take and return a chain, then tensor handles."""

from __future__ import annotations

from typing import Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.core_runtime.op_handler import Invocation, Op, Outcome
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.device import HOST_DEVICE
from tfrt.executor.errors import KernelError
from tfrt.executor.program import Function
from tfrt.executor.values import CHAIN

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


def _as_handle(value: Any, invocation: Invocation) -> TensorHandle:
    """The handle that a function returns, which may itself be pending."""
    if isinstance(value, TensorHandle):
        return value
    tensor, metadata = AsyncValue(), AsyncValue()

    def forward(resolved: AsyncValue) -> None:
        if resolved.is_error:
            tensor.forward(resolved)
            metadata.forward(resolved)
            return
        metadata.settle(resolved.value.metadata)
        tensor.settle(resolved.value.tensor)

    value.and_then(forward)
    return TensorHandle(invocation.context.host, HOST_DEVICE, tensor, metadata)
