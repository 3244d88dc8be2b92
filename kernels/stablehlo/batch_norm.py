"""Features that are normalised by their mean and variance over all other dimensions.

Source of the formulas: the decompositions of the three ops in the specification. Floats of at most 16 bits are computed
in single precision and rounded once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import require
from tfrt.kernels.numerics import normalization
from tfrt.kernels.numerics.arithmetic.halves import rounded


def _check(operand: TensorMetadata, vectors: tuple[TensorMetadata, ...], feature_index: int) -> TensorMetadata:
    """Returns the metadata of a value for each feature."""
    shapes.batch_norm(operand.shape, [vector.shape for vector in vectors], feature_index)
    for vector in vectors:
        require(
            vector.dtype is operand.dtype,
            "C2",
            f"expects operands of one element type, but got {operand.dtype.mlir} and {vector.dtype.mlir}",
        )
    return TensorMetadata(operand.dtype, (operand.shape[feature_index],))


def _inference_metadata(
    operand: TensorMetadata,
    scale: TensorMetadata,
    offset: TensorMetadata,
    mean: TensorMetadata,
    variance: TensorMetadata,
    *,
    feature_index: int,
) -> TensorMetadata:
    _check(operand, (scale, offset, mean, variance), feature_index)
    return operand


@array_op("stablehlo.batch_norm_inference", metadata=_inference_metadata)
def batch_norm_inference(
    operand: TensorMetadata,
    scale: TensorMetadata,
    offset: TensorMetadata,
    mean: TensorMetadata,
    variance: TensorMetadata,
    *,
    epsilon: float,
    feature_index: int,
) -> ArrayForm:
    """Features normalised with the given mean and variance."""
    _check(operand, (scale, offset, mean, variance), feature_index)
    along = _along(operand, feature_index)
    wide, dtype = _computed_in(operand), operand.dtype.numpy

    def run(x: np.ndarray, *vectors: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        given = [vector.astype(wide, copy=False).reshape(along) for vector in vectors]
        into = out if wide == dtype else None
        found = normalization.with_moments(x.astype(wide, copy=False), *given, epsilon=epsilon, out=into)
        return found if wide == dtype else rounded(found, dtype, out)

    return run


def _training_metadata(
    operand: TensorMetadata, scale: TensorMetadata, offset: TensorMetadata, *, feature_index: int
) -> tuple[TensorMetadata, ...]:
    vector = _check(operand, (scale, offset), feature_index)
    return operand, vector, vector


@array_op("stablehlo.batch_norm_training", metadata=_training_metadata)
def batch_norm_training(
    operand: TensorMetadata, scale: TensorMetadata, offset: TensorMetadata, *, epsilon: float, feature_index: int
) -> ArrayForm:
    """Features normalised with the mean and variance that they have, and these."""
    _check(operand, (scale, offset), feature_index)
    along, others = _along(operand, feature_index), _others(operand, feature_index)

    def compute(x: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, ...]:
        mean, variance = normalization.moments(x, others)
        found = normalization.batch_norm(
            x, scale.reshape(along), offset.reshape(along), mean, variance, epsilon=epsilon
        )
        return found, mean.reshape(-1), variance.reshape(-1)

    return _in_single(compute, operand)


def _grad_metadata(
    operand: TensorMetadata,
    scale: TensorMetadata,
    mean: TensorMetadata,
    variance: TensorMetadata,
    grad_output: TensorMetadata,
    *,
    feature_index: int,
) -> tuple[TensorMetadata, ...]:
    vector = _check(operand, (scale, mean, variance), feature_index)
    shapes.require_same([operand.shape, grad_output.shape], "C3", "operand and grad_output")
    require(
        grad_output.dtype is operand.dtype,
        "C2",
        f"expects operands of one element type, but got {operand.dtype.mlir} and {grad_output.dtype.mlir}",
    )
    return operand, vector, vector


@array_op("stablehlo.batch_norm_grad", metadata=_grad_metadata)
def batch_norm_grad(
    operand: TensorMetadata,
    scale: TensorMetadata,
    mean: TensorMetadata,
    variance: TensorMetadata,
    grad_output: TensorMetadata,
    *,
    epsilon: float,
    feature_index: int,
) -> ArrayForm:
    """The gradients of `batch_norm_training` with respect to its operand, scale and offset."""
    _grad_metadata(operand, scale, mean, variance, grad_output, feature_index=feature_index)
    along, others = _along(operand, feature_index), _others(operand, feature_index)

    def compute(
        x: np.ndarray, scale: np.ndarray, mean: np.ndarray, variance: np.ndarray, gradient: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        vectors = [vector.reshape(along) for vector in (scale, mean, variance)]
        found = normalization.batch_norm_gradients(gradient, x, *vectors, epsilon=epsilon, axes=others)
        return found[0], found[1].reshape(-1), found[2].reshape(-1)

    return _in_single(compute, operand)


def _along(operand: TensorMetadata, feature_index: int) -> tuple[int, ...]:
    """The shape in which a vector of features is broadcast."""
    return tuple(size if axis == feature_index else 1 for axis, size in enumerate(operand.shape))


def _others(operand: TensorMetadata, feature_index: int) -> tuple[int, ...]:
    return tuple(axis for axis in range(operand.rank) if axis != feature_index)


def _computed_in(operand: TensorMetadata) -> np.dtype:
    dtype = operand.dtype.numpy
    return dtype if dtype in (np.float32, np.float64) else np.dtype(np.float32)


def _in_single(compute: Any, operand: TensorMetadata) -> ArrayForm:
    """A function of several results; of narrower floats in single precision."""
    wide, dtype = _computed_in(operand), operand.dtype.numpy

    def run(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        found = compute(*[array.astype(wide, copy=False) for array in arrays])
        return tuple([np.asarray(each).astype(dtype, copy=False) for each in found])

    return run
