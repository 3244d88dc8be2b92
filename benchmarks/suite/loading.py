"""What it takes until a program runs: loading, the table, generating Python."""

from __future__ import annotations

from collections.abc import Iterator

import tfrt
from suite.row import Row


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
            limit={"load and run once": 20},
            warm_up=1,
            results_differ=True,
        )
        ways = {"compile()": lambda: compile(source, "plan", "exec"), "generate": planned.generate}
        yield Row("generation", ways, "compile()", "kernel", size, {"generate": 1.3}, warm_up=1, results_differ=True)
