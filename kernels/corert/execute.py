"""Kernels of `corert` that execute ops.

A result's register holds a handle once its tensor is there, and the error where there is none, so that kernels find
the tensors of their operands available. Source of the semantics: ``lib/core_runtime/execute_op_impl.cc`` in
tensorflow/runtime.
"""

from __future__ import annotations

from typing import Any

from tfrt.executor.core_runtime.composite_op import make_composite_op
from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler, Outcome, make_op
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.annotations import ResultCount
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.op_attrs import OpAttr, OpAttrs
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.support.location import Location
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import String, TypedAggregate
from tfrt.executor.values.chain import Chain


@kernel("corert.executeop")
def execute_op(
    handler: OpHandler,
    *arguments: TensorHandle,
    op_attrs: TypedAggregate,
    op_func_attrs: TypedAggregate,
    op_name: String,
    context: ExecutionContext,
    location: Location,
    results: ResultCount,
) -> tuple[Any, ...]:
    op = make_op(handler, op_name, context.host)
    attrs = _attrs(op_attrs, op_func_attrs)
    return when_there(op(Invocation(op_name, context, location, arguments, attrs, result_count=results)))


@kernel("corert.executeop.seq")
def execute_op_seq(
    handler: OpHandler,
    chain: Chain,
    *arguments: TensorHandle,
    op_attrs: TypedAggregate,
    op_func_attrs: TypedAggregate,
    op_name: String,
    context: ExecutionContext,
    location: Location,
    results: ResultCount,
) -> tuple[Any, ...]:
    op = make_op(handler, op_name, context.host)
    attrs = _attrs(op_attrs, op_func_attrs)
    outcome = op(Invocation(op_name, context, location, arguments, attrs, result_count=results - 1, chain=chain))
    return (outcome.chain, *when_there(outcome))


@kernel("corert.execute_crt_op")
def execute_crt_op(
    op: Op,
    *arguments: TensorHandle,
    op_attrs: TypedAggregate,
    op_func_attrs: TypedAggregate,
    context: ExecutionContext,
    location: Location,
    results: ResultCount,
) -> tuple[Any, ...]:
    attrs = _attrs(op_attrs, op_func_attrs)
    return when_there(op(Invocation("corert.op", context, location, arguments, attrs, result_count=results)))


@kernel("corert.make_composite_op")
def make_composite_op_kernel(*, fn: Function) -> Op:
    return make_composite_op(fn)


def _attrs(op_attrs: Any, op_func_attrs: Any) -> OpAttrs:
    attrs = OpAttrs.of_pairs(op_attrs)
    for name, attr in OpAttrs.of_pairs(op_func_attrs):
        attrs.set(name, OpAttr("FUNC", attr.value))
    return attrs


def when_there(outcome: Outcome) -> tuple[Any, ...]:
    """The results for registers: handles, each there once its tensor is."""
    return tuple(_handle_when_there(handle) for handle in outcome.results)


def _handle_when_there(handle: TensorHandle) -> Any:
    tensor = handle.tensor
    if type(tensor) is not AsyncValue:
        return handle
    if tensor.is_error:
        return tensor
    there = AsyncValue()

    def results(resolved: AsyncValue) -> list[Any]:
        if resolved.is_error:
            return [resolved]
        return [TensorHandle(handle.host, handle.device, handle.tensor, handle.metadata)]

    tensor.and_then(fulfilling([there], results))
    return there
