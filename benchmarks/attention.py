"""Attention as frameworks write it: apart, as one kernel and as machine code, against JAX and onnxruntime.

    python benchmarks/attention.py [--cases TEXT] [--rounds N] [--size N]

A case is a function of JAX, of queries, keys, values and what else there is, or a model of ONNX. All ways are timed in
turn within every round, on one thread. `apart` is what numpy takes without the pass `stablehlo-attention`. Shown are
the least times in microseconds and their ratios to the rival's, and whether the program became one kernel. Needs JAX,
onnx and onnxruntime; machine code needs Numba, or llvmlite alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
sys.path.insert(0, str(Path(__file__).parent))

import jax
import jax.numpy as jnp
import numpy as np
from interleaved import parser_of

import tfrt
from tfrt.compiler import compile as compile_with
from tfrt.compiler.pipelines.pipeline import LOWERING, PIPELINES, SIMPLIFY

BATCH, HEADS, SHARED, DEPTH = 2, 4, 2, 64

Case = tuple[Callable[..., Any], tuple[Any, ...]]


def cases(size: int) -> Iterator[tuple[str, Case]]:
    """Functions and their arguments, for so many queries and keys."""
    random = np.random.default_rng(0)
    softmax, swapped = jax.nn.softmax, partial(jnp.swapaxes, axis1=-1, axis2=-2)
    of_jax = jax.nn.dot_product_attention

    def array(*shape: int, dtype: Any = np.float32) -> np.ndarray:
        return random.standard_normal(shape).astype(dtype)

    def last(dtype: Any = np.float32, queries: int = size, heads: int = HEADS) -> tuple[np.ndarray, ...]:
        """Queries, keys and values with heads in the middle."""
        return (
            array(BATCH, queries, HEADS, DEPTH, dtype=dtype),
            *(array(BATCH, size, heads, DEPTH, dtype=dtype) for _ in range(2)),
        )

    def first(dtype: Any = np.float32, queries: int = size, heads: int = HEADS) -> tuple[np.ndarray, ...]:
        """The same with heads first."""
        return tuple(np.ascontiguousarray(x.swapaxes(1, 2)) for x in last(dtype, queries, heads))

    causal = np.tril(np.ones((size, size), bool))
    some = np.arange(size) < np.array([[size], [size // 2]])
    added = np.where(causal, 0, -np.inf).astype(np.float32)
    padded = np.where(some, 0, np.finfo(np.float32).min).astype(np.float32)[:, None, None]
    scale = DEPTH**-0.5

    def scores(q: Any, k: Any) -> Any:
        return q @ swapped(k) * jnp.asarray(scale, q.dtype)

    def plain(q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        s = scores(q, k)
        s = s if mask is None else s + mask
        return softmax(s.astype(jnp.float32), -1).astype(q.dtype) @ v

    yield "jax, heads in the middle", (of_jax, last())
    yield "jax, causal", (partial(of_jax, is_causal=True), last())
    yield "jax, causal, bf16", (partial(of_jax, is_causal=True), last(jnp.bfloat16))
    yield "jax, heads share keys", (of_jax, last(heads=SHARED))
    yield "jax, heads share keys, bf16", (of_jax, last(jnp.bfloat16, heads=SHARED))
    yield "jax, window", (partial(of_jax, is_causal=True, local_window_size=16), last())
    yield "heads first", (plain, first())
    yield "heads first, padding", (plain, (*first(), padded))
    yield "heads first, padding, bf16", (plain, (*first(jnp.bfloat16), padded.astype(jnp.bfloat16)))
    yield "heads first, f16", (plain, first(np.float16))

    def mixed(q: Any, k: Any, v: Any, mask: Any) -> Any:
        s = jnp.einsum("bhnd,bhmd->bhnm", q, k, preferred_element_type=jnp.float32) * scale
        return softmax(jnp.where(mask, s, -1e30), -1).astype(q.dtype) @ v

    yield "scores of singles, bf16", (mixed, (*first(jnp.bfloat16), causal))

    def keras(q: Any, k: Any, v: Any, mask: Any) -> Any:
        s = jnp.einsum("aecd,abcd->acbe", k, q * scale) + (1 - mask.astype(q.dtype)) * -1e9
        return jnp.einsum("acbe,aecd->abcd", softmax(s, -1), v)

    yield "keras", (keras, (*last(), some[:, None, None]))

    def torch(q: Any, k: Any, v: Any, mask: Any) -> Any:
        s = (q * scale**0.5) @ (swapped(k) * scale**0.5) + mask
        rows = jnp.all(s == -jnp.inf, -1, keepdims=True)
        return jnp.where(rows, 0.0, softmax(s, -1)) @ v

    yield "torch, rows masked as a whole", (torch, (*first(), added))

    def merged(q: Any, k: Any, v: Any, mask: Any) -> Any:
        q, k, v = (x.reshape(BATCH * HEADS, -1, DEPTH) for x in (q, k, v))
        s = (scores(q, k).reshape(BATCH, HEADS, *added.shape) + mask).reshape(BATCH * HEADS, *added.shape)
        return (softmax(s, -1) @ v).reshape(BATCH, HEADS, -1, DEPTH)

    yield "batch and heads together", (merged, (*first(), padded))

    def biased(q: Any, k: Any, v: Any, bias: Any, mask: Any) -> Any:
        return softmax(scores(q, k) + bias + mask, -1) @ v

    yield "bias of positions", (biased, (*first(), array(HEADS, size, size), padded))

    def of_slopes(q: Any, k: Any, v: Any, slopes: Any) -> Any:
        places = jnp.arange(size, dtype=jnp.float32)
        bias = slopes[:, None, None] * (places[None, :] - places[:, None])
        return softmax(jnp.where(causal, scores(q, k) + bias, -1e30), -1) @ v

    yield "alibi", (of_slopes, (*first(), array(HEADS)))

    def capped(q: Any, k: Any, v: Any) -> Any:
        return softmax(jnp.where(causal, jnp.tanh(scores(q, k) / 50) * 50, -1e30), -1) @ v

    yield "soft cap", (capped, first())

    def sinking(q: Any, k: Any, v: Any, sink: Any) -> Any:
        column = jnp.broadcast_to(sink[None, :, None, None], (*q.shape[:-1], 1))
        s = jnp.concatenate([jnp.where(causal, scores(q, k), -jnp.inf), column], -1)
        return softmax(s, -1)[..., :-1] @ v

    yield "sink", (sinking, (*first(), array(HEADS)))

    def by_head(q: Any, k: Any, v: Any, factor: Any, kept: Any) -> Any:
        shares = softmax(q @ swapped(k) * factor[:, None, None], -1)
        return (shares * kept[:, None, None]) @ v

    yield "a scale for each head", (by_head, (*first(), array(HEADS), array(HEADS)))

    def chosen_after(q: Any, k: Any, v: Any) -> Any:
        s = jnp.where(causal, scores(q, k), -1e9)
        return jnp.where(causal, softmax(s, -1), 0) @ v

    yield "mask after the softmax", (chosen_after, first())

    def relative(q: Any, k: Any, v: Any, r: Any) -> Any:
        return softmax((q @ swapped(k) + jnp.einsum("bhnd,nmd->bhnm", q, r)) * scale, -1) @ v

    yield "relative positions", (relative, (*first(), array(size, size, DEPTH)))

    def transposed(q: Any, k: Any, v: Any) -> Any:
        s = jnp.einsum("bmhd,bnhd->bhmn", k, q) * scale
        return jnp.einsum("bhmn,bmhd->bnhd", softmax(s, -2), v)

    yield "softmax of columns", (transposed, last())
    yield "one query, heads share keys", (of_jax, last(queries=1, heads=SHARED))
    yield "one query, heads share keys, bf16", (of_jax, last(jnp.bfloat16, queries=1, heads=SHARED))
    yield "one query, padding", (plain, (*first(queries=1), padded))


MODELS = {
    "onnx": """
