"""What has to start anew in a process that was forked.

A forked process has one thread, the one that forked; all others are gone, with the locks that they held and the tasks
that they ran. So whoever has threads, locks or anything that belongs to a thread says how it starts anew, and every
object made before the fork works in the child as if it had just been made. What was under way then stays the parent's:
it is neither run again nor waited for in the child.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cached_property
from threading import RLock
from typing import Any

from tfrt.executor.support.living import Living

_functions: list[Callable[[], None]] = []
_methods: Living[Any] = Living()


def start_anew_after_fork(function: Callable[[], None]) -> None:
    """Call a module's function in every child that is forked from now on, before anything else runs there."""
    _functions.append(function)


def restart_after_fork(thing: Any) -> None:
    """Call ``thing.restart()`` in every child that is forked as long as `thing` lives."""
    _methods.add(thing)


def _renew_property_locks() -> None:
    """Before Python 3.12 all instances of a class share one lock for each cached property; its holder may be gone."""
    for name, module in sys.modules.copy().items():
        if not name.startswith("tfrt."):
            continue
        for kind in list(vars(module).values()):
            if not isinstance(kind, type):
                continue
            for found in list(vars(kind).values()):
                if isinstance(found, cached_property) and hasattr(found, "lock"):
                    found.lock = RLock()


def _in_child() -> None:
    _renew_property_locks()
    for function in _functions:
        function()
    for thing in list(_methods):
        thing.restart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
