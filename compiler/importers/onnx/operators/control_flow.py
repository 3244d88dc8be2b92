"""Branches and loops, as those of StableHLO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, UnsupportedError, Value, constant
from tfrt.compiler.importers.text import TensorType, joined
from tfrt.executor.values.dtype import DType

_PRED, _NUMBER = TensorType(DType.I1, ()), TensorType(DType.I64, ())


@operator("If")
def if_(builder: Builder, node: Node) -> list[Value]:
    """The branch that is taken, where that is known; else both."""
    graphs = [node.attributes["then_branch"], node.attributes["else_branch"]]
    (condition,) = [value for value in node.inputs if value is not None]
    if condition.constant is not None:
        found: list[Value] = builder.translate_graph(graphs[0 if condition.constant.item() else 1], {}, node.scope)
        return found
    results: list[list[Value]] = []
    types: list[TensorType] = []

    def fill(number: int) -> Callable[[], Sequence[Value]]:
        def run() -> Sequence[Value]:
            values = builder.translate_graph(graphs[number], {}, node.scope)
            results[number:] = [values]
            return [builder.cast(value, type) for value, type in zip(values, types or _types(values), strict=True)]

        return run

    chooser = builder.scalar(condition)
    for number in (0, 1):
        builder.region([], fill(number))
    types[:] = [joined(a.type, b.type) for a, b in zip(*results, strict=True)]
    regions = [builder.region([], fill(number)) for number in (0, 1)]
    return builder.op("stablehlo.if", [chooser], types, regions=f" ({', '.join(regions)})")


def _types(values: Sequence[Value]) -> list[TensorType]:
    return [value.type for value in values]


@dataclass(frozen=True)
class _Loop:
    """A loop that counts.

    Attributes:
        count: how often it runs at most; None for no limit.
        goes_on: whether it begins; None where only the count says.
        carried: the values that each iteration hands on to the next one.
        outputs: how many values of each iteration are put together.
        body: adds an iteration, given its number, whether it goes on, and what it is handed; gives the latter for the
            next one, and outputs.
    """

    count: Value | None
    goes_on: Value | None
    carried: Sequence[Value]
    outputs: int
    body: Callable[[Value, Value | None, Sequence[Value]], tuple[Value | None, Sequence[Value], Sequence[Value]]]


def _run(builder: Builder, loop: _Loop) -> tuple[list[Value], list[Value]]:
    """Add a loop; gives what it hands on last, and its outputs, one row an iteration."""
    zero = constant(np.zeros((), np.int64))
    types = _types(loop.carried)
    rows: list[TensorType] = []
    goes_on_too = loop.goes_on is not None

    def iterate(arguments: Sequence[Value]) -> Sequence[Value]:
        nonlocal types, rows, goes_on_too
        number, rest = arguments[0], list(arguments[1:])
        asked = rest.pop(0) if goes_on_too else None
        carried, before = rest[: len(types)], rest[len(types) :]
        goes_on, new, outputs = loop.body(number, asked, carried)
        found = [joined(type, value.type) for type, value in zip(types, new, strict=True)]
        grown = [_rows(output.type) for output in outputs]
        if found != types or grown != rows:
            types, rows = found, grown
            raise _ChangedError
        following = builder.one("stablehlo.add", [number, constant(np.ones((), np.int64))], _NUMBER)
        appended = [
            builder.one("onnx.append", [old, output], type)
            for old, output, type in zip(before, outputs, rows, strict=True)
        ]
        told = [] if not goes_on_too else [constant(np.array(True)) if goes_on is None else builder.scalar(goes_on)]
        return [following, *told, *[builder.cast(v, t) for v, t in zip(new, types, strict=True)], *appended]

    while True:
        told = [_PRED] if goes_on_too else []
        state_types = [_NUMBER, *told, *types, *rows]
        arguments = builder.arguments(state_types)
        lines = builder.lines
        try:
            body = builder.region(arguments, partial(iterate, arguments))
        except _ChangedError:
            builder.lines = lines
            continue
        break

    def ask() -> Sequence[Value]:
        conditions = [asked[1]] if goes_on_too else []
        if loop.count is not None:
            direction = {"comparison_direction": "#stablehlo<comparison_direction LT>"}
            direction["compare_type"] = "#stablehlo<comparison_type SIGNED>"
            conditions.append(builder.one("stablehlo.compare", [asked[0], loop.count], _PRED, spelled=direction))
        if not conditions:
            return [constant(np.array(True))]
        if len(conditions) == 1:
            return conditions
        return [builder.one("stablehlo.and", conditions, _PRED)]

    asked = builder.arguments(state_types)
    condition = builder.region(asked, ask)
    first = [constant(np.zeros([0 if size is None or i == 0 else size for i, size in enumerate(type.shape or (0,))],
                               type.dtype.numpy)) for type in rows]  # fmt: skip
    begins = [loop.goes_on] if loop.goes_on is not None else []
    initial = [
        builder.cast(value, type)
        for value, type in zip([zero, *begins, *loop.carried, *first], state_types, strict=True)
    ]
    given = builder.op("stablehlo.while", initial, state_types, regions=f" ({condition}, {body})")
    given = given[2 if goes_on_too else 1 :]
    return given[: len(types)], given[len(types) :]


class _ChangedError(Exception):
    """Less is known of what iterations hand on than was thought."""


def _rows(type: TensorType) -> TensorType:
    return TensorType(type.dtype, None if type.shape is None else (None, *type.shape))


@operator("Loop")
def loop(builder: Builder, node: Node) -> list[Value]:
    most, begins = node.input(0), node.input(1)
    graph = node.attributes["body"]
    names = [info.name for info in graph.input]
    always = begins is None or (begins.constant is not None and bool(begins.constant.item()))
    if always and (_is_passed_on(graph) or _is_true(graph)):
        begins = None
    elif begins is None:
        begins = constant(np.array(True))

    def body(number: Value, goes_on: Value | None, carried: Sequence[Value]) -> tuple[Value, list[Value], list[Value]]:
        going = constant(np.array(True)) if goes_on is None else goes_on
        found = builder.translate_graph(graph, dict(zip(names, (number, going, *carried), strict=True)), node.scope)
        return found[0], found[1 : 1 + len(carried)], found[1 + len(carried) :]

    carried = [value for value in node.inputs[2:] if value is not None]
    made = _Loop(
        None if most is None else builder.scalar(most),
        None if begins is None else builder.scalar(begins),
        carried,
        len(graph.output) - 1 - len(carried),
        body,
    )
    last, outputs = _run(builder, made)
    return [*last, *outputs]


def _is_passed_on(graph: Any) -> bool:
    """Whether a loop's body gives the condition as it comes."""
    name = graph.output[0].name
    given = graph.input[1].name
    same = {given}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in same:
            same.add(node.output[0])
    return name in same


