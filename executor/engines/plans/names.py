"""The global names of generated source. None is a program's: each is a letter or a word, and a number."""

from __future__ import annotations

import re
from ctypes import c_float
from itertools import count
from typing import Any

from tfrt.executor.engines.binding import BoundKernel, is_literal, unpack
from tfrt.executor.engines.plans.signals import HandOver
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN


class Names:
    """The globals of a program's generated functions.

    Attributes:
        namespace: what they are.
    """

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {
            "AsyncValue": AsyncValue,
            "CHAIN": CHAIN,
            "HandOver": HandOver,
            "c_float": c_float,
            "unpack": unpack,
            # Its frames are the engine's.
            "__name__": "tfrt.executor.engines.plans.generated",
        }
        self._kernels: dict[Any, str] = {}
        self._constants: dict[int, str] = {}
        self._numbers = count()

    def of_kernel(self, bound: BoundKernel) -> str:
        """The name of what a kernel calls; its result is not yet converted where that is a step of its own."""
        call = bound.call if bound.conversion is None else bound.conversion.call
        found = self._kernels.get(call)
        if found is None:
            found = self._kernels[call] = self.reserve("k", bound.name, call)
        return found

    def of_constant(self, value: Any, wish: str) -> str:
        """The name of a value that kernels need; the same for the same object, which is kept."""
        found = self._constants.get(id(value))
        if found is None:
            found = self._constants[id(value)] = self.reserve("c", wish, value)
        return found

    def literal(self, value: Any) -> str:
        """An expression for a constant: a literal where there is one, else a name."""
        if is_literal(value):
            return f"({value!r})" if value < 0 else repr(value)
        if value is CHAIN:
            return "CHAIN"
        if type(value) is str:
            return repr(value)
        return self.reserve("c", "", value)

    def reserve(self, kind: str, wish: str, value: Any) -> str:
        """A new name for a value.

        Args:
            kind: a letter or a word that, followed by a number, means nothing else in generated source.
            wish: what a program calls it. It comes after the number, for people to read.
        """
        readable = re.sub(r"[^A-Za-z0-9_]", "_", wish)[:60]
        name = f"{kind}{next(self._numbers)}{readable and '_'}{readable}"
        self.namespace[name] = value
        return name
