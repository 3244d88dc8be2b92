"""What is known of a tensor without its elements."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tfrt.executor.dtype import DType


@dataclass(frozen=True, slots=True)
class TensorMetadata:
    """A tensor's element type and shape."""

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


def metadata_of(tensor: object) -> TensorMetadata:
    """The metadata of a tensor of any kind: they all have a `shape`, and a `dtype` unless they hold strings."""
    return TensorMetadata(getattr(tensor, "dtype", DType.STRING), tuple(tensor.shape))  # type: ignore[attr-defined]
