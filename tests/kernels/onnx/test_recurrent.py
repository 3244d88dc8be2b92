"""Recurrent networks of one unit, worked out by hand."""

import math

import numpy as np
import pytest

from tests.kernels.onnx.running import check
from tfrt.executor.support.errors import KernelError

f32 = np.float32
X = f32([[[1]], [[2]]])
ONE = f32([[[1]]])


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_rnn():
    first = math.tanh(1)
    second = math.tanh(2 + first)
    check("RNN", [X, ONE, ONE], f32([[[[first]]], [[[second]]]]), f32([[[second]]]), hidden_size=1)
    check("RNN", [X, ONE, ONE], f32([[[[3]]], [[[2]]]]), f32([[[3]]]), hidden_size=1, direction="reverse",
          activations="Relu")  # fmt: skip


def test_sequences_end():
    check("RNN", [X, ONE, ONE, [1]], f32([[[[1]]], [[[0]]]]), f32([[[1]]]), hidden_size=1, activations="Relu",
          absent=(3,))  # fmt: skip
    both = [X, np.concatenate([ONE, ONE]), np.concatenate([ONE, ONE])]
    check("RNN", both, f32([[[[1]], [[3]]], [[[3]], [[2]]]]), f32([[[3]], [[3]]]), hidden_size=1,
          direction="bidirectional", activations="Relu,Relu")  # fmt: skip
    check("RNN", [X.swapaxes(0, 1), ONE, ONE], f32([[[[1]], [[3]]]]), f32([[[3]]]), hidden_size=1, activations="Relu",
          layout=1)  # fmt: skip


def test_gru():
    w = f32([[[1], [2], [3]]])
    r, b = f32([[[1], [1], [1]]]), f32([[0, 0, 0, 0, 0, 0]])
    update, new = sigmoid(1), math.tanh(3)
    first = (1 - update) * new
    check("GRU", [X[:1], w, r], f32([[[[first]]]]), f32([[[first]]]), hidden_size=1)
    update, reset = sigmoid(1 + 2), sigmoid(2 + 2)
    after = (1 - update) * math.tanh(3 + reset * 2) + update * 2
    for linear in (0, 1):
        check("GRU", [X[:1], w, r, b, f32([[[2]]])], f32([[[[after]]]]), hidden_size=1, absent=(4,),
              linear_before_reset=linear)  # fmt: skip


def test_lstm():
    w = f32([[[1], [2], [3], [4]]])
    r = np.zeros((1, 4, 1), f32)
    cell = sigmoid(1) * math.tanh(4) + sigmoid(3) * 5
    hidden = sigmoid(2) * math.tanh(cell)
    given = [X[:1], w, r, f32([[[0]]]), f32([[[5]]])]
    check("LSTM", given, f32([[[[hidden]]]]), f32([[[hidden]]]), f32([[[cell]]]), hidden_size=1, absent=(3, 4))


def test_it_is_said_what_is_wrong():
    with pytest.raises(KernelError, match="there is no activation 'Cos'"):
        check("RNN", [X, ONE, ONE], X, hidden_size=1, activations="Cos")
    with pytest.raises(KernelError, match="expects a direction forward, reverse or bidirectional, but got back"):
        check("RNN", [X, ONE, ONE], X, hidden_size=1, direction="back")
