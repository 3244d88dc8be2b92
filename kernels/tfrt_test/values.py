"""Kernels of `tfrt_test` that pass values and attributes through, and one whose value has a lifetime.

Source of the semantics: ``lib/test_kernels/simple_kernels.cc`` and ``simple_test_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from typing import Any

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import Aggregate, Dense, I32Array, I64Array, String
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.tensor import DenseHostTensor, dense_from_numpy
from tfrt.kernels.shared.c_semantics import wrap32, wrap64
from tfrt.kernels.tfrt_test.debug import request_integer


@kernel("tfrt_test.identity", pure=True)
def identity(chain: Chain, *operands: Any) -> tuple[Any, ...]:
    return operands


@kernel("tfrt_test.multi_arg_result")
def multi_arg_result(*operands: Any) -> tuple[Any, ...]:
    return operands


@kernel("tfrt_test.make_indirect")
def make_indirect(*operands: Any) -> tuple[AsyncValue, ...]:
    """Each operand behind another `AsyncValue`."""
    results = []
    for operand in operands:
        indirect = AsyncValue()
        indirect.forward(operand if type(operand) is AsyncValue else AsyncValue.of(operand))
        results.append(indirect)
    return tuple(results)


@kernel("tfrt_test.share_to_two")
def share_to_two(value: Any) -> tuple[Any, Any]:
    return value, value


@kernel("tfrt_test.count3.i32", pure=True)
def count3_i32(start: int) -> tuple[int, int, int]:
    return wrap32(start + 1), wrap32(start + 2), wrap32(start + 3)


@kernel("tfrt_test.count3.i64", pure=True)
def count3_i64(start: int) -> tuple[int, int, int]:
    return wrap64(start + 1), wrap64(start + 2), wrap64(start + 3)


@kernel("tfrt_test.sum", pure=True)
def sum_(first: int, *others: int) -> int:
    return wrap32(sum(others, first))


@kernel("tfrt_test.sum_array_attr.i32", pure=True)
def sum_array_attr_i32(*, initial: String, values: I32Array, context: ExecutionContext) -> int:
    return wrap32(_sum_of_all(initial, values, context))


@kernel("tfrt_test.sum_array_attr.i64", pure=True)
def sum_array_attr_i64(*, initial: String, values: I64Array, context: ExecutionContext) -> int:
    return wrap64(_sum_of_all(initial, values, context))


def _sum_of_all(initial: str, values: tuple[int, ...], context: ExecutionContext) -> int:
    """The sum of a written integer, an array, the request's integer and its resource ``val``."""
    resource = context.resources.get("val")
    if resource is None:
        raise KernelError("the request has no resource 'val'")
    return _parse_integer(initial) + sum(values) + request_integer(context) + int(resource)


def _parse_integer(text: str) -> int:
    try:
        # C's octal has no letter.
        return int(text, 8 if text.isdecimal() and text.startswith("0") else 0)
    except ValueError:
        raise KernelError(f"Cannot convert {text} to target int") from None


@kernel("tfrt_test.flat", pure=True)
def flat(*, value: Aggregate) -> tuple[str, int, int, float]:
    """The leaves of ``[["string", [1 : i32, 0 : i32]], [1.0 : f32]]``."""
    (text, (first, second)), (number, *_) = value
    return text, first, second, number


@kernel("tfrt_test.const_dense_attr")
def const_dense_attr(*, value: Dense) -> DenseHostTensor:
    # The attribute views the file; a program may write into its tensors.
    return dense_from_numpy(value.copy())


@kernel("tfrt_test.async_value_get")
def async_value_get() -> str:
    """What the accessor of available values gives."""
    values = [AsyncValue.of(value) for value in ("base1", "base2", "final_class", 3)]
    return ":".join(str(value.value) for value in values)


@kernel("tfrt_test.async_value_ref")
def async_value_ref() -> str:
    """The life of an `AsyncValue`, as a protocol of its states."""
    protocol = [_describe(AsyncValue.of(2))]
    pending = AsyncValue()
    protocol.append(_describe(pending))
    pending.and_then(lambda value: protocol.append(f"({value.value})"))
    pending.set(3)
    protocol.append(_describe(pending))
    later = AsyncValue()
    protocol.append(_describe(later))
    later.set(4)
    protocol.append(_describe(later))
    return ";".join(protocol)


def _describe(value: AsyncValue) -> str:
    return f"available:{value.value}" if value.is_available else "unavailable"


class Resource:
    """A value that says when it comes into being and when it goes."""

    def __init__(self, host: HostContext):
        self._host: HostContext | None = host
        host.write("Allocated TestResource\n")

    def release(self) -> None:
        """Let go; the second time does nothing."""
        host, self._host = self._host, None
        if host is not None:
            host.write("Destroyed TestResource\n")

    def __del__(self) -> None:
        self.release()


@kernel("tfrt_test.allocate_resource")
def allocate_resource(chain: Chain, *, host: HostContext) -> tuple[Resource, Chain]:
    return Resource(host), chain


@kernel("tfrt_test.deallocate_resource")
def deallocate_resource(resource: Resource, chain: Chain, *, host: HostContext) -> Chain:
    resource.release()
    host.write("tfrt_test.deallocate_resource done\n")
    return chain


@kernel("tfrt_test.memory_leak_one_int32")
def memory_leak_one_int32(*, host: HostContext) -> None:
    """Take memory from the host and never give it back."""
    host.allocator.acquire(4)
