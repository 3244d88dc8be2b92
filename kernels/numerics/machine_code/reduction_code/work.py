"""What is done in one pass, elementwise and combining, and in which parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from tfrt.executor.support.machine_code import processor
from tfrt.kernels.numerics.chains.reduction import ReductionChain
from tfrt.kernels.numerics.machine_code.vectors.types import in_registers

PANEL = 1 << 8
"""How many columns are worked on at a time, at most."""


@dataclass(frozen=True)
class Work:
    """What is done, and in which parts.

    Attributes:
        chain: one that reduces the last dimension but one; the last one are columns, those before lines.
        whole: what is to be done. The chain is that, or gives what others combine.
        parts: how many parts the reduced dimension is gone through in.
        leaving: the values that are written.
    """

    chain: ReductionChain
    whole: ReductionChain
    parts: int
    leaving: tuple[int, ...]

    @property
    def lines(self) -> int:
        return prod(self.chain.shape[:-2])

    @property
    def size(self) -> int:
        """How many elements are combined."""
        return self.chain.shape[-2]

    @property
    def columns(self) -> int:
        return self.chain.shape[-1]

    @property
    def is_apart(self) -> bool:
        """Whether others combine what is written."""
        return self.parts > 1 or self.chain is not self.whole

    @property
    def lanes(self) -> int:
        """How many elements are worked on at a time: as many of the largest type as a vector has room for."""
        return processor().vector_bytes // max(in_registers(dtype).itemsize for dtype in self.chain.dtypes)

    @property
    def part(self) -> int:
        """How many elements a part combines, but for the last one."""
        return -(-self.size // self.parts)

    @property
    def panel(self) -> int:
        """How many columns are worked on at a time, but for the last ones."""
        if self.columns <= PANEL:
            return self.columns
        vectors = -(-self.columns // (panels_of(self.columns) * self.lanes))
        return vectors * self.lanes

    @property
    def panels(self) -> int:
        return -(-self.columns // self.panel)

    @property
    def units(self) -> int:
        return self.lines * self.parts * self.panels

    def elements(self, value: int) -> int:
        """How many elements an input has, or an array that is written."""
        chain = self.chain
        if value < chain.first_step:
            return prod(chain.inputs[value])
        return prod(chain.shape) if chain.is_wide(value) else self.lines * self.parts * self.columns


def panels_of(columns: int) -> int:
    """How many panels so many columns are."""
    return -(-columns // PANEL)


def in_order(work: Work) -> Sequence[int]:
    """The values that are written; the first result comes first."""
    return sorted(work.leaving, key=lambda n: (not work.chain.is_wide(n), work.leaving.index(n)))