q = Mul(query, c)
kt = Transpose<perm=[0, 1, 3, 2]>(key)
s = MatMul(q, kt)
w = Softmax<axis=-1>(s)
y = MatMul(w, value)""",
    "onnx, of PyTorch": """
q = Mul(query, r)
kt = Transpose<perm=[0, 1, 3, 2]>(key)
k = Mul(kt, r)
p = MatMul(q, k)
s = Add(p, mask)
v = Softmax<axis=-1>(s)
isnan = IsNaN(v)
w = Where(isnan, zero, v)
y = MatMul(w, value)""",
}
"""Nodes of ONNX's models, in its own text."""


def model_of(nodes: str, size: int) -> bytes:
    """A model of ONNX."""
    import onnx

    heads = f"float[{BATCH}, {HEADS}, {size}, {DEPTH}]"
    numbers = {"c": DEPTH**-0.5, "r": DEPTH**-0.25, "zero": 0.0}
    constants = ", ".join(f"float {n} = {{{x}}}" for n, x in numbers.items() if f"{n}," in nodes or f"{n})" in nodes)
    return onnx.parser.parse_model(
        f'<ir_version: 9, opset_import: ["": 17]>\ng ({heads} query, {heads} key, {heads} value, '
        f"float[1, 1, {size}, {size}] mask) => ({heads} y) <{constants}> {{{nodes}\n}}"
    ).SerializeToString()


