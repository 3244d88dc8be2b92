"""What it takes until a program runs: loading, the table, generating Python."""

from __future__ import annotations

from collections.abc import Iterator

import tfrt
from suite.row import Row
from tfrt.executor.runtime.host_context import PLAN_THRESHOLD


def rows(size: int) -> Iterator[Row]:
    """Loading and running a function of `size` kernels once; generating it, against compiling its source."""
    body = "\n".join(f"  %r{i + 1} = tfrt.add.i32 %r{i}, %b" for i in range(size))
    text = f"func.func @f(%r0: i32, %b: i32) -> i32 {{\n{body}\n  tfrt.return %r{size} : i32\n}}"
    bef = tfrt.compile(text, filename="benchmark.mlir")
    with tfrt.HostContext() as host:
        warm = tfrt.load(bef, host=host)
        warm["f"](0, 1)
        planned = warm.plans.planned(warm["f"])
        source = planned.generate().source
        ways = {
            "load": lambda: tfrt.load(bef, host=host),
            "load and run once": lambda: tfrt.load(bef, host=host)["f"](0, 1),
        }
        yield Row(
            "load, table plan, first run",
            ways,
            "load",
            "kernel",
            size,
            limit={"load and run once": 4},
            warm_up=1,
            results_differ=True,
        )
        ways = {"compile()": lambda: compile(source, "plan", "exec"), "generate": planned.generate}
        yield Row("generation", ways, "compile()", "kernel", size, {"generate": 1.3}, warm_up=1, results_differ=True)
    yield from _totals(max(10, size // 100))


def _totals(size: int) -> Iterator[Row]:
    """Loading a function of `size` kernels and running it so many times: generating it must pay, whenever it stops."""
    body = "\n".join(f"  %r{i + 1} = tfrt.add.i32 %r{i}, %b" for i in range(size))
    bef = tfrt.compile(
        f"func.func @f(%r0: i32, %b: i32) -> i32 {{\n{body}\n  tfrt.return %r{size} : i32\n}}", filename="totals.mlir"
    )

    def total(runs: int, **options: int) -> int:
        with tfrt.HostContext(**options) as host:
            found = tfrt.load(bef, host=host)["f"]
            return sum(found(number, 1) for number in range(runs))

    for runs in (1, 100, PLAN_THRESHOLD, PLAN_THRESHOLD + 1, 2 * PLAN_THRESHOLD, 5 * PLAN_THRESHOLD):
        ways = {
            "from the table": lambda runs=runs: total(runs, plan_threshold=1 << 60),
            "as it comes": lambda runs=runs: total(runs),
        }
        yield Row(f"total of {runs} runs", ways, "from the table", "run", runs, {"as it comes": 1.3}, warm_up=1)
