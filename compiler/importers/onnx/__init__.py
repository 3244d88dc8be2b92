"""ONNX models as programs of StableHLO and of `onnx`, the dialect of operators that StableHLO has no equal of.

==========================  ======================================================================================
`models.py`                 models as they are read, made ready for translation
`graphs.py`                 graphs as text
`folding.py`                what nodes give whose inputs are all known
`values.py`                 what translators work on: values, nodes, the text that they add to
`registry.py`               the translators of operators, by name
`operators/`                translators, one module for each family
==========================  ======================================================================================
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tfrt.compiler.input_shapes import InputShapes
from tfrt.executor.support.errors import TfrtError, UsageError, describe
from tfrt.executor.support.progress import Listener, step, telling


def import_onnx(
    source: str | os.PathLike[str] | Any,
    *,
    weights: str | os.PathLike[str] | None = None,
    larger_than: int = 1024,
    input_shapes: InputShapes | None = None,
    progress: Listener | None = None,
) -> str:
    """The MLIR text of a program whose function ``main`` is what a model does.

    The graph's inputs are its arguments, in their order and under their names, and sizes that have a name instead of a
    number are known when it is called.

    Args:
        source: a file, or an ``onnx.ModelProto``.
        weights: a safetensors file for initializers of more than `larger_than` bytes, which are then not in the text:
            `tfrt.load` takes it as `weights`.
        input_shapes: shapes of inputs, by name or number, in place of what the model says; see `tfrt.compile`.
        progress: told of each step as it begins.

    Raises:
        UsageError: the package ``onnx`` is missing, a file cannot be read or written, the model is not valid, or an
            input cannot have the shape that is given for it.
        CompileError: there are operators that are not supported; it names each with its node.
    """
    with telling(progress):
        return _import(source, weights, larger_than, input_shapes)


def _import(
    source: str | os.PathLike[str] | Any,
    weights: str | os.PathLike[str] | None,
    larger_than: int,
    input_shapes: InputShapes | None,
) -> str:
    try:
        from tfrt.compiler.importers.onnx.graphs import translated
        from tfrt.compiler.importers.onnx.models import fault_of, opset_of, prepared, read, with_shapes
    except ImportError as error:
        raise UsageError(f"ONNX models need the package onnx: pip install 'tfrt[onnx]' ({error})") from None
    step("read the model", 0)
    found = read(source)
    given = with_shapes(found, input_shapes) if input_shapes else found
    folder = "" if not isinstance(source, str | os.PathLike) else str(Path(source).parent)
    try:
        model = prepared(given)
        text, arrays = translated(
            model, opset=opset_of(model), larger_than=None if weights is None else larger_than, folder=folder
        )
    except TfrtError:
        raise
    except Exception as error:
        # Models are not checked beforehand, since many have faults that do not matter.
        fault = fault_of(found, error)
        if fault is None:
            raise
        raise UsageError(f"the model is not valid ONNX: {fault}; translating it failed: {describe(error)}") from error
    if weights is not None:
        step(f"write {os.fspath(weights)}", len(model.graph.node), len(model.graph.node))
        from tfrt.executor.values.safetensors import write_safetensors

        write_safetensors(os.fspath(weights), arrays)
    step("done", len(model.graph.node), len(model.graph.node))
    return text
