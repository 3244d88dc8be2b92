"""What translators work on: values, nodes, and the text that they add to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfrt.compiler.importers.text import TensorType, attribute, attributes, dense, listed, location, quoted, type_of
from tfrt.executor.values.dtype import DType


class UnsupportedError(Exception):
    """A node cannot be translated; the message says why."""


@dataclass(eq=False)
class Value:
    """A tensor in the program.

    Attributes:
        type: what is known of it.
        name: its name in the text; empty for a constant that is not in it yet.
        constant: its elements where they are known.
        weight: the name that a constant has in the file of weights; empty for one that stays in the program.
    """

    type: TensorType
    name: str = ""
    constant: np.ndarray | None = None
    weight: str = ""


def constant(array: np.ndarray, weight: str = "") -> Value:
    """A constant."""
    return Value(type_of(array), constant=array, weight=weight)


@dataclass
class Node:
    """An operator with its inputs.

    Attributes:
        inputs: None for those that are left out.
        attributes: as Python values; graphs as they are.
        outputs: their names; empty for those that nobody wants.
        types: those of the outputs.
        opset: the version of the operators' set.
        scope: the values around it, which graphs in it may use.
    """

    operator: str
    name: str
    inputs: Sequence[Value | None]
    attributes: Mapping[str, Any]
    outputs: Sequence[str]
    types: Sequence[TensorType]
    opset: int
    scope: Mapping[str, Value]

    @property
    def is_static(self) -> bool:
        """Whether all types are known."""
        types = [value.type for value in self.inputs if value is not None]
        return all(type.is_static for type in (*types, *self.types))

    def input(self, number: int) -> Value | None:
        """An input, or None where it is left out."""
        return self.inputs[number] if number < len(self.inputs) else None

    def constant(self, number: int) -> np.ndarray | None:
        """The elements of an input that is a constant."""
        value = self.input(number)
        return None if value is None else value.constant

    def ints(self, name: str, default: Sequence[int]) -> tuple[int, ...]:
        """An attribute of several integers."""
        return tuple(self.attributes.get(name) or default)


@dataclass
class Builder:
    """Adds ops to a function.

    Attributes:
        translate_graph: translates a graph inside, see `tfrt.compiler.importers.onnx.graphs`.
        lines: the text so far.
        first: what comes before it: constants.
        location: where the ops that are added come from.
        weights: the constants that go into a file, by name.
    """

    translate_graph: Callable[..., Any]
    weights: dict[str, np.ndarray]
    lines: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    location: str = ""
    count: int = 0

    def new_name(self) -> str:
        self.count += 1
        return f"%{self.count}"

    def name(self, value: Value) -> str:
        """The name of a value; constants are added when they are first used."""
        if value.name:
            return value.name
        assert value.constant is not None
        value.name = self.new_name()
        if value.weight:
            self.weights[value.weight] = value.constant
            op = f'"onnx.Weight"() <{{name = {quoted(value.weight)}}}>'
        else:
            op = f'"stablehlo.constant"() <{{value = {dense(value.constant)}}}>'
        self.first.append(f"{value.name} = {op} : () -> {value.type}")
        return value.name

    def op(
        self,
        name: str,
        operands: Sequence[Value],
        types: Sequence[TensorType],
        given: Mapping[str, Any] | None = None,
        *,
        spelled: Mapping[str, str] | None = None,
        regions: str = "",
    ) -> list[Value]:
        """Add an op in generic form.

        Args:
            given: attributes as Python values; `spelled` are further ones, as text.
            regions: as text.
        """
        results = [Value(type, self.new_name()) for type in types]
        names = ", ".join(map(self.name, operands))
        pairs = {key: attribute(value) for key, value in (given or {}).items()} | dict(spelled or {})
        left = f"{', '.join(result.name for result in results)} = " if results else ""
        signature = f"{listed(operand.type for operand in operands)} -> {listed(types)}"
        text = f'{left}"{name}"({names}){attributes(pairs)}{regions} : {signature}{location(self.location)}'
        self.lines.append(text)
        return results

    def one(
        self,
        name: str,
        operands: Sequence[Value],
        type: TensorType,
        given: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Value:
        """Add an op of one result."""
        return self.op(name, operands, [type], given, **more)[0]

    def splat(self, value: float, dtype: DType, shape: Sequence[int] = ()) -> Value:
        """A constant of one value."""
        return constant(np.broadcast_to(np.asarray(value).astype(dtype.numpy), tuple(shape)))

    def broadcast(self, value: Value, shape: Sequence[int]) -> Value:
        """A value of known sizes in a larger shape, the last dimensions of which are its own."""
        sizes = value.type.sizes
        if sizes == tuple(shape):
            return value
        target = TensorType(value.type.dtype, tuple(shape))
        if value.constant is not None and value.constant.size == 1:
            return constant(np.broadcast_to(value.constant.reshape(()), tuple(shape)))
        dims = tuple(range(len(shape) - len(sizes), len(shape)))
        return self.one("stablehlo.broadcast_in_dim", [value], target, {"broadcast_dimensions": dims})

    def along(self, value: Value, shape: Sequence[int], dimensions: Sequence[int]) -> Value:
        """A value of known sizes whose dimensions become those of a larger shape."""
        target = TensorType(value.type.dtype, tuple(shape))
        return self.one("stablehlo.broadcast_in_dim", [value], target, {"broadcast_dimensions": tuple(dimensions)})

    def scalar(self, value: Value) -> Value:
        """A value of one element as one of rank 0."""
        if value.constant is not None:
            return constant(value.constant.reshape(()))
        if value.type.is_static:
            return self.reshape(value, ())
        shape = constant(np.zeros(0, np.int64))
        return self.one("onnx.Reshape", [value, shape], TensorType(value.type.dtype, ()))

    def region(self, arguments: Sequence[Value], fill: Callable[[], Sequence[Value]]) -> str:
        """A region, as text: what `fill` adds to it, and gives.

        Args:
            arguments: those of its block.
        """
        around, self.lines = self.lines, []
        results = fill()
        names = ", ".join(map(self.name, results))
        last = f'"stablehlo.return"({names}) : {listed(result.type for result in results)} -> ()'
        takes = ", ".join(f"{argument.name}: {argument.type}" for argument in arguments)
        block = [f"^bb0({takes}):"] if arguments else []
        text = "\n".join(("{", *block, *self.lines, last, "}"))
        self.lines = around
        return text

    def arguments(self, types: Sequence[TensorType]) -> list[Value]:
        """Arguments of a block."""
        return [Value(type, self.new_name()) for type in types]

    def reshape(self, value: Value, shape: Sequence[int]) -> Value:
        """A value of known sizes in another shape."""
        if value.type.sizes == tuple(shape):
            return value
        return self.one("stablehlo.reshape", [value], TensorType(value.type.dtype, tuple(shape)))

    def cast(self, value: Value, type: TensorType) -> Value:
        """A value of which more, or less, is known."""
        return value if value.type == type else self.one("builtin.unrealized_conversion_cast", [value], type)
