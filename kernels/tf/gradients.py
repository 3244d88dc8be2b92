"""What gradients of ops are made of.

Source of the semantics: ``tensorflow/core/ops/math_ops.cc``, ``nn_ops.cc`` and ``array_ops.cc`` of TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import with_leading_ones
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.reductions.ufuncs import reduce_many
from tfrt.kernels.tf.reshaping import sizes


@array_op("tf.BroadcastGradientArgs", shaped_by=(0, 1))
def broadcast_gradient_args(s0: TensorMetadata, s1: TensorMetadata) -> ArrayForm:
    """The dimensions that the gradients of two operands, of these shapes, are summed along which were broadcast."""

    def run(s0: np.ndarray, s1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first, second = sizes(s0), sizes(s1)
        rank = max(len(first), len(second))
        pairs = list(zip(*(with_leading_ones(tuple(s), rank) for s in (first, second)), strict=True))
        if any(a != b and 1 not in (a, b) for a, b in pairs):
            raise KernelError(
                f"tf.BroadcastGradientArgs: Incompatible shapes: {list(first)} vs. {list(second)}",
                code="INVALID_ARGUMENT",
            )
        # A dimension of size 1 in both is summed along, too, as TensorFlow does: nothing comes of it.
        both = [[place for place, pair in enumerate(pairs) if pair[side] == 1 and (first != second)] for side in (0, 1)]
        return np.array(both[0], s0.dtype), np.array(both[1], s0.dtype)

    return run


def _of_elements(name: str, gradient: Callable[[Any, Any], Any]) -> None:
    def metadata(one: TensorMetadata, other: TensorMetadata) -> TensorMetadata:
        if one != other:
            raise KernelError(f"{name}: operands are of different types or shapes: {one}, {other}")
        return one

    @array_op(name, metadata=metadata)
    def form(one: TensorMetadata, other: TensorMetadata) -> ArrayForm:
        dtype = metadata(one, other).dtype.numpy
        return lambda x, y, out=None: np.asarray(quiet.call(gradient, x, y)).astype(dtype, copy=False)


# Of the op's result and the result's gradient; `tf.ReluGrad` takes the gradient first.
_of_elements("tf.ReciprocalGrad", lambda y, dy: -dy * y * y)
_of_elements("tf.ReluGrad", lambda dy, x: np.where(x > 0, dy, dy.dtype.type(0)))
_of_elements("tf.RsqrtGrad", lambda y, dy: dy * (y * y * y) * y.dtype.type(-0.5))
_of_elements("tf.SigmoidGrad", lambda y, dy: dy * (y * (1 - y)))
_of_elements("tf.SqrtGrad", lambda y, dy: dy * y.dtype.type(0.5) / y)
_of_elements("tf.TanhGrad", lambda y, dy: dy * (1 - y * y))


@array_op("tf.BiasAddGrad", shaped_by=())
def bias_add_grad(operand: TensorMetadata, *, data_format: str = "NHWC") -> ArrayForm:
    """The sums of all channels."""
    if operand.rank < 2:
        raise KernelError("tf.BiasAddGrad: the input must have at least 2 dimensions", code="INVALID_ARGUMENT")
    channel = 1 if data_format == "NCHW" else operand.rank - 1
    others = tuple(axis for axis in range(operand.rank) if axis != channel)
    return lambda x, out=None: quiet.call(reduce_many, np.add, x, np.zeros((), x.dtype), others, out)
