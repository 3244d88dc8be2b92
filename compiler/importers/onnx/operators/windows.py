"""Pooling, and how windows lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value, constant
from tfrt.compiler.importers.text import TensorType, attribute
from tfrt.executor.values.dtype import DType

_FLOATS = frozenset((DType.F32, DType.F64))


@dataclass(frozen=True)
class Windows:
    """Windows over spatial dimensions: how they lie, and how much is put around what they lie on."""

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]


def geometry(node: Node, sizes: Sequence[int], kernel: Sequence[int]) -> Windows:
    """How a node's windows of a size lie on spatial dimensions."""
    rank = len(sizes)
    strides, dilations = node.ints("strides", (1,) * rank), node.ints("dilations", (1,) * rank)
    kind = node.attributes.get("auto_pad", "NOTSET")
    if kind in ("SAME_UPPER", "SAME_LOWER"):
        pads = []
        for size, extent, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
            needed = max(0, (-(-size // stride) - 1) * stride + (extent - 1) * dilation + 1 - size)
            less, more = needed // 2, needed - needed // 2
            pads.append((less, more) if kind == "SAME_UPPER" else (more, less))
        return Windows(strides, dilations, tuple(pads))
    given = node.ints("pads", (0,) * (2 * rank)) if kind == "NOTSET" else (0,) * (2 * rank)
    return Windows(strides, dilations, tuple(zip(given[:rank], given[rank:], strict=True)))


def rows_of_pairs(pairs: Sequence[tuple[int, int]]) -> str:
    """Pairs as a matrix of numbers."""
    return attribute(np.array(pairs, np.int64).reshape(-1, 2))


def _reduce_window(
    builder: Builder, x: Value, type: TensorType, first: Value, op: str, kernel: Sequence[int], windows: Windows
) -> Value:
    scalar = TensorType(x.type.dtype, ())
    arguments = builder.arguments([scalar, scalar])
    region = builder.region(arguments, lambda: [builder.one(op, arguments, scalar)])
    spelled = {
        "window_dimensions": attribute((1, 1, *kernel)),
        "window_strides": attribute((1, 1, *windows.strides)),
        "window_dilations": attribute((1, 1, *windows.dilations)),
        "padding": rows_of_pairs(((0, 0), (0, 0), *windows.pads)),
    }
    return builder.one("stablehlo.reduce_window", [x, first], type, spelled=spelled, regions=f" ({region})")


def _is_plain(node: Node, x: Value) -> bool:
    """Whether windows are as StableHLO has them: none goes beyond the padding."""
    return node.is_static and x.type.dtype in _FLOATS and not node.attributes.get("ceil_mode")


@operator("MaxPool")
def max_pool(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = [value for value in node.inputs if value is not None]
    if not _is_plain(node, x) or len([name for name in node.outputs if name]) > 1:
        return None
    kernel = node.ints("kernel_shape", ())
    windows = geometry(node, x.type.sizes[2:], kernel)
    first = builder.splat(-np.inf, x.type.dtype)
    return [_reduce_window(builder, x, node.types[0], first, "stablehlo.maximum", kernel, windows)]


@operator("AveragePool")
def average_pool(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = [value for value in node.inputs if value is not None]
    if not _is_plain(node, x):
        return None
    (type,) = node.types
    kernel = node.ints("kernel_shape", ())
    windows = geometry(node, x.type.sizes[2:], kernel)
    total = _reduce_window(builder, x, type, builder.splat(0, x.type.dtype), "stablehlo.add", kernel, windows)
    counts = _counts(x.type.sizes[2:], type.sizes[2:], kernel, windows, bool(node.attributes.get("count_include_pad")))
    value = constant(counts.astype(x.type.dtype.numpy))
    if counts.size and (counts == counts.flat[0]).all():
        wide = builder.splat(counts.flat[0], x.type.dtype, type.sizes)
    else:
        wide = builder.broadcast(value, type.sizes)
    return builder.op("stablehlo.divide", [total, wide], [type])


def _counts(
    sizes: Sequence[int], counts: Sequence[int], kernel: Sequence[int], windows: Windows, padding_counts: bool
) -> np.ndarray:
    """How many elements each window has."""
    if padding_counts:
        return np.full(counts, prod(kernel))
    found = np.ones(())
    for size, count, extent, stride, dilation, (before, _) in zip(
        sizes, counts, kernel, windows.strides, windows.dilations, windows.pads, strict=True
    ):
        places = np.arange(count)[:, None] * stride - before + np.arange(extent) * dilation
        found = np.multiply.outer(found, np.sum((places >= 0) & (places < size), 1))
    return found


@operator("GlobalAveragePool")
def global_average_pool(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = [value for value in node.inputs if value is not None]
    if not node.is_static or x.type.dtype not in _FLOATS:
        return None
    (type,) = node.types
    sizes = x.type.sizes
    total = reduced(builder, x, range(2, len(sizes)), "stablehlo.add", 0)
    count = builder.splat(prod(sizes[2:]), x.type.dtype, sizes[:2])
    mean = builder.one("stablehlo.divide", [total, count], TensorType(x.type.dtype, sizes[:2]))
    return [builder.reshape(mean, type.sizes)]


def reduced(builder: Builder, x: Value, axes: Sequence[int], op: str, first: float) -> Value:
    """A value of known sizes without some of its dimensions, whose elements are combined by an op."""
    scalar = TensorType(x.type.dtype, ())
    arguments = builder.arguments([scalar, scalar])
    region = builder.region(arguments, lambda: [builder.one(op, arguments, scalar)])
    kept = tuple(size for axis, size in enumerate(x.type.sizes) if axis not in axes)
    start = builder.splat(first, x.type.dtype)
    type = TensorType(x.type.dtype, kept)
    return builder.one("stablehlo.reduce", [x, start], type, {"dimensions": tuple(axes)}, regions=f" ({region})")
