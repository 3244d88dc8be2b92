"""What PyTorch computes for `torch_handler.py`: functions of PyTorch's tensors with the semantics of TensorFlow's ops.

Each takes the op's inputs, its attributes and, as `metadata`, the results' metadata (None where shapes cannot be known
beforehand). Images have the channel last unless `data_format` says otherwise; filters are (height, width, input
channel, output channel).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import to_dense

DTYPES = {
    DType.I1: torch.bool,
    DType.UI8: torch.uint8,
    DType.I8: torch.int8,
    DType.I16: torch.int16,
    DType.I32: torch.int32,
    DType.I64: torch.int64,
    DType.F16: torch.float16,
    DType.BF16: torch.bfloat16,
    DType.F32: torch.float32,
    DType.F64: torch.float64,
}
"""The element types that PyTorch has."""

FLOATS = frozenset({DType.F16, DType.BF16, DType.F32, DType.F64})
_NUMBERS = frozenset(DTYPES) - {DType.I1}
_F32 = frozenset({DType.F32})


@dataclass(frozen=True)
class TorchOp:
    """An op.

    Attributes:
        compute: see the module docstring; gives a tensor, or a tuple of tensors.
        dtypes: the element types that the first input may have.
        host_operands: positions of inputs that `compute` takes as host tensors, since it must know their elements.
    """

    compute: Callable[..., Tensor | tuple[Tensor, ...]]
    dtypes: frozenset[DType] = FLOATS
    host_operands: frozenset[int] = frozenset()


def _unary(function: Callable[[Tensor], Tensor], dtypes: frozenset[DType] = FLOATS) -> TorchOp:
    return TorchOp(lambda x, **_: function(x), dtypes)


def _binary(function: Callable[[Tensor, Tensor], Tensor], dtypes: frozenset[DType] = _NUMBERS) -> TorchOp:
    return TorchOp(lambda a, b, **_: function(a, b), dtypes)


def _matmul(a: Tensor, b: Tensor, *, transpose_a: bool, transpose_b: bool, **_: Any) -> Tensor:
    return (a.T if transpose_a else a) @ (b.T if transpose_b else b)


def _cast(x: Tensor, *, DstT: DType, **_: Any) -> Tensor:
    if DstT not in DTYPES:
        raise KernelError(f"Unsupported cast to {DstT.label}")
    target = DTYPES[DstT]
    if not x.is_floating_point() or target.is_floating_point or target is torch.bool:
        return x.to(target)
    # What does not fit becomes the least integer, see `tfrt.kernels.numerics.arithmetic.casts`; PyTorch leaves it
    # undefined.
    wide = torch.int64 if target is torch.int64 else torch.int32
    below = 2.0 ** (63 if wide is torch.int64 else 31)
    # f16 does not reach that far.
    numbers = x.float() if x.dtype is torch.float16 else x
    fits = (numbers >= -below) & (numbers < below)
    return torch.where(fits, numbers, -below).to(wide).to(target)


def _mean(x: Tensor, reduction_indices: Any, *, keep_dims: bool = False, **_: Any) -> Tensor:
    axes = to_dense(reduction_indices).array.reshape(-1).tolist()
    if any(not -x.dim() <= axis < x.dim() for axis in axes):
        raise KernelError("tf.Mean reduction index must be in [-input_rank, input_rank) range")
    if len({axis % x.dim() for axis in axes}) < len(axes):
        raise KernelError("tf.Mean reduction indices must be unique")
    # Without axes PyTorch would reduce all dimensions, TensorFlow none.
    return x.mean(axes, keepdim=keep_dims) if axes else x


def _batch_norm(
    x: Tensor,
    scale: Tensor,
    offset: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    epsilon: float = 1e-4,
    data_format: str = "NHWC",
    **_: Any,
) -> tuple[Tensor, ...]:
    y = functional.batch_norm(_channel_second(x, data_format), mean, variance, scale, offset, eps=epsilon)
    return _channel_back(y, data_format), mean, variance, mean, variance, x.new_empty(0)


@dataclass(frozen=True)
class _Sliding:
    """How windows slide over images to a result of `shape`; the op's metadata function has checked all of it."""

    shape: tuple[int, ...]
    padding: str
    explicit_paddings: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    dilations: tuple[int, ...] = ()
    data_format: str = "NHWC"

    @property
    def steps(self) -> tuple[int, int]:
        return self.spatial(self.strides)

    @property
    def gaps(self) -> tuple[int, int]:
        return self.spatial(self.dilations)

    def spatial(self, sizes: tuple[int, ...]) -> tuple[int, int]:
        """The sizes for rows and columns, of an attribute that has none, one, two or four."""
        match len(sizes):
            case 0:
                return (1, 1)
            case 1:
                return (sizes[0], sizes[0])
            case 2:
                return (sizes[0], sizes[1])
        first = 2 if _channels_first(self.data_format) else 1
        return (sizes[first], sizes[first + 1])

    def borders(self, images: Tensor, sizes: tuple[int, int]) -> tuple[int, int, int, int]:
        """How many columns and rows to add for windows of `sizes`: left, right, top, bottom.

        PyTorch itself adds as many at both ends.
        """
        if self.padding.lower() == "explicit":
            top, bottom, left, right = self.explicit_paddings
            return (left, right, top, bottom)
        if self.padding.lower() == "valid":
            return (0, 0, 0, 0)
        counts = self.spatial(self.shape)
        rows, columns = (
            max(0, (count - 1) * step + (size - 1) * gap + 1 - extent)
            for count, step, size, gap, extent in zip(
                counts, self.steps, sizes, self.gaps, images.shape[2:], strict=True
            )
        )
        return (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)


