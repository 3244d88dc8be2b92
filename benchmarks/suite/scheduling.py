"""Kernels that run elsewhere and come last in the file: started last (-O0), and as scheduled (-O2)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np

import tfrt
from suite.row import Row, program

READ_SECONDS = 0.002
"""How long a read takes: a file, another machine."""
READS = 4
PRODUCTS = 4


@tfrt.kernel("scheduling.read", blocking=True, pure=True)
def read(number: int) -> int:
    time.sleep(READ_SECONDS)
    return number


@tfrt.kernel("scheduling.product", pure=True)
def product(number: int, previous: int) -> Any:
    matrix = np.full((256, 256), number, np.float32)
    return number + previous + int((matrix @ matrix)[0, 0] < 0)


def rows(size: int) -> Iterator[Row]:
    """Some reads after products that need none of them, however large the other programs are."""
    first = ['%p0 = "scheduling.product"(%x, %x) : (i32, i32) -> i32']
    first += [f'%p{i} = "scheduling.product"(%x, %p{i - 1}) : (i32, i32) -> i32' for i in range(1, PRODUCTS)]
    reads = [f'%r{i} = "scheduling.read"(%x) : (i32) -> i32' for i in range(READS)]
    values = [*(f"%r{i}" for i in range(READS)), f"%p{PRODUCTS - 1}"]
    total = f'%s = "tfrt_test.sum"({", ".join(values)}) : ({", ".join(["i32"] * len(values))}) -> i32'
    body = "\n  ".join([*first, *reads, total, "tfrt.return %s : i32"])
    text = f"func.func @f(%x: i32) -> i32 {{\n  {body}\n}}"
    with ExitStack() as stack:
        ways: dict[str, Any] = {}
        for level in (0, 2):
            found = stack.enter_context(program(text, "mstd:2", opt_level=level))["f"]
            ways[f"tfrt -O{level}"] = lambda found=found: found(1)
        yield Row(f"{READS} reads after {PRODUCTS} products", ways, "tfrt -O0", target={"tfrt -O2": 0.8})
