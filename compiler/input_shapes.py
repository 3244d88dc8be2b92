"""Shapes that somebody gives for the arguments of a program, as text: ``x=8x28x28``, ``main.x=8x?xf32``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.dtype import DType

Shape = Sequence[int | None] | str
"""Sizes, None for one that is not known; or as text, such as ``8x?x28`` or ``8x28xf32``."""

InputShapes = Mapping[str | int, Shape]
"""Shapes by arguments' names or numbers."""

_ELEMENTS = frozenset(dtype.mlir for dtype in DType)


@dataclass(frozen=True)
class GivenShape:
    """A shape that is given for an argument.

    Attributes:
        sizes: -1 for one that is not known.
        element: the spelling of the element type; None where it is not given.
        text: how it was given.
    """

    sizes: tuple[int, ...]
    element: str | None
    text: str


def read_shape(text: str) -> tuple[str, GivenShape]:
    """The argument and the shape in a text like ``x=8x28x28``.

    Raises:
        UsageError: it is not like that.
    """
    key, equals, given = text.partition("=")
    *sizes, last = given.strip().split("x")
    element = last if last in _ELEMENTS else None
    if element is None and last:
        sizes = [*sizes, last]
    if not equals or not key.strip() or not all(re.fullmatch(r"\?|\d+", size) for size in sizes):
        raise UsageError(f"'{text}' is no shape of an argument, such as x=8x28x28, 0=?x3xf32 or main.x=f32")
    return key.strip(), GivenShape(tuple(-1 if size == "?" else int(size) for size in sizes), element, given.strip())


def spelled_shapes(shapes: InputShapes) -> tuple[str, ...]:
    """Shapes by arguments as such texts."""
    return tuple(
        f"{key}={shape if isinstance(shape, str) else 'x'.join('?' if s is None else str(s) for s in shape)}"
        for key, shape in shapes.items()
    )