_SLIDING = frozenset(field.name for field in fields(_Sliding)) - {"shape"}


def _sliding(metadata: Any, attrs: dict[str, Any]) -> _Sliding:
    return _Sliding(metadata[0].shape, **{name: value for name, value in attrs.items() if name in _SLIDING})


def _conv2d(x: Tensor, filters: Tensor, *, metadata: Any, **attrs: Any) -> Tensor:
    sliding = _sliding(metadata, attrs)
    if not math.prod(sliding.shape):
        return x.new_empty(sliding.shape)
    images = _channel_second(x, sliding.data_format)
    grown = functional.pad(images, sliding.borders(images, (filters.shape[0], filters.shape[1])))
    weights = filters.permute(3, 2, 0, 1)
    groups = max(1, images.shape[1] // max(1, weights.shape[1]))
    result = functional.conv2d(grown, weights, stride=sliding.steps, dilation=sliding.gaps, groups=groups)
    return _channel_back(result, sliding.data_format)


def _max_pool(x: Tensor, *, metadata: Any, ksize: tuple[int, ...] = (), **attrs: Any) -> Tensor:
    sliding = _sliding(metadata, attrs)
    if not math.prod(sliding.shape):
        return x.new_empty(sliding.shape)
    images, size = _channel_second(x, sliding.data_format), sliding.spatial(ksize)
    # Neither padding nor NaN counts.
    numbers = torch.nan_to_num(images, nan=-math.inf, posinf=math.inf, neginf=-math.inf)
    grown = functional.pad(numbers, sliding.borders(images, size), value=-math.inf)
    result = functional.max_pool2d(grown, size, sliding.steps, dilation=sliding.gaps)
    return _channel_back(result, sliding.data_format)


def _channels_first(data_format: str) -> bool:
    return data_format.lower().startswith("nc")


def _channel_second(images: Tensor, data_format: str) -> Tensor:
    return images if _channels_first(data_format) else images.permute(0, 3, 1, 2)


def _channel_back(images: Tensor, data_format: str) -> Tensor:
    return images if _channels_first(data_format) else images.permute(0, 2, 3, 1)


OPS: dict[str, TorchOp] = {
    "tf.Abs": _unary(torch.abs, _NUMBERS),
    "tf.Exp": _unary(torch.exp),
    "tf.Log": _unary(torch.log),
    "tf.Log1p": _unary(torch.log1p),
    "tf.Neg": _unary(torch.neg, _NUMBERS),
    "tf.Relu": _unary(torch.relu, _NUMBERS),
    "tf.Rsqrt": _unary(torch.rsqrt),
    "tf.Sigmoid": _unary(torch.sigmoid),
    "tf.Sqrt": _unary(torch.sqrt),
    "tf.Square": _unary(torch.square, _NUMBERS),
    "tf.Tanh": _unary(torch.tanh),
    "tf.Softmax": _unary(lambda x: torch.softmax(x, -1)),
    "tf.LogSoftmax": _unary(lambda x: torch.log_softmax(x, -1)),
    "tf.Cast": TorchOp(_cast, frozenset(DTYPES)),
    "tf.Add": _binary(torch.add),
    "tf.AddV2": _binary(torch.add),
    "tf.Sub": _binary(torch.sub),
    "tf.Mul": _binary(torch.mul),
    "tf.RealDiv": _binary(torch.div, FLOATS),
    "tf.Maximum": _binary(torch.maximum),
    "tf.Minimum": _binary(torch.minimum),
    "tf.Equal": _binary(torch.eq, frozenset(DTYPES)),
    "tf.NotEqual": _binary(torch.ne, frozenset(DTYPES)),
    "tf.Less": _binary(torch.lt),
    "tf.LessEqual": _binary(torch.le),
    "tf.Greater": _binary(torch.gt),
    "tf.GreaterEqual": _binary(torch.ge),
    "tf.MatMul": TorchOp(_matmul),
    "tf.BiasAdd": _binary(torch.add),
    "tf.Mean": TorchOp(_mean, host_operands=frozenset({1})),
    "tf.Conv2D": TorchOp(_conv2d),
    "tf.MaxPool": TorchOp(_max_pool),
    "tf.FusedBatchNormV3": TorchOp(_batch_norm, _F32),
}
