"""Operations in JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

reshape, transpose = jnp.reshape, jnp.transpose
relu, gelu, softmax = jax.nn.relu, jax.nn.gelu, jax.nn.softmax


def layer_norm(x: Any, scale: Any, shift: Any) -> Any:
    mean = jnp.mean(x, -1, keepdims=True)
    variance = jnp.mean(jnp.square(x - mean), -1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift


def conv(x: Any, kernel: Any, stride: int) -> Any:
    around = [(size // 2, size // 2) for size in kernel.shape[:2]]
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, kernel, (stride, stride), around, dimension_numbers=numbers)


def max_pool(x: Any) -> Any:
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def mean(x: Any) -> Any:
    return x.mean((1, 2))


def concatenate(parts: list[Any]) -> Any:
    return jnp.concatenate(parts, 1)


def part(x: Any, index: int) -> Any:
    return x[index]


def lstm(xs: Any, inputs: Any, states: Any, bias: Any) -> Any:
    def step(state: Any, x: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(x @ inputs + h @ states + bias, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    nothing = jnp.zeros((xs.shape[1], len(states)), xs.dtype)
    return jax.lax.scan(step, (nothing, nothing), xs)[1]


def gru(xs: Any, inputs: Any, states: Any, bias: Any, state_bias: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        xr, xz, xn = jnp.split(x @ inputs + bias, 3, axis=1)
        hr, hz, hn = jnp.split(h @ states + state_bias, 3, axis=1)
        z = jax.nn.sigmoid(xz + hz)
        h = (1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn) + z * h
        return h, h

    return jax.lax.scan(step, jnp.zeros((xs.shape[1], len(states)), xs.dtype), xs)[1]
