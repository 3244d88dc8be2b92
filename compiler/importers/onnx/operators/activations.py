"""Activations of floats, as ops of StableHLO that become one pass over memory with what is around them.

Floats of 16 bits are left to the operators' own ops, which compute in single precision and round once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value
from tfrt.compiler.importers.text import TensorType
from tfrt.executor.values.dtype import DType


class _Floats:
    """Ops on arrays of one type of floats."""

    def __init__(self, builder: Builder, type: TensorType):
        self._builder, self._type = builder, type

    def op(self, name: str, *operands: Value | float) -> Value:
        """A result of the arrays' type; numbers are arrays of it."""
        return self._builder.one(name, [self._array(operand) for operand in operands], self._type)

    def add(self, x: Value | float, y: Value | float) -> Value:
        return self.op("stablehlo.add", x, y)

    def times(self, x: Value | float, y: Value | float) -> Value:
        return self.op("stablehlo.multiply", x, y)

    def within(self, x: Value, low: float, high: float) -> Value:
        """The nearest numbers between two."""
        return self.op("stablehlo.minimum", self.op("stablehlo.maximum", x, low), high)

    def where(self, direction: str, x: Value, bound: float, one: Value | float, other: Value | float) -> Value:
        """The one where `x` and a bound compare, and the other elsewhere."""
        spelled = {
            "comparison_direction": f"#stablehlo<comparison_direction {direction}>",
            "compare_type": "#stablehlo<comparison_type FLOAT>",
        }
        flags = TensorType(DType.I1, self._type.shape)
        chosen = self._builder.one("stablehlo.compare", [x, self._array(bound)], flags, spelled=spelled)
        return self._builder.one("stablehlo.select", [chosen, self._array(one), self._array(other)], self._type)

    def softplus(self, x: Value) -> Value:
        """``log(1 + exp(x))``, where exponentials do not overflow."""
        falling = self.op("stablehlo.exponential", self.op("stablehlo.negate", self.op("stablehlo.abs", x)))
        return self.add(self.op("stablehlo.maximum", x, 0.0), self.op("stablehlo.log_plus_one", falling))

    def _array(self, value: Value | float) -> Value:
        if isinstance(value, Value):
            return value
        return self._builder.splat(value, self._type.dtype, self._type.sizes)


def _celu(floats: _Floats, x: Value, node: Node) -> Value:
    alpha = node.attributes.get("alpha", 1.0)
    below = floats.op("stablehlo.exponential_minus_one", floats.op("stablehlo.divide", x, alpha))
    below = floats.op("stablehlo.minimum", floats.times(below, alpha), 0.0)
    return floats.add(floats.op("stablehlo.maximum", x, 0.0), below)


def _elu(floats: _Floats, x: Value, node: Node) -> Value:
    below = floats.times(floats.op("stablehlo.exponential_minus_one", x), node.attributes.get("alpha", 1.0))
    return floats.where("LT", x, 0.0, below, x)


def _gelu(floats: _Floats, x: Value, node: Node) -> Value:
    if node.attributes.get("approximate", "none") == "tanh":
        cube = floats.times(floats.times(x, x), x)
        inner = floats.times(floats.add(x, floats.times(cube, 0.044715)), math.sqrt(2 / math.pi))
        share = floats.add(floats.op("stablehlo.tanh", inner), 1.0)
    else:
        share = floats.add(floats.op("chlo.erf", floats.times(x, math.sqrt(0.5))), 1.0)
    return floats.times(floats.times(x, 0.5), share)


def _hard_sigmoid(floats: _Floats, x: Value, node: Node) -> Value:
    slope, offset = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return floats.within(floats.add(floats.times(x, slope), offset), 0.0, 1.0)


def _hard_swish(floats: _Floats, x: Value, node: Node) -> Value:
    share = floats.within(floats.add(floats.op("stablehlo.divide", x, 6.0), 0.5), 0.0, 1.0)
    return floats.times(x, share)


def _mish(floats: _Floats, x: Value, node: Node) -> Value:
    return floats.times(x, floats.op("stablehlo.tanh", floats.softplus(x)))


def _selu(floats: _Floats, x: Value, node: Node) -> Value:
    alpha, gamma = node.attributes.get("alpha", 1.6732632), node.attributes.get("gamma", 1.050701)
    below = floats.times(floats.op("stablehlo.exponential_minus_one", x), alpha)
    return floats.times(floats.where("LE", x, 0.0, below, x), gamma)


def _softsign(floats: _Floats, x: Value, node: Node) -> Value:
    return floats.op("stablehlo.divide", x, floats.add(floats.op("stablehlo.abs", x), 1.0))


def _swish(floats: _Floats, x: Value, node: Node) -> Value:
    scaled = floats.times(x, node.attributes.get("alpha", 1.0))
    return floats.times(x, floats.op("stablehlo.logistic", scaled))


_ACTIVATIONS: dict[str, Callable[[_Floats, Value, Node], Value]] = {
    "Celu": _celu,
    "Elu": _elu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Mish": _mish,
    "Selu": _selu,
    "Softplus": lambda floats, x, _: floats.softplus(x),
    "Softsign": _softsign,
    "Swish": _swish,
    "ThresholdedRelu": lambda floats, x, node: floats.where("GT", x, node.attributes.get("alpha", 1.0), x, 0.0),
}


@operator(*_ACTIVATIONS)
def activation(builder: Builder, node: Node) -> list[Value] | None:
    x = node.input(0)
    if x is None or not node.is_static or x.type.dtype not in (DType.F32, DType.F64):
        return None
    return [_ACTIVATIONS[node.operator](_Floats(builder, x.type), x, node)]
