"""Signatures of models, as functions whose variables are constants. Importing this module imports TensorFlow."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfrt.executor.support.errors import UsageError

_KERAS_FILES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Frozen:
    """A signature whose variables are constants.

    Attributes:
        function: a concrete function.
        arguments: the names of its arguments, in order.
        results: those of its results.
        variables: what variables are called, by the names of the nodes that are their values.
    """

    function: Any
    arguments: Sequence[str]
    results: Sequence[str]
    variables: Mapping[str, str]

    @property
    def graph(self) -> Any:
        """The graph of the function, as a ``GraphDef``."""
        return self.function.graph.as_graph_def()


def frozen(source: Any, signature: str) -> Frozen:
    """A signature of a SavedModel, or of a Keras file or model.

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


def _of_keras(model: Any, signature: str) -> Frozen:
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        return _of_folder(folder, signature)


def _of_folder(path: str, signature: str) -> Frozen:
    try:
        loaded = tf.saved_model.load(path)
    except Exception as error:
        raise UsageError(f"'{path}' cannot be read as a SavedModel: {_said(error)}") from error
    function = loaded.signatures.get(signature)
    if function is None:
        there_are = ", ".join(f"'{name}'" for name in sorted(loaded.signatures)) or "none"
        raise UsageError(f"'{path}' has no signature '{signature}'; it has: {there_are}")
    constant = convert_variables_to_constants_v2(function, lower_control_flow=False)
    spelled = {spec.name: name for name, spec in function.structured_input_signature[1].items()}
    arguments = [tensor.op.name for tensor in constant.inputs]
    results = sorted(function.structured_outputs)
    names = {id(variable.handle): variable.name.partition(":")[0] for variable in loaded_variables(function)}
    variables = {
        inner.op.name: names[id(outer)] for outer, inner in function.graph.captures if id(outer) in names
    }  # fmt: skip
    return Frozen(constant, [spelled.get(name, name) for name in arguments], results, variables)


def loaded_variables(function: Any) -> Sequence[Any]:
    """The variables that a function uses, which the graph holds by their handles."""
    return list(function.variables)


def text_of(model: Frozen) -> str:
    """TensorFlow's MLIR text of the function, with the names of nodes as locations."""
    return str(tf.mlir.experimental.convert_function(model.function, show_debug_info=True))


def _said(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
