"""Strings as far as programs say something with them: constants, formatted values, what is printed and asserted.

Source of the semantics: ``tensorflow/core/ops/logging_ops.cc`` and ``string_ops.cc`` of TensorFlow.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm, OpFlags
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.tensor import StringHostTensor
from tfrt.kernels.tf.summaries import listed, shown

_STRINGS = OpFlags.ALLOWS_STRING
_EFFECTS = OpFlags.ALLOWS_STRING | OpFlags.SIDE_EFFECTS


@array_op("tf.Strings", flags=_STRINGS)
def strings(*, strings: Sequence[str], shape: Sequence[int]) -> ArrayForm:
    """A constant tensor of strings, in row-major order; one may stand for all. It is what `tf.Const` is of strings."""
    given, sizes = tuple(strings), tuple(shape)
    tensor = StringHostTensor(sizes, given * prod(sizes) if len(given) == 1 else given)
    return lambda: tensor


@array_op("tf.StringFormat", flags=_STRINGS)
def string_format(
    *inputs: TensorMetadata, template: str = "%s", placeholder: str = "%s", summarize: int = 3
) -> ArrayForm:
    """A template with tensors, as they are printed, in the place of each `placeholder`, in order."""
    parts = template.split(placeholder)
    if len(parts) != len(inputs) + 1:
        raise KernelError(
            f"tf.StringFormat: the template has {len(parts) - 1} placeholders, but there are {len(inputs)} tensors",
            code="INVALID_ARGUMENT",
        )

    def run(*tensors: Any) -> StringHostTensor:
        words = [shown(tensor, summarize) + part for tensor, part in zip(tensors, parts[1:], strict=True)]
        return StringHostTensor((), ("".join((parts[0], *words)),))

    return run


@array_op("tf.PrintV2", flags=_EFFECTS)
def print_v2(text: TensorMetadata, *, host: HostContext, output_stream: str = "stderr", end: str = "\n") -> ArrayForm:
    """Prints a string where kernels of the host print, for ``stdout``; otherwise to the process's standard error,
    at the end of the file that ``file://`` names."""

    def run(text: StringHostTensor) -> tuple[()]:
        (said,) = text.strings
        _write(host, output_stream, said + end)
        return ()

    return run


def _write(host: HostContext, stream: str, text: str) -> None:
    if stream == "stdout":
        host.write(text)
    elif stream == "stderr" or stream.startswith("log("):
        sys.stderr.write(text)
    else:
        raise KernelError(
            f"tf.PrintV2: output_stream must be stdout, stderr or a log, not '{stream}'", code="INVALID_ARGUMENT"
        )


@array_op("tf.Print", flags=_EFFECTS, views=True)
def print_(
    operand: TensorMetadata, *data: TensorMetadata, message: str = "", first_n: int = -1, summarize: int = 3
) -> ArrayForm:
    """The operand, and prints a message and tensors to the process's standard error, the first `first_n` times."""
    left = [first_n]

    def run(operand: Any, *data: Any) -> Any:
        if left[0]:
            left[0] -= 1
            sys.stderr.write(message + "".join(f"[{listed(tensor, summarize)}]" for tensor in data) + "\n")
        return operand.copy() if isinstance(operand, np.ndarray) else operand

    return run


@array_op("tf.Assert", flags=_EFFECTS)
def assert_(condition: TensorMetadata, *data: TensorMetadata, summarize: int = 3) -> ArrayForm:
    """Fails, with tensors in its message, unless the condition holds."""

    def run(condition: np.ndarray, *data: Any) -> tuple[()]:
        if not condition:
            raise KernelError(f"assertion failed: {_said(data, summarize)}", code="INVALID_ARGUMENT")
        return ()

    return run


def _said(data: Sequence[Any], summarize: int) -> str:
    return " ".join(f"[{listed(tensor, summarize)}]" for tensor in data)
