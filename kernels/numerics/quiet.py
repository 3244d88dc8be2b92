"""Arithmetic without numpy's warnings: overflow, division by zero and invalid operands have values in TensorFlow."""

from __future__ import annotations

import threading
from contextvars import copy_context

import numpy as np


class _Quiet(threading.local):
    """``quiet.call(np.add, x, y)`` is ``np.add(x, y)`` without floating-point warnings.

    numpy keeps what to do about floating-point errors in a context variable. Each thread has a context in which that
    is set, and calling a function in it costs a fiftieth of ``with np.errstate(...)``. A context cannot be entered
    twice, so the function must not use `quiet` in turn.
    """

    def __init__(self) -> None:
        context = copy_context()
        context.run(np.seterr, all="ignore")
        self.call = context.run


quiet = _Quiet()
