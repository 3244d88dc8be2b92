"""Functions of elements that go over arrays several times: for a large one they are called with a block at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def in_passes(function: F) -> F:
    """Say so of a function, which is returned unchanged."""
    function.in_passes = True  # type: ignore[attr-defined]
    return function


def has_passes(function: Callable[..., Any]) -> bool:
    """Whether it goes over arrays several times, as what converts elements to another type and back does, too."""
    return hasattr(function, "in_passes") or hasattr(function, "lifted")
