"""Operators that give elements another place, or make tensors of shapes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.copying import reshaped
from tfrt.kernels.shared.operators import axes_of, axis_of, dtype_named, ints, operator, spatially

Array = np.ndarray


@operator("Reshape", shaped_by=(1,))
def reshape(x: Array, shape: Array, *, allowzero: int = 0) -> Array:
    """The same elements in another shape; -1 is what is left, and 0 the operand's own size unless `allowzero`."""
    sizes = [x.shape[i] if not size and not allowzero else size for i, size in enumerate(ints(shape))]
    return x.reshape(sizes)


@operator("Flatten")
def flatten(x: Array, *, axis: int = 1) -> Array:
    place = axis if axis >= 0 else axis + x.ndim
    return x.reshape(prod(x.shape[:place]), -1) if x.size else x.reshape(prod(x.shape[:place]), prod(x.shape[place:]))


@operator("Transpose")
def transpose(x: Array, *, perm: Sequence[int] = ()) -> Array:
    return x.transpose(tuple(perm)) if perm else x.transpose()


@operator("Squeeze", shaped_by=(1,))
def squeeze(x: Array, axes: Array | None = None) -> Array:
    return np.squeeze(x) if axes is None else np.squeeze(x, axes_of(axes, x.ndim, empty_is_all=False))


@operator("Unsqueeze", shaped_by=(1,))
def unsqueeze(x: Array, axes: Array) -> Array:
    return np.expand_dims(x, tuple(ints(axes)))


@operator("Expand", shaped_by=(1,))
def expand(x: Array, shape: Array) -> Array:
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(ints(shape))))


@operator("Tile", shaped_by=(1,))
def tile(x: Array, repeats: Array) -> Array:
    return np.tile(x, ints(repeats))


@operator("Concat")
def concat(*arrays: Array, axis: int) -> Array:
    return np.concatenate(arrays, axis)


@operator("append")
def append(rows: Array, row: Array) -> Array:
    """Rows and one more, of which the first one says what they are like: what loops make of their outputs."""
    return np.concatenate([rows, row[np.newaxis]]) if len(rows) else row[np.newaxis]


