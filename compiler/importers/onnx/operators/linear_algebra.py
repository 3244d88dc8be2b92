"""Products and convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tfrt.compiler.importers.onnx.operators.windows import geometry, rows_of_pairs
from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value
from tfrt.compiler.importers.text import TensorType, attribute
from tfrt.executor.values.dtype import DType

_TYPES = frozenset((DType.F16, DType.BF16, DType.F32, DType.F64, DType.I32, DType.I64, DType.UI32, DType.UI64))


def _dot(
    builder: Builder,
    operands: Sequence[Value],
    type: TensorType,
    contracting: tuple[int, int],
    batching: int = 0,
) -> Value:
    """A product, with the first dimensions as batches."""
    batches = list(range(batching))
    fields = [f"lhs_batching_dimensions = {batches}, rhs_batching_dimensions = {batches}"] if batches else []
    left, right = contracting
    fields.append(f"lhs_contracting_dimensions = [{left}], rhs_contracting_dimensions = [{right}]")
    numbers = f"#stablehlo.dot<{', '.join(fields)}>"
    return builder.one("stablehlo.dot_general", operands, type, spelled={"dot_dimension_numbers": numbers})


@operator("MatMul")
def matmul(builder: Builder, node: Node) -> list[Value] | None:
    a, b = node.inputs
    assert a is not None and b is not None
    if not node.is_static or a.type.dtype not in _TYPES:
        return None
    (type,) = node.types
    left, right = len(a.type.sizes), len(b.type.sizes)
    if left == 1 and right > 2:
        return None
    if right <= 2 or left <= 1:
        return [_dot(builder, [a, b], type, (left - 1, max(0, right - 2)))]
    batch = type.sizes[:-2]
    wide = [builder.broadcast(value, (*batch, *value.type.sizes[-2:])) for value in (a, b)]
    return [_dot(builder, wide, type, (len(batch) + 1, len(batch)), len(batch))]


@operator("Gemm")
def gemm(builder: Builder, node: Node) -> list[Value] | None:
    a, b, c = node.input(0), node.input(1), node.input(2)
    assert a is not None and b is not None
    if not node.is_static or a.type.dtype not in _TYPES:
        return None
    (type,) = node.types
    given = node.attributes
    found = _dot(builder, [a, b], type, (0 if given.get("transA") else 1, 1 if given.get("transB") else 0))

    def scaled(value: Value, factor: float) -> Value:
        if factor == 1:
            return value
        splat = builder.splat(factor, type.dtype, value.type.sizes)
        return builder.one("stablehlo.multiply", [value, splat], value.type)

    found = scaled(found, given.get("alpha", 1.0))
    if c is not None:
        wide = builder.broadcast(scaled(c, given.get("beta", 1.0)), type.sizes)
        found = builder.one("stablehlo.add", [found, wide], type)
    return [found]


@operator("Conv")
def conv(builder: Builder, node: Node) -> list[Value] | None:
    x, w, b = node.input(0), node.input(1), node.input(2)
    assert x is not None and w is not None
    if not node.is_static or x.type.dtype not in _TYPES:
        return None
    (type,) = node.types
    window = geometry(node, x.type.sizes[2:], w.type.sizes[2:])
    given = {
        "window_strides": attribute(window.strides),
        "padding": rows_of_pairs(window.pads),
        "rhs_dilation": attribute(window.dilations),
        "feature_group_count": attribute(x.type.sizes[1] // w.type.sizes[1]),
    }
    return _convolved(builder, x, w, b, type, "o, i", given)


@operator("ConvTranspose")
def conv_transpose(builder: Builder, node: Node) -> list[Value] | None:
    """A convolution of the image with gaps between its elements, by filters that are turned around."""
    x, w, b = node.input(0), node.input(1), node.input(2)
    assert x is not None and w is not None
    if not node.is_static or x.type.dtype not in _TYPES or node.attributes.get("group", 1) != 1:
        return None
    (type,) = node.types
    window = geometry(node, x.type.sizes[2:], w.type.sizes[2:])
    extents = [(size - 1) * step + 1 for size, step in zip(w.type.sizes[2:], window.dilations, strict=True)]
    kind, rank = node.attributes.get("auto_pad", "NOTSET"), len(extents)
    begins = [before for before, _ in window.pads]
    if "output_shape" in node.attributes or kind.startswith("SAME"):
        # What is cut off follows from the sizes.
        more = node.ints("output_padding", (0,) * rank)
        whole = [
            step * (size - 1) + extra + extent
            for step, size, extra, extent in zip(window.strides, x.type.sizes[2:], more, extents, strict=True)
        ]
        total = [full - size for full, size in zip(whole, type.sizes[2:], strict=True)]
        begins = [each // 2 if kind == "SAME_UPPER" else each - each // 2 for each in total]
    low = [extent - 1 - begin for extent, begin in zip(extents, begins, strict=True)]
    high = [
        wanted + extent - 2 - step * (size - 1) - before
        for wanted, extent, step, size, before in zip(
            type.sizes[2:], extents, window.strides, x.type.sizes[2:], low, strict=True
        )
    ]
    given = {
        "lhs_dilation": attribute(window.strides),
        "padding": rows_of_pairs(list(zip(low, high, strict=True))),
        "rhs_dilation": attribute(window.dilations),
        "window_reversal": f"array<i1: {', '.join(['true'] * rank)}>",
        "feature_group_count": attribute(1),
    }
    return _convolved(builder, x, w, b, type, "i, o", given)


def _convolved(
    builder: Builder, x: Value, w: Value, bias: Value | None, type: TensorType, channels: str, given: Mapping[str, str]
) -> list[Value]:
    """A convolution of an image and filters, and the bias that there may be.

    Args:
        channels: in which order the filters' first two dimensions are its input and output features.
        given: the op's properties but for dimensions and groups of batches.
    """
    spatial = ", ".join(map(str, range(len(type.sizes) - 2)))
    numbers = f"#stablehlo.conv<[b, f, {spatial}]x[{channels}, {spatial}]->[b, f, {spatial}]>"
    spelled = {**given, "dimension_numbers": numbers, "batch_group_count": attribute(1)}
    found = builder.one("stablehlo.convolution", [x, w], type, spelled=spelled)
    if bias is not None:
        found = builder.one("stablehlo.add", [found, builder.along(bias, type.sizes, (1,))], type)
    return [found]


@operator("BatchNormalization")
def batch_normalization(builder: Builder, node: Node) -> list[Value] | None:
    operands = [value for value in node.inputs if value is not None]
    x = operands[0]
    is_one_type = {value.type.dtype for value in operands} == {x.type.dtype}
    if not node.is_static or node.attributes.get("training_mode") or not is_one_type or len(operands) != 5:
        return None
    if len([name for name in node.outputs if name]) > 1:
        return None
    epsilon = float(np.float32(node.attributes.get("epsilon", 1e-5)))
    given = {"epsilon": epsilon, "feature_index": 1}
    return builder.op("stablehlo.batch_norm_inference", operands, [x.type], given)
