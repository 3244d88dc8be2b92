"""Kernels of `tfrt_test` whose results come later: from the work queue, or after a delay.

Source of the semantics: ``lib/test_kernels/async_kernels.cc`` and ``async_test_kernels.cc`` in tensorflow/runtime.
Delays never block a compute thread.
"""

from __future__ import annotations

import random
import time
from typing import Any

from tfrt.executor.declarations.annotations import ResultCount
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.runs import Runs
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import I1, I32
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.kernels.tfrt.arithmetic import add_i32


@kernel("tfrt_test.async_add.i32", pure=True, enqueued=True)
def async_add_i32(lhs: int, rhs: int) -> int:
    return add_i32(lhs, rhs)


@kernel("tfrt_test.async_constant.i1", pure=True, enqueued=True)
def async_constant_i1(*, value: I1) -> bool:
    return value


@kernel("tfrt_test.async_constant.i32", pure=True, enqueued=True)
def async_constant_i32(*, value: I32) -> int:
    return value


@kernel("tfrt_test.async_copy_2.i32", pure=True, enqueued=True)
@kernel("tfrt_test.async_copy.i32", pure=True, enqueued=True)
def async_copy(value: Any) -> Any:
    return value


@kernel("tfrt_test.async_copy.with_delay.i64", blocking=True)
@kernel("tfrt_test.async_copy.with_delay.i32", blocking=True)
@kernel("tfrt_test.copy.with_delay.i64", blocking=True)
@kernel("tfrt_test.copy.with_delay.i32", blocking=True)
def copy_with_delay(value: Any) -> Any:
    """The value, one to ten milliseconds later."""
    time.sleep(random.randint(1, 10) / 1000)
    return value


@kernel("tfrt_test.usleep", blocking=True)
def usleep(microseconds: int, *, host: HostContext) -> None:
    """Sleep, then say so; nothing in the program waits for it."""
    blocking_usleep(microseconds, host=host)


@kernel("tfrt_test.blocking.usleep", blocking=True)
def blocking_usleep(microseconds: int, *, host: HostContext) -> Chain:
    """Sleep, then say so; the chain is available when both are done."""
    time.sleep(max(microseconds, 0) / 1e6)
    host.write(f"Slept for {microseconds} microseconds\n")
    return CHAIN


@kernel("tfrt_test.do.async", runs=Runs())
def do_async(
    *operands: Any, body: Function, context: ExecutionContext, result_count: ResultCount
) -> tuple[AsyncValue, ...]:
    """Run the region as a task of the work queue."""
    results = tuple(AsyncValue() for _ in range(result_count))
    # Where the body has no results, nobody waits for the error that it raises, which has been reported.
    context.host.enqueue(fulfilling(results, lambda: body.execute(context, operands)))
    return results


@kernel("tfrt_test.as_chain")
def as_chain(*operands: Any, host: HostContext) -> AsyncValue:
    """A chain that is available once all operands are, be they errors or not."""
    chain = AsyncValue()
    host.run_when_ready(operands, fulfilling([chain], lambda: [CHAIN]))
    return chain


@kernel("tfrt_test.quiesce")
def quiesce(chain: Chain, *, host: HostContext) -> Chain:
    """Run the tasks that are waiting.

    Those that other threads are running are not waited for: this kernel may be part of one, or one of them may be
    in the same place.
    """
    while host.work_queue.run_one():
        pass
    return chain
