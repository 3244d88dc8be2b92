"""Devices of installed packages: the entry-point group ``tfrt.devices``.

An entry point's name is that of the op handler, its object a function that makes the handler for a host::

    [project.entry-points."tfrt.devices"]
    mydevice = "my_package:create_handler"

Nothing is imported before a handler is asked for by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfrt.executor.core_runtime.op_handler import OpHandler
from tfrt.executor.support.errors import UsageError

if TYPE_CHECKING:
    from tfrt.executor.runtime.host_context import HostContext

ENTRY_POINT_GROUP = "tfrt.devices"


def find_device(name: str) -> Callable[[HostContext], OpHandler] | None:
    """The function of an installed package that makes the handler of that name, or None.

    Raises:
        UsageError: it cannot be imported, because of something that it needs.
    """
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        try:
            create: Callable[[HostContext], OpHandler] = entry.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"cannot import op handler '{name}' from {entry.value}: {error}") from error
        return create
    return None
