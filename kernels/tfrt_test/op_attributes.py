"""What ops of `tfrt_test` share in reading their attributes."""

from __future__ import annotations

from typing import Any


def is_shape(value: Any) -> bool:
    """Whether an attribute is an array of sizes; None, a missing attribute, is not."""
    return isinstance(value, tuple) and all(isinstance(size, int) for size in value)
