"""Operators that combine elements along axes that are known."""

from __future__ import annotations

from math import prod

import numpy as np

from tfrt.compiler.importers.onnx.operators.windows import reduced
from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value
from tfrt.compiler.importers.text import TensorType
from tfrt.executor.values.dtype import DType

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
