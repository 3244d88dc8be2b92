"""Recurrent layers as loops: one product of all inputs, and a `stablehlo.while` over steps.

Of types that are known, with the activations that the operators have by default, without peepholes, clipping and
sequences of different lengths; others are the operators' own ops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value, constant
from tfrt.compiler.importers.text import TensorType
from tfrt.executor.values.dtype import DType

_COUNTER, _PRED = TensorType(DType.I32, ()), TensorType(DType.I1, ())


@dataclass(frozen=True)
class _Layer:
    """One direction of a layer.

    Attributes:
        number: which direction it is.
        inputs: ``(steps, batch, gates)``, products of inputs with biases.
        states: the matrix that states are multiplied by, ``(size, gates)``.
        bias: the biases of states, a row, which are not in `inputs`.
    """

    builder: Builder
    number: int
    inputs: Value
    states: Value
    bias: Value
    size: int

    @property
    def dtype(self) -> DType:
        """The type of all elements."""
        return self.inputs.type.dtype

    @property
    def batch(self) -> int:
        """How many rows states have."""
        return self.inputs.type.sizes[1]

    @property
    def row(self) -> TensorType:
        """The type of a state."""
        return TensorType(self.dtype, (self.batch, self.size))

    def op(self, name: str, *operands: Value) -> Value:
        """An elementwise op on arrays of one type."""
        return self.builder.one(f"stablehlo.{name}", operands, operands[0].type)

    def gates(self, value: Value) -> list[Value]:
        """What lies side by side."""
        return [_part(self.builder, value, 1, at, at + self.size) for at in range(0, value.type.sizes[1], self.size)]


Step = Callable[[_Layer, Value, Sequence[Value]], Sequence[Value]]
"""Gives the next states of what an input has come to and the states; the first of them is what is collected."""


def _rnn(activation: str) -> Step:
    def step(layer: _Layer, x: Value, states: Sequence[Value]) -> Sequence[Value]:
        summed = layer.op("add", _product(layer.builder, states[0], layer.states), x)
        if activation == "tanh":
            return [layer.op("tanh", summed)]
        return [layer.op("maximum", summed, layer.builder.splat(0.0, layer.dtype, summed.type.sizes))]

    return step


def _lstm(layer: _Layer, x: Value, states: Sequence[Value]) -> Sequence[Value]:
    """Gates are in the order input, output, forget, cell."""
    hidden, cell = states
    summed = layer.op("add", _product(layer.builder, hidden, layer.states), x)
    taken, given, kept, new = layer.gates(summed)
    held = layer.op("multiply", layer.op("logistic", kept), cell)
    grown = layer.op("add", held, layer.op("multiply", layer.op("logistic", taken), layer.op("tanh", new)))
    return [layer.op("multiply", layer.op("logistic", given), layer.op("tanh", grown)), grown]


def _gru(layer: _Layer, x: Value, states: Sequence[Value]) -> Sequence[Value]:
    """Gates are in the order update, reset, hidden; the reset is done to the product."""
    back = _product(layer.builder, states[0], layer.states)
    back = layer.op("add", back, layer.builder.broadcast(layer.bias, back.type.sizes))
    inputs, backs = layer.gates(x), layer.gates(back)
    update, reset = (layer.op("logistic", layer.op("add", inputs[gate], backs[gate])) for gate in (0, 1))
    new = layer.op("tanh", layer.op("add", inputs[2], layer.op("multiply", reset, backs[2])))
    return [_updated(layer, update, new, states[0])]


def _gru_before(layer: _Layer, x: Value, states: Sequence[Value]) -> Sequence[Value]:
    """The same, with the reset done to the state."""
    size, builder = layer.size, layer.builder
    matrices = [_part(builder, layer.states, 1, *ends) for ends in ((0, 2 * size), (2 * size, 3 * size))]
    inputs, backs = layer.gates(x), layer.gates(_product(builder, states[0], matrices[0]))
    update, reset = (layer.op("logistic", layer.op("add", inputs[gate], backs[gate])) for gate in (0, 1))
    inner = _product(builder, layer.op("multiply", reset, states[0]), matrices[1])
    new = layer.op("tanh", layer.op("add", inputs[2], inner))
    return [_updated(layer, update, new, states[0])]


def _updated(layer: _Layer, update: Value, new: Value, old: Value) -> Value:
    one = layer.builder.splat(1.0, layer.dtype, update.type.sizes)
    fresh = layer.op("multiply", layer.op("subtract", one, update), new)
    return layer.op("add", fresh, layer.op("multiply", update, old))


@operator("RNN")
def rnn(builder: Builder, node: Node) -> list[Value] | None:
    names = _activations(node)
    activation = names[0] if names else "tanh"
    if activation not in ("tanh", "relu") or any(name != activation for name in names):
        return None
    return _layers(builder, node, [5], _rnn(activation))


@operator("GRU")
def gru(builder: Builder, node: Node) -> list[Value] | None:
    if _activations(node) not in ([], ["sigmoid", "tanh"] * _directions(node)):
        return None
    after = bool(node.attributes.get("linear_before_reset"))
    return _layers(builder, node, [5], _gru if after else _gru_before, is_apart=after)


@operator("LSTM")
def lstm(builder: Builder, node: Node) -> list[Value] | None:
    if _activations(node) not in ([], ["sigmoid", "tanh", "tanh"] * _directions(node)):
        return None
    if node.input(7) is not None or node.attributes.get("input_forget"):
        return None
    return _layers(builder, node, [5, 6], _lstm)


def _activations(node: Node) -> list[str]:
    given = node.attributes.get("activations", "")
    return given.lower().split(",") if given else []


def _direction(node: Node) -> str:
    return str(node.attributes.get("direction", "forward")).lower()


def _directions(node: Node) -> int:
    return 2 if _direction(node) == "bidirectional" else 1


def _layers(
    builder: Builder, node: Node, firsts: Sequence[int], step: Step, *, is_apart: bool = False
) -> list[Value] | None:
    """All directions of a node, if it is of the kind that becomes loops.

    Args:
        firsts: which inputs are the first states.
        is_apart: whether biases of states are added to their products, not to those of inputs.
    """
    x, w, r, b = (node.input(number) for number in range(4))
    assert x is not None and w is not None and r is not None
    backwards = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}.get(_direction(node))
    is_static = all(value.type.is_static for value in node.inputs if value is not None)
    if not is_static or backwards is None or x.type.dtype not in (DType.F32, DType.F64):
        return None
    is_batch_first = bool(node.attributes.get("layout"))
    if is_batch_first:
        x = _transposed(builder, x, (1, 0, 2))
    steps, batch, width = x.type.sizes
    lengths = node.input(4)
    is_whole = lengths is None or (lengths.constant is not None and bool(np.all(lengths.constant == steps)))
    if not is_whole or node.attributes.get("clip") or 0 in (steps, batch, width):
        return None
    size, results = r.type.sizes[2], []
    for number, is_backwards in enumerate(backwards):
        inputs, states = (_matrix(builder, value, number) for value in (w, r))
        wide = states.type.sizes[1]
        biases = [
            builder.splat(0.0, x.type.dtype, (wide,)) if b is None else _row(builder, b, number, at, at + wide)
            for at in (0, wide)
        ]
        if not is_apart:
            biases = [_added(builder, *biases), biases[1]]
        made = _product(builder, x, inputs)
        made = builder.one("stablehlo.add", [made, builder.broadcast(biases[0], made.type.sizes)], made.type)
        layer = _Layer(builder, number, made, states, biases[1], size)
        given = [_first(layer, node.input(place), is_batch_first) for place in firsts]
        results.append(_loop(layer, step, given, is_backwards))
    return [
        _together(builder, [found[place] for found in results], is_batch_first, is_all=place == 0)
        for place in range(1 + len(firsts))
    ]


def _loop(layer: _Layer, step: Step, states: Sequence[Value], is_backwards: bool) -> list[Value]:
    """All first states, ``(steps, batch, size)``, and the last states."""
    builder, inputs = layer.builder, layer.inputs
    steps, batch, wide = inputs.type.sizes
    collected = TensorType(layer.dtype, (steps, batch, layer.size))
    types = [_COUNTER, *[layer.row] * len(states), collected]
    zero, one = (constant(np.array(number, np.int32)) for number in (0, 1))

    def body(arguments: Sequence[Value]) -> Sequence[Value]:
        number, *given, before = arguments
        last = constant(np.array(steps - 1, np.int32))
        at = builder.one("stablehlo.subtract", [last, number], _COUNTER) if is_backwards else number
        part = TensorType(layer.dtype, (1, batch, wide))
        x = builder.one("stablehlo.dynamic_slice", [inputs, at, zero, zero], part, {"slice_sizes": (1, batch, wide)})
        new = step(layer, builder.reshape(x, (batch, wide)), given)
        row = builder.reshape(new[0], (1, batch, layer.size))
        after = builder.one("stablehlo.dynamic_update_slice", [before, row, at, zero, zero], collected)
        return [builder.one("stablehlo.add", [number, one], _COUNTER), *new, after]

    def ask(arguments: Sequence[Value]) -> Sequence[Value]:
        spelled = {
            "comparison_direction": "#stablehlo<comparison_direction LT>",
            "compare_type": "#stablehlo<comparison_type SIGNED>",
        }
        operands = [arguments[0], constant(np.array(steps, np.int32))]
        return [builder.one("stablehlo.compare", operands, _PRED, spelled=spelled)]

    regions = []
    for fill in (ask, body):
        arguments = builder.arguments(types)
        regions.append(builder.region(arguments, partial(fill, arguments)))
    first = [zero, *states, builder.splat(0.0, layer.dtype, collected.sizes)]
    _, *last, found = builder.op("stablehlo.while", first, types, regions=f" ({', '.join(regions)})")
    return [found, *last]


def _first(layer: _Layer, given: Value | None, is_batch_first: bool) -> Value:
    """A direction's first state."""
    builder = layer.builder
    if given is None:
        return builder.splat(0.0, layer.dtype, layer.row.sizes)
    if is_batch_first:
        given = _transposed(builder, given, (1, 0, 2))
    return builder.reshape(_part(builder, given, 0, layer.number, layer.number + 1), layer.row.sizes)


