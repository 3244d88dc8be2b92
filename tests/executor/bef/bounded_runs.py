"""What lets a test run a program that nobody meant: such programs may not sleep, run for ever, or wait for ever."""

from __future__ import annotations

from functools import cache
from typing import Any

from tfrt.executor.declarations.annotations import Attributes, Functions, ResultCount
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.queues import SingleThreadedQueue
from tfrt.executor.support.errors import CancelledError, KernelError
from tfrt.executor.values.async_value import AsyncValue, run_deferred
from tfrt.executor.values.chain import CHAIN

BUDGET = 1000
"""How often a call may look whether it has been cancelled."""

SAMPLES: dict[str, Any] = {"i1": True, "i32": 3, "i64": 4, "f32": 0.5, "f64": 0.25, "!tfrt.chain": CHAIN}


class Budget(ExecutionContext):
    """A request that is cancelled once it has looked `BUDGET` times whether it is."""

    def __init__(self, host: HostContext):
        self.left = BUDGET
        super().__init__(host)

    @property
    def cancellation(self) -> AsyncValue | None:  # type: ignore[override]
        self.left -= 1
        if self.left < 0 and self._found is None:
            self._found = AsyncValue.failed(CancelledError())
        return self._found

    @cancellation.setter
    def cancellation(self, found: AsyncValue | None) -> None:
        self._found = found


class Standstill(BaseException):
    """Somebody waits for a value that nobody is going to provide. No kernel's error, so that none stands in for it."""


class Impatient(SingleThreadedQueue):
    """Does not wait where there is nothing left to do."""

    def wait(self, values: Any) -> None:
        for value in values:
            while type(value) is AsyncValue and value.is_pending:
                run_deferred()
                if value.is_pending and not self.run_one():
                    raise Standstill


class Kernels(KernelRegistry):
    """The real ones, but for those that take time, or memory, as an operand says."""

    def get(self, name: str) -> Kernel | None:
        if name in ("tfrt_test.usleep", "tfrt_test.blocking.usleep"):
            return Kernel(name, _no_sleep)
        if name in ("tfrt.parallel_for.i32", "tfrt.parallel_call.i32"):
            return _with_few_blocks(name)
        return BUILTIN.get(name)


def _no_sleep(microseconds: int) -> Any:
    return CHAIN


@cache
def _with_few_blocks(name: str) -> Kernel:
    kernel = BUILTIN.get(name)
    assert kernel is not None

    def few(start: int, end: int, size: int, *operands: Any, body: Function, context: ExecutionContext) -> Any:
        if not all(type(number) is int for number in (start, end, size)) or (end - start) > 1000 * max(size, 1):
            raise KernelError("too many blocks")
        names = {"tfrt.parallel_for.i32": "body", "tfrt.parallel_call.i32": "callee"}
        return kernel.function(start, end, size, *operands, **{names[name]: body}, context=context)

    return Kernel(name, few, runs=kernel.runs)


class Standins(KernelRegistry):
    """Kernels that take anything; see the module docstring. One registry is good for one run."""

    LIMIT = 300

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def get(self, name: str) -> Kernel:
        def run(
            *operands: object,
            attributes: Attributes,
            functions: Functions,
            count: ResultCount,
            context: ExecutionContext,
        ) -> tuple[object, ...]:
            self.calls += 1
            if self.calls > self.LIMIT:
                context.cancel()
            if self.calls % 11 == 0:
                raise KernelError("stands in for a failure")
            results: list[object] = []
            for function in functions:
                results += function.execute(context, [self.calls] * len(function.argument_types))
            results += [self.calls] * count
            return tuple(results[:count])

        return Kernel(name, run)
