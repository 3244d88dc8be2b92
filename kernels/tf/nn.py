"""Layers of neural networks that look at one pixel at a time: biases, softmax, batch normalization."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op import OpFlags, Step
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.kernels.numerics import normalization
from tfrt.kernels.numerics.arithmetic.halves import single
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.dtypes import FLOATS, HALVES, REAL
from tfrt.kernels.tf.layouts import channels_first


def _bias_add_metadata(value: TensorMetadata, bias: TensorMetadata, *, data_format: str = "NHWC") -> TensorMetadata:
    if value.dtype is not bias.dtype:
        raise KernelError("incompatible dtypes for tf.BiasAdd")
    if data_format != "NHWC":
        raise KernelError("invalid data format. Currently only support NHWC")
    if bias.rank != 1:
        raise KernelError("bias must be 1-D")
    if not value.rank or bias.shape[0] != value.shape[-1]:
        raise KernelError("bias must has the size of the last dimension of value")
    return value


@cpu_op(
    "tf.BiasAdd",
    metadata=_bias_add_metadata,
    flags=OpFlags.FORWARDS_BUFFER,
    elementwise=lambda dtype: np.add if dtype in REAL else None,
    native="{0} + {1}",
)
def bias_add(value: DenseHostTensor, bias: DenseHostTensor, *, out: np.ndarray | None = None) -> DenseHostTensor:
    """`bias`, a vector, added to each innermost row of `value`."""
    if value.dtype not in REAL:
        raise KernelError("unsupported dtype for TfBiasAddOp")
    return DenseHostTensor(quiet.call(np.add, value.array, bias.array, out), value.dtype)


@cpu_op("tf.Softmax", metadata=same_metadata)
def softmax(logits: DenseHostTensor) -> DenseHostTensor:
    """Exponentials over their sum, along the last dimension."""
    return _normalized(normalization.softmax, logits)


@cpu_op("tf.LogSoftmax", metadata=same_metadata)
def log_softmax(logits: DenseHostTensor) -> DenseHostTensor:
    """The logarithm of `softmax`."""
    return _normalized(normalization.log_softmax, logits)


def _normalized(function: Callable[[np.ndarray], np.ndarray], tensor: DenseHostTensor) -> DenseHostTensor:
    if tensor.dtype not in FLOATS:
        raise KernelError("unsupported dtype")
    array = tensor.array
    return DenseHostTensor(function(single(array)).astype(array.dtype, copy=False), tensor.dtype)


def _batch_norm_metadata(
    value: TensorMetadata,
    scale: TensorMetadata,
    offset: TensorMetadata,
    mean: TensorMetadata,
    variance: TensorMetadata,
    *,
    is_training: bool = False,
    data_format: str = "NHWC",
) -> tuple[TensorMetadata, ...]:
    if is_training:
        raise KernelError("BatchNorm training not currently supported")
    if not scale.shape == offset.shape == mean.shape == variance.shape:
        raise KernelError("Mean, variance, bias, and scale are expected to have the same shape")
    if value.rank != 4:
        raise KernelError(f"tf.FusedBatchNormV3 input must have rank 4. Actual shape: {list(value.shape)}")
    if value.dtype not in HALVES | {DType.F32} or any(
        operand.dtype is not DType.F32 for operand in (scale, offset, mean, variance)
    ):
        raise KernelError("tf.FusedBatchNormV3 operands must be of f32")
    channels = value.shape[_channel_axis(data_format)]
    if scale.shape != (channels,):
        raise KernelError("parameter does not match the input channel number")
    return (value, mean, variance, mean, variance, TensorMetadata(DType.F32, (0,)))


def _batch_norm_steps(
    value: TensorMetadata, *parameters: TensorMetadata, epsilon: float = 1e-4, data_format: str = "NHWC"
) -> tuple[Step, ...] | None:
    """Channels last, in single precision, in the order in which the op computes it."""
    if _channel_axis(data_format) == 1 or value.dtype is not DType.F32:
        return None
    images, scale, offset, mean, variance = range(5)
    spread = (Step("tf.AddV2", (variance, float(np.float32(epsilon)))), Step("tf.Sqrt", (5,)))
    if not epsilon > 0:
        centered = (Step("tf.Sub", (images, mean)), Step("tf.RealDiv", (7, 6)))
        return (*spread, *centered, Step("tf.Mul", (8, scale)), Step("tf.AddV2", (9, offset)))
    factor, moved = Step("tf.RealDiv", (scale, 6)), (Step("tf.Mul", (mean, 7)), Step("tf.Sub", (offset, 8)))
    return (*spread, factor, *moved, Step("tf.Mul", (images, 7)), Step("tf.AddV2", (10, 9)))


@cpu_op("tf.FusedBatchNormV3", metadata=_batch_norm_metadata, steps=_batch_norm_steps)
def fused_batch_norm_v3(
    value: DenseHostTensor,
    scale: DenseHostTensor,
    offset: DenseHostTensor,
    mean: DenseHostTensor,
    variance: DenseHostTensor,
    *,
    epsilon: float = 1e-4,
    data_format: str = "NHWC",
) -> tuple[DenseHostTensor, ...]:
    """Batch normalization with given moments (inference), a channel at a time; `value` may be of f16 or bf16.

    Six results: the normalized value, then mean and variance twice, as for the gradient, then an empty tensor.
    """
    arrays = [operand.array for operand in (scale, offset, mean, variance)]
    if _channel_axis(data_format) == 1:
        arrays = [array[:, np.newaxis, np.newaxis] for array in arrays]
    result = normalization.with_moments(single(value.array), *arrays, epsilon=epsilon)
    return (
        DenseHostTensor(quiet.call(result.astype, value.dtype.numpy, copy=False), value.dtype),
        mean,
        variance,
        mean,
        variance,
        DenseHostTensor.uninitialized(DType.F32, (0,)),
    )


def _channel_axis(data_format: str) -> int:
    return 1 if channels_first(data_format) else 3
