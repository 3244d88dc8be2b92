"""How a plan says that it cannot go on. Raised in plans, caught where they were called; see the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class HandOver(Exception):
    """A plan has stopped where it could not go on.

    Attributes:
        go_on: goes on with its call in the dataflow executor and returns the results, as `execute` does. To be called
            once, when it is the call's turn.
    """

    def __init__(self, go_on: Callable[[], list[Any]]):
        super().__init__()
        self.go_on = go_on
