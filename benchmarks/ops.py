"""Single ops as JAX writes them, against JAX, and against numpy where it has such a function. Needs JAX.

    python benchmarks/ops.py [--rounds N] [--cases TEXT] [--small]

About a million elements, or with `--small` a thousand, where what is around an op counts: entering a program takes some
two microseconds of a call. All ways are timed in turn within every round, on one thread. Shown are the medians in
microseconds, and of tfrt the ratio to the best rival.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from interleaved import parser_of, seconds

import tfrt
from tfrt.executor.support.machine_code import is_available

Case = tuple[Callable[..., Any], Callable[..., Any] | None, tuple[np.ndarray, ...]]
"""A function of JAX's, one of numpy's that gives the same if there is one, and the arrays."""


def elementwise(n: int) -> Iterator[tuple[str, Case]]:
    import jax
    import jax.numpy as jnp
    from jax import lax

    x, y, row = floats(n, n), floats(n, n), floats(n)
    integers = np.random.default_rng(1).integers(0, 99, (n, n)).astype(np.int32)
    seven = np.int32(7)
    yield "add", (jnp.add, np.add, (x, y))
    yield "add a row", (jnp.add, np.add, (x, row))
    yield "relu", (jax.nn.relu, lambda x: np.maximum(x, 0), (x,))
    yield "exp", (jnp.exp, np.exp, (x,))
    yield "tanh", (jnp.tanh, np.tanh, (x,))
    yield "sin", (jnp.sin, np.sin, (x,))
    yield "erf", (lax.erf, None, (x,))
    yield "gelu", (jax.nn.gelu, None, (x,))
    yield "logistic", (jax.nn.sigmoid, lambda x: 1 / (1 + np.exp(-x)), (x,))
    yield "sign", (jnp.sign, np.sign, (x,))
    yield "where", (jnp.where, np.where, (x > 0, x, y))
    yield "clip", (lambda x: jnp.clip(x, 3, 50), lambda x: np.clip(x, 3, 50), (integers,))
    yield "gradient of clip", (jax.grad(lambda x: jnp.clip(x, -1, 1).sum()), None, (x,))
    yield "to integers", (lambda x: x.astype(jnp.int32), lambda x: x.astype(np.int32), (x,))
    yield "to bf16", (lambda x: x.astype(jnp.bfloat16), None, (x,))
    yield "remainder", (lambda x: lax.rem(x, seven), lambda x: np.fmod(x, seven), (integers,))
    yield "floor_divide", (lambda x: x // 7, lambda x: x // seven, (integers,))
    yield "uniform", (lambda key: jax.random.uniform(key, (n, n)), None, (np.uint32([0, 3]),))
    yield "normal", (lambda key: jax.random.normal(key, (n, n)), None, (np.uint32([0, 3]),))


def reductions(n: int) -> Iterator[tuple[str, Case]]:
    import jax
    import jax.numpy as jnp

    x = floats(n, n)
    images = floats(n // 64 or 1, 32, 32, n // 16)
    yield "sum", (jnp.sum, np.sum, (x,))
    yield "sum of rows", (lambda x: x.sum(1), lambda x: x.sum(1), (x,))
    yield "sum of columns", (lambda x: x.sum(0), lambda x: x.sum(0), (x,))
    yield "max of rows", (lambda x: x.max(1), lambda x: x.max(1), (x,))
    yield "max of columns", (lambda x: x.max(0), lambda x: x.max(0), (x,))
    yield "mean of pixels", (lambda x: x.mean((1, 2)), lambda x: x.mean((1, 2)), (images,))
    yield "product of rows", (lambda x: x.prod(1), lambda x: x.prod(1), (x,))
    yield "any of rows", (lambda x: x.any(1), lambda x: x.any(1), (x > 0,))
    yield "variance of rows", (lambda x: x.var(1), lambda x: x.var(1), (x,))
    yield "softmax", (jax.nn.softmax, None, (x,))
    yield "standardize", (jax.nn.standardize, None, (x,))


def moves(n: int) -> Iterator[tuple[str, Case]]:
    import jax
    import jax.numpy as jnp

    x, y = floats(n, n), floats(n, n)
    images = floats(n // 64 or 1, 32, 32, n // 16)
    rows = np.random.default_rng(2).integers(0, n, n).astype(np.int32)
    parts = max(1, n // 16)
    yield "transpose", (jnp.transpose, lambda x: x.T.copy(), (x,))
    yield "channels first", (lambda x: x.transpose(0, 3, 1, 2), lambda x: x.transpose(0, 3, 1, 2).copy(), (images,))
    yield "reverse", (lambda x: x[:, ::-1], lambda x: x[:, ::-1].copy(), (x,))
    yield "slice", (lambda x: x[1:-1, 2:-2], lambda x: x[1:-1, 2:-2].copy(), (x,))
    yield "pad", (lambda x: jnp.pad(x, 1), lambda x: np.pad(x, 1), (x,))
    yield (
        "concatenate",
        (
            lambda x, y: jnp.concatenate([x, y], 1),
            lambda x, y: np.concatenate([x, y], 1),
            (x, y),
        ),
    )
    yield "repeat", (lambda x: jnp.repeat(x, 2, 1), lambda x: np.repeat(x, 2, 1), (x,))
    yield "tril", (jnp.tril, np.tril, (x,))
    yield "gather rows", (lambda x, i: x[i], lambda x, i: x.take(i, 0), (x, rows))
    yield "gather columns", (lambda x, i: x[:, i], lambda x, i: x.take(i, 1), (x, rows))
    yield (
        "one of each row",
        (
            lambda x, i: jnp.take_along_axis(x, i[:, None], 1),
            lambda x, i: np.take_along_axis(x, i[:, None], 1),
            (x, rows),
        ),
    )
    yield "scatter rows", (lambda x, i, y: x.at[i].set(y), None, (x, rows, y))
    yield "add rows at", (lambda x, i, y: x.at[i].add(y), None, (x, rows, y))
    yield "segment_sum", (lambda x, i: jax.ops.segment_sum(x, i % parts, parts), None, (x, rows))
    yield "gradient of a lookup", (jax.grad(lambda x, i: (x[i] ** 2).sum()), None, (x, rows))


def orders(n: int) -> Iterator[tuple[str, Case]]:
    import jax.numpy as jnp
    from jax import lax

    x = floats(n, n)
    table, queries = np.sort(floats(n)), floats(n * n // 10)
    yield "argmax of rows", (lambda x: x.argmax(1), lambda x: x.argmax(1), (x,))
    yield "argmax of columns", (lambda x: x.argmax(0), lambda x: x.argmax(0), (x,))
    yield "sort rows", (lambda x: jnp.sort(x, 1), lambda x: np.sort(x, 1), (x,))
    yield "argsort rows", (lambda x: jnp.argsort(x, 1), lambda x: np.argsort(x, 1, kind="stable"), (x,))
    yield "top_k", (lambda x: lax.top_k(x, 5), None, (x,))
    yield "searchsorted", (jnp.searchsorted, np.searchsorted, (table, queries))
    yield "cumsum along rows", (lambda x: jnp.cumsum(x, 1), lambda x: np.cumsum(x, 1), (x,))
    yield "cumsum along columns", (lambda x: jnp.cumsum(x, 0), lambda x: np.cumsum(x, 0), (x,))


def products(n: int) -> Iterator[tuple[str, Case]]:
    import jax.numpy as jnp

    few = max(2, n // 128)
    a, b = floats(4 * few, 8 * few, 4 * few), floats(4 * few, 4 * few, 8 * few)
    q, k = floats(few // 2, 8 * few, 8, 16), floats(few // 2, 8 * few, 8, 16)
    yield "matrix by vector", (jnp.matmul, np.matmul, (floats(n, n), floats(n)))
    yield "batch of products", (jnp.matmul, np.matmul, (a, b))
    yield (
        "scores of heads",
        (
            lambda q, k: jnp.einsum("bqhd,bkhd->bhqk", q, k),
            lambda q, k: q.transpose(0, 2, 1, 3) @ k.transpose(0, 2, 3, 1),
            (q, k),
        ),
    )


FAMILIES = (elementwise, reductions, moves, orders, products)


def floats(*shape: int) -> np.ndarray:
    """Random singles."""
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def ways_of(case: Case) -> dict[str, Callable[[], Any]]:
    """What runs a case, tfrt's ways first."""
    import jax
    import jax.export
    import jax.numpy as jnp

    function, by_hand, arrays = case
    given = [jnp.asarray(array) for array in arrays]
    compiled = jax.jit(function)
    text = jax.export.export(compiled)(*given).mlir_module()
    bef = tfrt.compile(text, "op.mlir", opt_level=2)
    ways: dict[str, Callable[[], Any]] = {}
    for name, native in (("numpy only", False), ("native", True)):
        if not native or is_available():
            run = tfrt.load(bef, host=tfrt.HostContext("s", native=native))["main"]
            ways[name] = lambda run=run: run(*arrays)
    ways["JAX"] = lambda: jax.block_until_ready(compiled(*given))
    if by_hand is not None:
        ways["numpy"] = lambda: by_hand(*arrays)
    return ways


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = parser_of(__doc__, 15)
    parser.add_argument("--small", action="store_true", help="arrays of some thousand elements")
    options = parser.parse_args(argv)
    n = 32 if options.small else 1024
    print(f"{'us a call':22}{'numpy only':>12}{'ratio':>7}{'native':>12}{'ratio':>7}{'JAX':>12}{'numpy':>12}")
    for name, case in (each for family in FAMILIES for each in family(n)):
        if options.cases in name:
            print(measured(name, ways_of(case), options.rounds), flush=True)
    return 0


def measured(name: str, ways: dict[str, Callable[[], Any]], rounds: int) -> str:
    """A line of the table."""
    # Each way as often in a round as takes some milliseconds.
    counts = {way: max(1, int(0.004 / min(seconds(run) for _ in range(3)))) for way, run in ways.items()}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            times[way].append(seconds(run, counts[way]) * 1e6)
    found = {way: median(each) for way, each in times.items()}
    best = min(found[way] for way in ("JAX", "numpy") if way in found)
    cells = [f"{name:22}"]
    for way in ("numpy only", "native"):
        cells.append(f"{found[way]:12.1f}{found[way] / best:7.2f}" if way in found else " " * 19)
    cells += [f"{found[way]:12.1f}" if way in found else " " * 12 for way in ("JAX", "numpy")]
    return "".join(cells).rstrip()


if __name__ == "__main__":
    sys.exit(main())
