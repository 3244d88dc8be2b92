"""Operations in numpy, as one writes them by hand: convolutions are products of what lies under the kernel."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

reshape, transpose = np.reshape, np.transpose


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def gelu(x: np.ndarray) -> np.ndarray:
    return np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)))


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def layer_norm(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    variance = np.square(centred).mean(-1, keepdims=True)
    return centred / np.sqrt(variance + np.float32(1e-5)) * scale + shift


def conv(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    height, width, inputs, outputs = kernel.shape
    around = [(0, 0), (height // 2, height // 2), (width // 2, width // 2), (0, 0)]
    windows = sliding_window_view(np.pad(x, around), (height, width), (1, 2))[:, ::stride, ::stride]
    rows = windows.transpose(0, 1, 2, 4, 5, 3)
    products = rows.reshape(-1, height * width * inputs) @ kernel.reshape(-1, outputs)
    return products.reshape(*rows.shape[:3], outputs)


def max_pool(x: np.ndarray) -> np.ndarray:
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))


def mean(x: np.ndarray) -> np.ndarray:
    return x.mean((1, 2))


def concatenate(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts, 1)


def part(x: np.ndarray, index: int) -> np.ndarray:
    return x[index]


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm(xs: np.ndarray, inputs: np.ndarray, states: np.ndarray, bias: np.ndarray) -> np.ndarray:
    h = c = np.zeros((xs.shape[1], len(states)), xs.dtype)
    found = []
    for x in xs @ inputs + bias:
        i, f, g, o = np.split(x + h @ states, 4, axis=1)
        c = _logistic(f) * c + _logistic(i) * np.tanh(g)
        h = _logistic(o) * np.tanh(c)
        found.append(h)
    return np.stack(found)


def gru(xs: np.ndarray, inputs: np.ndarray, states: np.ndarray, bias: np.ndarray, state_bias: np.ndarray) -> np.ndarray:
    h = np.zeros((xs.shape[1], len(states)), xs.dtype)
    found = []
    for x in xs @ inputs + bias:
        (xr, xz, xn), (hr, hz, hn) = np.split(x, 3, axis=1), np.split(h @ states + state_bias, 3, axis=1)
        z = _logistic(xz + hz)
        h = (1 - z) * np.tanh(xn + _logistic(xr + hr) * hn) + z * h
        found.append(h)
    return np.stack(found)
