"""Shapes as values: `TensorShape`, wholly known, and `PartialTensorShape`, which may lack its rank or dimensions.

They print as in the reference: ``[2, 3]``, ``[2, -1]`` (-1 for an unknown dimension), ``Unknown rank``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tfrt.executor.support.errors import KernelError

UNKNOWN_DIMENSION = -1
"""How a file, a program and a printed shape spell a dimension of unknown size."""


class TensorShape(tuple[int, ...]):
    """The sizes of all dimensions: a tuple, usable wherever numpy takes a shape, that prints as a list."""

    __slots__ = ()

    @property
    def element_count(self) -> int:
        """The number of elements of a tensor of this shape; 1 for a scalar."""
        return math.prod(self)

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self))}]"


@dataclass(frozen=True, slots=True)
class PartialTensorShape:
    """`dimensions` is None where the rank is unknown; an unknown dimension is None."""

    dimensions: tuple[int | None, ...] | None

    def to_shape(self) -> TensorShape:
        """This shape as a `TensorShape`.

        Raises:
            KernelError: the rank or a dimension is unknown.
        """
        if self.dimensions is None:
            raise KernelError("Unknown rank")
        unknown = [index for index, size in enumerate(self.dimensions) if size is None]
        if unknown:
            raise KernelError(f"Unknown dimensions at following indices = {unknown}")
        return TensorShape(self.dimensions)  # type: ignore[arg-type]  # None was ruled out above

    def __str__(self) -> str:
        if self.dimensions is None:
            return "Unknown rank"
        sizes = (UNKNOWN_DIMENSION if size is None else size for size in self.dimensions)
        return f"[{', '.join(map(str, sizes))}]"
