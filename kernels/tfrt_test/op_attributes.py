"""What ops of `tfrt_test` share in reading their attributes."""

from __future__ import annotations

from tfrt.executor.declarations.op_attrs import OpAttr


def sizes(shape: OpAttr | None) -> tuple[int, ...] | None:
    """The sizes that an attribute holds, None where it is missing or no array of i64.

    An empty array in a program is none: nothing in it says that it would have been i64.
    """
    if shape is None or not shape.is_array or shape.type != "I64":
        return None
    found: tuple[int, ...] = shape.value
    return found
