"""What the kernels that print ``label = value`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.chain import CHAIN, Chain


def printer(label: str, show: Callable[[Any], str]) -> Callable[..., Chain]:
    """A kernel that writes ``label = value``, the value as `show` spells it.

    Its chain operand may be left out, as for all kernels of the reference that do not need its value.
    """

    def print_value(value: Any, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
        host.write(f"{label} = {show(value)}\n")
        return chain

    return print_value
