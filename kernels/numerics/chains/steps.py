"""A step of a chain of elementwise functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Step:
    """One function of a chain.

    Attributes:
        function: takes arrays, and the one to write into (`out`) last.
        operands: numbers of values: those of the chain's inputs come first, then those of the steps before this one.
        native: see `tfrt.executor.declarations.op.OpEntry`.
        dtype: the type of what it gives, where that is not the chain's.
    """

    function: Callable[..., Any]
    operands: tuple[int, ...]
    native: str | None = None
    dtype: np.dtype | None = None
