"""How windows slide over images: what convolutions and pools have in common.

Geometry and messages: ``backends/common/lib/ops/tf/dnn_ops_util.cc`` in tensorflow/runtime. `strides`, `dilations` and
`ksize` have one element for all spatial dimensions, one for each, or one for each dimension of the images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfrt.executor.declarations.op_signature import AttributeGroup
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.windows import Window, window
from tfrt.kernels.tf.layouts import channels_first

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Geometry(AttributeGroup):
    """The attributes of an op whose windows slide over images.

    Its methods raise `KernelError` where the attributes describe no windows.
    """

    padding: str
    explicit_paddings: Sizes = ()
    strides: Sizes = ()
    dilations: Sizes = ()
    data_format: str = "NHWC"

    @property
    def channels_first(self) -> bool:
        """Whether images are (batch, channel, height, width)."""
        return self.data_format != "NHWC" and channels_first(self.data_format)

    def to_nhwc(self, shape: Sizes) -> Sizes:
        """A shape of images, in the order of NHWC."""
        return (shape[0], *shape[2:], shape[1]) if self.channels_first else tuple(shape)

    def from_nhwc(self, shape: Sizes) -> Sizes:
        """The shape of images that in the order of NHWC is `shape`."""
        return (shape[0], shape[-1], *shape[1:-1]) if self.channels_first else tuple(shape)

    def nhwc_array(self, images: np.ndarray) -> np.ndarray:
        """A view of images in the order of NHWC."""
        return images.transpose(0, 2, 3, 1) if self.channels_first else images

    def stored_array(self, images: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Images in the order of NHWC as they are stored, in row-major order; in another type, perhaps."""
        stored = images.transpose(0, 3, 1, 2) if self.channels_first else images
        return np.ascontiguousarray(stored, dtype)

    def expanded(self, name: str, sizes: Sizes) -> Sizes:
        """The attribute `name`, `sizes`, with one element a dimension, in the order of NHWC."""
        match len(sizes):
            case 0:
                return (1, 1, 1, 1)
            case 1:
                return (1, *sizes, *sizes, 1)
            case 2:
                return (1, *sizes, 1)
            case 4:
                return self.to_nhwc(sizes)
        raise KernelError(f"'{name}' must have 1, 2 or 4 elements, got {list(sizes)}")

    def windows(self, images: Sizes, sizes: Sizes) -> tuple[Window, Window]:
        """The windows of `sizes` (height, width) over the rows and the columns of images of shape `images`."""
        borders = self._explicit() if self.padding.lower() == "explicit" else (None, None)
        _, *extents, _ = self.to_nhwc(images)
        steps, gaps = self._spatial("strides", self.strides), self._spatial("dilations", self.dilations)
        rows, columns = (
            window(extents[i], sizes[i], stride=steps[i], dilation=gaps[i], padding=self.padding, explicit=borders[i])
            for i in range(2)
        )
        return rows, columns

    def _explicit(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The elements of padding before and after the rows, and the columns."""
        if not self.explicit_paddings:
            raise KernelError("Missing 'explicit_paddings' attribute")
        if len(self.explicit_paddings) != 4:
            raise KernelError("Wrong 'explicit_paddings' attribute length")
        top, bottom, left, right = self.explicit_paddings
        return (top, bottom), (left, right)

    def _spatial(self, name: str, sizes: Sizes) -> tuple[int, int]:
        """`sizes` of the rows and the columns; there is nothing to slide over the others."""
        batch, rows, columns, channels = self.expanded(name, sizes)
        if batch != 1 or channels != 1:
            raise KernelError(f"Current implementation does not yet support {name} in the batch and depth dimensions.")
        return rows, columns
