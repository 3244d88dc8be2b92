"""Integers that several threads count in."""

from __future__ import annotations

import threading

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.kernels.shared.c_semantics import wrap32


class AtomicI32:
    """A 32-bit integer; additions from any number of threads all count.

    Python has no atomic addition, hence the lock. It is held for an addition only.
    """

    __slots__ = ("_lock", "_value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = 0

    def add(self, amount: int) -> None:
        with self._lock:
            self._value = wrap32(self._value + amount)

    def get(self) -> int:
        return self._value


@kernel("tfrt_test.atomic.create.i32")
def create_i32() -> AtomicI32:
    return AtomicI32()


@kernel("tfrt_test.atomic.inc.i32")
def inc_i32(counter: AtomicI32, chain: Chain = CHAIN) -> Chain:
    counter.add(1)
    return chain


@kernel("tfrt_test.atomic.add.i32")
def add_i32(counter: AtomicI32, amount: int, chain: Chain = CHAIN) -> Chain:
    counter.add(amount)
    return chain


@kernel("tfrt_test.atomic.get.i32")
def get_i32(counter: AtomicI32, chain: Chain = CHAIN) -> tuple[int, Chain]:
    return counter.get(), chain
