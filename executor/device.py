"""Devices as values. Every host has one of its own, the CPU that runs the executor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """A device, known by its name, e.g. ``CPU:0``."""

    name: str


HOST_DEVICE = Device("CPU:0")
