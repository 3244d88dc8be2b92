"""Kernels of `tfrt` that order side effects."""

from __future__ import annotations

from typing import Any

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.values.chain import CHAIN, Chain


@kernel("tfrt.new.chain", inline="CHAIN")
def new_chain() -> Chain:
    return CHAIN


@kernel("tfrt.merge.chains", inline="CHAIN")
def merge_chains(*operands: Any) -> Chain:
    # The executor starts a kernel when all operands are there, so they are.
    return CHAIN


@kernel("tfrt.alias.value", inline="{1}", laws=("ready, x = x",))
def alias_value(chain: Chain, value: Any) -> Any:
    """The value, available once the chain is, too."""
    return value
