"""Variables: arrays under a name that programs read and replace, and that outlive a call."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.fork import restart_after_fork


class Variable:
    """A variable.

    What has been read stays as it is: an array that is held is never written to, but replaced by another one.

    Args:
        value: what it holds at first, which nobody writes to; None where it is not initialised.

    Attributes:
        name: what messages call it.
    """

    __slots__ = ("__weakref__", "_lock", "_value", "name")

    def __init__(self, name: str, value: np.ndarray | None = None):
        self.name = name
        self._value = None if value is None else _read_only(value.view())
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who was changing it is gone."""
        self._lock = RLock()

    @property
    def is_initialized(self) -> bool:
        """Whether it holds anything."""
        return self._value is not None

    def read(self) -> np.ndarray:
        """What it holds, which nobody may write to.

        Raises:
            KernelError: it is not initialised.
        """
        value = self._value
        if value is None:
            raise KernelError(
                f"Could not find variable {self.name}: it has been deleted, or has never been initialized",
                code="FAILED_PRECONDITION",
            )
        return value

    def assign(self, value: np.ndarray | None) -> None:
        """Hold a copy of an array from now on, or nothing."""
        new = None if value is None else _read_only(np.array(value, order="C"))
        with self._lock:
            self._value = new

    def update(self, change: Callable[[np.ndarray], Any], first: np.ndarray | None = None) -> np.ndarray:
        """Hold what `change` makes of what it holds, which must be memory of its own; nobody changes it meanwhile.

        Args:
            first: what is changed where it is not initialised.

        Returns:
            What it has held.

        Raises:
            KernelError: it is not initialised, or what `change` raises.
        """
        with self._lock:
            old = first if self._value is None and first is not None else self.read()
            self._value = _read_only(np.asarray(change(old), order="C"))
            return old


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
