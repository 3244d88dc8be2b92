"""What the scripts that make these examples share: training with Adam, and writing texts and weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

FOLDER = Path(__file__).parent
Params = dict[str, Any]


def train(
    loss: Callable[..., Any], params: Params, batches: Iterator[tuple[np.ndarray, ...]], steps: int, rate: float
) -> Params:
    """What Adam makes of parameters in that many steps, with a learning rate that falls to zero on a half cosine."""

    @jax.jit
    def step(state: tuple[Params, Params, Params], number: Any, batch: tuple[Any, ...]) -> tuple[Any, Any]:
        params, means, squares = state
        value, grads = jax.value_and_grad(loss)(params, *batch)
        means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, grads)
        squares = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, squares, grads)
        size = rate * 0.5 * (1 + jnp.cos(jnp.pi * number / steps))

        def update(p: Any, m: Any, s: Any) -> Any:
            return p - size * (m / (1 - 0.9 ** (number + 1))) / (jnp.sqrt(s / (1 - 0.99 ** (number + 1))) + 1e-8)

        return value, (jax.tree.map(update, params, means, squares), means, squares)

    zeros = jax.tree.map(jnp.zeros_like, params)
    state = (params, zeros, zeros)
    for number in range(steps):
        value, state = step(state, number, next(batches))
        if number % (steps // 5) == 0 or number == steps - 1:
            print(f"  step {number}: loss {float(value):.4f}")
    return jax.tree.map(np.asarray, state[0])


def weight(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random weights, for what comes in through all dimensions but the last."""
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)


def batches(rng: np.random.Generator, size: int, *arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Random rows of the arrays, without end."""
    while True:
        chosen = rng.integers(0, len(arrays[0]), size)
        yield tuple(array[chosen] for array in arrays)


def write_text(path: str, function: Callable[..., Any], *arguments: Any) -> None:
    """Write the StableHLO of a function of arrays of these shapes."""
    _write(path, jax.jit(function).lower(*arguments).as_text())


def write_text_of_any_size(path: str, function: Callable[..., Any], *arguments: Any) -> None:
    """Write the StableHLO of a function of arrays some of whose sizes have names: `jax.export` writes such programs."""
    text = jax.export.export(jax.jit(function))(*arguments).mlir_module()
    # Where the ops come from, on the machine that made the text, is nobody's business.
    _write(path, re.sub(r" loc\((?:#loc\d*|unknown)\)|^#loc.*\n", "", text, flags=re.MULTILINE))


def _write(path: str, text: str) -> None:
    (FOLDER / path).write_text(text, encoding="utf-8")
    print(f"  {path}: {len(text):,} characters")


def write_arrays(path: str, tree: Any, **more: np.ndarray) -> None:
    """Write arrays in the order of the program's arguments, which is JAX's order of leaves, and others by name."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]
    np.savez(FOLDER / path, **{f"arg{i}": leaf for i, leaf in enumerate(leaves)}, **more)
    print(f"  {path}: {sum(leaf.size for leaf in leaves):,} weights")
