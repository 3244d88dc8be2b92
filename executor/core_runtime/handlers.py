"""The op handlers of a host by name, and its devices, each of which comes with a handler.

A handler is one that was registered here, or one that an installed package provides under the entry-point group
``tfrt.devices``: a function that makes the handler for a host, called once, when the handler is first asked for.
"""

from __future__ import annotations

from typing import Any

from tfrt.executor.core_runtime.device_packages import CPU, find_device
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.once import get_or_make
from tfrt.executor.values.device import HOST_DEVICE, Device, Placed


class Handlers:
    """The op handlers of `host`; there is one such collection for each."""

    def __init__(self, host: HostContext):
        self._host = host
        self._registered: dict[str, Placed] = {}
        self._made: dict[str, Any] = {}

    @staticmethod
    def of(host: HostContext) -> Handlers:
        """Those of `host`."""
        return host.single(Handlers)

    def register(self, name: str, handler: Placed) -> None:
        """Give a handler a name; the first one of a name stays."""
        self._registered.setdefault(name, handler)

    def find(self, name: str) -> Placed | None:
        """The handler registered under that name or provided by an installed package, or None.

        Raises:
            UsageError: a package provides it, but cannot make it here.
        """
        found = self._registered.get(name)
        if found is None and name != CPU and (create := find_device(name)) is not None:
            made = get_or_make(self._made, name, lambda: create(self._host))
            found = self._registered.setdefault(name, made)
        return found

    def unknown(self, name: str) -> UsageError:
        """The error that there is no handler of that name."""
        return UsageError(f"no op handler '{name}'; there are: {', '.join(self._registered) or 'none'}")

    def device(self, name: str) -> Device | None:
        """The device of that name among those of the handlers in use, or None."""
        return next((h.device for h in self._registered.values() if h.device.name == name), None)

    def place(self, device: Device | Placed | str) -> Device:
        """The device that is meant by a device, an op handler or the name of either.

        Raises:
            UsageError: there is none of that name.
        """
        if isinstance(device, Device):
            return device
        if not isinstance(device, str):
            return device.device
        if device in (CPU, HOST_DEVICE.name):
            return HOST_DEVICE
        known = self.device(device)
        if known is not None:
            return known
        handler = self.find(device)
        if handler is None:
            raise self.unknown(device)
        return handler.device