def _is_true(graph: Any) -> bool:
    """Whether a loop's body gives a constant that is true as the condition."""
    from tfrt.compiler.importers.onnx.models import array_of, attributes_of

    name = graph.output[0].name
    for tensor in graph.initializer:
        if tensor.name == name:
            return bool(array_of(tensor).item())
    for node in graph.node:
        if node.op_type == "Constant" and node.output[0] == name:
            return bool(np.all(attributes_of(node).get("value", False)))
    return False


@operator("Scan")
def scan(builder: Builder, node: Node) -> list[Value]:
    if node.opset < 9:
        raise UnsupportedError("is not supported before opset 9")
    graph, given = node.attributes["body"], node.attributes
    inputs = [value for value in node.inputs if value is not None]
    slices = given["num_scan_inputs"]
    states, scanned = inputs[: len(inputs) - slices], inputs[len(inputs) - slices :]
    outputs = len(graph.output) - len(states)
    axes = node.ints("scan_input_axes", (0,) * slices)
    backwards = node.ints("scan_input_directions", (0,) * slices)
    names = [info.name for info in graph.input]
    count = _size(builder, scanned[0], axes[0])

    def body(number: Value, _: Value | None, carried: Sequence[Value]) -> tuple[None, list[Value], list[Value]]:
        rows = []
        for value, axis, is_reversed in zip(scanned, axes, backwards, strict=True):
            at = number
            if is_reversed:
                last = builder.one("stablehlo.subtract", [count, constant(np.ones((), np.int64))], _NUMBER)
                at = builder.one("stablehlo.subtract", [last, number], _NUMBER)
            shape = value.type.shape
            if shape is not None:
                place = axis % len(shape)
                shape = (*shape[:place], *shape[place + 1 :])
            rows.append(builder.one("onnx.Gather", [value, at], TensorType(value.type.dtype, shape), {"axis": axis}))
        found = builder.translate_graph(graph, dict(zip(names, (*carried, *rows), strict=True)), node.scope)
        return None, found[: len(carried)], found[len(carried) :]

    last, made = _run(builder, _Loop(count, None, states, outputs, body))
    places = node.ints("scan_output_axes", (0,) * outputs)
    reversals = node.ints("scan_output_directions", (0,) * outputs)
    return [*last, *(_placed(builder, *each) for each in zip(made, places, reversals, strict=True))]


def _size(builder: Builder, value: Value, axis: int) -> Value:
    """How many rows there are along an axis."""
    shape = value.type.shape
    if shape is not None and (size := shape[axis]) is not None:
        return constant(np.array(size, np.int64))
    rank = None if shape is None else len(shape)
    sizes = builder.one("onnx.Shape", [value], TensorType(DType.I64, (rank,)))
    return builder.one("onnx.Gather", [sizes, constant(np.array(axis, np.int64))], _NUMBER)


def _placed(builder: Builder, rows: Value, axis: int, is_reversed: int) -> Value:
    """Rows along an axis, perhaps the last one first."""
    if is_reversed:
        numbers = ([-1], [np.iinfo(np.int64).min], [0], [-1])
        bounds = [constant(np.array(each, np.int64)) for each in numbers]
        rows = builder.one("onnx.Slice", [rows, *bounds], rows.type)
    shape = rows.type.shape
    if axis == 0:
        return rows
    if shape is None:
        raise UnsupportedError("is not supported: it puts rows of an unknown rank along another axis than the first")
    place = axis % len(shape)
    order = [*range(1, place + 1), 0, *range(place + 1, len(shape))]
    target = TensorType(rows.type.dtype, tuple(shape[i] for i in order))
    return builder.one("onnx.Transpose", [rows], target, {"perm": tuple(order)})
