"""Models as they are read, made ready for translation: functions inlined, types inferred."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import onnx
import onnx.checker
import onnx.inliner
import onnx.shape_inference
import onnx.version_converter

from tfrt.compiler.importers.onnx.registry import translator
from tfrt.compiler.importers.text import TensorType
from tfrt.compiler.input_shapes import GivenShape, InputShapes, read_shape, spelled_shapes
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.dtype import DType

OLDEST = 13
"""The first version of the operators' set that is translated as it is; older models are converted to it."""

_OURS = ("", "ai.onnx", "ai.onnx.ml")


def read(source: str | os.PathLike[str] | Any) -> Any:
    """The model of a file, or the model that is given.

    Raises:
        UsageError: the file cannot be read, or is no model.
    """
    if isinstance(source, onnx.ModelProto):
        return source
    try:
        return onnx.load(os.fspath(source))
    except OSError as error:
        raise UsageError(f"cannot read '{source}': {error.strerror or error}") from None
    except Exception:
        raise UsageError(f"'{source}' is no ONNX model") from None


def fault_of(model: Any, error: Exception) -> str | None:
    """What is wrong with a model that could not be translated because of `error`, in a line; None if nothing is."""
    if isinstance(error, onnx.shape_inference.InferenceError):
        return _first_line(error)
    try:
        onnx.checker.check_model(model)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except Exception as found:
        return _first_line(found)
    return None


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def prepared(model: Any) -> Any:
    """The model with operators of opset 13 or later, its functions inlined, and as many types as can be inferred.

    Operators that are defined by functions, and that nothing else is known of, are inlined, too.
    """
    version = opset_of(model)
    is_scan_of_batches = version < 9 and any(node.op_type == "Scan" for node in nodes_of(model.graph))
    if version < OLDEST and not is_scan_of_batches:
        # Operators without a conversion may not need one; what they lack is reported by name.
        with suppress(Exception):
            model = onnx.version_converter.convert_version(model, OLDEST)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    for _ in range(_MOST_ROUNDS):
        # Functions depend on types.
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        if not _call_functions(model):
            return model
        model = onnx.inliner.inline_local_functions(model)
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


_MOST_ROUNDS = 8
"""How deep functions of operators may be made of one another."""


def with_shapes(model: Any, shapes: InputShapes) -> Any:
    """The model with other shapes for some of its graph's inputs, which are named or numbered.

    A size that has a name is the same wherever the name is.

    Raises:
        UsageError: there is no such input, or it cannot have that shape.
    """
    shaped = onnx.ModelProto()
    shaped.CopyFrom(model)
    weights = {tensor.name for tensor in shaped.graph.initializer}
    inputs = [info for info in shaped.graph.input if info.name not in weights]
    sizes: dict[str, int] = {}
    for key, given in map(read_shape, spelled_shapes(shapes)):
        found = [info for number, info in enumerate(inputs) if key in (info.name, str(number))]
        if not found:
            listed = ", ".join(info.name for info in inputs) or "none"
            raise UsageError(f"no input is called '{key}'; there are {listed}")
        _shape(found[0], given, sizes)
    for info in (*shaped.graph.input, *shaped.graph.output, *shaped.graph.value_info):
        for size in info.type.tensor_type.shape.dim:
            if size.dim_param in sizes:
                size.dim_value = sizes[size.dim_param]
    return shaped


def _shape(info: Any, given: GivenShape, sizes: dict[str, int]) -> None:
    """Give an input a shape; `sizes` are those that have names."""
    declared = type_of_info(info)
    if declared is None or given.element not in (None, declared.dtype.mlir):
        raise UsageError(f"input '{info.name}' is of type {declared}, not {given.text}")
    tensor = info.type.tensor_type
    if declared.shape is None:
        for _ in given.sizes:
            tensor.shape.dim.add()
    elif len(declared.shape) != len(given.sizes):
        raise UsageError(f"input '{info.name}' is of type {declared}, not {given.text}")
    for size, wanted in zip(tensor.shape.dim, given.sizes, strict=True):
        known = size.dim_value if size.HasField("dim_value") and size.dim_value >= 0 else None
        known = sizes.get(size.dim_param, known) if size.dim_param else known
        if wanted >= 0 and known not in (None, wanted):
            raise UsageError(f"input '{info.name}' is of type {declared}, not {given.text}")
        if wanted >= 0 and size.dim_param:
            sizes[size.dim_param] = wanted
        elif wanted >= 0:
            size.dim_value = wanted


