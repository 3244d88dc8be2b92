"""Operators that combine elements along axes that are known."""

from __future__ import annotations

from math import prod

import numpy as np

from tfrt.compiler.importers.onnx.operators.windows import reduced
from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value
from tfrt.compiler.importers.text import TensorType
from tfrt.executor.values.dtype import DType

_FLOATS = frozenset((DType.BF16, DType.F16, DType.F32, DType.F64))
_REDUCTIONS = {
    "ReduceMax": ("stablehlo.maximum", -np.inf),
    "ReduceMean": ("stablehlo.add", 0),
    "ReduceMin": ("stablehlo.minimum", np.inf),
    "ReduceProd": ("stablehlo.multiply", 1),
    "ReduceSum": ("stablehlo.add", 0),
}


@operator(*_REDUCTIONS)
def reduce(builder: Builder, node: Node) -> list[Value] | None:
    x, axes = node.input(0), node.input(1)
    if x is None or not node.is_static or x.type.dtype not in (DType.F32, DType.F64):
        return None
    if axes is not None and axes.constant is None:
        return None
    rank = len(x.type.sizes)
    listed = node.ints("axes", ()) if axes is None or axes.constant is None else axes.constant.tolist()
    if not listed and node.attributes.get("noop_with_empty_axes"):
        return [x]
    places = sorted(axis % rank for axis in listed) or list(range(rank))
    op, first = _REDUCTIONS[node.operator]
    found = reduced(builder, x, places, op, first)
    if node.operator == "ReduceMean":
        count = builder.splat(prod(x.type.sizes[place] for place in places), x.type.dtype, found.type.sizes)
        found = builder.one("stablehlo.divide", [found, count], TensorType(x.type.dtype, found.type.sizes))
    return [builder.reshape(found, node.types[0].sizes)]


@operator("Softmax")
def softmax(builder: Builder, node: Node) -> list[Value] | None:
    x = node.input(0)
    if x is None or not node.is_static or x.type.dtype not in _FLOATS or not x.type.sizes:
        return None
    dimension = node.attributes.get("axis", -1) % len(x.type.sizes)
    return builder.op("nn.softmax", [x], node.types, {"dimension": dimension})


@operator("LayerNormalization")
def layer_normalization(builder: Builder, node: Node) -> list[Value] | None:
    """Of rows; who asks for the mean and the deviation, too, gets them from an op of its own."""
    x, scale, offset = node.input(0), node.input(1), node.input(2)
    if x is None or scale is None or not node.is_static or len(node.types) != 1:
        return None
    sizes = x.type.sizes
    is_of_rows = bool(sizes) and node.attributes.get("axis", -1) % len(sizes) == len(sizes) - 1
    if not is_of_rows or x.type.dtype not in (DType.F32, DType.F64):
        return None
    given = {"dimension": len(sizes) - 1}
    spelled = {"epsilon": f"{float(np.float32(node.attributes.get('epsilon', 1e-5)))!r} : f64"}
    found = builder.one("nn.normalize", [x], x.type, given, spelled=spelled)
    found = builder.one("stablehlo.multiply", [found, builder.broadcast(scale, sizes)], x.type)
    if offset is not None:
        found = builder.one("stablehlo.add", [found, builder.broadcast(offset, sizes)], x.type)
    return [found]
