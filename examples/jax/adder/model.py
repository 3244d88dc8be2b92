"""A recurrent network that learns to add: it reads two numbers bit by bit, the lowest first, and says the sum's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from making import Params, train, weight, write_arrays, write_text_of_any_size

HIDDEN = 16


def gru(params: Params, state: Any, inputs: Any) -> Any:
    """The next state ``[n, HIDDEN]`` of a gated recurrent unit."""
    gates = jax.nn.sigmoid(jnp.concatenate([inputs, state], 1) @ params["gates"] + params["gates_bias"])
    reset, update = jnp.split(gates, 2, axis=1)
    new = jnp.tanh(jnp.concatenate([inputs, reset * state], 1) @ params["new"] + params["new_bias"])
    return update * state + (1 - update) * new


def add(params: Params, bits: Any) -> Any:
    """Scores ``[steps, n]`` for bits ``[steps, n, 2]`` of `n` pairs of numbers: positive where the sum's bit is 1."""

    def step(state: Any, inputs: Any) -> tuple[Any, Any]:
        state = gru(params, state, inputs)
        return state, (state @ params["out"])[:, 0] + params["out_bias"]

    return jax.lax.scan(step, jnp.zeros((bits.shape[1], HIDDEN), jnp.float32), bits)[1]


def _examples(rng: np.random.Generator, steps: int, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        numbers = rng.integers(0, 2 ** (steps - 1), (count, 2))
        places = np.arange(steps)[:, None, None]
        bits = (numbers >> places) & 1
        yield bits.astype(np.float32), ((numbers.sum(1) >> places[:, :, 0]) & 1).astype(np.float32)


def _loss(params: Params, bits: Any, sums: Any) -> Any:
    scores = add(params, bits)
    return jnp.mean(jax.nn.softplus(scores) - sums * scores)


def make() -> None:
    """Train on sums of numbers below 2**11, and write a program for numbers of any length."""
    rng = np.random.default_rng(0)
    params: Params = {
        "gates": weight(rng, 2 + HIDDEN, 2 * HIDDEN),
        "gates_bias": np.zeros(2 * HIDDEN, np.float32),
        "new": weight(rng, 2 + HIDDEN, HIDDEN),
        "new_bias": np.zeros(HIDDEN, np.float32),
        "out": weight(rng, HIDDEN, 1),
        "out_bias": np.float32(0),
    }
    params = train(_loss, params, _examples(rng, 12, 64), 1500, 0.01)
    bits, sums = next(_examples(rng, 60, 200))
    scores = np.asarray(jax.jit(add)(params, bits))
    print(f"  {np.mean(np.all((scores > 0) == sums, axis=0)):.3f} of sums below 2**60 are right")
    write_arrays("adder/weights.npz", params)
    write_arrays("adder/arguments.npz", (params, next(_examples(rng, 4, 2))[0]))
    steps, count = jax.export.symbolic_shape("steps, count")
    write_text_of_any_size("adder/add.mlir", add, params, jax.ShapeDtypeStruct((steps, count, 2), np.float32))
