"""When machine code takes over from numpy: what both take is measured, and the faster one is used from there on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import CannotAssemble, can_see_arrays, is_available, processor
from tfrt.kernels.numerics.replacing import Run, replaced_once

NATIVE_AFTER = 0.25
"""Seconds that something has taken before machine code is made of it, which takes a tenth of one."""


def native_or(run: Run, make: Callable[[], Run], host: HostContext | None, what: str) -> Run:
    """`run`, and once that has taken long, or at once where the host asks for it, the same as machine code.

    Args:
        make: makes it, or raises `CannotAssemble` or `NotImplementedError`.
        host: None where this is only prepared, to find out whether that is possible, as the compiler does.
        what: what it is, for the log.
    """
    if host is None or host.native is False or not is_available():
        return run
    if host.native is True:
        return _made(make, what) or run
    return replaced_once(
        lambda spent: spent > NATIVE_AFTER, run, lambda arrays: _faster(run, _made(make, what), arrays)
    )


def _made(make: Callable[[], Run], what: str) -> Run | None:
    try:
        if not (processor().fuses and can_see_arrays()):
            raise CannotAssemble("this processor, or Python, is not like those it is written for")
        return make()
    except (CannotAssemble, NotImplementedError) as error:
        # What LLVM and the machine cannot do, numpy can.
        logging.getLogger("tfrt").info("no machine code for %s: %s", what, error)
        return None


def _faster(run: Run, native: Run | None, arrays: Sequence[np.ndarray]) -> Run:
    if native is None:
        return run

    def seconds(function: Run) -> float:
        start = perf_counter()
        function(*arrays)
        return perf_counter() - start

    least = [min(seconds(function) for _ in range(3)) for function in (run, native)]
    return native if least[1] < least[0] else run
