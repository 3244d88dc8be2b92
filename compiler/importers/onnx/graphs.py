"""Graphs as text: one node after another, and what is known beforehand worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from tfrt.compiler.importers.onnx.folding import folded
from tfrt.compiler.importers.onnx.models import array_of, attributes_of, dtype_of, is_known, type_of_info, types_of
from tfrt.compiler.importers.onnx.registry import translator
from tfrt.compiler.importers.onnx.values import Builder, Node, UnsupportedError, Value, constant
from tfrt.compiler.importers.text import TensorType, function_names, is_weight
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.progress import step
from tfrt.executor.values.dtype import DType

_TYPE_ATTRIBUTES = frozenset(("to", "dtype", "output_datatype", "output_dtype"))
"""Attributes that are numbers of element types."""


@dataclass
class _Problems:
    """What cannot be translated, once for each node."""

    found: list[str] = field(default_factory=list)

    def add(self, node: Any, reason: str) -> None:
        name = node.name or next((output for output in node.output if output), "")
        domain = f"{node.domain}." if node.domain not in ("", "ai.onnx") else ""
        text = f"operator '{domain}{node.op_type}' of node '{name}' {reason}"
        if text not in self.found:
            self.found.append(text)


@dataclass
class _Translation:
    """A model that is being translated.

    Attributes:
        larger_than: how many bytes an initializer has at most that stays in the program; None where all do.
    """

    opset: int
    larger_than: int | None
    folder: str
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    problems: _Problems = field(default_factory=_Problems)

    def main(self, graph: Any, name: str) -> str:
        """The function that a graph is."""
        builder = Builder(lambda *args: None, self.weights)
        builder.translate_graph = lambda inner, given, outer: self.graph(builder, inner, given, outer)
        initialized = {tensor.name for tensor in graph.initializer}
        inputs = [info for info in graph.input if info.name not in initialized]
        arguments = [self._argument(info, f"%arg{number}") for number, info in enumerate(inputs)]
        given = {info.name: value for info, value in zip(inputs, arguments, strict=True)}
        results = self.graph(builder, graph, given, {})
        if self.problems.found:
            raise CompileError(tuple(Diagnostic("error", text) for text in self.problems.found))
        names = ", ".join(map(builder.name, results))
        types = ", ".join(str(value.type) for value in results)
        takes = ", ".join(
            f"{value.name}: {value.type}{said}"
            for value, said in zip(arguments, function_names([info.name for info in inputs]), strict=True)
        )
        gives = ", ".join(
            f"{value.type}{said}"
            for value, said in zip(results, function_names([info.name for info in graph.output]), strict=True)
        )
        last = f"func.return {names} : {types}" if results else "func.return"
        body = "\n".join(f"    {line}" for line in (*builder.first, *builder.lines, last))
        return f"module {{\n  func.func @{name}({takes}) -> ({gives}) {{\n{body}\n  }}\n}}\n"

    def graph(
        self, builder: Builder, graph: Any, given: Mapping[str, Value], outer: Mapping[str, Value]
    ) -> list[Value]:
        """Add what a graph becomes; gives its outputs.

        Args:
            given: its inputs.
            outer: the values around it, which its nodes may use.
        """
        values = {**outer, **self._initializers(graph), **given}
        types = types_of(graph)
        for number, node in enumerate(graph.node):
            if not outer:
                # Graphs within others are part of a node.
                step(f"translate {node.op_type} {node.name}".rstrip(), number, len(graph.node))
            self._node(builder, node, values, types)
        return [values[info.name] for info in graph.output if info.name in values]

    def _initializers(self, graph: Any) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for tensor in graph.initializer:
            if dtype_of(tensor.data_type) is None:
                continue
            array = array_of(tensor, self.folder)
            is_kept = self.larger_than is None or not is_weight(array, self.larger_than)
            found[tensor.name] = constant(array, "" if is_kept else tensor.name)
        return found

    def _argument(self, info: Any, name: str) -> Value:
        type = type_of_info(info)
        if type is None:
            kind = info.type.WhichOneof("value") or "nothing"
            shown = "strings" if kind == "tensor_type" else kind.removesuffix("_type")
            self.problems.found.append(
                f"input '{info.name}' is not supported: it holds {shown}, not a tensor of numbers"
            )
            return Value(TensorType(DType.F32, None), name)
        return Value(type, name)

    def _node(self, builder: Builder, node: Any, values: dict[str, Value], types: Mapping[str, TensorType]) -> None:
        missing = [name for name in node.input if name and name not in values]
        results: Sequence[Value] | None = None
        found = [_type(name, node, values, types) for name in node.output]
        if not missing:
            try:
                results = self._results(builder, node, values, found)
            except UnsupportedError as error:
                self.problems.add(node, str(error))
        elif not self.problems.found:
            self.problems.add(node, f"uses '{missing[0]}', which is not defined")
        if results is None:
            # Something in place of them, so that other nodes can be looked at.
            results = [Value(type, "%missing") for type in found]
        values.update({name: value for name, value in zip(node.output, results, strict=False) if name})

    def _results(
        self, builder: Builder, node: Any, values: Mapping[str, Value], types: Sequence[TensorType]
    ) -> Sequence[Value]:
        inputs = [values[name] if name else None for name in node.input]
        while inputs and inputs[-1] is None:
            inputs.pop()
        attributes = attributes_of(node)
        for name in _TYPE_ATTRIBUTES & set(attributes):
            if isinstance(attributes[name], int):
                dtype = dtype_of(attributes[name])
                if dtype is None:
                    raise UnsupportedError("is not supported: it makes strings, or elements of an unknown type")
                attributes[name] = dtype.mlir
        outputs = list(node.output)
        made = Node(node.op_type, node.name, inputs, attributes, outputs, types, self.opset, values)
        if not is_known(node.domain, node.op_type):
            raise UnsupportedError("is not supported")
        known = folded(node, made, self.opset)
        if known is not None:
            return [constant(array) for array in known]
        builder.location = node.name or next((output for output in outputs if output), "")
        translate = translator(node.op_type)
        results = None if translate is None else translate(builder, made)
        return own_op(builder, made) if results is None else results


def own_op(builder: Builder, node: Node) -> list[Value]:
    """A node as the op of the operator's name."""
    given = {name: value for name, value in node.attributes.items() if not isinstance(value, onnx.GraphProto)}
    absent = tuple(number for number, value in enumerate(node.inputs) if value is None)
    wanted = tuple(number for number, name in enumerate(node.outputs) if name)
    if absent:
        given["absent"] = absent
    if wanted != (0,):
        given["outputs"] = wanted
    operands = [value for value in node.inputs if value is not None]
    made = builder.op(f"onnx.{node.operator}", operands, [node.types[number] for number in wanted], given)
    by_number = dict(zip(wanted, made, strict=True))
    return [by_number.get(number, made[0]) for number in range(len(node.outputs))]


def _type(name: str, node: Any, values: Mapping[str, Value], types: Mapping[str, TensorType]) -> TensorType:
    """The type of a node's output. Where nothing is said, its elements are like those of the first input."""
    known = types.get(name)
    if known is not None:
        return known
    first = next((values[each].type.dtype for each in node.input if each in values), DType.F32)
    return TensorType(first, None)


def translated(model: Any, *, opset: int, larger_than: int | None, folder: str) -> tuple[str, Mapping[str, np.ndarray]]:
    """A model as the text of a program, and its weights.

    Raises:
        CompileError: there are operators that are not supported; it names each with its node.
    """
    translation = _Translation(opset, larger_than, folder)
    text = translation.main(model.graph, "main")
    return text, translation.weights
