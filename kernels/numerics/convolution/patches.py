"""The patches of images that windows see, as matrices for a product with filters (im2col).

What follows from sizes is found out once, by `rows`, `lines`, `columns` or `planes`; `Patches.of` copies into a
workspace. What is copied at a time is as much of a window as lies
together (rows), or one element of as many windows as lie together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.kernels.numerics.copying import in_c_order
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Room, Workspace

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Patches:
    """How patches are read from images.

    Attributes:
        order: the images' dimensions in the order in which they are read.
        grown: the shape of the images in that order with zeros around them; None where they are read where they are.
        inside: where they are in that.
        shape, strides: the view that is copied; strides are of elements of images that lie together.
        matrix: the shape of what is given.
    """

    order: Shape
    grown: Shape | None
    has_border: bool
    inside: tuple[slice, ...]
    shape: Shape
    strides: Shape
    matrix: Shape

    def nbytes(self, dtype: np.dtype) -> int:
        """How many bytes the memory has that patches of this type take."""
        return (prod(self.shape) + prod(self.grown or ())) * dtype.itemsize

    def held(self, room: Room | Workspace, dtype: np.dtype) -> Held:
        """Memory for patches of images of this type."""
        made = room.array(self.shape, dtype)
        steps = [step * dtype.itemsize for step in self.strides]
        if self.grown is None:
            return Held(made, steps)
        grown = (room.zeros if self.has_border else room.array)(self.grown, dtype)
        # A view of a buffer costs a sixth of `as_strided`.
        seen = np.ndarray(self.shape, dtype, grown, 0, steps)
        order = sorted(range(len(self.order)), key=self.order.__getitem__)
        return Held(made, steps, grown[self.inside].transpose(order), seen)

    def of(self, images: np.ndarray, space: Workspace) -> np.ndarray:
        """The patches of the images as `matrix`, in the workspace."""
        held = self.held(space, images.dtype)
        if held.seen is None or held.inside is None:
            np.copyto(held.made, held.seen_in(images))
        else:
            np.copyto(held.inside, images)
            np.copyto(held.made, held.seen)
        return held.made.reshape(self.matrix)


@dataclass(frozen=True, slots=True)
class Held:
    """Memory for patches, of images of one shape after the other.

    Attributes:
        made: the patches.
        steps: the strides in bytes of the view that is copied.
        inside: where images are copied to, with zeros around them; None where they are read where they are.
        seen: the view that is copied then.
    """

    made: np.ndarray
    steps: Sequence[int]
    inside: np.ndarray | None = None
    seen: np.ndarray | None = None

    def seen_in(self, images: np.ndarray) -> np.ndarray:
        """What is copied of images that are read where they are."""
        read = in_c_order(images)
        return np.ndarray(self.made.shape, read.dtype, read, 0, self.steps)


def are_pixels(windows: Sequence[Window]) -> bool:
    """Whether each window is a pixel."""
    return all(window.size == 1 and not window.before and not window.after for window in windows)


def are_columns(windows: Sequence[Window], channels: int) -> bool:
    """Whether more windows than elements of a window lie together, by much: the images are brought into another order
    for it."""
    last = windows[-1]
    together = channels * (last.size if last.dilation == 1 else 1)
    return 2 * together <= last.count


def rows(shape: Shape, windows: Sequence[Window], groups: int) -> Patches:
    """Of images (batch, dimensions, channel): for each group of channels a matrix with one row a window, one column an
    element of the filters (dimensions, channel)."""
    batch, *sizes, channels = shape
    part, counts, extents = channels // groups, *_sizes(sizes, windows)
    taps = [window.size for window in windows]
    image, *along, channel = _strides((batch, *extents, channels))
    return Patches(
        order=tuple(range(len(shape))),
        grown=(batch, *extents, channels) if _have_border(windows) else None,
        has_border=True,
        inside=(slice(None), *_inside(sizes, windows)),
        shape=(groups, batch, *counts, *taps, part),
        strides=(part * channel, image, *_steps(along, windows), *_gaps(along, windows), channel),
        matrix=(groups, batch * prod(counts), prod(taps) * part),
    )


def lines(shape: Shape, windows: Sequence[Window]) -> Patches:
    """Of images (batch, dimensions, channel), what windows see of each element of the first dimension, a line, in which
    they lie one after another: for each image, one below the other, a row for each window of the other dimensions, one
    column an element of the filters of these (dimensions, channel).

    Lines that windows see with a certain element of the filters follow one another, so that all of their rows are a
    matrix without a copy of its own.
    """
    batch, *sizes, channels = shape
    _, *others = windows
    counts, extents = _sizes(sizes, windows)
    taps = [window.size for window in others]
    image, line, *along, channel = _strides((batch, *extents, channels))
    return Patches(
        order=tuple(range(len(shape))),
        grown=(batch, *extents, channels) if _have_border(windows) else None,
        has_border=True,
        inside=(slice(None), *_inside(sizes, windows)),
        shape=(batch, extents[0], *counts[1:], *taps, channels),
        strides=(image, line, *_steps(along, others), *_gaps(along, others), channel),
        matrix=(batch, extents[0] * prod(counts[1:]), prod(taps) * channels),
    )


def columns(shape: Shape, windows: Sequence[Window], groups: int) -> Patches:
    """The transposed matrices of `rows`."""
    batch, *sizes, channels = shape
    part, counts, extents = channels // groups, *_sizes(sizes, windows)
    taps = [window.size for window in windows]
    channel, image, *along = _strides((channels, batch, *extents))
    is_plane = channels == 1 and not _have_border(windows)
    return Patches(
        order=(len(shape) - 1, *range(len(shape) - 1)),
        grown=None if is_plane else (channels, batch, *extents),
        has_border=_have_border(windows),
        inside=(slice(None), slice(None), *_inside(sizes, windows)),
        shape=(groups, *taps, part, batch, *counts),
        strides=(part * channel, *_gaps(along, windows), channel, image, *_steps(along, windows)),
        matrix=(groups, prod(taps) * part, batch * prod(counts)),
    )


def planes(shape: Shape, windows: Sequence[Window], groups: int) -> Patches:
    """Of images (batch, channel, dimensions): for each of them and each group of channels the matrix with one row an
    element of the filters (channel, dimensions), one column a window."""
    batch, channels, *sizes = shape
    part, counts, extents = channels // groups, *_sizes(sizes, windows)
    taps = [window.size for window in windows]
    image, channel, *along = _strides((batch, channels, *extents))
    return Patches(
        order=tuple(range(len(shape))),
        grown=(batch, channels, *extents) if _have_border(windows) else None,
        has_border=True,
        inside=(slice(None), slice(None), *_inside(sizes, windows)),
        shape=(batch, groups, part, *taps, *counts),
        strides=(image, part * channel, channel, *_gaps(along, windows), *_steps(along, windows)),
        matrix=(batch, groups, part * prod(taps), prod(counts)),
    )


def bordered(images: np.ndarray, windows: Sequence[Window], space: Workspace) -> np.ndarray:
    """Images (batch, dimensions, channel) with zeros around them, as the windows ask for."""
    if not _have_border(windows):
        return images
    batch, *sizes, channels = images.shape
    grown = space.array((batch, *_sizes(sizes, windows)[1], channels), images.dtype)
    grown.fill(0)
    grown[(slice(None), *_inside(sizes, windows))] = images
    return grown


def _sizes(sizes: Sequence[int], windows: Sequence[Window]) -> tuple[list[int], list[int]]:
    """How many windows there are along each dimension, and its size with its border."""
    grown = [window.before + size + window.after for window, size in zip(windows, sizes, strict=True)]
    return [window.count for window in windows], grown


def _strides(shape: Sequence[int]) -> Shape:
    """How many elements neighbours along each dimension are apart where all lie together."""
    return tuple([prod(shape[number + 1 :]) for number in range(len(shape))])


def _have_border(windows: Sequence[Window]) -> bool:
    return any(window.before or window.after for window in windows)


def _inside(sizes: Sequence[int], windows: Sequence[Window]) -> list[slice]:
    return [slice(window.before, window.before + size) for window, size in zip(windows, sizes, strict=True)]


def _steps(along: Sequence[int], windows: Sequence[Window]) -> list[int]:
    """How many elements windows are apart."""
    return [stride * window.stride for stride, window in zip(along, windows, strict=True)]


def _gaps(along: Sequence[int], windows: Sequence[Window]) -> list[int]:
    """How many elements of images the elements of a window are apart."""
    return [stride * window.dilation for stride, window in zip(along, windows, strict=True)]
