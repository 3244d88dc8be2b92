"""Rounding to the numbers that quantised ones can be, as networks trained for quantisation do it.

Source of the semantics: ``tensorflow/core/ops/array_ops.cc``; zero is always among the numbers.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError


def _rounded(x: np.ndarray, low: np.ndarray, high: np.ndarray, bits: int, narrow_range: bool) -> np.ndarray:
    if not 2 <= bits <= 16:
        raise KernelError(f"num_bits must be between 2 and 16, inclusive, got {bits}")
    first, last = np.float32(narrow_range), np.float32((1 << bits) - 1)
    low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
    is_empty = (low == 0) & (high == 0)
    scale = np.where(is_empty, np.float32(1), (high - low) / (last - first))
    zero = np.clip(np.floor(first - low / scale + np.float32(0.5)), first, last)
    least, most = (first - zero) * scale, (last - zero) * scale
    steps = np.floor((np.clip(x, least, most) - least) * (1 / scale) + np.float32(0.5))
    return np.where(is_empty, np.float32(0), steps * scale + least).astype(x.dtype)


def _require_range(low: float, high: float) -> None:
    if not low < high:
        raise KernelError(f"min must be smaller than max, got {low} and {high}")


@array_op("tf.FakeQuantWithMinMaxArgs", shaped_by=())
def fake_quant_args(
    operand: TensorMetadata, *, min: float = -6.0, max: float = 6.0, num_bits: int = 8, narrow_range: bool = False
) -> ArrayForm:
    """Each element, rounded to one of the numbers of so many bits between two limits."""
    _require_range(min, max)
    low, high = np.asarray(min, np.float32), np.asarray(max, np.float32)
    return lambda x, out=None: _rounded(x, low, high, num_bits, narrow_range)


@array_op("tf.FakeQuantWithMinMaxVars", shaped_by=())
def fake_quant_vars(
    operand: TensorMetadata,
    low: TensorMetadata,
    high: TensorMetadata,
    *,
    num_bits: int = 8,
    narrow_range: bool = False,
) -> ArrayForm:
    """As `tf.FakeQuantWithMinMaxArgs`, with limits that are tensors."""
    return lambda x, low, high, out=None: _rounded(x, low, high, num_bits, narrow_range)


@array_op("tf.FakeQuantWithMinMaxVarsPerChannel", shaped_by=())
def fake_quant_channels(
    operand: TensorMetadata,
    low: TensorMetadata,
    high: TensorMetadata,
    *,
    num_bits: int = 8,
    narrow_range: bool = False,
) -> ArrayForm:
    """As `tf.FakeQuantWithMinMaxArgs`, with limits for each index of the last dimension."""
    if low.shape != operand.shape[-1:] or high.shape != low.shape:
        raise KernelError(f"expects limits for each channel of {operand}, got {low} and {high}")
    return lambda x, low, high, out=None: _rounded(x, low, high, num_bits, narrow_range)
