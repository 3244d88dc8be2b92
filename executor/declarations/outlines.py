"""Values that are no arrays, as a compiler sees them that looks for shapes.

An op that gives such a value may be run at compile time on what the shapes of its results depend on, and zeros. Of what
it gives then the *outline* is kept: a value of the same class that stands for all that the op may give, as far as their
shapes go, and on which ops are run in turn.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Outlined(Protocol):
    """A value that has an outline."""

    def outline(self) -> Outlined | None:
        """What stands for all values like it; None where nothing does."""

    def joined(self, other: Any, /) -> Outlined | None:
        """Of an outline: what stands for all that it and another stand for; None where nothing does."""

    @property
    def key(self) -> Hashable:
        """Of an outline: equal for two that stand for the same."""
