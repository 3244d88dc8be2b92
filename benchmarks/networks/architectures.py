"""The networks, as functions of a module of operations, of weights by name, and of their input.

Operations are `relu`, `gelu`, `softmax` (over the last dimension), `layer_norm(x, scale, shift)`, `conv(x, kernel,
stride)` (NHWC, HWIO, as many zeros around as keep the size at stride 1), `max_pool(x)` (2 x 2), `mean(x)` (over height
and width), `transpose(x, order)`, `reshape(x, shape)`, `concatenate(parts)` (of matrices, one below the other) and
`part(x, index)`, `lstm(xs, inputs, states, bias)` and `gru(xs, inputs, states, bias, state_bias)` (of ``(steps, batch,
width)``, from zeros on, gates side by side in PyTorch's order, all states); arrays have `@`, `+`, `*`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Shapes = dict[str, tuple[int, ...]]

WIDTH, HEADS, TOKENS = 256, 4, 128
HEAD = WIDTH // HEADS
BLOCKS, BYTES = 4, 256


@dataclass(frozen=True)
class Network:
    """A network of a batch size.

    Attributes:
        forward: gives the result from operations, weights and inputs.
        weights: their shapes, by name.
        inputs: their shapes, by name, in order.
    """

    name: str
    forward: Callable[[Any, dict[str, Any], list[Any]], Any]
    weights: Shapes
    inputs: Shapes

    def arrays(self) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
        """Weights and inputs, the same in each process."""
        rng = np.random.default_rng(0)

        def random(shape: tuple[int, ...]) -> np.ndarray:
            return (rng.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[:-1])))).astype(np.float32)

        weights = {name: random(shape) for name, shape in self.weights.items()}
        return weights, [rng.standard_normal(shape).astype(np.float32) for shape in self.inputs.values()]


def _mlp(ops: Any, w: dict[str, Any], inputs: list[Any]) -> Any:
    x = ops.relu(inputs[0] @ w["w1"] + w["b1"])
    x = ops.relu(x @ w["w2"] + w["b2"])
    return ops.softmax(x @ w["w3"] + w["b3"])


_MLP: Shapes = {"w1": (784, 512), "b1": (512,), "w2": (512, 512), "b2": (512,), "w3": (512, 10), "b3": (10,)}


def _lenet(ops: Any, w: dict[str, Any], inputs: list[Any]) -> Any:
    x = ops.max_pool(ops.relu(ops.conv(inputs[0], w["conv1"], 1) + w["bias1"]))
    x = ops.max_pool(ops.relu(ops.conv(x, w["conv2"], 1) + w["bias2"]))
    x = ops.reshape(x, (-1, 7 * 7 * 16))
    x = ops.relu(x @ w["w3"] + w["b3"])
    x = ops.relu(x @ w["w4"] + w["b4"])
    return ops.softmax(x @ w["w5"] + w["b5"])


_LENET: Shapes = {
    "conv1": (5, 5, 1, 6),
    "bias1": (6,),
    "conv2": (5, 5, 6, 16),
    "bias2": (16,),
    "w3": (784, 120),
    "b3": (120,),
    "w4": (120, 84),
    "b4": (84,),
    "w5": (84, 10),
    "b5": (10,),
}

_STAGES = ((16, 1), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1))


def _resnet(ops: Any, w: dict[str, Any], inputs: list[Any]) -> Any:
    def layer(x: Any, name: str, stride: int) -> Any:
        """A convolution and its normalisation, which comes to a scale and a shift where a network only runs."""
        return ops.conv(x, w[f"{name}.kernel"], stride) * w[f"{name}.scale"] + w[f"{name}.shift"]

    x = ops.relu(layer(inputs[0], "stem", 1))
    for i, (_, stride) in enumerate(_STAGES):
        y = ops.relu(layer(x, f"{i}.a", stride))
        around = layer(x, f"{i}.around", stride) if stride > 1 else x
        x = ops.relu(layer(y, f"{i}.b", 1) + around)
    return ops.softmax(ops.mean(x) @ w["w"] + w["b"])


def _resnet_weights() -> Shapes:
    shapes: Shapes = {}

    def layer(name: str, size: int, inputs: int, outputs: int) -> None:
        shapes[f"{name}.kernel"] = (size, size, inputs, outputs)
        shapes[f"{name}.scale"] = shapes[f"{name}.shift"] = (outputs,)

    layer("stem", 3, 3, 16)
    inputs = 16
    for i, (outputs, stride) in enumerate(_STAGES):
        layer(f"{i}.a", 3, inputs, outputs)
        layer(f"{i}.b", 3, outputs, outputs)
        if stride > 1:
            layer(f"{i}.around", 1, inputs, outputs)
        inputs = outputs
    return {**shapes, "w": (64, 10), "b": (10,)}


def _block_weights(name: str) -> Shapes:
    return {
        f"{name}.scale1": (WIDTH,),
        f"{name}.shift1": (WIDTH,),
        f"{name}.queries": (WIDTH, WIDTH),
        f"{name}.keys": (WIDTH, WIDTH),
        f"{name}.values": (WIDTH, WIDTH),
        f"{name}.output": (WIDTH, WIDTH),
        f"{name}.scale2": (WIDTH,),
        f"{name}.shift2": (WIDTH,),
        f"{name}.w1": (WIDTH, 4 * WIDTH),
        f"{name}.b1": (4 * WIDTH,),
        f"{name}.w2": (4 * WIDTH, WIDTH),
        f"{name}.b2": (WIDTH,),
    }


def _heads(ops: Any, x: Any) -> Any:
    return ops.transpose(ops.reshape(x, (-1, HEADS, HEAD)), (1, 0, 2))


def _attend(ops: Any, w: dict[str, Any], name: str, x: Any, queries: Any, keys: Any, values: Any, mask: Any) -> Any:
    """What comes after queries, keys and values ``[HEADS, n, HEAD]`` in a block."""
    scores = (queries @ ops.transpose(keys, (0, 2, 1))) * np.float32(HEAD**-0.5)
    if mask is not None:
        scores = scores + mask
    found = ops.transpose(ops.softmax(scores) @ values, (1, 0, 2))
    x = x + ops.reshape(found, (-1, WIDTH)) @ w[f"{name}.output"]
    hidden = ops.layer_norm(x, w[f"{name}.scale2"], w[f"{name}.shift2"]) @ w[f"{name}.w1"] + w[f"{name}.b1"]
    return x + ops.gelu(hidden) @ w[f"{name}.w2"] + w[f"{name}.b2"]


def _encoder(ops: Any, w: dict[str, Any], inputs: list[Any]) -> Any:
    x = inputs[0]
    normal = ops.layer_norm(x, w["0.scale1"], w["0.shift1"])
    queries, keys, values = (_heads(ops, normal @ w[f"0.{kind}"]) for kind in ("queries", "keys", "values"))
    return _attend(ops, w, "0", x, queries, keys, values, None)


def _decoder_step(ops: Any, w: dict[str, Any], inputs: list[Any]) -> Any:
    """One token more of a decoder: its embedding, the keys and values of those before (as many as fit, which is what
    the mask tells), and the scores of what comes next. That the new keys and values are kept is not part of it."""
    x, old_keys, old_values, mask = inputs
    for i in range(BLOCKS):
        normal = ops.layer_norm(x, w[f"{i}.scale1"], w[f"{i}.shift1"])
        queries, keys, values = (_heads(ops, normal @ w[f"{i}.{kind}"]) for kind in ("queries", "keys", "values"))
        keys = ops.concatenate([ops.part(old_keys, i), keys])
        values = ops.concatenate([ops.part(old_values, i), values])
        x = _attend(ops, w, str(i), x, queries, keys, values, mask)
    return ops.layer_norm(x, w["scale"], w["shift"]) @ w["bytes"]


def _decoder_weights() -> Shapes:
    shapes: Shapes = {}
    for i in range(BLOCKS):
        shapes |= _block_weights(str(i))
    return {**shapes, "scale": (WIDTH,), "shift": (WIDTH,), "bytes": (WIDTH, BYTES)}


def _lstm(ops: Any, w: dict[str, Any], inputs: list[Any]) -> Any:
    return ops.lstm(inputs[0], w["inputs"], w["states"], w["bias"])


def _gru(ops: Any, w: dict[str, Any], inputs: list[Any]) -> Any:
    return ops.gru(inputs[0], w["inputs"], w["states"], w["bias"], w["state_bias"])


STEPS, STATE = 64, 128
_LSTM: Shapes = {"inputs": (STATE, 4 * STATE), "states": (STATE, 4 * STATE), "bias": (4 * STATE,)}
_GRU: Shapes = {
    "inputs": (STATE, 3 * STATE),
    "states": (STATE, 3 * STATE),
    "bias": (3 * STATE,),
    "state_bias": (3 * STATE,),
}

_CACHE = (BLOCKS, HEADS, TOKENS - 1, HEAD)

NETWORKS = {
    network.name: network
    for network in (
        Network("mlp-1", _mlp, _MLP, {"x": (1, 784)}),
        Network("mlp-64", _mlp, _MLP, {"x": (64, 784)}),
        Network("lenet-1", _lenet, _LENET, {"x": (1, 28, 28, 1)}),
        Network("lenet-64", _lenet, _LENET, {"x": (64, 28, 28, 1)}),
        Network("resnet-1", _resnet, _resnet_weights(), {"x": (1, 32, 32, 3)}),
        Network("encoder-block", _encoder, _block_weights("0"), {"x": (TOKENS, WIDTH)}),
        Network(
            "decoder-step",
            _decoder_step,
            _decoder_weights(),
            {"x": (1, WIDTH), "keys": _CACHE, "values": _CACHE, "mask": (TOKENS,)},
        ),
        Network("lstm-1", _lstm, _LSTM, {"x": (STEPS, 1, STATE)}),
        Network("lstm-8", _lstm, _LSTM, {"x": (STEPS, 8, STATE)}),
        Network("gru-1", _gru, _GRU, {"x": (STEPS, 1, STATE)}),
    )
}
