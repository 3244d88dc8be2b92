"""Kernels of `tfrt_tutorial`: a value of the program's own type, made and printed."""

from __future__ import annotations

from dataclasses import dataclass

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.chain import CHAIN, Chain


@dataclass(frozen=True, slots=True)
class Coordinate:
    x: int
    y: int


@kernel("tfrt_tutorial.create_coordinate", pure=True)
def create_coordinate(x: int, y: int) -> Coordinate:
    return Coordinate(x, y)


@kernel("tfrt_tutorial.print_coordinate")
def print_coordinate(coordinate: Coordinate, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"({coordinate.x}, {coordinate.y})\n")
    return chain
