"""Random programs of `jax.numpy` give JAX's numbers, where JAX is installed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tfrt
from tests.models.reference import require_same

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")

Values = list[Any]
ROWS, COLUMNS = 5, 6


def _unary() -> list[Callable[[Any], Any]]:
    return [
        jnp.sin, jnp.tanh, jnp.abs, jnp.negative, jnp.floor, jnp.square, jax.nn.relu, jax.nn.gelu, jax.nn.sigmoid,
        jax.nn.softmax, jnp.sign, lambda x: jnp.exp(-jnp.abs(x)), lambda x: jnp.log1p(jnp.abs(x)),
        lambda x: jnp.sqrt(jnp.abs(x)), lambda x: jnp.sort(x, axis=-1), lambda x: jnp.cumsum(x, axis=0),
        lambda x: jnp.flip(x, 1), lambda x: jnp.roll(x, 2, axis=1), lambda x: jnp.clip(x, -0.5, 1.5),
        lambda x: x - x.mean(-1, keepdims=True), lambda x: x / (1 + x.max(0)), lambda x: jnp.where(x > 0, x, 0.25 * x),
        lambda x: jnp.take(x, jnp.argsort(x[:, 0]), axis=0), lambda x: x.at[1:3].add(1.0),
        lambda x: x.at[::2, 1].set(0.0),
        lambda x: jax.lax.cummax(x, axis=1), lambda x: jnp.pad(x, 1)[:-2, 1:-1], lambda x: x.T.reshape(x.shape),
        lambda x: jax.lax.fori_loop(0, 3, lambda i, v: 0.5 * v + i, x), lambda x: jax.grad(lambda v: jnp.sum(v * v))(x),
        lambda x: jax.lax.scan(lambda c, row: (0.5 * c + row, c * row), jnp.zeros(COLUMNS), x)[1],
        lambda x: jax.vmap(lambda row: jnp.convolve(row, jnp.ones(3), "same"))(x),
        lambda x: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2, 3), (1, 1), "SAME"),
        lambda x: jnp.round(x * 8).astype(jnp.int8).astype(jnp.float32) / 8,
        lambda x: x.astype(jnp.bfloat16).astype(x.dtype),
        lambda x: jax.lax.top_k(x, COLUMNS)[0], lambda x: jax.ops.segment_sum(x, jnp.array([0, 2, 1, 2, 0]), ROWS),
    ]  # fmt: skip


def _binary() -> list[Callable[[Any, Any], Any]]:
    return [
        jnp.add, jnp.subtract, jnp.multiply, jnp.maximum, jnp.minimum, jnp.arctan2, lambda x, y: x / (1 + y * y),
        lambda x, y: jnp.where(x < y, x, y), lambda x, y: x @ (y.T @ y) / 8,
        lambda x, y: jnp.einsum("ij,ij->i", x, y)[:, None] * x,
        lambda x, y: jnp.concatenate([x, y], 1)[:, 3:9], lambda x, y: jax.lax.cond(x[0, 0] > 0, jnp.cos, jnp.tanh, y),
        lambda x, y: jnp.take_along_axis(x, jnp.argmax(y, 1)[:, None], 1) + y, lambda x, y: jnp.hypot(x, y),
    ]  # fmt: skip


def random_program(seed: int) -> Callable[..., Any]:
    """A function of three arrays, of eight ops."""
    choose = random.Random(seed)
    unary, binary = _unary(), _binary()
    steps = [
        (choose.choice(binary if choose.random() < 0.4 else unary), choose.randrange(99), choose.randrange(99))
        for _ in range(8)
    ]

    def program(*arguments: Any) -> Any:
        values: Values = list(arguments)
        for function, first, second in steps:
            x, y = values[-1 - first % 3], values[second % len(values)]
            values.append(function(x, y) if function in binary else function(x))
        return values[-1], values[-2], values[-3].sum(1)

    return program


@pytest.mark.parametrize("seed", range(24))
def test_a_random_program_gives_jaxs_numbers(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    arguments = [numbers.standard_normal((ROWS, COLUMNS)).astype(np.float32) for _ in range(3)]
    lowered = jax.jit(random_program(seed), keep_unused=True).lower(*arguments)
    wanted = [np.asarray(result) for result in lowered.compile()(*arguments)]
    for level in (0, 2):
        main = tfrt.load(tfrt.compile(lowered.as_text(), opt_level=level))["main"]
        require_same(main(*arguments), wanted, 1e-4, 1e-4)