@operator("Split", shaped_by=(1,))
def split(
    x: Array, sizes: Array | None = None, *, axis: int = 0, num_outputs: int = 0, outputs: Sequence[int]
) -> tuple[Array, ...]:
    """Parts along an axis: of the given sizes, or so many, of which only the last one is smaller."""
    place = axis_of(axis, x.ndim)
    if sizes is None:
        count = num_outputs or max(outputs) + 1
        each = -(-x.shape[place] // count)
        ends = [min(x.shape[place], each * (i + 1)) for i in range(count)]
    else:
        ends = np.cumsum(ints(sizes), dtype=np.int64).tolist()
    return tuple(np.split(x, ends[:-1], place))


@operator("Slice", shaped_by=(1, 2, 3, 4))
def slice_(x: Array, starts: Array, ends: Array, axes: Array | None = None, steps: Array | None = None) -> Array:
    """A part of the operand, with steps that may be negative; bounds that are out of it are moved to its end."""
    first, last = ints(starts), ints(ends)
    places = list(range(len(first))) if axes is None else [axis_of(axis, x.ndim) for axis in ints(axes)]
    strides = [1] * len(first) if steps is None else ints(steps)
    chosen = [slice(None)] * x.ndim
    for place, start, end, step in zip(places, first, last, strides, strict=True):
        size = x.shape[place]
        # An end before the first element is that of a slice that takes the first one, too.
        stop = None if step < 0 and end < -size else end
        chosen[place] = slice(start, stop, step)
    return x[tuple(chosen)]


@operator("Pad", shaped_by=(1, 3))
def pad(
    x: Array, pads: Array, value: Array | None = None, axes: Array | None = None, *, mode: str = "constant"
) -> Array:
    """More elements before and after each dimension, or less where numbers are negative.

    Raises:
        KernelError: it is no mode.
    """
    places, numbers = axes_of(axes, x.ndim), ints(pads)
    count = len(places)
    widths = [(0, 0)] * x.ndim
    for i, place in enumerate(places):
        widths[place] = (numbers[i], numbers[count + i])
    cut = tuple([slice(max(0, -a), size - max(0, -b)) for (a, b), size in zip(widths, x.shape, strict=True)])
    kept, more = x[cut], [(max(0, a), max(0, b)) for a, b in widths]
    if mode == "constant":
        grown = np.full([a + s + b for (a, b), s in zip(more, kept.shape, strict=True)], 0, x.dtype)
        if value is not None:
            grown[...] = value.reshape(())
        grown[tuple([slice(a, a + size) for (a, _), size in zip(more, kept.shape, strict=True)])] = kept
        return grown
    if mode not in ("reflect", "edge", "wrap"):
        raise KernelError(f"expects a mode constant, reflect, edge or wrap, but got {mode}")
    return np.pad(kept, more, mode=mode)  # type: ignore[call-overload]


@operator("Shape", shape_only=True)
def shape(x: Array, *, start: int = 0, end: int | None = None) -> Array:
    return np.array(x.shape[start:end], np.int64)


@operator("Size", shape_only=True)
def size(x: Array) -> Array:
    return np.array(x.size, np.int64)


@operator("ConstantOfShape", shaped_by=(0,))
def constant_of_shape(shape: Array, *, value: Array | None = None) -> Array:
    if value is None:
        return np.zeros(ints(shape), np.float32)
    return np.broadcast_to(value.reshape(()), ints(shape))


@operator("Range", shaped_by=(0, 1, 2))
def range_(start: Array, limit: Array, delta: Array) -> Array:
    """Numbers from `start` on, `delta` apart."""
    count = max(0, int(np.ceil((limit.item() - start.item()) / delta.item())))
    return (start.reshape(()) + np.arange(count).astype(start.dtype) * delta.reshape(())).astype(start.dtype)


@operator("EyeLike")
def eye_like(x: Array, *, dtype: str = "", k: int = 0) -> Array:
    rows, columns = x.shape
    return np.eye(rows, columns, k, dtype=dtype_named(dtype) if dtype else x.dtype)


@operator("Trilu")
def trilu(x: Array, k: Array | None = None, *, upper: int = 1) -> Array:
    """The upper or lower triangle of matrices, zero elsewhere."""
    diagonal = 0 if k is None else int(k.reshape(()))
    if not x.size:
        return x
    return np.asarray(np.triu(x, diagonal) if upper else np.tril(x, diagonal))


@operator("DepthToSpace")
def depth_to_space(x: Array, *, blocksize: int, mode: str = "DCR") -> Array:
    """Blocks of channels as pixels; DCR has the blocks' pixels first, CRD the channels."""
    batch, channels, height, width = x.shape
    each = channels // blocksize**2
    if mode == "DCR":
        parts = x.reshape(batch, blocksize, blocksize, each, height, width).transpose(0, 3, 4, 1, 5, 2)
    else:
        parts = x.reshape(batch, each, blocksize, blocksize, height, width).transpose(0, 1, 4, 2, 5, 3)
    return reshaped(parts, (batch, each, height * blocksize, width * blocksize))


@operator("SpaceToDepth")
def space_to_depth(x: Array, *, blocksize: int, mode: str = "DCR") -> Array:
    """Blocks of pixels as channels."""
    batch, channels, height, width = x.shape
    rows, columns = height // blocksize, width // blocksize
    parts = x.reshape(batch, channels, rows, blocksize, columns, blocksize)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return reshaped(parts.transpose(order), (batch, channels * blocksize**2, rows, columns))


@operator("ReverseSequence")
def reverse_sequence(x: Array, lengths: Array, *, batch_axis: int = 1, time_axis: int = 0) -> Array:
    """The first elements of each sequence, as many as its length says, in reverse order."""
    result = x.copy()
    by_batch, given = (
        np.moveaxis(result, (batch_axis, time_axis), (0, 1)),
        np.moveaxis(x, (batch_axis, time_axis), (0, 1)),
    )
    for number, length in enumerate(ints(lengths)):
        by_batch[number, :length] = given[number, :length][::-1]
    return result


@operator("Col2Im", shaped_by=(1, 2))
def col2im(
    x: Array,
    image_shape: Array,
    block_shape: Array,
    *,
    dilations: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Array:
    """Blocks added up to the images that they are taken from."""
    image, block = ints(image_shape), ints(block_shape)
    rank = len(image)
    dilations, strides = tuple(dilations) or (1,) * rank, tuple(strides) or (1,) * rank
    pads = tuple(pads) or (0,) * (2 * rank)
    padded = [size + pads[i] + pads[rank + i] for i, size in enumerate(image)]
    counts = [(padded[i] - dilations[i] * (block[i] - 1) - 1) // strides[i] + 1 for i in range(rank)]
    batch, channels = x.shape[0], x.shape[1] // prod(block)
    blocks = x.reshape(batch, channels, *block, *counts)
    result = np.zeros((batch, channels, *padded), x.dtype)
    for place in np.ndindex(*block):
        taps = tuple(
            slice(at * d, at * d + (count - 1) * s + 1, s)
            for at, d, s, count in zip(place, dilations, strides, counts, strict=True)
        )
        result[spatially(taps)] += blocks[(slice(None), slice(None), *place)]
    inside = tuple(slice(pads[i], pads[i] + size) for i, size in enumerate(image))
    return result[spatially(inside)]
