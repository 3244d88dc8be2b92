"""How a plan says that it cannot go on. Raised in plans, caught where they were called; see the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.values.async_value import AsyncValue


class HandOver(Exception):
    """A plan has stopped where it could not go on.

    Attributes:
        go_on: goes on with its call in the dataflow executor and returns the results, as `execute` does. To be called
            once, when it is the call's turn.
        cancellation: where the kernel at which it stands has cancelled the request, that. Until the kernel's turn comes
            in the dataflow executor, which starts from the beginning, the request is not cancelled.
    """

    def __init__(self, go_on: Callable[[], list[Any]], cancellation: AsyncValue | None = None):
        super().__init__()
        self.go_on = go_on
        self.cancellation = cancellation
