"""What is known of a tensor without its elements."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from tfrt.executor.values.dtype import DType


class TensorMetadata(NamedTuple):
    """A tensor's element type and shape. A tuple, because dispatch looks it up for every op: tuples hash fastest.

    Attributes:
        dtype: the element type.
        shape: the sizes of the dimensions.
    """

    dtype: DType
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def element_count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype.label} {list(self.shape)}"


def same_metadata(operand: TensorMetadata) -> TensorMetadata:
    """The metadata of a result that is like the operand."""
    return operand


def metadata_of(tensor: Any) -> TensorMetadata:
    """The metadata of a tensor of any kind: they all have a `shape`, and a `dtype` unless they hold strings."""
    return TensorMetadata(getattr(tensor, "dtype", DType.STRING), tuple(tensor.shape))
