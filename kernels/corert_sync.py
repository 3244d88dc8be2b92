"""Kernels of `corert_sync`: the twins of `corert` for synchronous functions, which need no chains.

A synchronous function goes on once a kernel's results are there, so that a handle in it always has its tensor. Ops with
side effects take effect where they stand.
"""

from __future__ import annotations

from typing import Any

from tfrt.executor.core_runtime.op_handler import Invocation, OpHandler, make_op
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.annotations import ResultCount
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.location import Location
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import String, TypedAggregate
from tfrt.executor.values.chain import CHAIN
from tfrt.kernels.corert.execute import when_there
from tfrt.kernels.corert.op_handlers import find_op_handler
from tfrt.kernels.corert.tensors import CREATE_DENSE_TENSOR, const_dense_tensor

kernel("corert_sync.const_dense_tensor")(const_dense_tensor)

for _suffix, _create in CREATE_DENSE_TENSOR.items():
    kernel(f"corert_sync.create_dense_tensor.{_suffix}")(_create)


@kernel("corert_sync.get_op_handler")
def get_op_handler(host: HostContext, *, device_name: String) -> OpHandler:
    return find_op_handler(host, device_name)


@kernel("corert_sync.executeop")
def execute_op(
    handler: OpHandler,
    *arguments: TensorHandle,
    op_attrs: TypedAggregate,
    op_name: String,
    context: ExecutionContext,
    location: Location,
    results: ResultCount,
) -> tuple[Any, ...]:
    """Run an op, to the end of its side effects."""
    op = make_op(handler, op_name, context.host)
    attrs = OpAttrs.of_pairs(op_attrs)
    outcome = op(Invocation(op_name, context, location, arguments, attrs, result_count=results, chain=CHAIN))
    if type(outcome.chain) is AsyncValue:
        # Nothing else orders ops here. The thread runs a synchronous function and would wait for results just so.
        context.host.wait([outcome.chain])
        if outcome.chain.error is not None:
            raise outcome.chain.error.copy()
    return when_there(outcome)
