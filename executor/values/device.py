"""Devices as values. Every host has one of its own, the CPU that runs the executor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Device:
    """A device, known by its name, e.g. ``CPU:0``. Devices with a state of their own derive from it."""

    name: str

    @property
    def kind(self) -> str:
        """The name without the ordinal, e.g. ``CPU``."""
        return self.name.partition(":")[0]


HOST_DEVICE = Device("CPU:0")
"""The CPU that runs the executor."""


class Placed(Protocol):
    """What is on a device: a tensor's handle, or an op handler for those who only want to know where it is."""

    @property
    def device(self) -> Device:
        """Where it is; for an op handler, where its results are."""