def opset_of(model: Any) -> int:
    """The version of the operators' own set."""
    return max((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=OLDEST)


def nodes_of(graph: Any) -> Iterator[Any]:
    """All nodes of a graph, those of graphs in them included."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from nodes_of(inner)


def is_known(domain: str, operator: str) -> bool:
    """Whether there is a translator, or an op, for an operator."""
    if domain in ("", "ai.onnx") and operator == "Constant":
        return True
    return domain in _OURS and (translator(operator) is not None or CPU_OPS.get(f"onnx.{operator}") is not None)


def _call_functions(model: Any) -> bool:
    """Make nodes of operators that functions define calls of these, which the model then has; whether there were any.

    The model's types are inferred.
    """
    versions = {each.domain: each.version for each in model.opset_import}
    types = {info.name: info.type for graph in graphs_of(model.graph) for info in _infos(graph)}
    found: list[Any] = []
    for node in nodes_of(model.graph):
        function = None if is_known(node.domain, node.op_type) else _function_of(node, versions, types)
        if function is None:
            continue
        function.domain, function.name = _FUNCTIONS, f"{node.op_type}{len(found)}"
        for attribute in onnx.defs.get_schema(
            node.op_type, versions.get(node.domain, 1), node.domain
        ).attributes.values():
            is_given = any(each.name == attribute.name for each in node.attribute)
            if not is_given and attribute.default_value.name:
                node.attribute.append(attribute.default_value)
        node.domain, node.op_type = _FUNCTIONS, function.name
        found.append(function)
    if found:
        model.functions.extend(found)
        model.opset_import.append(onnx.helper.make_opsetid(_FUNCTIONS, 1))
    return bool(found)


_FUNCTIONS = "tfrt.functions"
"""The domain of what operators' functions are called for a moment."""


def _function_of(node: Any, versions: Mapping[str, int], types: Mapping[str, Any]) -> Any | None:
    """The function that defines a node's operator, for its types."""
    version = versions.get(node.domain, 1)
    try:
        schema = onnx.defs.get_schema(node.op_type, version, node.domain)
    except onnx.defs.SchemaError:
        return None
    if schema.has_function:
        function = onnx.FunctionProto()
        function.CopyFrom(schema.function_body)
        return function
    if not schema.has_context_dependent_function:
        return None
    given = [types.get(name, onnx.TypeProto()).SerializeToString() for name in node.input]
    try:
        body = schema.get_context_dependent_function(node.SerializeToString(), given)
    except Exception:
        # A type that it depends on is not known.
        return None
    function = onnx.FunctionProto()
    function.ParseFromString(body)
    return function if function.node else None


def graphs_of(graph: Any) -> Iterator[Any]:
    """A graph and those in its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from graphs_of(inner)


def _infos(graph: Any) -> Iterator[Any]:
    yield from (*graph.input, *graph.value_info, *graph.output)
    for tensor in graph.initializer:
        yield onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)


def dtype_of(number: int) -> DType | None:
    """The element type of that number in ONNX, if arrays have it."""
    try:
        return DType.of(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(number)))
    except (KeyError, TypeError, ValueError):
        return None


def type_of_info(info: Any) -> TensorType | None:
    """The type that is said of a value, None where it is no tensor of numbers."""
    if not info.type.HasField("tensor_type"):
        return None
    tensor = info.type.tensor_type
    dtype = dtype_of(tensor.elem_type)
    if dtype is None:
        return None
    if not tensor.HasField("shape"):
        return TensorType(dtype, None)
    sizes = [
        size.dim_value if size.HasField("dim_value") and size.dim_value >= 0 else None for size in tensor.shape.dim
    ]
    return TensorType(dtype, tuple(sizes))


def types_of(graph: Any) -> dict[str, TensorType]:
    """What is said of a graph's values."""
    infos = (*graph.input, *graph.value_info, *graph.output)
    return {info.name: type for info in infos if (type := type_of_info(info)) is not None}


def array_of(tensor: Any, folder: str = "") -> np.ndarray:
    """The elements of a tensor."""
    found: np.ndarray = np.asarray(onnx.numpy_helper.to_array(tensor, folder))
    return found


def attributes_of(node: Any) -> dict[str, Any]:
    """A node's attributes as Python values: strings as such, tensors as arrays, graphs as they are.

    Element types arrive as the types that they are.
    """
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        match attribute.type:
            case onnx.AttributeProto.STRING:
                found[attribute.name] = value.decode("utf-8", "surrogateescape")
            case onnx.AttributeProto.STRINGS:
                found[attribute.name] = ",".join(text.decode("utf-8", "surrogateescape") for text in value)
            case onnx.AttributeProto.TENSOR:
                found[attribute.name] = array_of(value)
            case onnx.AttributeProto.INTS:
                found[attribute.name] = tuple(int(number) for number in value)
            case onnx.AttributeProto.FLOATS:
                found[attribute.name] = tuple(float(number) for number in value)
            case _:
                found[attribute.name] = value
    return found
