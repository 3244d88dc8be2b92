"""Operations in PyTorch. Convolutions take channels last, as PyTorch has it too, without a copy."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

reshape, relu = torch.reshape, torch.relu


def transpose(x: Any, order: tuple[int, ...]) -> Any:
    return x.permute(order)


def gelu(x: Any) -> Any:
    return functional.gelu(x, approximate="tanh")


def softmax(x: Any) -> Any:
    return torch.softmax(x, -1)


def layer_norm(x: Any, scale: Any, shift: Any) -> Any:
    return functional.layer_norm(x, x.shape[-1:], scale, shift, 1e-5)


def conv(x: Any, kernel: Any, stride: int) -> Any:
    around = tuple(size // 2 for size in kernel.shape[:2])
    y = functional.conv2d(x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1), None, stride, around)
    return y.permute(0, 2, 3, 1)


def max_pool(x: Any) -> Any:
    return functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def mean(x: Any) -> Any:
    return x.mean((1, 2))


def concatenate(parts: list[Any]) -> Any:
    return torch.cat(parts, 1)


def part(x: Any, index: int) -> Any:
    return x[index]


def lstm(xs: Any, inputs: Any, states: Any, bias: Any) -> Any:
    nothing = torch.zeros(1, xs.shape[1], len(states))
    weights = [inputs.T.contiguous(), states.T.contiguous(), bias, torch.zeros_like(bias)]
    return torch.lstm(xs, (nothing, nothing), weights, True, 1, 0.0, False, False, False)[0]


def gru(xs: Any, inputs: Any, states: Any, bias: Any, state_bias: Any) -> Any:
    nothing = torch.zeros(1, xs.shape[1], len(states))
    weights = [inputs.T.contiguous(), states.T.contiguous(), bias, state_bias]
    return torch.gru(xs, nothing, weights, True, 1, 0.0, False, False, False)[0]
