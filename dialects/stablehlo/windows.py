"""What ops over windows say of a dimension, where it may be left out."""

from __future__ import annotations

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Attribute

from tfrt.dialects.stablehlo.directives import numbers_of
from tfrt.executor.declarations.stablehlo_shapes import require


def per_dimension(attribute: Attribute | None, rank: int, default: int | None = None) -> tuple[int, ...]:
    """A number for each dimension; `default` where the attribute is left out: 1, or for flags 0."""
    if attribute is not None:
        return numbers_of(attribute)
    return (1 if default is None else default,) * rank


def padding_of(attribute: Attribute | None, rank: int, constraint: str) -> list[tuple[int, int]]:
    """How much is added before and after each dimension; nothing where the attribute is left out."""
    if attribute is None:
        return [(0, 0)] * rank
    assert isinstance(attribute, DenseIntOrFPElementsAttr)
    shape = tuple(attribute.get_shape())
    require(
        len(shape) == 2 and shape[1] == 2, constraint, f"expects pairs in padding, but got '{attribute.get_type()}'"
    )
    numbers = numbers_of(attribute)
    return [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)]