def _together(builder: Builder, found: Sequence[Value], is_batch_first: bool, *, is_all: bool) -> Value:
    """What all directions give: ``(steps, directions, batch, size)``, or of last states without steps; batches come
    first if they do."""
    place = 1 if is_all else 0
    wide = [builder.reshape(value, (*value.type.sizes[:place], 1, *value.type.sizes[place:])) for value in found]
    whole = wide[0]
    if len(wide) > 1:
        sizes = whole.type.sizes
        type = TensorType(whole.type.dtype, (*sizes[:place], len(wide), *sizes[place + 1 :]))
        whole = builder.one("stablehlo.concatenate", wide, type, {"dimension": place})
    if not is_batch_first:
        return whole
    return _transposed(builder, whole, (2, 0, 1, 3) if is_all else (1, 0, 2))


def _matrix(builder: Builder, value: Value, direction: int) -> Value:
    """A direction's matrix, with what is summed along first."""
    if value.constant is not None:
        name = f"{value.weight}.T{direction}" if value.weight else ""
        return constant(np.ascontiguousarray(value.constant[direction].T), name)
    rows, columns = value.type.sizes[1:]
    part = builder.reshape(_part(builder, value, 0, direction, direction + 1), (rows, columns))
    return _transposed(builder, part, (1, 0))


