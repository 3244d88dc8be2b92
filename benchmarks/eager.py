"""What executing an op eagerly costs, against calling numpy's function, and against PyTorch and JAX where installed.

    python benchmarks/eager.py

`execute` is ``runtime.execute("tf.Relu", x)``, `op` calls what ``runtime.op("tf.Relu")`` returns. All run the same op
on the same numbers, in turn within every round. Times are microseconds an op, until the result is there; PyTorch and
JAX compute on one CPU thread.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numpy as np

import tfrt

SIZES = (4, 1024, 65536)
ROUNDS = 15
CALLS = {4: 2000, 1024: 2000, 65536: 200}


def rivals(op: str, x: np.ndarray) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each way to run the op on `x`, ready to be called."""
    zero = np.float32(0)
    yield "numpy", (lambda: np.maximum(x, zero)) if op == "relu" else (lambda: np.add(x, x))
    runtime = tfrt.CoreRuntime.of(tfrt.HostContext())
    handle = runtime.tensor(x)
    relu, add = runtime.op("tf.Relu"), runtime.op("tf.AddV2")
    if op == "relu":
        yield "execute", lambda: runtime.execute("tf.Relu", handle)
        yield "op", lambda: relu(handle)
    else:
        yield "execute", lambda: runtime.execute("tf.AddV2", handle, handle)
        yield "op", lambda: add(handle, handle)
    yield from _torch(op, x)
    yield from _jax(op, x)


def _torch(op: str, x: np.ndarray) -> Iterator[tuple[str, Callable[[], Any]]]:
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)
    tensor = torch.from_numpy(x)
    yield "torch", (lambda: torch.relu(tensor)) if op == "relu" else (lambda: torch.add(tensor, tensor))


def _jax(op: str, x: np.ndarray) -> Iterator[tuple[str, Callable[[], Any]]]:
    try:
        import jax.numpy as jnp
    except ImportError:
        return
    array = jnp.asarray(x)
    function = (lambda a: jnp.maximum(a, 0)) if op == "relu" else (lambda a: jnp.add(a, a))
    yield "jax", lambda: function(array).block_until_ready()


def per_call(call: Callable[[], Any], calls: int) -> float:
    """Microseconds a call."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help="interleaved repetitions (default: %(default)s)"
    )
    rounds = parser.parse_args().rounds
    print(f"{'op':6}{'floats':>8}  {'':8}{'median':>9}{'least':>9}{'over numpy':>12}   ({rounds} rounds, us an op)")
    for op in ("relu", "add"):
        for size in SIZES:
            x = np.linspace(-1, 1, size, dtype=np.float32)
            calls = dict(rivals(op, x))
            times: dict[str, list[float]] = {name: [] for name in calls}
            for _ in range(rounds):
                for name, call in calls.items():
                    times[name].append(per_call(call, CALLS[size]))
            floor = median(times["numpy"])
            for name, found in times.items():
                over = median(found) - floor
                print(f"{op:6}{size:8}  {name:8}{median(found):9.2f}{min(found):9.2f}{over:12.2f}")
    forwarding(rounds)


def forwarding(rounds: int) -> None:
    """An op whose input somebody keeps, against one that may write into it."""
    print(f"\n{'op':6}{'floats':>8}  {'kept':>9}{'given up':>10}   (medians, us an op)")
    neg = tfrt.CoreRuntime.of(tfrt.HostContext()).op("tf.Neg")
    for size in (65536, 1 << 20, 1 << 22):
        kept = neg(np.ones(size, np.float32))
        given_up = [*neg(*kept)]
        calls = max(5, (1 << 23) // size)
        keep, give_up = partial(neg, *kept), partial(_replace, given_up, neg)
        times = [(per_call(keep, calls), per_call(give_up, calls)) for _ in range(rounds)]
        print(f"{'neg':6}{size:8}  {median(t[0] for t in times):9.2f}{median(t[1] for t in times):10.2f}")


def _replace(handles: list[Any], op: Callable[..., Any]) -> None:
    handles.append(op(handles.pop())[0])


if __name__ == "__main__":
    main()
