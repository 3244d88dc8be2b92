"""A step of training, written as StableHLO: the loss, its gradients as `jax.grad` derives them, and Adam's update."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from digits.model import initial, loss, mlp
from making import write_text

BATCH = 64


def step(state: Any, images: Any, labels: Any) -> tuple[Any, Any]:
    """The loss for a batch, and what Adam makes of the state: parameters, both kinds of moments, how many steps."""
    params, means, squares, count = state
    value, grads = jax.value_and_grad(lambda p: loss(mlp(p, images), labels))(params)
    count = count + 1
    means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, grads)
    squares = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, squares, grads)
    size = 0.01 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    params = jax.tree.map(lambda p, m, s: p - size * m / (jnp.sqrt(s) + 1e-8), params, means, squares)
    return value, (params, means, squares, count)


def make() -> None:
    """Write the step. Nothing is trained here."""
    params = initial("mlp")
    state = (params, params, params, np.float32(0))
    write_text("trainer/step.mlir", step, state, np.zeros((BATCH, 64), np.float32), np.zeros(BATCH, np.int32))