def _row(builder: Builder, value: Value, direction: int, start: int, end: int) -> Value:
    """Some of a direction's biases."""
    if value.constant is not None:
        return constant(value.constant[direction, start:end])
    part = _part(builder, _part(builder, value, 0, direction, direction + 1), 1, start, end)
    return builder.reshape(part, (end - start,))


def _added(builder: Builder, one: Value, other: Value) -> Value:
    if one.constant is not None and other.constant is not None:
        return constant(one.constant + other.constant)
    return builder.one("stablehlo.add", [one, other], one.type)


def _product(builder: Builder, rows: Value, matrix: Value) -> Value:
    """Rows, the last dimension's elements, by a matrix."""
    shape = rows.type.sizes
    numbers = f"lhs_contracting_dimensions = [{len(shape) - 1}], rhs_contracting_dimensions = [0]"
    type = TensorType(rows.type.dtype, (*shape[:-1], matrix.type.sizes[1]))
    spelled = {"dot_dimension_numbers": f"#stablehlo.dot<{numbers}>"}
    return builder.one("stablehlo.dot_general", [rows, matrix], type, spelled=spelled)


def _part(builder: Builder, value: Value, axis: int, start: int, end: int) -> Value:
    """Some places along an axis."""
    shape = value.type.sizes
    if (start, end) == (0, shape[axis]):
        return value
    if value.constant is not None:
        name = f"{value.weight}.{start}" if value.weight else ""
        return constant(np.ascontiguousarray(np.take(value.constant, range(start, end), axis)), name)
    starts, ends = [0] * len(shape), list(shape)
    starts[axis], ends[axis] = start, end
    given = {"start_indices": tuple(starts), "limit_indices": tuple(ends), "strides": (1,) * len(shape)}
    sizes = tuple(stop - begin for begin, stop in zip(starts, ends, strict=True))
    return builder.one("stablehlo.slice", [value], TensorType(value.type.dtype, sizes), given)


def _transposed(builder: Builder, value: Value, order: tuple[int, ...]) -> Value:
    type = TensorType(value.type.dtype, tuple(value.type.sizes[axis] for axis in order))
    return builder.one("stablehlo.transpose", [value], type, {"permutation": order})
