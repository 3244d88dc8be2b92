"""What nodes give whose inputs are all known: constants."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import onnx

from tfrt.compiler.importers.onnx.values import Node

_MOST_ELEMENTS = 1 << 16
"""Results with more elements are left to the program."""

_RANDOM = frozenset(
    ("Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
)
_CONTROL_FLOW = frozenset(("If", "Loop", "Scan"))


def folded(node: Any, made: Node, opset: int) -> list[np.ndarray] | None:
    """The results of a node where they are known.

    Sizes are, where inputs have known ones; and what follows from constants, as the reference implementation of ONNX
    has it.
    """
    if made.operator == "Constant":
        return _constant(made)
    first = made.input(0)
    if made.operator in ("Shape", "Size") and first is not None and first.type.is_static:
        sizes = first.type.sizes
        if made.operator == "Size":
            return [np.array(prod(sizes), np.int64)]
        return [np.array(sizes[made.attributes.get("start", 0) : made.attributes.get("end")], np.int64)]
    if not made.inputs or made.operator in _RANDOM | _CONTROL_FLOW:
        return None
    if any(value is not None and value.constant is None for value in made.inputs):
        return None
    if any(not type.is_static or prod(type.sizes) > _MOST_ELEMENTS for type in made.types):
        return None
    return _computed(node, made, opset)


def _constant(made: Node) -> list[np.ndarray] | None:
    given = made.attributes
    if "value" in given:
        return [np.asarray(given["value"])]
    for name, dtype in (
        ("value_int", np.int64),
        ("value_ints", np.int64),
        ("value_float", np.float32),
        ("value_floats", np.float32),
    ):
        if name in given:
            return [np.array(given[name], dtype)]
    return None


def _computed(node: Any, made: Node, opset: int) -> list[np.ndarray] | None:
    from onnx.reference import ReferenceEvaluator

    helper = onnx.helper
    names = [name for name in node.input if name]
    feeds = {
        name: value.constant
        for name, value in zip(node.input, made.inputs, strict=False)
        if name and value is not None and value.constant is not None
    }
    outputs = [name for name in node.output if name]
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(feeds[name].dtype), feeds[name].shape)
        for name in dict.fromkeys(names)
    ]
    graph = helper.make_graph([node], "node", inputs, [onnx.ValueInfoProto(name=name) for name in outputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(node.domain, opset)])
    try:
        with np.errstate(all="ignore"):
            found: Sequence[Any] = ReferenceEvaluator(model).run(None, feeds)
    except Exception:
        # What it cannot do is left to the program.
        return None
    by_name = dict(zip(outputs, found, strict=True))
    arrays = [np.asarray(by_name.get(name, found[0])) for name in node.output]
    agree = all(
        array.dtype == type.dtype.numpy and array.shape == type.sizes
        for array, type in zip(arrays, made.types, strict=True)
    )
    return arrays if agree else None
