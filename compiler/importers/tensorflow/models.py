"""Signatures of models, as functions of TensorFlow's. Importing this module imports TensorFlow."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfrt.executor.support.errors import UsageError

_KERAS_FILES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Signature:
    """A signature.

    Attributes:
        function: a concrete function.
        arguments: the names of its arguments, in order.
        results: those of its results.
        variables: what variables that are constants are called, by the names of the nodes that are their values.
        captured: where it changes variables, what it is given after its arguments: names and first values.
    """

    function: Any
    arguments: Sequence[str]
    results: Sequence[str]
    variables: Mapping[str, str]
    captured: Sequence[tuple[str, np.ndarray]] = ()

    @property
    def graph(self) -> Any:
        """The graph of the function, as a ``GraphDef``."""
        return self.function.graph.as_graph_def()


def signature_of(source: Any, signature: str) -> Signature:
    """A signature of a SavedModel, or of a Keras file or model; variables that it does not change are constants in it.

    Raises:
        UsageError: it cannot be read, or has no such signature.
    """
    if not isinstance(source, str | os.PathLike):
        return _of_keras(source, signature)
    path = os.fspath(source)
    if not path.endswith(_KERAS_FILES):
        return _of_folder(path, signature)
    try:
        model = tf.keras.models.load_model(path, compile=False)
    except Exception as error:
        raise UsageError(f"'{path}' cannot be read as a file of Keras: {_said(error)}") from error
    return _of_keras(model, signature)


def _of_keras(model: Any, signature: str) -> Signature:
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        return _of_folder(folder, signature)


_VARIABLES = os.path.join("variables", "variables.index")


def _of_folder(path: str, signature: str) -> Signature:
    try:
        loaded = tf.saved_model.load(path)
    except Exception as error:
        if os.path.isfile(os.path.join(path, "saved_model.pb")) and not os.path.isfile(os.path.join(path, _VARIABLES)):
            raise UsageError(
                f"'{path}' lacks its variables: there is no '{os.path.join(path, _VARIABLES)}'; copy the whole folder"
            ) from error
        raise UsageError(f"'{path}' cannot be read as a SavedModel: {_said(error)}") from error
    function = loaded.signatures.get(signature)
    if function is None:
        there_are = ", ".join(f"'{name}'" for name in sorted(loaded.signatures)) or "none"
        raise UsageError(f"'{path}' has no signature '{signature}'; it has: {there_are}")
    # By place: TensorFlow 1 names tensors as it likes, even as the signature names others. Captures come last.
    spelled = dict(zip((tensor.op.name for tensor in function.inputs), function._arg_keywords, strict=False))
    results = sorted(function.structured_outputs)
    names = {id(variable.handle): variable.name.partition(":")[0] for variable in loaded_variables(function)}
    if _changes_variables(function.graph.as_graph_def()):
        captured = [
            (names.get(id(outer), inner.op.name), _value(function, outer)) for outer, inner in function.graph.captures
        ]
        given = [tensor.op.name for tensor in function.inputs[: len(function.inputs) - len(captured)]]
        return Signature(function, [spelled[name] for name in given], results, {}, captured)
    with _whole_cases(function.graph):
        constant = convert_variables_to_constants_v2(function, lower_control_flow=False)
    arguments = [tensor.op.name for tensor in constant.inputs]
    variables = {
        inner.op.name: names[id(outer)] for outer, inner in function.graph.captures if id(outer) in names
    }  # fmt: skip
    return Signature(constant, [spelled[name] for name in arguments], results, variables)


@contextmanager
def _whole_cases(graph: Any) -> Iterator[None]:
    """A graph that is copied with the mark that its cases stay what they are.

    Freezing variables inlines functions, and lowers branches to switches and merges where they do not have the mark;
    TensorFlow marks ``If`` and ``While`` itself, and forgets ``Case``.
    """
    copied = graph.as_graph_def

    def marked(*arguments: Any, **options: Any) -> Any:
        copy = copied(*arguments, **options)
        for nodes in (copy.node, *(function.node_def for function in copy.library.function)):
            for node in nodes:
                if node.op in ("Case", "StatelessCase"):
                    node.attr["_lower_using_switch_merge"].b = False
        return copy

    graph.as_graph_def = marked
    try:
        yield
    finally:
        del graph.as_graph_def


_CHANGING = (
    "Assign",
    "DestroyResourceOp",
    "ResourceApply",
    "ResourceScatter",
    "ResourceSparseApply",
    "ResourceStridedSliceAssign",
    "Rng",
)
"""How the names of ops begin that change variables."""


def _changes_variables(graph: Any) -> bool:
    functions = [function.node_def for function in graph.library.function]
    return any(node.op.startswith(_CHANGING) for nodes in (graph.node, *functions) for node in nodes)


def _value(function: Any, captured: Any) -> np.ndarray:
    """What a function finds in a variable, or in a tensor, that it refers to.

    Raises:
        UsageError: it refers to something else.
    """
    if captured.dtype != tf.resource:
        return np.asarray(captured.numpy())
    for variable in loaded_variables(function):
        if variable.handle is captured:
            return np.asarray(variable.numpy())
    raise UsageError("the signature changes variables, and refers to a resource that is none, which is not supported")


def loaded_variables(function: Any) -> Sequence[Any]:
    """The variables that a function uses, which the graph holds by their handles."""
    return list(function.variables)


def text_of(model: Signature) -> str:
    """TensorFlow's MLIR text of the function, with the names of nodes as locations."""
    return str(tf.mlir.experimental.convert_function(model.function, show_debug_info=True))


def _said(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
