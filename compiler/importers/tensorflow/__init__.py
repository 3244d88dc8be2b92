"""TensorFlow's SavedModels and Keras's files as programs of `tf`.

==========================  ======================================================================================
`models.py`                 signatures of models, with variables frozen that they do not change
`support.py`                what of a graph is not supported
`programs.py`               TensorFlow's text as one with names, and its large constants as weights
==========================  ======================================================================================
"""

from __future__ import annotations

import os
from typing import Any

from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.progress import Listener, step, telling

_STEPS = 4
"""Those of an import."""


def import_tensorflow(
    source: str | os.PathLike[str] | Any,
    *,
    signature: str = "serving_default",
    weights: str | os.PathLike[str] | None = None,
    larger_than: int = 1024,
    progress: Listener | None = None,
) -> str:
    """The MLIR text of a program whose function is a signature of a model, under the signature's name.

    Its arguments and results have the signature's names. Variables are constants of the values that they have now,
    unless the signature changes one: then they are the program's, and have these values at first.

    Args:
        source: a SavedModel's folder, a Keras file, or a Keras model.
        weights: a safetensors file for constants of more than `larger_than` bytes, which are then not in the text:
            `tfrt.load` takes it as `weights`. Values of variables have the variables' names there.
        progress: told of each step as it begins.

    Raises:
        UsageError: the package ``tensorflow`` is missing, or a file cannot be read or written, or there is no such
            signature.
        CompileError: there is what is not supported; it names each op with its node.
    """
    with telling(progress):
        text = _import(source, signature, weights, larger_than)
        step("done", _STEPS, _STEPS)
        return text


def _import(
    source: str | os.PathLike[str] | Any,
    signature: str,
    weights: str | os.PathLike[str] | None,
    larger_than: int,
) -> str:
    step("import TensorFlow", 0, _STEPS)
    # TensorFlow says on standard error what processor it found.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from tfrt.compiler.importers.tensorflow.models import signature_of, text_of
    except ImportError as error:
        raise UsageError(f"TensorFlow's models need it: pip install 'tfrt[tensorflow]' ({error})") from None
    from tfrt.compiler.importers.tensorflow.programs import named, with_variables, without_weights
    from tfrt.compiler.importers.tensorflow.support import require_supported

    step("read the model", 1, _STEPS)
    model = signature_of(source, signature)
    step("translate", 2, _STEPS)
    require_supported(model.graph)
    text = text_of(model)
    if weights is None:
        text, _ = with_variables(text, model.captured, None)
        return named(text, signature, model.arguments, model.results, model.variables)
    from tfrt.executor.values.safetensors import write_safetensors

    text, variables = with_variables(text, model.captured, larger_than)
    text = named(text, signature, model.arguments, model.results, model.variables)
    text, arrays = without_weights(text, larger_than, variables)
    step(f"write {os.fspath(weights)}", 3, _STEPS)
    write_safetensors(os.fspath(weights), {**variables, **arrays})
    return text
