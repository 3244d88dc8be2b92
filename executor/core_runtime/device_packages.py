"""Op handlers of installed packages: the entry-point group ``tfrt.devices``.

An entry point's name is that of the op handler, its object a function that makes the handler for a host::

    [project.entry-points."tfrt.devices"]
    mydevice = "my_package:create_handler"

Nothing is imported before a handler is asked for by its name.
"""

from __future__ import annotations

from collections.abc import Callable

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import TfrtError, describe
from tfrt.executor.support.plugins import DEVICES, TFRT, find
from tfrt.executor.values.device import Placed

CPU = "cpu"
"""The handler that every host has."""


def find_device(name: str) -> Callable[[HostContext], Placed] | None:
    """The function that makes the handler of that name, from an installed package, or None.

    Raises:
        UsageError: it cannot be imported, or several packages have one; when it is called, it makes no handler.
    """
    plugin = find(DEVICES, name, {CPU: TFRT})
    if plugin is None:
        return None
    create = plugin.load()

    def make(host: HostContext) -> Placed:
        try:
            made: Placed = create(host)
        except TfrtError:
            raise
        except Exception as error:
            raise plugin.refuse(f"makes no op handler: {describe(error)}") from error
        if not hasattr(made, "make_op") or not hasattr(made, "device"):
            raise plugin.refuse(f"makes no op handler, but {type(made).__name__}")
        return made

    return make
