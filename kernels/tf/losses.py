"""Losses of classifiers, with their gradients.

Source of the semantics: ``tensorflow/core/ops/nn_ops.cc``, ``core/kernels/xent_op.h``.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.normalization import log_softmax
from tfrt.kernels.numerics.quiet import quiet


def _loss(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logarithms = log_softmax(features)
    # What has no probability does not count, even where its logarithm is infinite.
    counted = quiet.call(np.multiply, labels, logarithms)
    loss = -np.where(labels == 0, 0, counted).sum(-1)
    return loss.astype(features.dtype), np.exp(logarithms) - labels


@array_op("tf.SoftmaxCrossEntropyWithLogits", shaped_by=())
def softmax_cross_entropy(features: TensorMetadata, labels: TensorMetadata) -> ArrayForm:
    """The cross entropy of each row of logits with a row of probabilities, and its gradient."""
    return lambda x, labels: _loss(*np.broadcast_arrays(x, labels))


@array_op("tf.SparseSoftmaxCrossEntropyWithLogits", shaped_by=())
def sparse_softmax_cross_entropy(features: TensorMetadata, labels: TensorMetadata) -> ArrayForm:
    """The cross entropy of each row of logits with a class, and its gradient."""

    def run(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        classes = x.shape[-1]
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise KernelError(f"Received a label value outside the valid range of [0, {classes})")
        return _loss(x, np.eye(classes, dtype=x.dtype)[labels])

    return run
