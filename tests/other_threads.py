"""Calls on threads of their own, which must not hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


def started(function: Callable[..., Any], *arguments: Any) -> tuple[threading.Thread, list[Any]]:
    """The thread of a call, and where what it comes to will be: a value, or what it raises."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(function(*arguments))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, found


def on_another_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a call on a thread of its own came to: a value, or what it raised."""
    thread, found = started(function, *arguments)
    thread.join(60)
    assert found, "it hangs"
    return found[0]
