"""Small models of ONNX, and the programs that they become. Needs the package `onnx`."""

import numpy as np
import pytest

import tfrt

onnx = pytest.importorskip("onnx")

FLOAT, INT64, BOOL = 1, 7, 9


def model(nodes, inputs, outputs, initializers=(), opset=17, functions=()):
    """A model; values are ``(name, element type, shape)``."""
    values = [[onnx.helper.make_tensor_value_info(*value) for value in each] for each in (inputs, outputs)]
    constants = [onnx.numpy_helper.from_array(np.asarray(array), name) for name, array in dict(initializers).items()]
    graph = onnx.helper.make_graph(nodes, "graph", *values, constants)
    opsets = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid("local", 1)]
    return onnx.helper.make_model(graph, opset_imports=opsets, functions=functions)


def node(operator, inputs, outputs, **attributes):
    return onnx.helper.make_node(operator, inputs, outputs, name=f"the {operator}", **attributes)


def main(given, opt_level=2, **loading):
    return tfrt.load(tfrt.compile(tfrt.import_onnx(given), opt_level=opt_level), **loading)["main"]
