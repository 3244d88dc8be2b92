"""Kernels of `tfrt_test` that run a function again and again, then print how long it took.

Source of the semantics and of the report: ``lib/test_kernels/benchmark_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from tfrt.executor.bef import FunctionKind
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.runs import ANY, Runs
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import Promised, guard
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import I32, String
from tfrt.executor.values.chain import CHAIN

_PERCENTILES = (("Min", 0.0), ("50%", 0.5), ("95%", 0.95), ("99%", 0.99))


class Stopwatch:
    """Wall-clock and CPU times of runs, in nanoseconds. Warm-up runs are not recorded.

    Args:
        name: starts every line of the report.
        warmup_runs: how many runs come first that do not count.
        max_runs: how many runs count at most.
        max_seconds: no run starts once those that count have taken this long.
    """

    def __init__(self, name: str, warmup_runs: int, max_runs: int, max_seconds: int):
        self.name = name
        self.wall_times: list[int] = []
        self.cpu_times: list[int] = []
        self._warmup_runs = warmup_runs
        self._last_run = warmup_runs + max_runs
        self._max_duration = max_seconds * 1_000_000_000
        self._duration = 0
        self._runs = 0
        self._wall_start = self._cpu_start = 0

    @property
    def wants_more(self) -> bool:
        return self._runs < self._last_run and self._duration < self._max_duration

    def start(self) -> None:
        self._runs += 1
        self._cpu_start = time.process_time_ns()
        self._wall_start = time.perf_counter_ns()

    def stop(self) -> None:
        wall = time.perf_counter_ns() - self._wall_start
        cpu = time.process_time_ns() - self._cpu_start
        if self._runs <= self._warmup_runs:
            return
        self._duration += wall
        self.wall_times.append(wall)
        self.cpu_times.append(cpu)

    def report(self) -> str:
        """The lines that the reference prints; without statistics where no run counted."""
        lines = [f"Duration(ns): {self._duration}", f"Count: {len(self.wall_times)}"]
        if self.wall_times:
            lines += _percentiles("Time", self.wall_times)
            lines += _percentiles("CPU", self.cpu_times)
            utilization = 100.0 * sum(self.cpu_times) / max(self._duration, 1)
            lines.append(f"CPU utilization(percent): {utilization:e}")
        return "".join(f"BM:{self.name}:{line}\n" for line in lines)


def _percentiles(label: str, times: list[int]) -> list[str]:
    ordered = sorted(times)
    return [f"{label} {what}(ns): {ordered[int(len(ordered) * share)]}" for what, share in _PERCENTILES]


@kernel("tfrt_test.benchmark", runs=Runs(gives=(ANY,)))
def benchmark(
    *operands: Any,
    duration_secs: I32,
    max_count: I32,
    name: String,
    num_warmup_runs: I32,
    body: Function,
    context: ExecutionContext,
) -> AsyncValue:
    """Run the region, one run after the other, each as a task of the work queue.

    A run ends when the region's result is there, error or not. The chain is available after the report.
    """
    if len(body.result_types) != 1:
        raise KernelError("Benchmark op requires the input function have exactly one return value")
    stopwatch = Stopwatch(name, num_warmup_runs, max_count, duration_secs)
    done = AsyncValue()
    host = context.host

    def start() -> None:
        stopwatch.start()
        host.enqueue(Promised([done], run))

    def run() -> None:
        guard([done], lambda: host.run_when_ready(body.execute(context, operands), Promised([done], finish)))

    def finish() -> None:
        guard([done], go_on)

    def go_on() -> None:
        stopwatch.stop()
        if stopwatch.wants_more:
            start()
            return
        host.write(stopwatch.report())
        done.set(CHAIN)

    start()
    return done


@kernel("tfrt_test.sync_benchmark", runs=Runs(gives=(), is_sync=True))
def sync_benchmark(
    *operands: Any,
    duration_secs: I32,
    max_count: I32,
    num_warmup_runs: I32,
    target_fn: Function,
    context: ExecutionContext,
) -> None:
    """Run a synchronous function again and again on this thread; a run that fails counts, too."""
    if target_fn.kind is not FunctionKind.SYNC:
        raise KernelError("SyncBenchmark op requires the input function be a sync function")
    if target_fn.result_types:
        raise KernelError("SyncBenchmark op requires the input function have zero return value")
    if len(target_fn.argument_types) != len(operands):
        raise KernelError("Incorrect number of arguments for the target function for the SyncBenchmark op")
    stopwatch = Stopwatch(target_fn.name, num_warmup_runs, max_count, duration_secs)
    while stopwatch.wants_more:
        stopwatch.start()
        with suppress(KernelError):
            target_fn.execute(context, operands)
        stopwatch.stop()
    context.host.write(stopwatch.report())
