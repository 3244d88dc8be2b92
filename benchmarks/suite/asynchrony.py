"""Asynchronous kernels, against what Python offers for tasks, and products on several threads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import numpy as np

import tfrt
from suite.row import Row, program


def rows(size: int) -> Iterator[Row]:
    """`size` asynchronous adds, and a hundredth as many products of matrices."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2))
        yield _adds(stack, pool, size)
        yield _products(stack, pool, max(2, size // 100))


def _adds(stack: ExitStack, pool: ThreadPoolExecutor, size: int) -> Row:
    adds = "\n".join(f'  %r{i} = "tfrt_test.async_add.i32"(%a, %b) : (i32, i32) -> i32' for i in range(size))
    names, types = ", ".join(f"%r{i}" for i in range(size)), ", ".join(["i32"] * size)
    text = (
        f'func.func @f(%a: i32, %b: i32) -> i32 {{\n{adds}\n  %s = "tfrt_test.sum"({names}) : ({types}) -> i32\n'
        "  tfrt.return %s : i32\n}"
    )

    def add(a: int, b: int) -> int:
        return a + b

    def threads() -> int:
        return sum(future.result() for future in [pool.submit(add, 1, 2) for _ in range(size)])

    async def add_later(a: int, b: int) -> int:
        return a + b

    async def gather() -> int:
        return sum(await asyncio.gather(*(asyncio.create_task(add_later(1, 2)) for _ in range(size))))

    ways: dict[str, Any] = {"ThreadPoolExecutor": threads, "asyncio": lambda: asyncio.run(gather())}
    for queue in ("s", "mstd:2"):
        found = stack.enter_context(program(text, queue))["f"]
        ways[f"tfrt, {queue}"] = lambda found=found: found(1, 2)
    ways.update(_dask(add, size))
    return Row(
        f"{size} asynchronous adds", ways, "ThreadPoolExecutor", "kernel", size, {"tfrt, mstd:2": 0.1}, {"tfrt, s": 3}
    )


def _dask(add: Any, size: int) -> dict[str, Any]:
    try:
        import dask
    except ImportError:
        return {}
    total = dask.delayed(sum)([dask.delayed(add)(1, 2) for _ in range(size)])
    return {"dask": lambda: total.compute(scheduler="threads", num_workers=2)}


def _products(stack: ExitStack, pool: ThreadPoolExecutor, count: int) -> Row:
    from tfrt.executor.values.tensor import dense_from_numpy

    lines = ["  %one = tfrt.constant.f32 1.0", "  %zero = tfrt.constant.f32 0.0"]
    tensor = "!tfrt_tensor.tensor"
    for i in range(count):
        lines.append(f"  %o{i} = tfrt_dht.create_uninitialized_tensor.f32.2 [256 : i64, 256 : i64]")
        lines.append(
            f'  %c{i} = "eigen.matmul.f32"(%one, %x, %x, %zero, %o{i}, %ch)'
            f" : (f32, {tensor}, {tensor}, f32, {tensor}, !tfrt.chain) -> !tfrt.chain"
        )
    chains, types = ", ".join(f"%c{i}" for i in range(count)), ", ".join(["!tfrt.chain"] * count)
    body = "\n".join([*lines, f"  %d = tfrt.merge.chains {chains} : {types}", "  tfrt.return %d : !tfrt.chain"])
    found = stack.enter_context(
        program(f"func.func @f(%x: {tensor}, %ch: !tfrt.chain) -> !tfrt.chain {{\n{body}\n}}", "mstd:2")
    )
    matrix = np.ones((256, 256), np.float32)
    x, host = dense_from_numpy(matrix), found.host

    # numpy's BLAS multiplies slowly on a thread until it has multiplied something large there.
    large = np.ones((1024, 1024), np.float32)
    primed = [tfrt.AsyncValue() for _ in range(8)]
    for value in primed:
        host.enqueue(lambda value=value: value.set(large @ large is not None))
    host.wait(primed)

    def by_hand() -> None:
        for _ in range(count):
            np.matmul(matrix, matrix, out=np.empty((256, 256), np.float32))

    def threads() -> None:
        for future in [pool.submit(np.matmul, matrix, matrix) for _ in range(count)]:
            future.result()

    ways = {"numpy, one thread": by_hand, "ThreadPoolExecutor": threads, "tfrt, mstd:2": lambda: found["f"](x, None)}
    target = {"tfrt, mstd:2": 0.6}
    return Row(
        f"{count} products of 256 x 256", ways, "numpy, one thread", "product", count, target, results_differ=True
    )