Ways = dict[str, Callable[[], Any]]


def ways_of(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Ways, str]:
    """The ways to run a function of JAX, the rival's first, and its text."""
    lowered = jax.jit(function, keep_unused=True).lower(*arguments)
    compiled, placed = lowered.compile(), jax.device_put(arguments)
    rival = {"JAX": lambda: jax.block_until_ready(compiled(*placed))}
    text = lowered.as_text()
    return rival | _in_tfrt(text, arguments), text


def ways_of_model(model: bytes, size: int) -> tuple[Ways, str]:
    """The ways to run a model, the rival's first, and its text."""
    import onnxruntime

    random, shape = np.random.default_rng(0), (BATCH, HEADS, size, DEPTH)
    arguments = tuple(random.standard_normal(shape).astype(np.float32) for _ in range(3))
    mask = np.where(np.tril(np.ones((size, size), bool)), 0, -np.inf).astype(np.float32)[None, None]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = dict(zip(("query", "key", "value", "mask"), (*arguments, mask), strict=True))
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(model)
        file.flush()
        text = tfrt.import_onnx(file.name)
    rival = {"onnxruntime": lambda: session.run(None, given)[0]}
    return rival | _in_tfrt(text, (*arguments, mask)), text


APART = SIMPLIFY.replace("stablehlo-attention,", "")


def _in_tfrt(text: str, arguments: tuple[Any, ...]) -> Ways:
    found: Ways = {}
    ways = (("apart", APART, False), ("numpy", SIMPLIFY, False), ("machine code", SIMPLIFY, True))
    for way, simplify, native in ways:
        made = compile_with(text, "attention.mlir", pipeline=f"{simplify},{LOWERING},{PIPELINES[2]}")
        found[way] = partial(tfrt.load(made, host=tfrt.HostContext("s", native=native))["main"], *arguments)
    return found


def is_one(text: str) -> bool:
    """Whether a program becomes one kernel."""
    return b"nn.attention" in compile_with(text, "attention.mlir", opt_level=2)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = parser_of(__doc__, 20)
    parser.add_argument("--size", type=int, default=128, metavar="N", help="queries and keys (default: 128)")
    options = parser.parse_args(argv)
    print(f"{'us (times the rival)':36}{'rival':>8}{'apart':>16}{'numpy':>16}{'machine code':>16}")
    for name, (function, arguments) in cases(options.size):
        if options.cases in name:
            show(name, *ways_of(function, arguments), options.rounds)
    for name, nodes in MODELS.items():
        if options.cases in name:
            show(name, *ways_of_model(model_of(nodes, options.size), options.size), options.rounds)
    return 0


def show(name: str, ways: Ways, text: str, rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    results = {way: np.asarray(run()) for way, run in ways.items()}
    rival = next(iter(results))
    expected = results[rival].astype(np.float64)
    # Halves are rounded once by us, and at each step by others.
    tolerance = 1e-4 if results[rival].dtype.itemsize > 2 else 0.03
    for way, found in results.items():
        if not np.allclose(found.astype(np.float64), expected, rtol=tolerance, atol=tolerance, equal_nan=True):
            raise ValueError(f"{name}: {way} differs from {rival}")
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for way, run in ways.items():
            run()
            start = time.perf_counter()
            run()
            least[way] = min(least[way], (time.perf_counter() - start) * 1e6)
    floor = least.pop(rival)
    shown = "".join(f"{time:9.0f} {f'({time / floor:.2f})':>6}" for time in least.values())
    print(f"{name:36}{floor:8.0f}{shown}{'' if is_one(text) else '  apart'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
