"""Operations as nodes of an ONNX graph, which `model` gives as bytes for onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from networks.architectures import Network


class Value:
    """A value of the graph that is being made."""

    def __init__(self, graph: Graph, name: str):
        self.graph, self.name = graph, name

    def __matmul__(self, other: Any) -> Value:
        return self.graph.node("MatMul", self, other)

    def __add__(self, other: Any) -> Value:
        return self.graph.node("Add", self, other)

    def __mul__(self, other: Any) -> Value:
        return self.graph.node("Mul", self, other)


class Graph:
    """Nodes and constants of a model."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, kind: str, *inputs: Any, **attributes: Any) -> Value:
        names = [value.name if isinstance(value, Value) else self.constant(value).name for value in inputs]
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [name], **attributes))
        return Value(self, name)

    def constant(self, array: Any) -> Value:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return Value(self, name)


def relu(x: Value) -> Value:
    return x.graph.node("Relu", x)


def gelu(x: Value) -> Value:
    return x.graph.node("Gelu", x, approximate="tanh")


def softmax(x: Value) -> Value:
    return x.graph.node("Softmax", x, axis=-1)


def layer_norm(x: Value, scale: Any, shift: Any) -> Value:
    return x.graph.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5)


def transpose(x: Value, order: Sequence[int]) -> Value:
    return x.graph.node("Transpose", x, perm=list(order))


def reshape(x: Value, shape: Sequence[int]) -> Value:
    return x.graph.node("Reshape", x, np.array(shape, np.int64))


def conv(x: Value, kernel: np.ndarray, stride: int) -> Value:
    """ONNX has channels first; onnxruntime moves the transposes together, where most of them cancel."""
    around = [size // 2 for size in kernel.shape[:2]] * 2
    filters = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
    y = x.graph.node("Conv", transpose(x, (0, 3, 1, 2)), filters, strides=[stride, stride], pads=around)
    return transpose(y, (0, 2, 3, 1))


def max_pool(x: Value) -> Value:
    y = x.graph.node("MaxPool", transpose(x, (0, 3, 1, 2)), kernel_shape=[2, 2], strides=[2, 2])
    return transpose(y, (0, 2, 3, 1))


def mean(x: Value) -> Value:
    return x.graph.node("ReduceMean", x, np.array([1, 2], np.int64), keepdims=0)


def concatenate(parts: list[Value]) -> Value:
    return parts[0].graph.node("Concat", *parts, axis=1)


def part(x: Value, index: int) -> Value:
    return x.graph.node("Gather", x, np.array(index, np.int64), axis=0)


def lstm(x: Value, inputs: np.ndarray, states: np.ndarray, bias: np.ndarray) -> Value:
    """ONNX has the output gate second, and weights transposed, for each direction."""
    order = [0, 3, 1, 2]
    given = [_of_gates(array, order)[None] for array in (inputs, states)]
    both = np.concatenate([_of_gates(bias, order), np.zeros_like(bias)])[None]
    return _states(x.graph.node("LSTM", x, *given, both, hidden_size=len(states)))


def gru(x: Value, inputs: np.ndarray, states: np.ndarray, bias: np.ndarray, state_bias: np.ndarray) -> Value:
    """ONNX has the update gate first."""
    order = [1, 0, 2]
    given = [_of_gates(array, order)[None] for array in (inputs, states)]
    both = np.concatenate([_of_gates(bias, order), _of_gates(state_bias, order)])[None]
    found = x.graph.node("GRU", x, *given, both, hidden_size=len(states), linear_before_reset=1)
    return _states(found)


def _of_gates(array: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """What lies side by side for gates, one below the other in another order."""
    parts = np.split(array, len(order), axis=-1)
    return np.ascontiguousarray(np.concatenate([parts[gate].T for gate in order]))


def _states(found: Value) -> Value:
    """All states, without the dimension of directions."""
    return found.graph.node("Squeeze", found, np.array([1], np.int64))


def model(network: Network, weights: dict[str, np.ndarray]) -> bytes:
    """The network with its weights, as an ONNX file."""
    import sys

    graph = Graph()
    inputs = [Value(graph, name) for name in network.inputs]
    result = network.forward(sys.modules[__name__], weights, inputs)
    made = helper.make_graph(
        graph.nodes,
        network.name,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in network.inputs.items()],
        [helper.make_tensor_value_info(result.name, TensorProto.FLOAT, None)],
        graph.constants,
    )
    whole = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return onnx.ModelProto.SerializeToString(whole)
