"""Operators that give elements another place."""

from __future__ import annotations

import numpy as np

from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value
from tfrt.compiler.importers.text import TensorType
from tfrt.executor.declarations.stablehlo_shapes import repetition


def _first(node: Node) -> Value:
    value = node.input(0)
    assert value is not None
    return value


@operator("Reshape", "Flatten", "Squeeze", "Unsqueeze")
def reshape(builder: Builder, node: Node) -> list[Value] | None:
    x = _first(node)
    if not x.type.is_static or not node.types[0].is_static:
        return None
    return [builder.reshape(x, node.types[0].sizes)]


@operator("Transpose")
def transpose(builder: Builder, node: Node) -> list[Value] | None:
    if not node.is_static:
        return None
    rank = len(_first(node).type.sizes)
    order = node.ints("perm", tuple(reversed(range(rank))))
    return builder.op("stablehlo.transpose", [_first(node)], node.types, {"permutation": order})


@operator("Concat")
def concat(builder: Builder, node: Node) -> list[Value] | None:
    if not node.is_static:
        return None
    axis = node.attributes["axis"] % len(node.types[0].sizes)
    operands = [value for value in node.inputs if value is not None]
    return builder.op("stablehlo.concatenate", operands, node.types, {"dimension": axis})


@operator("Expand")
def expand(builder: Builder, node: Node) -> list[Value] | None:
    x = _first(node)
    if not x.type.is_static or not node.types[0].is_static:
        return None
    return [builder.broadcast(x, node.types[0].sizes)]


@operator("Slice")
def slice_(builder: Builder, node: Node) -> list[Value] | None:
    """A slice whose bounds are known, and which goes forward."""
    x = _first(node)
    starts, ends, axes, steps = (node.constant(number) for number in (1, 2, 3, 4))
    given = [number for number in (3, 4) if node.input(number) is not None]
    known = starts is not None and ends is not None and all(node.constant(number) is not None for number in given)
    if not node.is_static or not known or (steps is not None and (steps < 1).any()):
        return None
    assert starts is not None and ends is not None
    sizes = x.type.sizes
    places = range(len(starts)) if axes is None else axes.tolist()
    parts = [slice(None)] * len(sizes)
    strides = [1] * len(starts) if steps is None else steps.tolist()
    for axis, start, end, step in zip(places, starts.tolist(), ends.tolist(), strides, strict=True):
        parts[axis] = slice(start, end, step)
    bounds = [part.indices(size) for part, size in zip(parts, sizes, strict=True)]
    return [_part(builder, x, node.types[0], bounds)]


@operator("Gather")
def gather(builder: Builder, node: Node) -> list[Value] | None:
    """One part along an axis, of a number that is known."""
    x, index = _first(node), node.constant(1)
    if not node.is_static or index is None or index.ndim:
        return None
    sizes = x.type.sizes
    axis = node.attributes.get("axis", 0) % len(sizes)
    place = int(index) + (sizes[axis] if index < 0 else 0)
    if not 0 <= place < sizes[axis]:
        return None
    bounds = [(place, place + 1, 1) if d == axis else (0, size, 1) for d, size in enumerate(sizes)]
    kept = tuple(1 if d == axis else size for d, size in enumerate(sizes))
    part = _part(builder, x, TensorType(x.type.dtype, kept), bounds)
    return [builder.reshape(part, node.types[0].sizes)]


def _part(builder: Builder, x: Value, type: TensorType, bounds: list[tuple[int, int, int]]) -> Value:
    starts, limits, strides = zip(*bounds, strict=True) if bounds else ((), (), ())
    limits = tuple(max(start, limit) for start, limit in zip(starts, limits, strict=True))
    given = {"start_indices": tuple(starts), "limit_indices": limits, "strides": tuple(strides)}
    return builder.one("stablehlo.slice", [x], type, given)


@operator("Split")
def split(builder: Builder, node: Node) -> list[Value] | None:
    x = _first(node)
    if not x.type.is_static or not all(type.is_static for type in node.types):
        return None
    axis = node.attributes.get("axis", 0) % len(x.type.sizes)
    found, start = [], 0
    for type in node.types:
        bounds = [(0, size, 1) for size in x.type.sizes]
        bounds[axis] = (start, start + type.sizes[axis], 1)
        start += type.sizes[axis]
        found.append(_part(builder, x, type, bounds))
    return found


@operator("Pad")
def pad(builder: Builder, node: Node) -> list[Value] | None:
    """Padding of known sizes with one value."""
    x, pads, value, axes = _first(node), node.constant(1), node.input(2), node.constant(3)
    if not node.is_static or pads is None or node.attributes.get("mode", "constant") != "constant":
        return None
    if node.input(3) is not None and axes is None:
        return None
    rank = len(x.type.sizes)
    places = list(range(rank)) if axes is None else [int(axis) % rank for axis in axes]
    low, high = np.zeros(rank, np.int64), np.zeros(rank, np.int64)
    low[places], high[places] = pads[: len(places)], pads[len(places) :]
    filling = builder.splat(0, x.type.dtype) if value is None else builder.reshape(value, ())
    given = {
        "edge_padding_low": tuple(low.tolist()),
        "edge_padding_high": tuple(high.tolist()),
        "interior_padding": (0,) * rank,
    }
    return builder.op("stablehlo.pad", [x, filling], node.types, given)


_REPEATED = frozenset(
    (kind, mode)
    for kind, modes in {
        "asymmetric": ("floor",),
        "tf_half_pixel_for_nn": ("floor",),
        **dict.fromkeys(
            ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel"), ("round_prefer_floor", "round_prefer_ceil")
        ),
    }.items()
    for mode in modes
)
"""Where elements lie and how they are rounded, such that as many of the result's are each of the operand's."""


@operator("Resize", "Upsample")
def resize(builder: Builder, node: Node) -> list[Value] | None:
    """A whole number of copies of each element, side by side."""
    x, given = _first(node), node.attributes
    is_old = node.operator == "Upsample"
    kind = "asymmetric" if is_old else given.get("coordinate_transformation_mode", "half_pixel")
    mode = "floor" if is_old else given.get("nearest_mode", "round_prefer_floor")
    if not node.is_static or given.get("mode", "nearest") != "nearest" or (kind, mode) not in _REPEATED:
        return None
    if given.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        return None
    before, after = x.type.sizes, node.types[0].sizes
    if any(not old or new % old for old, new in zip(before, after, strict=True)):
        return None
    times = [new // old for old, new in zip(before, after, strict=True)]
    scales = node.constant(1 if is_old else 2)
    axes = [axis % len(before) for axis in node.ints("axes", tuple(range(len(before))))]
    if scales is not None and scales.size and scales.tolist() != [times[axis] for axis in axes]:
        return None
    wide = builder.along(x, *repetition(before, times))
    return [builder.reshape(wide, after)]
