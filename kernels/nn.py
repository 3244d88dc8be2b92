"""Layers of neural networks along one dimension, as ops of the core runtime; see `tfrt.dialects.nn`."""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.halves import rounded_once
from tfrt.kernels.numerics.quiet import quiet


def _axis(operand: TensorMetadata, dimension: int, op: str) -> int:
    if not 0 <= dimension < operand.rank:
        raise KernelError(f"{op}: dimension {dimension} is not in [0, {operand.rank})")
    return dimension


def _softmax_metadata(operand: TensorMetadata, *, dimension: int) -> TensorMetadata:
    _axis(operand, dimension, "nn.softmax")
    return operand


@array_op("nn.softmax", metadata=_softmax_metadata)
def softmax(operand: TensorMetadata, *, dimension: int) -> ArrayForm:
    """Exponentials over their sum; the greatest number of all is subtracted first, so that none overflows."""
    axis = _axis(operand, dimension, "nn.softmax")

    def compute(x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
        values = np.subtract(x, x.max(axis, keepdims=True, initial=-np.inf), out=out)
        np.exp(values, out=values)
        return np.divide(values, np.add.reduce(values, axis, keepdims=True), out=values)

    return _form(compute)


def _normalize_metadata(operand: TensorMetadata, *, dimension: int, epsilon: float = 0.0) -> TensorMetadata:
    _axis(operand, dimension, "nn.normalize")
    return operand


@array_op("nn.normalize", metadata=_normalize_metadata)
def normalize(operand: TensorMetadata, *, dimension: int, epsilon: float = 0.0) -> ArrayForm:
    """Numbers less their mean, over the square root of their variance and `epsilon`."""
    axis = _axis(operand, dimension, "nn.normalize")
    count = operand.shape[axis]

    def compute(x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
        number = x.dtype.type
        mean = np.add.reduce(x, axis, keepdims=True)
        mean /= number(count)
        values = np.subtract(x, mean, out=out)
        scale = np.add.reduce(np.square(values), axis, keepdims=True)
        scale /= number(count)
        scale += number(epsilon)
        np.sqrt(scale, out=scale)
        return np.divide(values, scale, out=values)

    return _form(compute)


def _form(compute: ArrayForm) -> ArrayForm:
    """`compute` of arrays of at least one dimension, without warnings; of halves in single precision."""
    halves = rounded_once(lambda x: np.asarray(quiet.call(compute, x, None)))

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if x.dtype.itemsize < 4:
            return halves(x, out=out)
        found: np.ndarray = quiet.call(compute, x, out)
        return found

    return run
