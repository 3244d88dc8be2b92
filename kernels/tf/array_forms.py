"""Ops that are nothing but their array form (`tfrt.executor.declarations.op`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfrt.executor.declarations.metadata import metadata_of
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.values.tensor import DenseHostTensor


def on_tensors(form: Callable[..., ArrayForm], inputs: Sequence[DenseHostTensor], **given: Any) -> DenseHostTensor:
    """What an op with that array form comes to on these inputs: a tensor of the first one's type.

    Args:
        given: what the array form is given beside inputs.
    """
    run = form(*map(metadata_of, inputs), **given)
    return DenseHostTensor(run(*[tensor.array for tensor in inputs]), inputs[0].dtype)
